# SPDX-License-Identifier: GPL-2.0-or-later
"""Loops of general instructions: what a round does."""

from __future__ import annotations

import pytest

from tools.benchmarks.figure import BenchmarkFigure, Effort
from tools.benchmarks.general_instructions import FIGURES, LOOPS

TINY = Effort(pieces=2, seconds=0.0001, rounds=1)


@pytest.mark.parametrize(
    ("name", "instructions"),
    (
        ("register-loop", 16 + 1),
        ("load-store-loop", 16 + 1),
        # BRASL, AGR and BR each
        ("call-return-loop", 8 * 3 + 1),
        # STG, AGFI and BRCTG each
        ("page-touch-loop", 2 + 4096 * 3 + 1),
    ),
)
def test_a_round_executes_so_many_instructions(name: str, instructions: int) -> None:
    machine = LOOPS[name].machine()
    before = machine.machine.executed
    machine.seconds(2)
    assert machine.machine.executed - before == 2 * instructions + 1


def test_each_store_of_the_page_loop_goes_to_another_page() -> None:
    machine = LOOPS["page-touch-loop"].machine()
    stored = [machine.machine.storage.read_integer((1 << 20) + (page << 12), 8) for page in range(4096)]
    assert stored == list(range(4096, 0, -1))


def test_the_calls_return() -> None:
    machine = LOOPS["call-return-loop"].machine()
    machine.cpu.gr[2], machine.cpu.gr[3] = 0, 1
    machine.seconds(5)
    assert machine.cpu.gr[2] == 5 * 8


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.name)
def test_a_figure_has_a_sample_for_each_piece(figure: BenchmarkFigure) -> None:
    measured = figure.measure(TINY)
    assert len(measured.samples) == 2
    assert min(measured.samples) > 0
