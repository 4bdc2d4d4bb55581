# SPDX-License-Identifier: GPL-2.0-or-later
"""The breaking-event-address register (PoP 4, "Breaking-Event-Address Recording"): free and stepped, in the engine and
in the model; a program interruption stores it at real location 272."""

from __future__ import annotations

import pytest

from emu import psw as psw_bits
from emu.cpu import CpuState
from emu.machine import MEGABYTE, Machine, StopKind
from emu.psw import ADDRESSING_MODE, BASIC_ADDRESSING, Psw
from emu.resets import reset_cpu
from tests.support.every_instruction import EveryInstruction

START = 0x10000
NONE = 1 - START
"""What the register has after an initial CPU reset, as an offset."""
PROGRAMS = {
    "nothing": ("", NONE),
    # BRC 15,*+6
    "relative branch": ("a7f40003 0700", 0),
    # BRC 15,*+4; and LARL 6,*+8; BCR 15,6
    "branch to the next instruction": ("a7f40002", 0),
    "register branch to the next instruction": ("c06000000004 07f6", 6),
    # BRC 0,*+6
    "relative branch that is not taken": ("a7040003 0700", NONE),
    # LARL 6,*+10; BCR 15,6
    "register branch": ("c06000000005 07f6 0700", 6),
    # LGHI 1,3; BRCTG 1,*
    "loop": ("a7190003 a7170000", 4),
    # LGHI 1,1; BRCTG 1,*
    "loop that ends at once": ("a7190001 a7170000", NONE),
    # BRASL 14,*+8
    "call": ("c0e500000004 0700", 0),
    # CGRJE 1,1,*+8
    "comparison": ("ec1100048064 0700", 0),
    # BRC 15,*+6; BRC 0,*+6
    "the last one taken": ("a7f40003 0700 a7040003 0700", 0),
    # LARL 5,psw; LPSWE 0(5), to the next instruction
    "PSW of the next instruction": ("c05000000008 b2b25000 000000000000 0000000180000000 000000000001000a", 6),
    # LARL 6,*+18; LARL 7,*+10; EX 0,0(7); BCR 15,6
    "execute of a register branch": ("c06000000009 c07000000005 44007000 07f6", 12),
    # LARL 7,*+12; EX 0,0(7); BRC 15,*+6
    "execute of a relative branch": ("c07000000006 44007000 0700 a7f40003 0700", 6),
    # LARL 7,*+16; EX 0,0(7); no instruction; and BRC 15,*-6, to behind the EX
    "execute of a branch to the next instruction": ("c07000000008 44007000 0000 0700 0700 a7f4fffd", 6),
    # The same with BRC 0,*-6
    "execute of a branch that is not taken": ("c07000000008 44007000 0000 0700 0700 a704fffd", NONE),
    # SVC 0, whose handler begins at START + 0x100
    "supervisor call": ("0a00", NONE),
    # BRC 15,*+6; SVC 0
    "supervisor call behind a branch": ("a7f40003 0700 0a00", 0),
}


@pytest.mark.parametrize("is_stepped", (False, True), ids=("free", "stepped"))
@pytest.mark.parametrize("mode", (0, BASIC_ADDRESSING, ADDRESSING_MODE), ids=("24", "31", "64"))
@pytest.mark.parametrize(("code", "offset"), PROGRAMS.values(), ids=PROGRAMS)
def test_breaking_event(machine: Machine, code: str, offset: int, mode: int, *, is_stepped: bool) -> None:
    if is_stepped:
        machine.observers.append(EveryInstruction())
    machine.storage.write(0x1D0, Psw(ADDRESSING_MODE | psw_bits.WAIT, 0x999).to_bytes())
    machine.storage.write(0x1C0, Psw(ADDRESSING_MODE, START + 0x100).to_bytes())
    machine.storage.write(START, bytes.fromhex(code))
    machine.cpus[0].load_psw(Psw(mode, START))
    machine.cpus[0].psw_loaded = False
    assert machine.run(100).kind is StopKind.DISABLED_WAIT
    assert machine.storage.read_integer(0x8E, 2) == 1
    assert machine.storage.read_integer(0x110, 8) == START + offset


@pytest.mark.parametrize("is_stepped", (False, True), ids=("free", "stepped"))
def test_an_address_that_is_cut_by_a_new_mode_is_no_branch(*, is_stepped: bool) -> None:
    """SAM24 as the last instruction that the mode can address; register 1 is loaded behind it, at zero."""
    machine = Machine(16 * MEGABYTE)
    cpu = machine.cpus[0]
    cpu.state = CpuState.OPERATING
    machine.storage.write(0xFF_FFFE, bytes.fromhex("010c"))
    machine.storage.write(0, bytes.fromhex("41100123"))
    cpu.load_psw(Psw(BASIC_ADDRESSING, 0xFF_FFFE))
    cpu.psw_loaded = False
    if is_stepped:
        machine.step()
        machine.step()
    else:
        machine.run(2)
    assert cpu.gr[1] == 0x123
    assert cpu.registers.breaking_event_address == 1


def test_an_initial_reset_sets_it_to_one(machine: Machine) -> None:
    cpu = machine.cpus[0]
    cpu.registers.breaking_event_address = START
    reset_cpu(cpu, initial=False)
    assert cpu.registers.breaking_event_address == START
    reset_cpu(cpu, initial=True)
    assert cpu.registers.breaking_event_address == 1
