# SPDX-License-Identifier: GPL-2.0-or-later
"""Bits of vectors: logical operations, shifts and rotations of elements and of the whole, counts, comparisons."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from emu.bits import signed
from tools.conform.architecture.case import CaseSection
from tools.conform.architecture.instruction_row import InstructionRow
from tools.conform.architecture.vector_row import ALL, elements, vector, vector_row

SOURCE = "PoP 22, Vector Integer Instructions"
FIRST = 0x807F_FF01_0080_FFFE_8421_C3A5_7000_0001
SECOND = 0x8001_01FF_FF7F_8002_8421_0001_7FFF_FFFF
THIRD = 0x0F01_80FE_7F0F_F0FF_8001_0203_5A5A_F00F
OLD = 0xDEAD_BEEF_0123_4567_89AB_CDEF_0F1E_2D3C
NAMES = {8: "bytes", 16: "halfwords", 32: "words", 64: "doublewords"}
WIDTHS = {8: 0, 16: 1, 32: 2, 64: 3}
Rows = Iterator[tuple[InstructionRow, str]]

LOGICAL: dict[str, tuple[str, Callable[[int, int], int]]] = {
    "VN": ("AND of the second and the third operand.", lambda a, b: a & b),
    "VNC": ("AND of the second operand and the complement of the third.", lambda a, b: a & ~b),
    "VO": ("OR of the second and the third operand.", lambda a, b: a | b),
    "VNO": ("The complement of the OR.", lambda a, b: ~(a | b)),
    "VX": ("EXCLUSIVE OR of the second and the third operand.", lambda a, b: a ^ b),
}


def rotated(value: int, count: int, width: int) -> int:
    count %= width
    return (value << count | value >> width - count) & (1 << width) - 1


def shifted_left(value: int, count: int, width: int) -> int:
    return value << count % width


def shifted_right(value: int, count: int, width: int) -> int:
    return value >> count % width


def shifted_right_with_sign(value: int, count: int, width: int) -> int:
    return signed(value, width) >> count % width


class Shift(NamedTuple):
    """A shift or rotation of elements: by a count for all, and by a vector of counts."""

    rule: str
    by_count: str
    by_vector: str
    of: Callable[[int, int, int], int]


SHIFTS = (
    Shift("Elements are rotated to the left", "VERLL", "VERLLV", rotated),
    Shift("Elements are shifted to the left", "VESL", "VESLV", shifted_left),
    Shift("Elements are shifted to the right, with zeros supplied,", "VESRL", "VESRLV", shifted_right),
    Shift("Elements are shifted to the right, with signs supplied,", "VESRA", "VESRAV", shifted_right_with_sign),
)
# Shifts of all 128 bits: by the bits in each byte of the third operand, and by the bytes in bits 1 to 4 of its byte 7.
WHOLE = (
    Shift("The vector is shifted to the left", "VSL", "VSLB", shifted_left),
    Shift("The vector is shifted to the right, with zeros supplied,", "VSRL", "VSRLB", shifted_right),
    Shift("The vector is shifted to the right, with its sign supplied,", "VSRA", "VSRAB", shifted_right_with_sign),
)


def logical_rows() -> Rows:
    for mnemonic, (rule, of) in LOGICAL.items():
        result = of(FIRST, SECOND) & ALL
        before = {3: OLD, 4: FIRST, 5: SECOND}
        yield vector_row(mnemonic.lower(), f"{mnemonic} 3,4,5", before, {3: result}), rule


def element_shift_rows() -> Rows:
    for rule, by_count, by_vector, of in SHIFTS:
        for width, size in WIDTHS.items():
            # The count is an address, of which the bits that are too many are ignored.
            count = width - 3
            result = vector((of(each, count, width) for each in elements(FIRST, width)), width)
            code = f"{by_count} 3,4,{count}(2),{size}"
            name = f"{by_count.lower()}-{NAMES[width]}"
            row = vector_row(name, code, {3: OLD, 4: FIRST}, {3: result}, registers={2: 0xF000 + 2 * width})
            yield row, f"{rule} as the rightmost bits of an address say."
            counts = elements(THIRD, width)
            pairs = zip(elements(FIRST, width), counts, strict=True)
            result = vector((of(each, count, width) for each, count in pairs), width)
            code = f"{by_vector} 3,4,5,{size}"
            row = vector_row(f"{by_vector.lower()}-{NAMES[width]}", code, {3: OLD, 4: FIRST, 5: THIRD}, {3: result})
            yield row, f"{rule} each as the same element of the third operand says, modulo its size."


def whole_shift_rows() -> Rows:
    for rule, by_bits, by_bytes, of in WHOLE:
        for value, name in ((FIRST, ""), (FIRST >> 1, "-positive")):
            for count in (0, 5):
                # Each byte of the third operand has the same count, in bits 5 to 7.
                counts = vector((count | 8 * (number % 29) for number in range(16)), 8)
                before = {3: OLD, 4: value, 5: counts}
                after = {3: of(value, count, 128) & ALL}
                row = vector_row(f"{by_bits.lower()}-{count}{name}", f"{by_bits} 3,4,5", before, after)
                yield row, f"{rule} by 0 to 7 bits."
            for count in (0, 11):
                before = {3: OLD, 4: value, 5: 0xFFFF_FFFF_FFFF_FF87_FFFF_FFFF_FFFF_FFFF | count << 67}
                after = {3: of(value, 8 * count, 128) & ALL}
                row = vector_row(f"{by_bytes.lower()}-{count}{name}", f"{by_bytes} 3,4,5", before, after)
                yield row, f"{rule} by the bytes that bits 1 to 4 of byte 7 say."


def double_rows() -> Rows:
    for count in (0, 1, 9, 15):
        result = (FIRST << 128 | SECOND) >> 128 - 8 * count & ALL
        before = {3: OLD, 4: FIRST, 5: SECOND}
        row = vector_row(f"vsldb-{count}", f"VSLDB 3,4,5,{count}", before, {3: result})
        yield row, "The second and the third operand, side by side, are shifted to the left by bytes."


def insert_rows() -> Rows:
    for width, size in WIDTHS.items():
        for count in (3, width + 2):
            turned = vector((rotated(each, count, width) for each in elements(FIRST, width)), width)
            result = OLD & ~THIRD | turned & THIRD
            code = f"VERIM 3,4,5,{count},{size}"
            row = vector_row(f"verim-{NAMES[width]}-{count}", code, {3: OLD, 4: FIRST, 5: THIRD}, {3: result})
            yield row, "Rotated bits replace those of the first operand where the third has ones."


def leading(value: int, width: int) -> int:
    return width - value.bit_length()


def trailing(value: int, width: int) -> int:
    return (value & -value).bit_length() - 1 if value else width


def count_rows() -> Rows:
    # Elements that are zero, and such with their only bit on either side.
    operand = 0x0001_8000_0000_0000_0000_0000_0000_0000 | 0x10_0000
    for mnemonic, of in (("VCLZ", leading), ("VCTZ", trailing)):
        for width, size in WIDTHS.items():
            result = vector((of(each, width) for each in elements(operand, width)), width)
            code = f"{mnemonic} 3,4,{size}"
            row = vector_row(f"{mnemonic.lower()}-{NAMES[width]}", code, {3: OLD, 4: operand}, {3: result})
            yield row, "How many zeros there are before the first, or behind the last one; all if there is none."
    result = vector((each.bit_count() for each in elements(FIRST, 8)), 8)
    row = vector_row("vpopct", "VPOPCT 3,4,0", {3: OLD, 4: FIRST}, {3: result})
    yield row, "How many ones there are in each byte."


MIXED = (FIRST >> 64 << 64 | SECOND & ALL >> 64, SECOND >> 64 << 64 | FIRST & ALL >> 64)
"""Of every size, elements that are greater and others that are not; some of them depend on whether there are signs."""
COMPARISONS: dict[str, Callable[[int, int, int], bool]] = {
    "VCEQ": lambda a, b, _w: a == b,
    "VCH": lambda a, b, w: signed(a, w) > signed(b, w),
    "VCHL": lambda a, b, _w: a > b,
}


def comparison_rows() -> Rows:
    rule = "Ones where it is so; cc 0 if for all elements, 1 if for some, 3 if for none; unchanged without the CS bit."
    for mnemonic, of in COMPARISONS.items():
        for width, size in WIDTHS.items():
            ones = vector([1] * (128 // width), width)
            least = ones << width - 1
            # Some; all, and none, of them such that it matters whether there are signs.
            every = (ones, ones) if mnemonic == "VCEQ" else (ones, least) if mnemonic == "VCH" else (least, ones)
            none = (ones, least) if mnemonic == "VCEQ" else every[::-1]
            some = (FIRST, FIRST ^ 1 << 120 ^ 1 << 70) if mnemonic == "VCEQ" else MIXED
            for cc, (first, second) in ((1, some), (0, every), (3, none)):
                pairs = zip(elements(first, width), elements(second, width), strict=True)
                results = [of(a, b, width) for a, b in pairs]
                before = {3: OLD, 4: first, 5: second}
                after = {3: vector((-each for each in results), width)}
                name = f"{mnemonic.lower()}-{NAMES[width]}-cc{cc}"
                yield vector_row(name, f"{mnemonic} 3,4,5,{size},1", before, after, cc), rule
                if cc == 1:
                    yield vector_row(f"{name}-not-set", f"{mnemonic} 3,4,5,{size},0", before, after), rule


def element_comparison_rows() -> Rows:
    rule = "The rightmost elements of the leftmost doublewords are compared: cc 0 equal, 1 low, 2 high."
    for width, size in WIDTHS.items():
        place = 128 // width // 2 - 1
        least = 1 << width - 1
        for first, second in ((5, 5), (5, 7), (7, 5), (least, 1), (1, least)):
            for mnemonic, a, b in (
                ("VEC", signed(first, width), signed(second, width)),
                ("VECL", first, second),
            ):
                cc = 0 if a == b else 1 if a < b else 2
                # All other elements differ in the other direction.
                several = [9 if a < b else 3] * (128 // width), [3 if a < b else 9] * (128 // width)
                several[0][place], several[1][place] = first, second
                before = {3: vector(several[0], width), 4: vector(several[1], width)}
                code = f"{mnemonic} 3,4,{size}"
                yield vector_row(f"{mnemonic.lower()}-{NAMES[width]}-{first}-{second}", code, before, {}, cc), rule


def test_rows() -> Rows:
    rule = "cc 0 if the bits that the second operand selects are zeros, or it selects none, 3 if ones, 1 if mixed."
    for name, value, mask, cc in (
        ("zeros", ~THIRD & ALL, THIRD, 0),
        ("none", ALL, 0, 0),
        ("ones", THIRD, THIRD, 3),
        ("mixed-left", THIRD ^ 1 << 123, THIRD, 1),
        ("mixed-right", THIRD ^ 1, THIRD, 1),
        ("one-right", 1, THIRD, 1),
    ):
        yield vector_row(f"vtm-{name}", "VTM 3,4", {3: value, 4: mask}, {}, cc), rule


def all_rows() -> Rows:
    yield from logical_rows()
    yield from element_shift_rows()
    yield from whole_shift_rows()
    yield from double_rows()
    yield from insert_rows()
    yield from count_rows()
    yield from comparison_rows()
    yield from element_comparison_rows()
    yield from test_rows()


SECTION = CaseSection("Bits of vectors", tuple(row.case(rule, SOURCE) for row, rule in all_rows()))
