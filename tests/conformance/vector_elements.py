# SPDX-License-Identifier: GPL-2.0-or-later
"""Elements of vectors put together anew: merged, packed, unpacked, permuted, replicated, selected, extended."""

from __future__ import annotations

from collections.abc import Iterator

from emu.bits import signed
from tools.conform.architecture.case import CaseSection
from tools.conform.architecture.instruction_row import InstructionRow
from tools.conform.architecture.vector_row import ALL, elements, vector, vector_row

SOURCE = "PoP 21, Vector Support Instructions"
FIRST = 0x8091_A2B3_C4D5_E6F7_0819_2A3B_4C5D_6E7F
SECOND = 0xF1E2_D3C4_B5A6_9788_7766_5544_3322_1100
MASK = 0x00FF_0F0F_3355_AAC3_FF00_F0F0_CCAA_553C
OLD = 0xDEAD_BEEF_0123_4567_89AB_CDEF_0F1E_2D3C
NAMES = {8: "bytes", 16: "halfwords", 32: "words", 64: "doublewords"}
WIDTHS = {8: 0, 16: 1, 32: 2, 64: 3}
BEFORE = {3: OLD, 4: FIRST, 5: SECOND}
Rows = Iterator[tuple[InstructionRow, str]]


def merged_rows() -> Rows:
    for width, size in WIDTHS.items():
        first, second = elements(FIRST, width), elements(SECOND, width)
        half = len(first) // 2
        for mnemonic, part in (("VMRH", slice(0, half)), ("VMRL", slice(half, None))):
            result = vector((each for pair in zip(first[part], second[part], strict=True) for each in pair), width)
            row = vector_row(f"{mnemonic.lower()}-{NAMES[width]}", f"{mnemonic} 3,4,5,{size}", BEFORE, {3: result})
            yield row, "Elements of the left, or right, halves of two vectors, by turns."


def saturated(value: int, width: int, *, is_signed: bool) -> int:
    """The element of half the *width* for one of *width*."""
    if not is_signed:
        return min(value, (1 << width // 2) - 1)
    most = 1 << width // 2 - 1
    return min(max(signed(value, width), -most), most - 1)


def packed_rows() -> Rows:
    for width, size in list(WIDTHS.items())[1:]:
        both = elements(FIRST, width) + elements(SECOND, width)
        row = vector_row(f"vpk-{NAMES[width]}", f"VPK 3,4,5,{size}", BEFORE, {3: vector(both, width // 2)})
        yield row, "The right halves of the elements of two vectors."
        most = 1 << width // 2 - 1
        count = 128 // width
        for mnemonic, is_signed in (("VPKS", True), ("VPKLS", False)):
            rule = f"Elements of half the size, as numbers with{'' if is_signed else 'out'} signs; what does not fit "
            rule += "becomes the nearest that does: cc 0 if all fit, 1 if some do not, 3 if none does."
            # What fits just so, and what just not.
            fits = ([-most, most - 1] if is_signed else [0, 2 * most - 1]) * count
            fits_not = ([-most - 1, most] if is_signed else [2 * most, 2 * most + 1]) * count
            for name, cc, values in (
                ("all-fit", 0, fits),
                ("first-does-not", 1, fits_not[:1] + fits[1:]),
                ("last-fits", 1, fits_not[:-1] + fits[-1:]),
                ("none-fits", 3, fits_not),
            ):
                halves = [vector(part, width) for part in (values[:count], values[count:])]
                both = [each for half in halves for each in elements(half, width)]
                result = vector((saturated(each, width, is_signed=is_signed) for each in both), width // 2)
                before = {3: OLD, 4: halves[0], 5: halves[1]}
                code = f"{mnemonic} 3,4,5,{size}"
                of_width = f"{mnemonic.lower()}-{NAMES[width]}"
                yield vector_row(f"{of_width}-{name}", f"{code},1", before, {3: result}, cc), rule
            row = vector_row(f"{of_width}-not-set", f"{code},0", before, {3: result})
            yield row, "Without the condition-code-set bit the condition code stays as it was."


def unpacked_rows() -> Rows:
    for width, size in list(WIDTHS.items())[:3]:
        for mnemonic, is_low, is_signed in (
            ("VUPH", False, True),
            ("VUPLH", False, False),
            ("VUPL", True, True),
            ("VUPLL", True, False),
        ):
            # Each half has elements with either sign.
            source = FIRST ^ 0x0080_8000_8000_8000_0080_8000_8000_8000
            half = elements(source, width)
            half = half[len(half) // 2 :] if is_low else half[: len(half) // 2]
            result = vector((signed(each, width) if is_signed else each for each in half), 2 * width)
            code = f"{mnemonic} 3,4,{size}"
            row = vector_row(f"{mnemonic.lower()}-{NAMES[width]}", code, {3: OLD, 4: source}, {3: result})
            yield row, "The elements of one half become twice as wide, with zeros or their signs before them."
        for source in (FIRST, SECOND):
            result = vector((signed(each, width) for each in elements(source, 64)), 64)
            code = f"VSEG 3,4,{size}"
            name = f"vseg-{NAMES[width]}-{'negative' if source == FIRST else 'positive'}"
            row = vector_row(name, code, {3: OLD, 4: source}, {3: result})
            yield row, "The rightmost element of each doubleword, with its sign before it."


def permuted_rows() -> Rows:
    octets = elements(FIRST, 8) + elements(SECOND, 8)
    places = (0x1F, 0, 0x10, 0x0F, 0xE1, 0x32, 0x54, 0x76, 0x98, 0xBA, 0xDC, 0xFE, 3, 3, 0x17, 0x08)
    result = vector((octets[place % 32] for place in places), 8)
    before = BEFORE | {6: vector(places, 8)}
    row = vector_row("vperm", "VPERM 3,4,5,6", before, {3: result})
    yield row, "Each byte is the one of two vectors that bits 3 to 7 of the same byte of the fourth operand say."
    for number in (0, 1, 4, 5):
        result = vector((elements(FIRST, 64)[number >> 2], elements(SECOND, 64)[number & 1]), 64)
        row = vector_row(f"vpdi-{number}", f"VPDI 3,4,5,{number}", BEFORE, {3: result})
        yield row, "A doubleword of the second operand, and one of the third."
    row = vector_row("vsel", "VSEL 3,4,5,6", BEFORE | {6: MASK}, {3: FIRST & MASK | SECOND & ~MASK & ALL})
    yield row, "Bits of the second operand where the fourth has ones, else of the third."


def replicated_rows() -> Rows:
    for width, size in WIDTHS.items():
        for number in (0, 128 // width - 1):
            result = vector([elements(FIRST, width)[number]] * (128 // width), width)
            code = f"VREP 3,4,{number},{size}"
            row = vector_row(f"vrep-{NAMES[width]}-{number}", code, {3: OLD, 4: FIRST}, {3: result})
            yield row, "One element becomes all of them."


def all_rows() -> Rows:
    for rows in (merged_rows, packed_rows, unpacked_rows, permuted_rows, replicated_rows):
        yield from rows()


SECTION = CaseSection("Elements of vectors", tuple(row.case(rule, SOURCE) for row, rule in all_rows()))
