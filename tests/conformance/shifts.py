# SPDX-License-Identifier: GPL-2.0-or-later
"""Shifts, rotations, selected bits, and what counts bits."""

from __future__ import annotations

import operator
import re
from collections.abc import Iterator

from emu.bits import signed
from emu.facilities import Facility
from tools.conform.architecture.case import CaseSection, facility
from tools.conform.architecture.instruction_row import InstructionRow
from tools.conform.architecture.integers import integer_code

SOURCE = "PoP 7, Shift Left/Right Single/Double (Logical); Rotate Left Single Logical"
RULE = "The amount is bits 58-63 of the address; only arithmetic shifts set the condition code, 3 if bits are lost."
SELECTED_SOURCE = "PoP 7, Rotate Then Insert/And/Or/Exclusive Or Selected Bits (High, Low)"
SELECTED = (
    "Of the rotated second operand the selected bits are combined with those of the first; the rest stays or is 0."
)
COUNT_SOURCE = "PoP 7, Find Leftmost One; Population Count; Load Count to Block Boundary"
COUNT = "Ones, zeros to the left, or bytes to a boundary are counted."
ABOVE = 0x1357_9BDF_0000_0000
MASK_32, MASK_64 = (1 << 32) - 1, (1 << 64) - 1
VALUE_32, VALUE_64 = 0x9234_5679, 0x9234_5678_ABCD_EF01


def shifted_left(value: int, width: int, amount: int) -> tuple[int, int]:
    """The sign stays; the code is 3 if a bit unlike it is shifted out."""
    sign, number = value >> width - 1, value & (1 << width - 1) - 1
    moved = number << amount
    result = sign << width - 1 | moved & (1 << width - 1) - 1
    lost = moved >> width - 1
    # As many copies of the sign as bits are shifted out.
    is_lost = lost != ((1 << amount) - 1 if sign else 0)
    return result, 3 if is_lost else code_of(result, width)


def code_of(value: int, width: int) -> int:
    return integer_code(signed(value, width), width)


def result_of(mnemonic: str, value: int, width: int, amount: int) -> tuple[int, int | None]:
    """What the shift that *mnemonic* begins with makes of *value*, and its condition code."""
    match mnemonic[:3]:
        case "SLL":
            return value << amount & (1 << width) - 1, None
        case "SRL":
            return value >> amount, None
        case "RLL":
            amount %= width
            return (value << amount | value >> width - amount) & (1 << width) - 1, None
        case "SRA":
            result = signed(value, width) >> amount & (1 << width) - 1
            return result, code_of(result, width)
    return shifted_left(value, width, amount)


def single_rows() -> Iterator[InstructionRow]:
    for kind in ("SLL", "SRL", "SLA", "SRA", "RLL"):
        for rest, width, is_three in (("", 32, kind == "RLL"), ("K", 32, True), ("G", 64, True)):
            if kind == "RLL" and rest == "K":
                continue
            mnemonic = kind + rest
            values = (VALUE_32 if width == 32 else VALUE_64, 5, (1 << width) - 3, 0)
            # 64 is no shift at all, and 63 more than a word has.
            for value, amount in zip((*values, values[0], values[0]), (7, 3, 2, 9, 64, 63), strict=True):
                result, cc = result_of(kind, value, width, amount & 63)
                above = ABOVE if width == 32 else 0
                first: dict[int, int] = {3: above | 1, 5: above | value} if is_three else {3: above | value}
                # The amount comes from a register and a displacement, of which only six bits count.
                text = f"{mnemonic} 3,{'5,' if is_three else ''}0x{0xFC0 if amount < 64 else 0xF80:X}(4)"
                name = f"{mnemonic.lower()}-{amount}" + ("" if value else "-zero")
                yield InstructionRow(name, text, first | {4: amount}, {3: above | result}, cc)


def double_rows() -> Iterator[InstructionRow]:
    """The 64 bits of two registers' right halves."""
    for mnemonic, kind in (("SLDL", "SLL"), ("SRDL", "SRL"), ("SLDA", "SLA"), ("SRDA", "SRA")):
        for value, amount in ((VALUE_64, 7), (5 << 30, 3), (MASK_64 - 2, 2), (0, 9), (VALUE_64, 40)):
            result, cc = result_of(kind, value, 64, amount)
            before, after = ({4: ABOVE | each >> 32, 5: ABOVE | each & MASK_32} for each in (value, result))
            name = f"{mnemonic.lower()}-{amount}" + ("" if value else "-zero")
            yield InstructionRow(name, f"{mnemonic} 4,{amount}(0)", before, after, cc)


def selection(first: int, last: int, width: int = 64) -> int:
    """The bits from *first* to *last*, with 0 behind the last bit of so many."""
    numbers = range(first, last + 1) if first <= last else (*range(first, width), *range(last + 1))
    return sum(1 << width - 1 - number for number in numbers)


def selected_rows() -> Iterator[InstructionRow]:
    first, second = 0x0123_4567_89AB_CDEF, 0xF0E1_D2C3_B4A5_9687
    for mnemonic, start, end, amount in (
        ("RISBG", 8, 39, 12),
        ("RISBG", 60, 3, 4),
        ("RISBGN", 8, 39, 12),
        ("RISBGN", 60, 3, 4),
        ("RNSBG", 8, 39, 12),
        ("ROSBG", 8, 39, 12),
        ("RXSBG", 60, 3, 4),
    ):
        rotated = (second << amount | second >> 64 - amount) & MASK_64
        bits = selection(start, end)
        combine = {"N": operator.and_, "O": operator.or_, "X": operator.xor}.get(mnemonic[1], lambda _, other: other)
        result = first & ~bits | combine(first, rotated) & bits
        is_insert = mnemonic[1] == "I"
        cc = None if mnemonic == "RISBGN" else code_of(result, 64) if is_insert else int(result & bits != 0)
        name = f"{mnemonic.lower()}-{start}-{end}"
        yield InstructionRow(name, f"{mnemonic} 3,4,{start},{end},{amount}", {3: first, 4: second}, {3: result}, cc)
        if is_insert:
            # The leftmost bit of I4 has the other bits set to zero.
            zeroed = rotated & bits
            cc = None if cc is None else code_of(zeroed, 64)
            code = f"{mnemonic} 3,4,{start},{end | 0x80},{amount}"
            yield InstructionRow(f"{name}-zero", code, {3: first, 4: second}, {3: zeroed}, cc)
        else:
            # That of I3 says that only the condition code is of interest.
            code = f"{mnemonic} 3,4,{start | 0x80},{end},{amount}"
            yield InstructionRow(f"{name}-test", code, {3: first, 4: second}, {}, cc)
            # Bits that become zero, between two that do not.
            combined = f"{combine(first, rotated):064b}"
            zeros = re.search("10+1", combined)
            assert zeros is not None
            code = f"{mnemonic} 3,4,{zeros.start() + 1 | 0x80},{zeros.end() - 2},{amount}"
            yield InstructionRow(f"{name}-test-zeros", code, {3: first, 4: second}, {}, 0)
    yield InstructionRow("rxsbg-same", "RXSBG 3,4,0,63,0", {3: first, 4: first}, {3: 0}, 0)
    for mnemonic, shift in (("RISBHG", 32), ("RISBLG", 0)):
        rotated = (second << 12 | second >> 52) & MASK_64
        # Bits 5 to 20 of that half, or all others.
        for name, start, end in ((mnemonic.lower(), 5, 20), (f"{mnemonic.lower()}-around", 21, 4)):
            bits = selection(start, end, 32) << shift
            result = first & ~bits | rotated & bits
            yield InstructionRow(name, f"{mnemonic} 3,4,{start},{end},12", {3: first, 4: second}, {3: result})
        # All bits differ, so that one more or less is seen.
        bits = selection(9, 26, 32) << shift
        yield InstructionRow(f"{mnemonic.lower()}-opposite", f"{mnemonic} 3,4,9,26,0", {3: 0, 4: MASK_64}, {3: bits})


def count_rows() -> Iterator[InstructionRow]:
    for number, value in enumerate((0, 1, 0x0001_F000_0000_1234)):
        zeros = 64 - value.bit_length()
        left = value & ~(1 << 63 - zeros) if value else 0
        yield InstructionRow(
            f"flogr-{number}", "FLOGR 4,3", {3: value, 4: 1, 5: 1}, {4: zeros, 5: left}, 2 * bool(value)
        )
    for number, value in enumerate((0, 0xFF07_8000_0101_1133)):
        ones = int.from_bytes(bytes(byte.bit_count() for byte in value.to_bytes(8, "big")), "big")
        yield InstructionRow(f"popcnt-{number}", "POPCNT 4,3", {3: value, 4: 1}, {4: ones}, int(value != 0))
    needs = (facility(Facility.VECTOR),)
    for number, (size, offset, count, cc) in enumerate(
        ((0, 0x3C, 4, 3), (0, 0x41, 16, 0), (6, 0xFF8, 8, 3), (6, 0xFF0, 16, 0))
    ):
        registers: dict[int, int | str] = {3: ABOVE | 1, 8: "page1"}
        code = f"LCBB 3,0x{offset:X}(0,8),{size}"
        yield InstructionRow(f"lcbb-{number}", code, registers, {3: ABOVE | count}, cc, needs=needs)


CASES = (
    *(row.case(RULE, SOURCE) for rows in (single_rows, double_rows) for row in rows()),
    *(row.case(SELECTED, SELECTED_SOURCE) for row in selected_rows()),
    *(row.case(COUNT, COUNT_SOURCE) for row in count_rows()),
)
SECTION = CaseSection("Shifts and bits", CASES)
