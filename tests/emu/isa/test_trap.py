# SPDX-License-Identifier: GPL-2.0-or-later
"""TRAP2 and TRAP4 (PoP chapter 10)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from emu.cpu import Cpu
from emu.machine import Machine
from emu.program_interruption import ProgramInterruptionCode
from emu.psw import (
    ADDRESS_SPACE_CONTROL,
    ADDRESSING_MODE,
    BASIC_ADDRESSING,
    DAT,
    SHORT_FORMAT,
    AddressSpaceControl,
    Psw,
)

Code = ProgramInterruptionCode
Run = Callable[..., None]
Expect = Callable[[ProgramInterruptionCode], Any]

UNIT = 0x6000
BLOCK, SAVE_AREA, PROGRAM = 0x1_2000, 0x1_3000, 0x1_4000
FRAME = 0x10_0000
"""Where the program, the block and the rest lie in real storage."""
LONG_PSW, LONG_REGISTERS = 1 << 18, 1 << 17
CODE = 0x1_0000
REGISTERS = [0x1111_1111_0000_0000 * number // 8 | 0x80 + number for number in range(16)]
RUBBISH = 0x1234_5678 << 32


@pytest.fixture
def space(cpu: Cpu, address_space: Any) -> Any:
    """DAT is on; pages 0x10 to 0x14 are mapped, and the dispatchable unit may trap."""
    for page in range(5):
        address_space.map(CODE + 0x1000 * page, FRAME + 0x1000 * page)
    storage = cpu.configuration.storage
    cpu.set_control_register(2, UNIT)
    storage.write_integer(UNIT + 44, 4, BLOCK | 1)
    storage.write_integer(real(BLOCK + 12), 4, SAVE_AREA)
    storage.write_integer(real(BLOCK + 20), 4, PROGRAM)
    address_space.enter(cpu)
    for number, value in enumerate(REGISTERS):
        cpu.gr[number] = value
    cpu.ar[15] = 0xAAAA_BBBB
    return address_space


def real(address: int) -> int:
    return address - CODE + FRAME


def controls(cpu: Cpu, value: int) -> None:
    cpu.configuration.storage.write_integer(real(BLOCK), 4, value)


def saved(cpu: Cpu, length: int) -> str:
    return cpu.configuration.storage.read(real(SAVE_AREA), length).hex()


def test_the_long_forms(cpu: Cpu, run: Run, space: Any) -> None:
    assert space
    controls(cpu, LONG_PSW | LONG_REGISTERS)
    cpu.cc = 2
    mask = cpu.psw.mask
    cpu.gr[5] = 0x1_8000_0010
    run(cpu, "TRAP4", b2=5, d2=5)
    registers = [*REGISTERS[:5], 0x1_8000_0010, *REGISTERS[6:]]
    psw = Psw(mask, CODE + 4).to_bytes().hex()
    assert saved(cpu, 160) == "400400000000000000000015aaaabbbb" + psw + "".join(f"{r:016x}" for r in registers)
    assert cpu.gr[15] == BLOCK
    assert cpu.psw == Psw(mask & ~ADDRESSING_MODE | BASIC_ADDRESSING, PROGRAM)


@pytest.mark.parametrize("mode", (0, BASIC_ADDRESSING))
def test_the_short_forms(cpu: Cpu, run: Run, space: Any, mode: int) -> None:
    space.enter(cpu, mode=mode)
    mask = cpu.psw.mask
    run(cpu, "TRAP2")
    psw = (mask | SHORT_FORMAT | CODE + 2).to_bytes(8, "big").hex() + "00" * 8
    expected = "000200000000000000000000aaaabbbb" + psw + "".join(f"{r & 0xFFFF_FFFF:08x}" for r in REGISTERS)
    assert saved(cpu, 96) == expected
    assert cpu.gr[15] == REGISTERS[15] & ~0xFFFF_FFFF | BLOCK
    assert (cpu.instruction_address, cpu.psw.mask & ADDRESSING_MODE) == (PROGRAM, BASIC_ADDRESSING)


def test_the_access_register_mode_is_left(cpu: Cpu, run: Run, space: Any) -> None:
    controls(cpu, LONG_PSW)
    space.enter(cpu, space=AddressSpaceControl.ACCESS_REGISTER)
    run(cpu, "TRAP2")
    assert not cpu.psw.mask & ADDRESS_SPACE_CONTROL
    assert cpu.psw.mask & DAT


@pytest.mark.parametrize("steps", (False, True))
@pytest.mark.parametrize(("code", "head"), (("01ff", "00020000"), ("44008000", "80040000")))
def test_on_the_machine_and_executed(machine: Machine, cpu: Cpu, space: Any, code: str, head: str, steps: bool) -> None:
    assert space
    controls(cpu, LONG_PSW)
    machine.storage.write(FRAME, bytes.fromhex(code) + b"\x07\x00")
    machine.storage.write(real(BLOCK - 0x1000), bytes.fromhex("01ff"))
    cpu.gr[8] = BLOCK - 0x1000
    machine.storage.write(real(PROGRAM), b"\x07\x00" * 4)
    if steps:
        assert machine.step() is None
    else:
        machine.run(1)
    assert (saved(cpu, 4), cpu.instruction_address) == (head, PROGRAM)


def test_special_operation(cpu: Cpu, run: Run, expect: Expect, space: Any) -> None:
    controls(cpu, LONG_REGISTERS)
    # A short PSW has no room for what the 64-bit mode may need.
    with expect(Code.SPECIAL_OPERATION):
        run(cpu, "TRAP2")
    controls(cpu, LONG_PSW)
    for other in (AddressSpaceControl.SECONDARY, AddressSpaceControl.HOME):
        space.enter(cpu, space=other)
        with expect(Code.SPECIAL_OPERATION):
            run(cpu, "TRAP2")
    cpu.load_psw(Psw(ADDRESSING_MODE, CODE))
    with expect(Code.SPECIAL_OPERATION):
        run(cpu, "TRAP2")
    space.enter(cpu)
    cpu.configuration.storage.write_integer(UNIT + 44, 4, BLOCK)
    with expect(Code.SPECIAL_OPERATION):
        run(cpu, "TRAP2")
    assert saved(cpu, 160) == "00" * 160


def test_the_save_area_must_be_accessible_whole(cpu: Cpu, run: Run, expect: Expect, space: Any) -> None:
    controls(cpu, LONG_PSW)
    space.map(PROGRAM, 0, 0x400)
    cpu.configuration.storage.write_integer(real(BLOCK + 12), 4, PROGRAM - 8)
    with expect(Code.PAGE_TRANSLATION):
        run(cpu, "TRAP2")
    assert cpu.configuration.storage.read(real(PROGRAM - 8), 8) == bytes(8)
    assert cpu.gr[15] == REGISTERS[15]


def test_the_home_space_and_the_key_apply(cpu: Cpu, run: Run, expect: Expect, space: Any) -> None:
    controls(cpu, LONG_PSW)
    cpu.set_control_register(13, 0x4000_0003)
    with expect(Code.ADDRESSING):
        run(cpu, "TRAP2")
    space.enter(cpu, key=3)
    with expect(Code.PROTECTION):
        run(cpu, "TRAP2")
