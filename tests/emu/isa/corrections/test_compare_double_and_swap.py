# SPDX-License-Identifier: GPL-2.0-or-later
"""CDSG: both registers must be even; the engine executes the forms in which they are."""

from __future__ import annotations

import pytest

from emu.program_interruption import ProgramInterruptionCode


@pytest.mark.parametrize(("r1", "r3"), (("3", "4"), ("4", "3"), ("f", "f"), ("f", "2")))
def test_odd_registers_are_a_specification_exception(execute, machine, cpu, r1: str, r3: str) -> None:
    cpu.gr[2] = 0x2000
    outcome = execute(f"eb{r1}{r3}2000003e", x2000="01" * 16)
    assert outcome.interruption is ProgramInterruptionCode.SPECIFICATION
    assert machine.storage.read(0x2000, 16) == b"\1" * 16


def test_even_registers(execute, machine, cpu) -> None:
    cpu.gr[2], cpu.gr[4], cpu.gr[5], cpu.gr[6], cpu.gr[7] = 0x2000, 1, 2, 3, 4
    assert execute("eb462000003e", x2000=f"{1:016x}{2:016x}").condition_code == 0
    assert machine.storage.read(0x2000, 16).hex() == f"{3:016x}{4:016x}"
