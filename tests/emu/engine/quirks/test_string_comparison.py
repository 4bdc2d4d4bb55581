# SPDX-License-Identifier: GPL-2.0-or-later
"""CLST: bits 32-55 of general register 0 must be zeros; the exception is that of the instruction."""

from __future__ import annotations

import pytest

from emu import lowcore
from emu.cpu import Cpu
from emu.machine import Machine
from emu.program_interruption import ProgramInterruptionCode
from emu.psw import Psw

WAIT = (0x0002_0001_8000_0000).to_bytes(8, "big") + bytes(8)


@pytest.fixture(params=(1, 40), ids=("first", "behind others"))
def before(request: pytest.FixtureRequest) -> int:
    """How many instructions come before CLST."""
    return int(request.param)


@pytest.mark.parametrize("bit", (8, 20, 31))
def test_other_bits_of_register_0_give_a_specification_exception(
    machine: Machine, cpu: Cpu, before: int, bit: int
) -> None:
    machine.storage.write(lowcore.PROGRAM_NEW_PSW, WAIT)
    # LR 1,1 ...; CLST 2,3
    machine.storage.write(cpu.instruction_address, bytes.fromhex("1811" * before + "b25d0023"))
    cpu.gr[0], cpu.gr[2], cpu.gr[3] = 1 << bit, 0x2000, 0x3000
    assert machine.run(100) is not None
    old = Psw.from_bytes(machine.storage.read(lowcore.PROGRAM_OLD_PSW, 16))
    code = ProgramInterruptionCode(machine.storage.read_integer(lowcore.PROGRAM_ILC + 2, 2))
    assert (code, old.address) == (ProgramInterruptionCode.SPECIFICATION, 0x10000 + 2 * before + 4)
    assert (cpu.gr[2], cpu.gr[3]) == (0x2000, 0x3000)


@pytest.mark.parametrize(("second", "condition_code"), ((b"ab\0", 0), (b"ac\0", 1), (b"a\0", 2)))
def test_strings_are_compared(machine: Machine, cpu: Cpu, second: bytes, condition_code: int) -> None:
    # CLST 2,3; BRC 1,*-4; BRC 15,*
    machine.storage.write(cpu.instruction_address, bytes.fromhex("b25d0023 a714fffe a7f40000"))
    machine.storage.write(0x2000, b"ab\0")
    machine.storage.write(0x3000, second)
    # Bits 0-31 do not matter.
    cpu.gr[0], cpu.gr[2], cpu.gr[3] = 0xFFFF_FFFF << 32, 0x2000, 0x3000
    machine.run(100)
    assert cpu.cc == condition_code
