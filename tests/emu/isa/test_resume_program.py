# SPDX-License-Identifier: GPL-2.0-or-later
"""RP (PoP chapter 10)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from emu.cpu import Cpu
from emu.machine import Machine
from emu.program_interruption import Ending, ProgramInterruptionCode
from emu.psw import ADDRESSING_MODE, BASIC_ADDRESSING, PROBLEM_STATE, AddressSpaceControl, Psw

Code = ProgramInterruptionCode
Run = Callable[..., None]
Expect = Callable[[ProgramInterruptionCode], Any]

CODE, OPERAND, TARGET = 0x1_0000, 0x3000, 0x2_0000
LONG_PSW, LONG_REGISTER, DISJOINT = 4, 2, 1
RUBBISH = 0x1234_5678 << 32
MODES = {"24": 0, "31": BASIC_ADDRESSING, "64": ADDRESSING_MODE}
HOME = 3 << 46
SPACE_SWITCH = 1 << 6


def parameters(cpu: Cpu, flags: int, *offsets: int, at: int = CODE + 4) -> None:
    data = b"".join(value.to_bytes(2, "big") for value in (flags, *offsets))
    cpu.configuration.storage.write(at, data)


def operand(cpu: Cpu, psw: str, access: int = 0x7777_8888, register: str = "0102030405060708") -> None:
    """PSW at offset 0, access register at 0x20, general register at 0x30."""
    storage = cpu.configuration.storage
    storage.write(OPERAND, bytes.fromhex(psw))
    storage.write_integer(OPERAND + 0x20, 4, access)
    storage.write(OPERAND + 0x30, bytes.fromhex(register))
    cpu.gr[5] = OPERAND


@pytest.mark.parametrize("old", MODES)
@pytest.mark.parametrize(
    ("flags", "psw", "new", "target"),
    (
        (0, "ffff000000020000", "24", TARGET),
        (0, "ffff000080020000", "31", TARGET),
        (0, "ffff000180020000", "64", TARGET),
        (LONG_PSW, "ffff0001800000000000000100020000", "64", 0x1_0002_0000),
        (LONG_PSW, "ffff000080000000000000007f020000", "31", 0x7F02_0000),
        (LONG_PSW, "fff700fe000000000000000000020000", "24", TARGET),
    ),
)
def test_the_mode_and_the_address(cpu: Cpu, run: Run, old: str, flags: int, psw: str, new: str, target: int) -> None:
    cpu.load_psw(Psw(MODES[old] | 5 << 52, CODE))
    cpu.configuration.keys.bytes[OPERAND >> 12] = 0x50
    parameters(cpu, flags, 0, 0x20, 0x30)
    operand(cpu, psw)
    cpu.gr[5] |= 0 if old == "64" else RUBBISH
    run(cpu, "RP", b2=5)
    assert (cpu.instruction_address, cpu.psw.mask & ADDRESSING_MODE) == (target, MODES[new])
    assert cpu.ar[5] == 0x7777_8888
    assert cpu.gr[5] == (0 if old == "64" else RUBBISH) | 0x0102_0304
    # The rest of the PSW stays: key, system mask and state.
    assert cpu.psw.mask & ~ADDRESSING_MODE == 5 << 52


def test_condition_code_program_mask_and_space(cpu: Cpu, run: Run) -> None:
    parameters(cpu, 0, 0, 0x20, 0x30)
    operand(cpu, "0000bd0180020000")
    run(cpu, "RP", b2=5)
    assert cpu.psw.mask == 2 << 46 | 3 << 44 | 0xD << 40 | ADDRESSING_MODE


@pytest.mark.parametrize(
    ("flags", "offsets", "value"),
    (
        (0, (), RUBBISH | 0x0102_0304),
        (DISJOINT, (), RUBBISH | 0x0102_0304),
        (LONG_REGISTER, (), 0x0102_0304_0506_0708),
        (LONG_REGISTER | DISJOINT, (0x34,), 0x0506_0708_0102_0304),
    ),
)
def test_the_general_register(cpu: Cpu, run: Run, flags: int, offsets: tuple[int, ...], value: int) -> None:
    parameters(cpu, flags, 0, 0x20, 0x30, *offsets)
    operand(cpu, "0000000180020000")
    cpu.load_psw(Psw(BASIC_ADDRESSING, CODE))
    cpu.gr[5] |= RUBBISH
    run(cpu, "RP", b2=5)
    assert cpu.gr[5] == value


@pytest.mark.parametrize("steps", (False, True))
@pytest.mark.parametrize("is_executed", (False, True))
def test_the_list_follows_the_instruction(machine: Machine, cpu: Cpu, steps: bool, is_executed: bool) -> None:
    place = 0x2_8000 if is_executed else CODE
    machine.storage.write(CODE, bytes.fromhex("44008000 ffff"))
    machine.storage.write(place, bytes.fromhex("b2775000"))
    parameters(cpu, 0, 0, 0x20, 0x30, at=place + 4)
    operand(cpu, "0000000180020000")
    machine.storage.write(TARGET, b"\x07\x00" * 4)
    cpu.gr[8] = place
    if steps:
        assert machine.step() is None
    else:
        machine.run(1)
    assert cpu.instruction_address == TARGET


@pytest.mark.parametrize("flag", range(3, 16))
def test_reserved_flags(cpu: Cpu, run: Run, expect: Expect, flag: int) -> None:
    parameters(cpu, 1 << flag, 0, 0x20, 0x30)
    operand(cpu, "0000000180020000")
    with expect(Code.SPECIFICATION):
        run(cpu, "RP", b2=5)


@pytest.mark.parametrize(
    ("flags", "psw"),
    (
        (0, "0000000100020000"),
        (0, "0000000180020001"),
        (0, "0000000001020000"),
        (LONG_PSW, "00000001800000010000000000020000"),
        (LONG_PSW, "00000000800000000000000080020000"),
        (LONG_PSW, "00000000000000000000000001020000"),
    ),
)
def test_psws_that_are_refused(cpu: Cpu, run: Run, expect: Expect, flags: int, psw: str) -> None:
    parameters(cpu, flags, 0, 0x20, 0x30)
    operand(cpu, psw)
    before = cpu.psw
    with expect(Code.SPECIFICATION):
        run(cpu, "RP", b2=5)
    assert (cpu.psw, cpu.gr[5], cpu.ar[5]) == (before, OPERAND, 0)


def test_the_home_space(cpu: Cpu, run: Run, expect: Expect, address_space: Any) -> None:
    for page in (CODE, OPERAND, TARGET):
        address_space.map(page, page)
    parameters(cpu, 0, 0, 0x20, 0x30)
    operand(cpu, "0000c00180020000")
    address_space.enter(cpu, problem_state=True)
    with expect(Code.PRIVILEGED_OPERATION):
        run(cpu, "RP", b2=5)
    address_space.enter(cpu)
    cpu.set_control_register(4, 0x1234)
    cpu.set_control_register(1, cpu.cr[1] | SPACE_SWITCH)
    with expect(Code.SPACE_SWITCH_EVENT) as condition:
        run(cpu, "RP", b2=5)
    assert condition.value.ending is Ending.COMPLETION
    assert condition.value.translation_exception == 0x8000_1234
    assert (cpu.space, cpu.gr[5]) == (AddressSpaceControl.HOME, 0x0102_0304)


def test_with_dat_off_any_space_may_be_named(cpu: Cpu, run: Run) -> None:
    cpu.load_psw(Psw(ADDRESSING_MODE | PROBLEM_STATE, CODE))
    parameters(cpu, 0, 0, 0x20, 0x30)
    operand(cpu, "0000c00180020000")
    run(cpu, "RP", b2=5)
    assert cpu.psw.mask == ADDRESSING_MODE | PROBLEM_STATE | HOME


def test_access_exceptions(cpu: Cpu, run: Run, expect: Expect) -> None:
    parameters(cpu, 0, 0, 0xFFF0, 0x30)
    operand(cpu, "0000000180020000")
    cpu.gr[5] = cpu.configuration.memory - 0x100
    with expect(Code.ADDRESSING):
        run(cpu, "RP", b2=5)
    assert cpu.instruction_address == CODE
