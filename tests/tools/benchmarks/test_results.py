# SPDX-License-Identifier: GPL-2.0-or-later
"""Results of a run: kept, read again, and compared."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.benchmarks.figure import BenchmarkFigure, Effort, Measured, Unit
from tools.benchmarks.results import (
    BenchmarkFileError,
    FigureResult,
    decode,
    encode,
    is_worse,
    new_run,
    ratio,
    read_run,
    result,
    worse,
)


def nothing(_: Effort) -> Measured:
    raise AssertionError


RATE = BenchmarkFigure("rate", "a rate", Unit.RATE, nothing, 100, more_is_better=True)
TIME = BenchmarkFigure("time", "a time", Unit.SECONDS, nothing, 10)


def found(figure: BenchmarkFigure, value: float) -> FigureResult:
    return result(figure, Measured((value,)))


def test_a_result_says_what_was_measured() -> None:
    each = result(RATE, Measured((80, 90, 100, 110, 120), "made of this"))
    assert (each.value, each.low, each.high, each.detail) == (120, 90, 110, "made of this")
    assert each.samples == (80, 90, 100, 110, 120)


def test_a_result_says_why_nothing_was_measured() -> None:
    each = result(RATE, None, "QEMU is not installed")
    assert (each.value, each.samples, each.detail, each.reaches_goal) == (None, (), "QEMU is not installed", None)


@pytest.mark.parametrize(
    ("figure", "value", "reached"), ((RATE, 100, True), (RATE, 99, False), (TIME, 10, True), (TIME, 11, False))
)
def test_a_goal_is_reached_from_one_side(figure: BenchmarkFigure, value: float, reached: bool) -> None:
    assert found(figure, value).reaches_goal is reached


def test_a_goal_says_from_which_side() -> None:
    assert (found(RATE, 1).goal_text, found(TIME, 1).goal_text) == ("at least 100", "at most 10 s")


@pytest.mark.parametrize(
    ("figure", "old", "new", "expected"),
    (
        (RATE, 100, 97.2, False),
        (RATE, 100, 97.0, True),
        (RATE, 100, 200, False),
        (TIME, 100, 102.9, False),
        (TIME, 100, 103.1, True),
        (TIME, 100, 50, False),
    ),
)
def test_worse_is_more_than_three_per_cent(figure: BenchmarkFigure, old: float, new: float, expected: bool) -> None:
    assert is_worse(found(figure, old), found(figure, new)) is expected


def test_what_is_missing_cannot_be_compared() -> None:
    assert ratio(None, found(RATE, 1)) is None
    assert ratio(result(RATE, None), found(RATE, 1)) is None
    assert ratio(found(RATE, 1), result(RATE, None)) is None
    assert ratio(found(TIME, 1), found(RATE, 1)) is None
    assert ratio(found(RATE, 6), found(RATE, 3)) == 2


def test_a_run_is_read_as_it_was_written(tmp_path: Path) -> None:
    run = new_run({"rate": found(RATE, 5), "time": result(TIME, None, "why")})
    file = tmp_path / "run.json"
    file.write_bytes(encode(run))
    assert read_run(file) == run
    assert run.computer["unicorn"] == "2.1.4"


def test_what_is_worse_is_named() -> None:
    old = new_run({"rate": found(RATE, 100), "time": found(TIME, 100)})
    assert worse(old, new_run({"rate": found(RATE, 100), "time": found(TIME, 104), "x": found(RATE, 1)})) == ["time"]


@pytest.mark.parametrize(
    ("data", "complaint"),
    (
        (b"", "Input data was truncated"),
        (b"{}", "missing required field `format`"),
        (b"\xff", "malformed"),
        (b'{"format": "essa benchmarks 2"}', "Invalid enum value 'essa benchmarks 2'"),
    ),
)
def test_another_file_is_refused_in_one_line(data: bytes, complaint: str) -> None:
    with pytest.raises(BenchmarkFileError, match=complaint) as error:
        decode(data, "old.json")
    assert str(error.value).startswith("old.json: expected what 'tools/bench --json' writes: ")
    assert "\n" not in str(error.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkFileError, match=r"none\.json: cannot be read: No such file"):
        read_run(tmp_path / "none.json")
