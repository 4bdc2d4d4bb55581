# SPDX-License-Identifier: GPL-2.0-or-later
"""The accounting table, in the form of the cover letter of version 7, and its time series."""

from __future__ import annotations

import json
import tracemalloc
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from emu.page_states import Content, Usage
from host.accounting import Series, count_pages, format_table, total

# The tables of the cover letter (reference 5.2): state byte -> pages.
AFTER_BOOT = {0x00: 19673, 0x03: 46, 0x04: 2734, 0x07: 232682, 0x08: 1, 0x0C: 7008}
AFTER_GREP = {0x00: 43744, 0x03: 40, 0x04: 2397, 0x07: 76234, 0x08: 2, 0x0C: 139727}


def pages(counts: dict[int, int]) -> np.ndarray:
    return np.repeat(np.array(list(counts), dtype=np.uint8), list(counts.values()))


def test_cover_letter_table() -> None:
    assert count_pages(pages(AFTER_BOOT)) == {
        "S": {"total": 19719, "r": 19673, "p": 0, "z": 46},
        "U": {"total": 235416, "r": 2734, "p": 0, "z": 232682},
        "P": {"total": 1, "r": 1, "p": 0, "z": 0},
        "V": {"total": 7008, "r": 7008, "p": 0, "z": 0},
        "sum": {"total": 262144, "r": 29416, "p": 0, "z": 232728},
    }


def test_no_dat_and_preserved_pages_count() -> None:
    table = count_pages(np.array([0x20, 0x22, 0x0E], dtype=np.uint8))
    assert table["S"] == {"total": 2, "r": 1, "p": 1, "z": 0}
    assert table["V"] == {"total": 1, "r": 0, "p": 1, "z": 0}


def test_each_state_has_its_cell() -> None:
    """As many pages of the n-th state as 2**n, mixed, and more of them than are counted at once."""
    states = [usage | content for usage in Usage for content in Content]
    array = pages({state: 64 << index for index, state in enumerate(states)})
    np.random.default_rng(7).shuffle(array)
    table = count_pages(array)
    cells = [table[row][column] for row in "SUPV" for column in "rpz"]
    assert cells == [64 << index for index in range(12)]
    assert table["sum"]["total"] == len(array)


def test_no_pages() -> None:
    assert count_pages(np.empty(0, dtype=np.uint8)) == total([])


def test_large_guest_is_counted_in_little_memory() -> None:
    states = np.full(1 << 26, 0x03, dtype=np.uint8)
    states[1 << 25 :: 3] = 0x0C
    tracemalloc.start()
    table = count_pages(states)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert table["V"]["r"] == ((1 << 25) + 2) // 3
    assert table["sum"]["total"] == 1 << 26
    assert most < 1 << 20


def test_after_boot_as_in_the_letter() -> None:
    assert format_table(count_pages(pages(AFTER_BOOT))).splitlines() == [
        "<state>|--tot--|---r---|---p---|---z---|",
        "    S  |  19719|  19673|      0|     46|",
        "    U  | 235416|   2734|      0| 232682|",
        "    P  |      1|      1|      0|      0|",
        "    V  |   7008|   7008|      0|      0|",
        "tot->  | 262144|  29416|      0| 232728|",
    ]


def test_after_grep_as_in_the_letter() -> None:
    assert format_table(count_pages(pages(AFTER_GREP))).splitlines() == [
        "<state>|--tot--|---r---|---p---|---z---|",
        "    S  |  43784|  43744|      0|     40|",
        "    U  |  78631|   2397|      0|  76234|",
        "    P  |      2|      2|      0|      0|",
        "    V  | 139727| 139727|      0|      0|",
        "tot->  | 262144| 185870|      0|  76274|",
    ]


def test_columns_are_as_wide_as_the_numbers_need() -> None:
    table = total([count_pages(pages(AFTER_BOOT))] * 1024)
    lines = format_table(table).splitlines()
    assert lines[0] == "<state>|---tot---|----r----|----p----|----z----|"
    assert lines[-1] == "tot->  |268435456| 30121984|        0|238313472|"


def test_total() -> None:
    assert total([count_pages(pages(AFTER_BOOT)), count_pages(pages(AFTER_GREP))]) == count_pages(
        np.concatenate([pages(AFTER_BOOT), pages(AFTER_GREP)])
    )


def guest(number: int, *states: int, work: int = 0) -> Any:
    array = np.array(states, dtype=np.uint8)
    configuration = SimpleNamespace(timing=SimpleNamespace(work=work))
    return SimpleNamespace(number=number, states=SimpleNamespace(array=array), configuration=configuration)


class TestSeries:
    def test_due_at_multiples_of_the_interval(self) -> None:
        series, subject = Series(100), guest(0, 0x03)
        assert [series.attend(subject, work) for work in (0, 100, 205, 399)] == [100, 200, 300, 400]
        assert [sample.work for sample in series.samples] == [0, 100, 205, 399]

    def test_on_demand_only(self) -> None:
        series, subject = Series(None), guest(0, 0x03, work=7)
        assert series.attend(subject, 0) is None
        series.sample(subject, "now")
        assert [(sample.work, sample.label) for sample in series.samples] == [(7, "now")]

    @pytest.mark.parametrize("interval", (0, -1))
    def test_interval_must_be_positive(self, interval: int) -> None:
        with pytest.raises(ValueError, match=f"1 unit of work or more, not {interval}"):
            Series(interval)

    def test_samples_are_of_the_moment(self) -> None:
        series, subject = Series(10), guest(0, 0x00, 0x03)
        series.attend(subject, 0)
        subject.states.array[0] = 0x02
        series.attend(subject, 10)
        assert [sample.table["S"] for sample in series.samples] == [
            {"total": 2, "r": 1, "p": 0, "z": 1},
            {"total": 2, "r": 0, "p": 1, "z": 1},
        ]

    def test_as_dict(self) -> None:
        series = Series(1000)
        series.attend(guest(0, 0x0F), 0)
        series.sample(guest(1, 0x04, 0x04, work=123), "squeezed")
        assert json.loads(json.dumps(series.as_dict())) == {
            "interval": 1000,
            "rows": [
                {"work": 0, "guest": 0, "label": "", "table": count_pages(np.array([0x0F], dtype=np.uint8))},
                {
                    "work": 123,
                    "guest": 1,
                    "label": "squeezed",
                    "table": count_pages(np.array([0x04, 0x04], dtype=np.uint8)),
                },
            ],
        }

    def test_lines(self) -> None:
        series = Series(1000)
        series.attend(guest(0, *[0x03] * 10, 0x0F), 0)
        series.sample(guest(1, *[0x04] * 12, 0x02, 0x08, work=12345), "squeezed")
        assert list(series.lines()) == [
            " work guest Sr Sp Sz Ur Up Uz Pr Pp Pz Vr Vp Vz",
            "    0     0  0  0 10  0  0  0  0  0  0  0  0  1",
            "12345     1  0  1  0 12  0  0  1  0  0  0  0  0 squeezed",
        ]
