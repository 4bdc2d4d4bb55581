# SPDX-License-Identifier: GPL-2.0-or-later
"""The page: it stands alone, and has all runs in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools.benchmarks.figure import Measured, Unit
from tools.benchmarks.page import page_of, read_runs
from tools.benchmarks.results import BenchmarkFileError, BenchmarkRun, FigureResult

NASTY = "<b> & </script>"


def run(value: float, *, curve: tuple[tuple[float, float], ...] = ()) -> BenchmarkRun:
    low, high = Measured((value,)).quartiles
    rate = FigureResult("a rate", Unit.RATE, value, low, high, (value,), 100, True, detail=NASTY, curve=curve)
    return BenchmarkRun("essa benchmarks 1", "2026-01-02 03:04:05", "abc", {"cores": "2"}, {"rate": rate})


def test_the_runs_in_a_page_are_read_again(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    assert read_runs(page) == []
    runs = [run(1), run(2)]
    page.write_text(page_of(runs), encoding="utf-8")
    assert read_runs(page) == runs


def test_a_page_needs_nothing_else() -> None:
    text = page_of([run(1, curve=((1, 2), (2, 3))), run(2, curve=((1, 2), (2, 3)))])
    assert not re.findall(r"""(?:src|href)=["'](?!#)|url\((?!#)|@import""", text)
    assert text.count("<svg") == 2
    assert text.count(NASTY) == 0


def test_one_run_has_no_history() -> None:
    text = page_of([run(1)])
    assert (text.count("<svg"), "The last" in text) == (0, False)


def test_what_is_worse_is_marked() -> None:
    assert 'class="number worse">2.000 WORSE' in page_of([run(10), run(5)])
    assert "WORSE" not in page_of([run(5), run(10)]).split("<script")[0]


@pytest.mark.parametrize("text", ("<html></html>", '<script type="application/json" id="runs">'))
def test_another_page_is_not_added_to(tmp_path: Path, text: str) -> None:
    page = tmp_path / "page.html"
    page.write_text(text)
    with pytest.raises(BenchmarkFileError, match=r"page\.html: expected a page that"):
        read_runs(page)


def test_damaged_runs_are_named(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(page_of([run(1)]).replace("[{", "[{{"))
    with pytest.raises(BenchmarkFileError, match=r"page\.html: the runs in it cannot be read: "):
        read_runs(page)
