# SPDX-License-Identifier: GPL-2.0-or-later
"""Operands that reach into a page that is refused: nothing of them is stored or loaded, free or stepped."""

from __future__ import annotations

import pytest

from emu import lowcore
from emu.bits import MASK_32
from emu.control_registers import CR0_SECONDARY_SPACE
from emu.cpu import Cpu
from emu.machine import Machine
from emu.program_interruption import ProgramInterruptionCode
from emu.psw import ADDRESSING_MODE, DAT, WAIT, Psw
from tests.support.general import rx, rxy, ss

CODE = 0x10000
NOPR = bytes.fromhex("0700")
PAGE = 0x40000
"""Its end is tried, with the next page there."""
TABLE, INVALID_SEGMENT, REAL_SPACE, SECONDARY_SPACE = 0x20000, 0x20, 0x20, 2 << 46
BYTES = {
    "STM": (4, rx(0x90, 14, 0, 2, 1)),
    "STMY": (4, rxy(0xEB90, 14, 0, 2, 1)),
    "STMG": (8, rxy(0xEB24, 14, 0, 2, 1)),
    "STMH": (4, rxy(0xEB26, 14, 0, 2, 1)),
    "STAM": (4, rx(0x9B, 14, 0, 2, 1)),
    "STAMY": (4, rxy(0xEB9B, 14, 0, 2, 1)),
}
"""Of registers 14 to 1: how many bytes of each, and the instruction."""
MASKS = (0b0101, 0b0111, 0b1001, 0b1010, 0b1011, 0b1101, 0b1110, 0b1111, 0b0110, 0b0001)
UNDER_MASK = {"STCM": (0, 0xBE), "STCMY": (0, 0xEB2D), "STCMH": (32, 0xEB2C)}


def set_registers(cpu: Cpu) -> None:
    """Give all registers values of their own."""
    for number in range(16):
        cpu.gr[number] = 0x1122_3344_5566_7780 + number * 0x0101_0101_0101_0101
        cpu.ar[number] = 0xA0A1_A200 + number


def stored_by(name: str, cpu: Cpu) -> bytes:
    """What STORE MULTIPLE and its like store."""
    size, _ = BYTES[name]
    found = b""
    for number in (14, 15, 0, 1):
        value = cpu.ar[number] if name.startswith("STA") else cpu.gr[number]
        value = value >> 32 if name == "STMH" else value if size == 8 else value & MASK_32
        found += value.to_bytes(size, "big")
    return found


def execute(
    machine: Machine, cpu: Cpu, instruction: bytes, address: int, *, stepping: bool, mask: int = ADDRESSING_MODE
) -> None:
    """Execute the *instruction*, whose operand is at *address*."""
    cpu.load_psw(Psw(mask, CODE))
    cpu.psw_loaded = False
    machine.storage.write(CODE, instruction + NOPR)
    machine.storage.write(0x1D0, Psw(ADDRESSING_MODE | WAIT, 0).to_bytes())
    cpu.gr[2] = address
    if stepping:
        machine.step()
    else:
        machine.run(2)


@pytest.mark.parametrize("stepping", (False, True))
@pytest.mark.parametrize("name", BYTES)
def test_multiple(machine: Machine, cpu: Cpu, name: str, *, stepping: bool) -> None:
    size, instruction = BYTES[name]
    for before in range(size, 5 * size, size):
        set_registers(cpu)
        expected = stored_by(name, cpu)
        execute(machine, cpu, instruction, PAGE - before, stepping=stepping)
        assert machine.storage.read(PAGE - before, len(expected)) == expected
        assert machine.executed
        end = machine.memory - before
        machine.storage.write(end, bytes(before))
        if before == 4 * size:
            continue
        execute(machine, cpu, instruction, end, stepping=stepping)
        assert machine.counts.program_interruptions[ProgramInterruptionCode.ADDRESSING]
        assert machine.storage.read(end, before) == bytes(before)


@pytest.mark.parametrize("stepping", (False, True))
@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("name", UNDER_MASK)
def test_under_mask(machine: Machine, cpu: Cpu, name: str, mask: int, *, stepping: bool) -> None:
    shift, opcode = UNDER_MASK[name]
    set_registers(cpu)
    word = (cpu.gr[4] >> shift & MASK_32).to_bytes(4, "big")
    expected = bytes(word[number] for number in range(4) if mask & 8 >> number)
    instruction = rx(opcode, 4, 0, 2, mask) if opcode < 0x100 else rxy(opcode, 4, 0, 2, mask)
    execute(machine, cpu, instruction, PAGE - 1, stepping=stepping)
    assert machine.storage.read(PAGE - 1, len(expected)) == expected
    if len(expected) > 1:
        execute(machine, cpu, instruction, machine.memory - 1, stepping=stepping)
        assert machine.counts.program_interruptions[ProgramInterruptionCode.ADDRESSING]
        assert machine.storage.read(machine.memory - 1, 1) == bytes(1)


@pytest.mark.parametrize("stepping", (False, True))
@pytest.mark.parametrize("instruction", (rx(0x9A, 14, 0, 2, 1), rxy(0xEB9A, 14, 0, 2, 1)), ids=("LAM", "LAMY"))
def test_load_access_multiple(machine: Machine, cpu: Cpu, instruction: bytes, *, stepping: bool) -> None:
    set_registers(cpu)
    before = list(cpu.ar)
    execute(machine, cpu, instruction, machine.memory - 12, stepping=stepping)
    assert machine.counts.program_interruptions[ProgramInterruptionCode.ADDRESSING]
    assert list(cpu.ar) == before
    machine.storage.write(PAGE - 12, bytes(range(16)))
    execute(machine, cpu, instruction, PAGE - 12, stepping=stepping)
    assert [cpu.ar[number] for number in (14, 15, 0, 1)] == [0x00010203, 0x04050607, 0x08090A0B, 0x0C0D0E0F]


@pytest.mark.parametrize("stepping", (False, True))
@pytest.mark.parametrize("instruction", (rx(0x9A, 14, 0, 2, 1), rxy(0xEB9A, 14, 0, 2, 1)), ids=("LAM", "LAMY"))
def test_load_access_multiple_tells_of_the_first_page(
    machine: Machine, cpu: Cpu, instruction: bytes, *, stepping: bool
) -> None:
    # Instructions come from a real space, and of the secondary space nothing is there.
    machine.storage.write(TABLE, INVALID_SEGMENT.to_bytes(8, "big") * 512)
    cpu.cr[1], cpu.cr[7] = REAL_SPACE, TABLE
    cpu.cr[0] |= CR0_SECONDARY_SPACE
    execute(machine, cpu, instruction, PAGE - 8, stepping=stepping, mask=ADDRESSING_MODE | DAT | SECONDARY_SPACE)
    assert machine.counts.program_interruptions[ProgramInterruptionCode.SEGMENT_TRANSLATION]
    identification = int.from_bytes(machine.storage.read(lowcore.TRANSLATION_EXCEPTION, 8), "big")
    assert identification >> 12 == PAGE - 8 >> 12


CLEARED = (2, 3, 5, 8, 9, 12, 15, 16, 17, 24, 31, 32, 33, 256)
"""Lengths of fields; of those over 32 Unicorn has a helper of its own."""


def clear(length: int, displacement: int = 0) -> bytes:
    """EXCLUSIVE OR of a field with itself."""
    return ss(0xD7, length, displacement, 2, displacement, 2)


def splits(length: int) -> list[int]:
    """How many bytes of a field of *length* are before the page boundary: one, all but one, and where parts end."""
    return sorted({1, length - 1, *range(8, length, 8), *(part for part in (2, 4, 6) if part < length)})


@pytest.mark.parametrize("stepping", (False, True))
@pytest.mark.parametrize("length", CLEARED)
def test_a_field_that_is_cleared(machine: Machine, cpu: Cpu, length: int, *, stepping: bool) -> None:
    ones = b"\x11" * length
    for before in splits(length):
        machine.storage.write(PAGE - before - 8, b"\x22" * 8 + ones + b"\x22" * 8)
        cpu.cc = 1
        execute(machine, cpu, clear(length, 8), PAGE - before - 8, stepping=stepping)
        assert cpu.cc == 0
        assert machine.storage.read(PAGE - before - 8, length + 16) == b"\x22" * 8 + bytes(length) + b"\x22" * 8
        refused = machine.counts.program_interruptions[ProgramInterruptionCode.ADDRESSING]
        end = machine.memory - before
        machine.storage.write(end, ones[:before])
        execute(machine, cpu, clear(length), end, stepping=stepping)
        assert machine.counts.program_interruptions[ProgramInterruptionCode.ADDRESSING] == refused + 1
        assert machine.storage.read(end, before) == ones[:before]


@pytest.mark.parametrize("stepping", (False, True))
def test_a_field_that_an_execute_clears(machine: Machine, cpu: Cpu, *, stepping: bool) -> None:
    end = machine.memory - 8
    machine.storage.write(end, b"\x11" * 8)
    machine.storage.write(CODE + 0x100, clear(1))
    cpu.gr[1], cpu.gr[3] = 15, CODE + 0x100
    execute(machine, cpu, rx(0x44, 1, 0, 3), end, stepping=stepping)
    assert machine.counts.program_interruptions[ProgramInterruptionCode.ADDRESSING] == 1
    assert machine.storage.read(end, 8) == b"\x11" * 8


def test_a_field_that_goes_on_at_address_zero_is_cleared(machine: Machine, cpu: Cpu) -> None:
    cpu.gr[2] = 0xFF_FFF8
    machine.storage.write(0, b"\x11" * 16)
    machine.storage.write(CODE, clear(24, 16) + NOPR)
    cpu.load_psw(Psw(0, CODE))
    machine.run(2)
    assert machine.storage.read(0, 40) == b"\x11" * 8 + bytes(32)


@pytest.mark.parametrize("instruction", ("eb2900000024", "9a290000", "be270000", "d50700000100", "d70b01000100"))
def test_a_block_of_nothing_else_can_be_translated(machine: Machine, cpu: Cpu, instruction: str) -> None:
    """What is replaced uses up nothing of the translator's."""
    code = bytes.fromhex(instruction) * 600
    machine.storage.write(CODE, code)
    machine.run(600)
    assert machine.executed == 600
