# SPDX-License-Identifier: GPL-2.0-or-later
"""Operands that go on at address zero in the 24- and 31-bit addressing modes (PoP 3, "Address Wraparound").

The machine has storage behind the last address of the mode, where nothing may be fetched or stored.
"""

from __future__ import annotations

import pytest

from emu import control_registers as control
from emu.cpu import Cpu
from emu.machine import Machine
from tests.support.addressing_modes import HIGH, MODE_64, MODES, Mode, execute, read, start, write

BEFORE = 8
"""So many bytes of the operand lie before the last address."""
OPERAND = bytes(range(0x11, 0x41))
OTHER = 0x20000
"""Where another operand lies."""


def lay(machine: Machine, mode: Mode) -> None:
    """Lay the operand across the end of storage, with register 3 at its beginning, and register 1 zero."""
    write(machine, mode, mode.end - BEFORE, OPERAND)
    machine.storage.write(mode.end, bytes(4096))
    cpu = machine.cpus[0]
    cpu.gr[1], cpu.gr[3], cpu.gr[4] = mode.rubbish, mode.rubbish | mode.end - BEFORE, HIGH | OTHER


# Offset and length in the operand of what is loaded to register 2.
LOADS = {
    "LG": ("e32130040004", 4, 8),
    "L": ("58213006", 6, 4),
    "LH": ("48213007", 7, 2),
    "ICM": ("bf233007", 7, 2),
    "IC": ("43213008", 8, 1),
    "LGF": ("e32130060014", 6, 4),
    "LRVG": ("e3213004000f", 4, -8),
    "LM": ("98253006", 6, 4),
    "LMG": ("eb2530040004", 4, 8),
    "LPQ": ("e3213008008f", 8, 8),
    "LLGC": ("e32130080090", 8, 1),
    "LAA": ("eb20300800f8", 8, 4),
}


@pytest.mark.parametrize("name", LOADS)
def test_a_load(in_mode: Machine, mode: Mode, name: str) -> None:
    code, offset, length = LOADS[name]
    lay(in_mode, mode)
    execute(in_mode, mode, code)
    wanted = OPERAND[offset : offset + abs(length)]
    assert in_mode.cpus[0].gr[2] == int.from_bytes(wanted, "big" if length > 0 else "little")


# Offset in the operand, and what is stored there; register 2 holds VALUE, the other operand is PATTERN.
VALUE = 0x8182_8384_8586_8788
PATTERN = bytes(range(0xC1, 0xE1))
STORES = {
    "STG": ("e32130040024", 4, "8182838485868788"),
    "ST": ("50213006", 6, "85868788"),
    "STH": ("40213007", 7, "8788"),
    "STC": ("42213008", 8, "88"),
    "STCM": ("be273007", 7, "868788"),
    "STRVG": ("e3213004002f", 4, "8887868584838281"),
    "STM": ("902f3004", 4, "85868788"),
    "STMG": ("eb2230040024", 4, "8182838485868788"),
    "STPQ": ("e3213008008e", 8, "8182838485868788"),
    "MVI": ("92a53008", 8, "a5"),
    "MVHHI": ("e5443007a5a5", 7, "a5a5"),
    "MVC": ("d20730044000", 4, "c1c2c3c4c5c6c7c8"),
    "MVC of 32": ("d21f30044000", 4, PATTERN.hex()),
    "MVN": ("d10330064000", 6, "11121314"),
    "MVCIN": ("e8033006401f", 6, "e0dfdedd"),
    "XC with itself": ("d70f30023002", 2, bytes(16).hex()),
    "XC": ("d70330064000", 6, "d6dadade"),
    "NC": ("d40330064000", 6, "01000100"),
    "OC": ("d60330064000", 6, "d7dadbde"),
    "PACK": ("f21130074000", 7, "012c"),
    "UNPK": ("f31030074000", 7, "f01c"),
}


@pytest.mark.parametrize("name", STORES)
def test_a_store(in_mode: Machine, mode: Mode, name: str) -> None:
    code, offset, stored = STORES[name]
    lay(in_mode, mode)
    in_mode.cpus[0].gr[2] = VALUE
    in_mode.storage.write(OTHER, PATTERN)
    execute(in_mode, mode, code)
    data = bytes.fromhex(stored)
    found = read(in_mode, mode, mode.end - BEFORE, len(OPERAND))
    assert found[: offset + len(data)] == OPERAND[:offset] + data
    assert in_mode.storage.read(mode.end, 64) == bytes(64)


# What differs from mode to mode is only where operands are: each of these is executed in the 64-bit mode as well.
# R1 is 2, with a length in 3; R2 is 10, with a length in 11; 6 and 7 are base registers, and 8 is that of a table.
LIKE_64_BITS = {
    "MVCL": "0e2a",
    "CLCL": "0f2a",
    "MVCLE": "a82a0041",
    "CLCLE": "a92a0041",
    "MVCLU": "eb2a0041008e",
    "CLCLU": "eb2a0041008f",
    "MVST": "b255002a",
    "CLST": "b25d002a",
    "SRST": "b25e002a",
    "SRSTU": "b9be002a",
    "CKSM": "b241002a",
    "CU12": "b2a7002a",
    "CU21": "b2a6002a",
    "TRE": "b2a5002a",
    "TR": "dc0f60008000",
    "TRT": "dd0f60008000",
    "TRTR": "d00f600f8000",
    "CLC": "d50f60007000",
    "MVO": "f17360007000",
    "CS": "ba236004",
    "CDS": "bb2a6008",
    "VL": "e71060000006",
    "TM": "91ff6008",
}
LOADS_DATA = ("CKSM", "CS", "CDS")
"""They load register 2."""
LENGTH = 20
NO_PLACE = 0x777


def _prepare(machine: Machine, mode: Mode, first: int, second: int, name: str) -> None:
    cpu = machine.cpus[0]
    write(machine, mode, first, OPERAND)
    write(machine, mode, second, OPERAND[:18] + bytes(14))
    machine.storage.write(0x30000, bytes(each * 7 & 0xFF for each in range(256)))
    for number in range(16):
        cpu.gr[number] = 0
    for number in range(64):
        cpu.vr[number] = 0
    cpu.gr[0] = 0x1B if name in ("MVST", "CLST", "SRST", "TRE") else 0x1B1C if name == "SRSTU" else 0
    rubbish = mode.rubbish
    cpu.gr[1] = rubbish & HIGH | NO_PLACE
    cpu.gr[2], cpu.gr[10] = rubbish | first, rubbish | second
    cpu.gr[3] = cpu.gr[11] = rubbish & HIGH | LENGTH
    cpu.gr[6], cpu.gr[7], cpu.gr[8] = rubbish | first, rubbish | second, rubbish | 0x30000
    if name.startswith("SRST"):
        cpu.gr[2], cpu.gr[10] = rubbish | (first + LENGTH) & mode.last, rubbish | first
    if name == "TRE":
        cpu.gr[10] = rubbish | 0x30000
    if name in ("CKSM", "TRT", "TRTR"):
        cpu.gr[2] = rubbish & HIGH
    cpu.set_control_register(0, cpu.cr[0] | control.CR0_AFP | control.CR0_VECTOR)


def _state(cpu: Cpu, machine: Machine, mode: Mode, first: int, second: int, name: str) -> tuple[object, ...]:
    """What the instruction has left, with addresses counted from the operands."""

    def place(value: int) -> int:
        address = value & mode.last
        for number, begin in enumerate((first, second)):
            if (address - begin) & mode.last < len(OPERAND):
                return number << 32 | (address - begin) & mode.last
        return value & 0xFFFF_FFFF if name in LOADS_DATA else address

    storage = [read(machine, mode, at, 32) for at in (first, second)]
    lengths = [cpu.gr[number] & 0xFFFF_FFFF for number in (3, 11)]
    old = machine.storage.read_integer(0x140, 8)
    return storage, [place(cpu.gr[number]) for number in (1, 2, 10)], lengths, old, list(cpu.vr)


@pytest.mark.parametrize("wrapping", ("first", "second", "neither"))
@pytest.mark.parametrize("name", LIKE_64_BITS)
def test_an_instruction_is_what_it_is_in_the_64_bit_mode(
    in_mode: Machine, mode: Mode, like_64_bits: Machine, name: str, wrapping: str
) -> None:
    near, far = 0x40000 - BEFORE, 0x50000 - BEFORE
    first = mode.end - BEFORE if wrapping == "first" else near
    second = mode.end - BEFORE if wrapping == "second" else far
    _prepare(like_64_bits, MODE_64, near, far, name)
    execute(like_64_bits, MODE_64, LIKE_64_BITS[name])
    wanted = _state(like_64_bits.cpus[0], like_64_bits, MODE_64, near, far, name)
    _prepare(in_mode, mode, first, second, name)
    cpu = in_mode.cpus[0]
    before = list(cpu.gr)
    execute(in_mode, mode, LIKE_64_BITS[name])
    assert _state(cpu, in_mode, mode, first, second, name) == wanted
    for number in (1, 2, 3, 10, 11):
        assert cpu.gr[number] >> 32 == before[number] >> 32
    assert in_mode.storage.read(mode.end, 64) == bytes(64)


@pytest.fixture(scope="module")
def like_64_bits() -> Machine:
    """A machine that executes in the 64-bit mode."""
    return start(4, is_stepped=False)


@pytest.mark.parametrize(("name", "switch"), (("24", "010c"), ("31", "010d")))
def test_a_translation_of_the_64_bit_mode_is_not_used_in_another(name: str, switch: str) -> None:
    mode = MODES[name]
    machine = start((mode.end >> 20) + 1, is_stepped=False)
    lay(machine, mode)
    machine.cpus[0].gr[5] = mode.end
    # LG 2,0(5) from behind the last address; SAM24 or SAM31; LG 9,4(3) across it.
    execute(machine, MODE_64, f"e32050000004 {switch} e39030040004")
    assert (machine.cpus[0].gr[2], machine.cpus[0].gr[9]) == (0, int.from_bytes(OPERAND[4:12], "big"))
