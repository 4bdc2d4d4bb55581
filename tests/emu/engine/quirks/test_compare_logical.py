# SPDX-License-Identifier: GPL-2.0-or-later
"""CLC: the condition code is right, and stays when an operand cannot be accessed; it is the engine's own."""

from __future__ import annotations

import pytest

from emu.cpu import Cpu
from emu.machine import Machine
from emu.program_interruption import ProgramInterruptionCode
from emu.psw import ADDRESSING_MODE, WAIT, Psw
from tests.support.general import ss

FIRST, SECOND = 0x2000, 0x3000
LENGTHS = (1, 2, 3, 4, 8, 9)


def compare(machine: Machine, cpu: Cpu, before: str, length: int, *, stepping: bool) -> int:
    """Execute what stands *before*, and CLC; give the condition code behind it, or in the old PSW."""
    code = bytes.fromhex(before)
    machine.storage.write(cpu.instruction_address, code + ss(0xD5, length, 0, 2, 0, 3) + bytes.fromhex("b22200e0"))
    cpu.gr[2], cpu.gr[3] = cpu.gr[2] or FIRST, cpu.gr[3] or SECOND
    machine.storage.write(0x1D0, Psw(ADDRESSING_MODE | WAIT, 0).to_bytes())
    instructions = 2 + bool(code)
    if not stepping:
        machine.run(instructions)
    while stepping and machine.executed < instructions and machine.step() is None:
        pass
    if machine.counts.program_interruptions:
        assert machine.counts.program_interruptions == {ProgramInterruptionCode.ADDRESSING: 1}
        return machine.storage.read(0x152, 1)[0] >> 4 & 3
    return cpu.gr[14] >> 28 & 3


@pytest.mark.parametrize("stepping", (False, True))
@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize(("last", "condition_code"), ((0x55, 0), (0x56, 1), (0x54, 2)))
def test_lengths(machine: Machine, cpu: Cpu, length: int, last: int, condition_code: int, *, stepping: bool) -> None:
    machine.storage.write(FIRST, bytes([0x55] * length))
    machine.storage.write(SECOND, bytes([0x55] * (length - 1) + [last]))
    assert compare(machine, cpu, "", length, stepping=stepping) == condition_code
    assert not machine.counts.instructions
    assert machine.configuration.timing.work == machine.executed == 2


@pytest.mark.parametrize("stepping", (False, True))
@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("refused", (2, 3))
@pytest.mark.parametrize("before", ("", "a71f0009", "d50700000100", "d50800000100"))
def test_the_condition_code_survives_an_access_exception(
    machine: Machine, cpu: Cpu, before: str, length: int, refused: int, *, stepping: bool
) -> None:
    machine.storage.write(0x100, b"x")
    cpu.cc = 2
    cpu.gr[1], cpu.gr[refused] = 5, machine.memory
    expected = 1 if before else 2
    assert compare(machine, cpu, before, length, stepping=stepping) == expected


@pytest.mark.parametrize("length", LENGTHS)
def test_a_second_operand_that_ends_beyond_storage(machine: Machine, cpu: Cpu, length: int) -> None:
    cpu.cc, cpu.gr[3] = 2, machine.memory - length + 1
    if length > 1:
        assert compare(machine, cpu, "", length, stepping=False) == 2
