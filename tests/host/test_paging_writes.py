# SPDX-License-Identifier: GPL-2.0-or-later
"""Pages that lie together are written together, and one that cannot be written keeps no other from it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pytest

from emu.addresses import PAGE_SIZE
from host.paging_file import slot_offset
from host.paging_writes import write_pages

if TYPE_CHECKING:
    from collections.abc import Sequence


@pytest.fixture
def file() -> Iterator[int]:
    with tempfile.TemporaryFile() as opened:
        yield opened.fileno()


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many pages each system call is to write."""
    made: list[int] = []
    pwritev = os.pwritev

    def noted(file: int, pages: Sequence[memoryview], offset: int) -> int:
        made.append(len(pages))
        return pwritev(file, pages, offset)

    monkeypatch.setattr(os, "pwritev", noted)
    return made


def pages(*numbers: int) -> list[memoryview]:
    return [memoryview(bytes([number]) * PAGE_SIZE) for number in numbers]


def contents(file: int, slots: Sequence[int]) -> list[int]:
    return [os.pread(file, PAGE_SIZE, slot_offset(slot))[0] for slot in slots]


@pytest.mark.parametrize(
    ("slots", "sizes"),
    (([4, 5, 6], [3]), ([6, 5, 4], [3]), ([9, 2, 3, 7], [2, 1, 1]), ([0], [1]), ([], [])),
)
def test_each_page_comes_to_its_slot(file: int, calls: list[int], slots: list[int], sizes: list[int]) -> None:
    numbers = range(1, len(slots) + 1)
    assert write_pages(file, pages(*numbers), np.array(slots, dtype=np.int64)).all()
    assert contents(file, slots) == list(numbers)
    assert calls == sizes


def test_a_system_call_takes_no_more_than_it_may(file: int, calls: list[int]) -> None:
    count = os.sysconf("SC_IOV_MAX") + 1
    assert write_pages(file, pages(1) * count, np.arange(count)).all()
    assert (sum(calls), max(calls)) == (count, 512)


def test_more_pages_than_slots(file: int) -> None:
    assert write_pages(file, pages(1, 2, 3), np.array([5])).tolist() == [True]
    assert contents(file, [5]) == [1]


@pytest.mark.parametrize("is_short", (False, True))
def test_the_page_that_cannot_be_written_is_found(file: int, monkeypatch: pytest.MonkeyPatch, is_short: bool) -> None:
    pwritev = os.pwritev

    def failing(file: int, data: Sequence[memoryview], offset: int) -> int:
        before = next((number for number, each in enumerate(data) if each[0] == 3), len(data))
        if before < len(data) and not is_short:
            raise OSError(5, "Input/output error")
        return pwritev(file, data[:before], offset) if before else 0

    monkeypatch.setattr(os, "pwritev", failing)
    slots = [4, 5, 7, 6]
    assert write_pages(file, pages(1, 2, 3, 4), np.array(slots)).tolist() == [True, True, False, True]
    assert [contents(file, [slot]) for slot in (4, 5, 6)] == [[1], [2], [4]]
