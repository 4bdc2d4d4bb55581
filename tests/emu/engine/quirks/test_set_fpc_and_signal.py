# SPDX-License-Identifier: GPL-2.0-or-later
"""SET FPC AND SIGNAL: bits 0-31 of the register mean nothing."""

from __future__ import annotations

import pytest

from emu import lowcore
from emu.cpu import Cpu
from emu.machine import Machine
from emu.program_interruption import ProgramInterruptionCode
from emu.psw import ADDRESSING_MODE, WAIT, Psw
from tests.support.every_instruction import EveryInstruction

START, ENDED = 0x10000, 0x999
SIGNALS = bytes.fromhex("b3850020") + bytes(2)
"""SFASR 2, and no instruction."""


@pytest.mark.parametrize("upper", (0, 0x0D84_BF0D, 0xFFFF_FFFF))
@pytest.mark.parametrize(
    ("before", "operand", "after", "code"),
    (
        (0xF828_0000, 0, 0x0028_0000, ProgramInterruptionCode.OPERATION),
        (0xF800_0000, 0xF800_0003, 0xF800_0003, ProgramInterruptionCode.OPERATION),
        (0xF880_0000, 0x8000_0000, 0x8080_8300, ProgramInterruptionCode.DATA),
    ),
)
@pytest.mark.parametrize("is_stepped", (False, True))
def test_only_the_lower_half_counts(
    machine: Machine, cpu: Cpu, *, is_stepped: bool, upper: int, before: int, operand: int, after: int, code: int
) -> None:
    machine.storage.write(lowcore.PROGRAM_NEW_PSW, Psw(ADDRESSING_MODE | WAIT, ENDED).to_bytes())
    machine.storage.write(START, SIGNALS)
    if is_stepped:
        machine.observers.append(EveryInstruction())
    cpu.set_control_register(0, cpu.cr[0] | 1 << 63 - 45)
    cpu.gr[2] = upper << 32 | operand
    cpu.registers.fpc = before
    cpu.load_psw(Psw(ADDRESSING_MODE, START))
    cpu.psw_loaded = False
    assert machine.run(10).psw.address == ENDED
    assert machine.storage.read_integer(lowcore.PROGRAM_ILC + 2, 2) == code
    assert cpu.registers.fpc == after
