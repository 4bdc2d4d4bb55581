# SPDX-License-Identifier: GPL-2.0-or-later
"""LOAD AND TRAP, with operands and instructions in two pages: the register is loaded, and zero traps behind it."""

from __future__ import annotations

import pytest

from emu import lowcore
from emu.control_registers import CR0_AFP
from emu.cpu import Cpu
from emu.machine import Machine
from emu.program_interruption import ProgramInterruptionCode
from emu.psw import ADDRESSING_MODE, WAIT, Psw

RUBBISH = 0x1111_2222_3333_4444
INSTRUCTIONS = (
    ("e3102000009f", 4, 0x1111_2222_0000_0000),
    ("e31020000085", 8, 0),
    ("e3102000009c", 4, 0),
    ("e3102000009d", 4, 0),
    ("e310200000c8", 4, 0x0000_0000_3333_4444),
)
NAMES = ("LAT", "LGAT", "LLGTAT", "LLGFAT", "LFHAT")


def execute(machine: Machine, cpu: Cpu, start: int, steps: int, is_free: bool) -> None:
    """Execute what is at *start*, freely or in so many *steps*; a program interruption leads to a wait."""
    machine.storage.write(lowcore.PROGRAM_NEW_PSW, Psw(ADDRESSING_MODE | WAIT, 0).to_bytes())
    cpu.load_psw(Psw(ADDRESSING_MODE, start))
    cpu.psw_loaded = False
    if is_free:
        machine.run(10)
    else:
        for _ in range(steps):
            machine.step()


@pytest.mark.parametrize("is_free", (True, False), ids=("free", "steps"))
@pytest.mark.parametrize("is_target", (False, True), ids=("alone", "EX"))
@pytest.mark.parametrize("start", (0x1_0000, 0x1_0FFE, 0x1_0FFC))
@pytest.mark.parametrize("operand", (0x2000, 0x2FFE))
@pytest.mark.parametrize(("code", "length", "loaded"), INSTRUCTIONS, ids=NAMES)
def test_zero_traps(
    machine: Machine, cpu: Cpu, code: str, length: int, loaded: int, operand: int, start: int, is_target, is_free
) -> None:
    cpu.set_control_register(0, cpu.cr[0] | CR0_AFP)
    cpu.gr[1], cpu.gr[2], cpu.gr[3] = RUBBISH, operand, 0x1_2FFE
    machine.storage.write(0x2000, b"\xff" * 0x2000)
    machine.storage.write(operand, bytes(length))
    machine.storage.write(0x1_2FFE, bytes.fromhex(code))
    machine.storage.write(start, bytes.fromhex("44003000" if is_target else code))
    execute(machine, cpu, start, 1, is_free)
    assert cpu.gr[1] == loaded
    assert machine.storage.read_integer(lowcore.PROGRAM_ILC + 2, 2) == ProgramInterruptionCode.DATA
    assert machine.storage.read_integer(lowcore.DATA_EXCEPTION_CODE, 4) == 0xFF
    assert cpu.registers.fpc == 0xFF00
    old = Psw.from_bytes(machine.storage.read(lowcore.PROGRAM_OLD_PSW, 16))
    assert old.address == start + (4 if is_target else 6)


CHAIN = {0x2000: 0x3000, 0x3000: 0x4000, 0x4000: 0}
"""What a register leads to that is loaded with it again and again."""


@pytest.mark.parametrize("is_free", (True, False), ids=("free", "steps"))
@pytest.mark.parametrize("is_target", (False, True), ids=("alone", "EX"))
@pytest.mark.parametrize("start", (0x1_0000, 0x1_0FFE, 0x1_0FFC))
@pytest.mark.parametrize(("code", "length"), (("9f", 4), ("85", 8), ("9d", 4)), ids=("LAT", "LGAT", "LLGFAT"))
def test_base_register_is_loaded_once(
    machine: Machine, cpu: Cpu, code: str, length: int, start: int, is_target, is_free
) -> None:
    """When the engine reports the exception it has loaded the register already."""
    load = bytes.fromhex(f"e322050000{code}")
    for address, value in CHAIN.items():
        machine.storage.write(address + 0x500, value.to_bytes(length, "big"))
    machine.storage.write(0x500, b"\x11" * 8)
    cpu.gr[2], cpu.gr[3], cpu.gr[4] = 0x2000, start + 0x20, start
    machine.storage.write(start + 0x20, load)
    again = bytes.fromhex("44003000") if is_target else load
    machine.storage.write(start, again + bytes.fromhex("47f04000"))
    execute(machine, cpu, start, 5, is_free)
    assert cpu.gr[2] == 0
    assert machine.storage.read_integer(lowcore.DATA_EXCEPTION_CODE, 4) == 0xFF
    old = Psw.from_bytes(machine.storage.read(lowcore.PROGRAM_OLD_PSW, 16))
    assert old.address == start + len(again)
