# SPDX-License-Identifier: GPL-2.0-or-later
"""An instruction that trapped at the start of a page is not taken for what is there later."""

from __future__ import annotations

import pytest

from emu import psw as psw_bits
from emu.cpu import CpuState
from emu.machine import MEGABYTE, Machine
from emu.psw import ADDRESSING_MODE, Psw
from tests.support.every_instruction import EveryInstruction

MAIN, CALLED, STORED = 0x10000, 0x20000, 0x30000
# BASR 14,2; MVC 0(4,2),0(3); BASR 14,2; an invalid instruction
PROGRAM = bytes.fromhex("0de2 d20320003000 0de2 0000")
LOAD = "a7590007"
"""LGHI 5,7"""


@pytest.mark.parametrize("is_stepped", (False, True))
@pytest.mark.parametrize("offset", (0, 0x10))
@pytest.mark.parametrize("first", ("b2058000", "b2080000", "b9ff0000"), ids=("STCK", "SPT", "an unassigned opcode"))
def test_another_instruction_where_one_trapped(first: str, offset: int, is_stepped: bool) -> None:
    machine = Machine(MEGABYTE)
    if is_stepped:
        machine.observers.append(EveryInstruction())
    cpu = machine.cpus[0]
    # An operation exception goes on behind the instruction: LPSWE of the old PSW.
    machine.storage.write(0x1D0, Psw(ADDRESSING_MODE, 0x400).to_bytes())
    machine.storage.write(0x400, bytes.fromhex("b2b20150"))
    machine.storage.write(MAIN, PROGRAM[:-2] + bytes.fromhex("82000500"))
    machine.storage.write(0x500, bytes.fromhex("000a000000000999"))
    machine.storage.write(CALLED + offset, bytes.fromhex(first + "07fe"))
    machine.storage.write(STORED, bytes.fromhex(LOAD))
    cpu.gr[2], cpu.gr[3], cpu.gr[8] = CALLED + offset, STORED, 0x40000
    cpu.load_psw(Psw(ADDRESSING_MODE | psw_bits.MACHINE_CHECK_MASK, MAIN))
    cpu.state = CpuState.OPERATING
    machine.run(1000)
    assert cpu.gr[5] == 7
