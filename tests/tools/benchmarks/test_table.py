# SPDX-License-Identifier: GPL-2.0-or-later
"""The table: what is shown of each figure."""

from __future__ import annotations

import io

from rich.console import Console

from tools.benchmarks.figure import Unit
from tools.benchmarks.results import BenchmarkRun, FigureResult
from tools.benchmarks.table import table_of


def shown(run: BenchmarkRun, old: BenchmarkRun | None = None) -> str:
    console = Console(width=200, file=io.StringIO())
    console.print(table_of(run, old))
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def run(value: float) -> BenchmarkRun:
    boot = FigureResult("a boot", Unit.RATIO, value, 1.25, 2.5, (1.0, 3.0), 1.6, False, "QEMU's TCG", "9 s to 3 s")
    missing = FigureResult("another", Unit.RATE, goal=1000, more_is_better=True, detail="not there [yet]")
    return BenchmarkRun("essa benchmarks 1", "2026-01-02 03:04:05", "abc", {}, {"boot": boot, "missing": missing})


def row(text: str, title: str) -> list[str]:
    (line,) = (line for line in text.splitlines() if title in line)
    return [cell.strip() for cell in line.strip("\n│").split("│")]


def test_a_figure_is_shown_with_spread_goal_and_what_it_is_a_ratio_to() -> None:
    expected = ["a boot", "2.00", "1.25 to 2.50", "at most 1.60", "not yet", "QEMU's TCG; 9 s to 3 s"]
    assert row(shown(run(2)), "a boot") == expected
    assert "reached" in row(shown(run(1.5)), "a boot")


def test_what_was_not_measured_says_why() -> None:
    assert row(shown(run(2)), "another") == ["another", "-", "", "at least 1,000", "", "not there [yet]"]


def test_beside_an_older_run_what_is_worse_is_marked() -> None:
    assert "0.500 WORSE" in row(shown(run(2), run(1)), "a boot")
    assert "2.000" in row(shown(run(1), run(2)), "a boot")
    assert "-" in row(shown(run(1), run(2)), "another")
