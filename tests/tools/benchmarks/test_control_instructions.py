# SPDX-License-Identifier: GPL-2.0-or-later
"""Loops of control instructions: each executes what it counts, and nothing interrupts it that should not."""

from __future__ import annotations

import pytest

from emu.cpu import Cpu
from emu.events import Observer
from emu.program_interruption import ProgramInterruptionCode
from tools.benchmarks import control_instructions
from tools.benchmarks.control_instructions import FIGURES, LOOPS
from tools.benchmarks.figure import BenchmarkFigure, Effort, NotMeasured

TINY = Effort(pieces=2, seconds=0.0001, rounds=1)
OPCODES = {
    "svc": "0a",
    "lpswe": "b2b2",
    "ssm": "80",
    "stnsm": "ac",
    "stosm": "ad",
    "spka": "b20a",
    "mvcos": "c8",
    "ipte": "b221",
    "sske": "b22b",
    "iske": "b229",
    "rrbe": "b22a",
    "sigp-sense": "ae",
    "stfle": "b2b0",
    "stpt": "b209",
    "stck": "b205",
    "essa": "b9ab",
    "lctlg": "eb",
    "ptlb": "b20d",
    "epsw": "b98d",
    "clc-across-pages": "d5",
}


class Retired(Observer):
    """Keeps the bytes of every instruction that ends."""

    wants_instructions = True

    def __init__(self) -> None:
        self.instructions: list[str] = []

    def retired(self, cpu: Cpu, address: int, instruction: bytes) -> None:
        self.instructions.append(instruction.hex())


@pytest.mark.parametrize("name", OPCODES)
def test_a_round_executes_what_is_counted(name: str) -> None:
    control = LOOPS[name]
    machine = control.loop.machine()
    observer = Retired()
    machine.machine.observers.append(observer)
    machine.seconds(3)
    # The last instruction is the LPSWE that ends the loop.
    executed = sum(each.startswith(OPCODES[name]) for each in observer.instructions[:-1])
    assert executed == 3 * control.times == 24
    assert machine.machine.counts.program_interruptions.total() == 0
    if name == "lctlg":
        assert {each[-2:] for each in observer.instructions if each.startswith("eb")} == {"2f"}


def test_every_loop_has_its_figure_and_its_opcode() -> None:
    assert set(LOOPS) == {figure.name for figure in FIGURES} == {*OPCODES, "program-interruption"}


def test_program_interruptions_are_operation_exceptions() -> None:
    control = LOOPS["program-interruption"]
    machine = control.loop.machine()
    before = machine.machine.counts.program_interruptions.copy()
    machine.seconds(3)
    assert machine.machine.counts.program_interruptions - before == {ProgramInterruptionCode.OPERATION: 24}


def test_an_invalidated_page_is_made_valid_again() -> None:
    machine = LOOPS["ipte"].loop.machine()
    entry = control_instructions.PAGE_TABLES + 8 * 0x50
    # IPTE comes last, and sets the invalid bit, bit 53.
    assert machine.machine.storage.read_integer(entry, 8) == 0x50000 | 0x400


def test_mvcos_copies_64_bytes() -> None:
    machine = LOOPS["mvcos"].loop.machine()
    machine.machine.storage.write(0x21000, bytes(range(70)))
    machine.seconds(1)
    assert machine.machine.storage.read(0x20000, 70) == bytes(range(64)) + bytes(6)


def test_sigp_finds_the_other_cpu_stopped() -> None:
    machine = LOOPS["sigp-sense"].loop.machine()
    # SIGP stores a status only if it sets condition code 1; bit 57 says stopped.
    assert machine.cpu.gr[2] == 0x40


def test_both_operands_of_clc_lie_in_two_pages() -> None:
    machine = LOOPS["clc-across-pages"].loop.machine()
    assert [machine.cpu.gr[number] & 0xFFF for number in (5, 6)] == [0x1000 - 8] * 2


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.name)
def test_a_figure_is_a_rate_for_each_piece(figure: BenchmarkFigure) -> None:
    measured = figure.measure(TINY)
    assert len(measured.samples) == 2
    assert min(measured.samples) > 0


def test_a_loop_that_does_something_else_is_no_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = control_instructions.ControlLoop(LOOPS["spka"].loop, "PTLB")
    monkeypatch.setitem(LOOPS, "spka", wrong)
    with pytest.raises(NotMeasured, match="0 were executed"):
        next(figure for figure in FIGURES if figure.name == "spka").measure(TINY)
