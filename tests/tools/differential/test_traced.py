# SPDX-License-Identifier: GPL-2.0-or-later
"""A trace of random programs that run freely says what an observer of every step says, and the machine is the same."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from emu.engine.engine_trace import EngineTrace
from emu.tracing.rows import RowReader
from tests.support.seed_of_the_day import seed_of_the_day
from tools.differential import traced
from tools.differential.differ import read_programs
from tools.differential.generator import random_program
from tools.differential.traced import Tracing

FOUND = Path(__file__).with_name("found_traced.jsonl")
"""Programs of which a trace once said something else."""
_EVERY_DAY = range(80)
_TODAY = 20
_AT_OTHER_LEVELS = range(20)


def test_trace_says_what_every_step_says() -> None:
    tracing = Tracing()
    for seed in (*_EVERY_DAY, *range(seed_of_the_day(), seed_of_the_day() + _TODAY)):
        assert (seed, tracing.find(random_program(seed))) == (seed, [])
    assert tracing.rows > 1000


@pytest.mark.parametrize("level", ("registers", "all"))
def test_programs_found_before(level: str) -> None:
    tracing = Tracing()
    for program in read_programs(FOUND):
        assert (program.seed, tracing.find(program, level)) == (program.seed, [])


@pytest.mark.parametrize("level", ("events", "flow", "all"))
def test_at_other_levels(level: str) -> None:
    tracing = Tracing()
    for seed in _AT_OTHER_LEVELS:
        assert (seed, tracing.find(random_program(seed), level)) == (seed, [])


def test_what_is_missing_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    streams = RowReader.streams

    def forgetful(self: RowReader, *given: object) -> object:
        found = streams(self, *given)  # type: ignore[arg-type]
        found["registers"] = found["registers"][:-1]
        return found

    monkeypatch.setattr(RowReader, "streams", forgetful)
    monkeypatch.setattr("sys.argv", ["traced", "1", "1"])
    assert traced.main() == 1
    assert "program 1: registers, row" in capsys.readouterr().out


def test_what_is_otherwise_in_the_machine_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    leave = EngineTrace.leave

    def disturbing(self: EngineTrace) -> None:
        leave(self)
        self._cpu.clock_comparator ^= 1

    monkeypatch.setattr(EngineTrace, "leave", disturbing)
    assert any(each.startswith("the machine: ") for each in Tracing().find(random_program(1)))


def test_rows_of_every_stream_are_compared() -> None:
    tracing, counted = Tracing(), Counter[str]()
    compared = traced.compared

    def count(name: str, expected: list[object], found: list[object]) -> list[str]:
        counted[name] += len(expected)
        return compared(name, expected, found)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(traced, "compared", count)
        for seed in range(60):
            tracing.find(random_program(seed))
    assert {"flow", "registers", "accesses", "interruptions"} <= {name for name, rows in counted.items() if rows > 10}
