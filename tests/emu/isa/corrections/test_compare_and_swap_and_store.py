# SPDX-License-Identifier: GPL-2.0-or-later
"""COMPARE AND SWAP AND STORE: every length, and the exceptions."""

from __future__ import annotations

import pytest

from emu.cpu import Cpu
from emu.program_interruption import ProgramInterruptionCode

CSST = "c8425000 6000"
"""R3 is 4, the first operand at GR5, the second at GR6; GR1 designates the parameter list."""
PARAMETERS = "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf b0b1b2b3b4b5b6b7b8b9babbbcbdbebf"
OLD = "00112233445566778899aabbccddeeff"


@pytest.fixture(autouse=True)
def addresses(cpu: Cpu) -> None:
    """The operands at 0x2000 and 0x3000, the parameter list at 0x4000."""
    cpu.gr[1], cpu.gr[5], cpu.gr[6] = 0x4000, 0x2000, 0x3000


@pytest.mark.parametrize("function", (0, 1, 2))
@pytest.mark.parametrize("characteristic", (0, 1, 2, 3, 4))
def test_equal(execute, cpu, machine, function, characteristic) -> None:
    cpu.gr[0] = characteristic << 8 | function
    cpu.gr[4] = 0x0011_2233_4455_6677 if function else 0x0011_2233
    if function == 2:
        # R3 and R3 + 1 hold the comparand, so the first operand needs another base.
        cpu.gr[5], cpu.gr[7] = 0x8899_AABB_CCDD_EEFF, 0x2000
    code = CSST if function < 2 else "c8427000 6000"
    assert execute(code, x2000=OLD, x3000="ff" * 16, x4000=PARAMETERS).condition_code == 0
    length, stored = 4 << function, 1 << characteristic
    assert machine.storage.read(0x2000, 16) == bytes(range(0xA0, 0xA0 + length)) + bytes.fromhex(OLD)[length:]
    assert machine.storage.read(0x3000, 16) == bytes(range(0xB0, 0xB0 + stored)) + b"\xff" * (16 - stored)


@pytest.mark.parametrize(("function", "loaded"), ((0, 0x5555_5555_0011_2233), (1, 0x0011_2233_4455_6677)))
def test_unequal(execute, cpu, machine, function, loaded) -> None:
    cpu.gr[0], cpu.gr[4] = function, 0x5555_5555_5555_5555
    assert execute(CSST, x2000=OLD, x3000="ff", x4000=PARAMETERS).condition_code == 1
    assert cpu.gr[4] == loaded
    assert machine.storage.read(0x2000, 16).hex() == OLD
    assert machine.storage.read(0x3000, 1) == b"\xff"


@pytest.mark.parametrize(
    ("control", "first", "second"),
    ((3, 0x2000, 0x3000), (0x500, 0x2000, 0x3000), (0, 0x2002, 0x3000), (1, 0x2004, 0x3000), (0x200, 0x2000, 0x3002)),
)
def test_specification(execute, cpu, control, first, second) -> None:
    cpu.gr[0], cpu.gr[5], cpu.gr[6] = control, first, second
    assert execute(CSST).interruption is ProgramInterruptionCode.SPECIFICATION


@pytest.mark.parametrize("register", (1, 5, 6))
def test_access_exception(execute, cpu, machine, register) -> None:
    cpu.gr[register] = 0x80_0000
    assert execute(CSST, x2000="00000000").interruption is ProgramInterruptionCode.ADDRESSING
    assert machine.storage.read(0x2000, 4) == bytes(4)
