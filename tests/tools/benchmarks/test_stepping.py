# SPDX-License-Identifier: GPL-2.0-or-later
"""Steps: each is one instruction, and an observer is told of each."""

from __future__ import annotations

from tools.benchmarks.figure import Effort
from tools.benchmarks.general_instructions import LOOPS
from tools.benchmarks.stepping import FIGURES, FullState, stepped_seconds

TINY = Effort(pieces=2, seconds=0.0001, rounds=1)


def test_a_round_is_stepped_through() -> None:
    machine = LOOPS["load-store-loop"].machine()
    before = machine.machine.executed
    assert stepped_seconds(machine, 3) > 0
    assert machine.machine.executed - before == 3 * 17


def test_the_observer_is_told_of_every_instruction() -> None:
    machine, observer = LOOPS["load-store-loop"].machine(), FullState()
    machine.machine.observers.append(observer)
    machine.seconds(3)
    assert observer.states == 3 * 17 + 1


def test_a_figure_is_a_rate_for_each_piece() -> None:
    for figure in FIGURES:
        samples = figure.measure(TINY).samples
        assert (len(samples), min(samples) > 0) == (2, True)
