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


@pytest.mark.parametrize("is_target", (False, True), ids=("alone", "EX"))
def test_signal_is_made_once(machine: Machine, cpu: Cpu, *, is_target: bool) -> None:
    """The flags that it leaves would make another signal: at the end of a page, or below an EXECUTE, too."""
    start = 0x10FFE
    machine.storage.write(lowcore.PROGRAM_NEW_PSW, Psw(ADDRESSING_MODE | WAIT, ENDED).to_bytes())
    machine.storage.write(0x10F00, SIGNALS)
    signals = bytes.fromhex("44003000") if is_target else SIGNALS[:4]
    machine.storage.write(start, signals + bytes.fromhex("b384005047f04000"))
    cpu.set_control_register(0, cpu.cr[0] | 1 << 63 - 45)
    # Nothing is signalled the first time; SFPC 5 then sets a flag that the masks ask for.
    cpu.gr[2], cpu.gr[3], cpu.gr[4], cpu.gr[5] = 0xF8F8_0000, 0x10F00, start, 0x0008_0000
    cpu.load_psw(Psw(ADDRESSING_MODE, start))
    cpu.psw_loaded = False
    assert machine.run(10).psw.address == ENDED
    assert cpu.registers.fpc == 0xF8F8_0B00
