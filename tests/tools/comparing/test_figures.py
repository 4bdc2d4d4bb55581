# SPDX-License-Identifier: GPL-2.0-or-later
"""The figures of several runs side by side."""

from __future__ import annotations

import pytest

from tools.comparing.figures import Figures, show_figures

PLAIN = Figures(
    verdict="passed",
    host_writes=1000,
    host_reads=200,
    dropped=30,
    balloon_pages=4,
    guest_reads=50,
    guest_re_reads=6,
    guest_writes=7,
    discard_faults=8,
    instructions=9,
)
SWAPPING = Figures(
    verdict="failed",
    host_writes=1,
    host_reads=2,
    dropped=3,
    balloon_pages=4,
    guest_reads=5,
    guest_re_reads=5,
    guest_writes=6,
    discard_faults=0,
    instructions=7,
    guest_swap_reads=100,
    guest_swap_writes=200,
)


def test_transfers_are_all_pages_read_or_written() -> None:
    assert PLAIN.transfers == 1257
    assert SWAPPING.transfers == 314
    assert PLAIN.as_dict()["transfers"] == 1257


def rows(capfd: pytest.CaptureFixture[str]) -> dict[str, list[str]]:
    lines = capfd.readouterr().out.splitlines()
    cells = [[cell.strip() for cell in line.strip("│┃").replace("┃", "│").split("│")] for line in lines]
    return {each[0]: each[1:] for each in cells if len(each) > 1}


def test_a_column_for_each_run(capfd: pytest.CaptureFixture[str]) -> None:
    show_figures({"hints": PLAIN, "none": SWAPPING})
    shown = rows(capfd)
    assert shown["pages"] == ["hints", "none"]
    assert shown["host writes"] == ["1,000", "1"]
    assert shown["guest's swap writes"] == ["0", "200"]
    assert shown["ended"] == ["passed", "failed"]


def test_rows_that_not_every_guest_has_are_shown_if_one_has_them(capfd: pytest.CaptureFixture[str]) -> None:
    show_figures({"hints": PLAIN}, "a title")
    shown = rows(capfd)
    assert "guest's swap writes" not in shown
    assert "found discarded" not in shown
    assert shown["discard faults"] == ["8"]
