# SPDX-License-Identifier: GPL-2.0-or-later
"""CDSG: both registers must be even; the engine executes the forms in which they are, and the model has them, too."""

from __future__ import annotations

import pytest

from emu.cpu import Cpu
from emu.isa.declaration import decode
from emu.machine import Machine
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode


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


def model(cpu: Cpu, code: str) -> None:
    decoded = decode(bytes.fromhex(code))
    assert decoded is not None
    declared, operands = decoded
    declared.execute(cpu, operands)


@pytest.mark.parametrize("found", ((1, 2), (1, 7), (7, 2)))
def test_model(machine: Machine, cpu: Cpu, found: tuple[int, int]) -> None:
    cpu.gr[2], cpu.gr[4], cpu.gr[5], cpu.gr[6], cpu.gr[7] = 0x2000, 1, 2, 3, 4
    for number, value in enumerate(found):
        machine.storage.write_integer(0x2000 + 8 * number, 8, value)
    model(cpu, "eb462000003e")
    is_equal = found == (1, 2)
    assert cpu.cc == (not is_equal)
    assert (cpu.gr[4], cpu.gr[5]) == found
    stored = machine.storage.read_integer(0x2000, 8), machine.storage.read_integer(0x2008, 8)
    assert stored == ((3, 4) if is_equal else found)


@pytest.mark.parametrize(
    ("address", "code"),
    ((0x2008, ProgramInterruptionCode.SPECIFICATION), (0x80_0000, ProgramInterruptionCode.ADDRESSING)),
)
def test_operand_that_the_model_refuses(cpu: Cpu, address: int, code: ProgramInterruptionCode) -> None:
    cpu.gr[2] = address
    with pytest.raises(ProgramInterruption) as refused:
        model(cpu, "eb462000003e")
    assert refused.value.code is code
