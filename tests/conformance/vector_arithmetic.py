# SPDX-License-Identifier: GPL-2.0-or-later
"""Arithmetic on integer elements of vectors: sums, differences, products, averages, sums across, polynomials."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from emu.bits import signed
from tools.conform.architecture.case import CaseSection
from tools.conform.architecture.instruction_row import InstructionRow
from tools.conform.architecture.vector_row import elements, vector, vector_row

SOURCE = "PoP 22, Vector Integer Instructions"
# Each has elements, of every size, that overflow, carry, borrow, and are the smallest number with a sign.
FIRST = 0x807F_FF01_0080_FFFE_8000_0000_8000_0000
SECOND = 0x8001_01FF_007F_8002_8000_0001_7FFF_FFFF
THIRD = 0xFF01_80FE_7FFF_FFFF_8001_0203_FFFF_FFFF
OLD = 0xDEAD_BEEF_0123_4567_89AB_CDEF_0F1E_2D3C
NAMES = {8: "bytes", 16: "halfwords", 32: "words", 64: "doublewords", 128: "quadword"}
WIDTHS = {8: 0, 16: 1, 32: 2, 64: 3, 128: 4}
TO_DOUBLEWORD, TO_WORD, TO_QUADWORD = (8, 16, 32, 64), (8, 16, 32), (8, 16, 32, 64, 128)


class Unary(NamedTuple):
    rule: str
    widths: tuple[int, ...]
    of: Callable[[int, int], int]
    """From an element, and how wide it is, to the element of the result."""


class Binary(NamedTuple):
    rule: str
    widths: tuple[int, ...]
    of: Callable[[int, int, int], int]


class Ternary(NamedTuple):
    rule: str
    widths: tuple[int, ...]
    of: Callable[[int, int, int, int], int]


UNARY = {
    "VLC": Unary("Each element is the two's complement of one of the second operand.", TO_DOUBLEWORD, lambda a, _w: -a),
    "VLP": Unary("Each element is the absolute value.", TO_DOUBLEWORD, lambda a, w: abs(signed(a, w))),
}
BINARY = {
    "VA": Binary("Each element is a sum; carries out of it are lost.", TO_QUADWORD, lambda a, b, _w: a + b),
    "VACC": Binary("Each element is the carry out of a sum.", TO_QUADWORD, lambda a, b, w: a + b >> w),
    "VS": Binary("Each element is a difference.", TO_QUADWORD, lambda a, b, _w: a - b),
    "VSCBI": Binary("Each element is one where no borrow is needed.", TO_QUADWORD, lambda a, b, _w: int(a >= b)),
    "VAVG": Binary(
        "The average of numbers with signs, rounded up.",
        TO_DOUBLEWORD,
        lambda a, b, w: signed(a, w) + signed(b, w) + 1 >> 1,
    ),
    "VAVGL": Binary(
        "The average of numbers without signs, rounded up.", TO_DOUBLEWORD, lambda a, b, _w: a + b + 1 >> 1
    ),
    "VMX": Binary("The greater number with sign.", TO_DOUBLEWORD, lambda a, b, w: max(signed(a, w), signed(b, w))),
    "VMXL": Binary("The greater number without sign.", TO_DOUBLEWORD, lambda a, b, _w: max(a, b)),
    "VMN": Binary("The smaller number with sign.", TO_DOUBLEWORD, lambda a, b, w: min(signed(a, w), signed(b, w))),
    "VMNL": Binary("The smaller number without sign.", TO_DOUBLEWORD, lambda a, b, _w: min(a, b)),
    "VML": Binary("The right half of each product.", TO_WORD, lambda a, b, _w: a * b),
    "VMH": Binary(
        "The left half of each product with sign.", TO_WORD, lambda a, b, w: signed(a, w) * signed(b, w) >> w
    ),
    "VMLH": Binary("The left half of each product without sign.", TO_WORD, lambda a, b, w: a * b >> w),
}
TERNARY = {
    "VAC": Ternary(
        "The sum with bit 127 of the fourth operand as a carry.", (128,), lambda a, b, c, _w: a + b + (c & 1)
    ),
    "VACCC": Ternary("The carry out of a sum with a carry.", (128,), lambda a, b, c, w: a + b + (c & 1) >> w),
    "VSBI": Ternary("The difference with a borrow.", (128,), lambda a, b, c, _w: a - b - (1 - (c & 1))),
    "VSBCBI": Ternary(
        "One where a difference with a borrow needs none.", (128,), lambda a, b, c, _w: int(a >= b + (1 - (c & 1)))
    ),
    "VMAL": Ternary("The right half of a product and a sum.", TO_WORD, lambda a, b, c, _w: a * b + c),
    "VMAH": Ternary(
        "The left half of a product and a sum with signs.",
        TO_WORD,
        lambda a, b, c, w: signed(a, w) * signed(b, w) + signed(c, w) >> w,
    ),
    "VMALH": Ternary("The left half of a product and a sum without signs.", TO_WORD, lambda a, b, c, w: a * b + c >> w),
}
# Whether the factors have signs, whether they are the elements with odd numbers, and whether a fourth operand is added.
DOUBLED = {
    "VME": (True, False, False),
    "VMLE": (False, False, False),
    "VMO": (True, True, False),
    "VMLO": (False, True, False),
    "VMAE": (True, False, True),
    "VMALE": (False, False, True),
    "VMAO": (True, True, True),
    "VMALO": (False, True, True),
}
SUMS = {"VSUM": (32, (8, 16)), "VSUMG": (64, (16, 32)), "VSUMQ": (128, (32, 64))}


def carryless(first: int, second: int) -> int:
    """The product of two polynomials over the field of two elements."""
    found = 0
    for place in range(second.bit_length()):
        found ^= (first << place) * (second >> place & 1)
    return found


def unary_rows() -> Iterator[tuple[InstructionRow, str]]:
    for mnemonic, (rule, widths, of) in UNARY.items():
        for width in widths:
            result = vector((of(each, width) for each in elements(FIRST, width)), width)
            code = f"{mnemonic} 3,4,{WIDTHS[width]}"
            yield vector_row(f"{mnemonic.lower()}-{NAMES[width]}", code, {3: OLD, 4: FIRST}, {3: result}), rule


def binary_rows() -> Iterator[tuple[InstructionRow, str]]:
    for mnemonic, (rule, widths, of) in BINARY.items():
        for width in widths:
            pairs = zip(elements(FIRST, width), elements(SECOND, width), strict=True)
            result = vector((of(a, b, width) for a, b in pairs), width)
            before = {3: OLD, 4: FIRST, 5: SECOND}
            code = f"{mnemonic} 3,4,5,{WIDTHS[width]}"
            yield vector_row(f"{mnemonic.lower()}-{NAMES[width]}", code, before, {3: result}), rule


def ternary_rows() -> Iterator[tuple[InstructionRow, str]]:
    for mnemonic, (rule, widths, of) in TERNARY.items():
        for width in widths:
            # Where a carry or a borrow comes in, both, and where it decides.
            several = ((FIRST, SECOND, THIRD), (FIRST, ~FIRST, 2), (FIRST, FIRST, 0), (FIRST, ~FIRST, 1))
            for number, operands in enumerate(several[: 4 if width == 128 else 1]):
                columns = zip(*(elements(operand, width) for operand in operands), strict=True)
                result = vector((of(a, b, c, width) for a, b, c in columns), width)
                before = {3: OLD} | {4 + at: vector([operand], 128) for at, operand in enumerate(operands)}
                name = f"{mnemonic.lower()}-{NAMES[width]}" + (f"-{number}" if number else "")
                yield vector_row(name, f"{mnemonic} 3,4,5,6,{WIDTHS[width]}", before, {3: result}), rule


def doubled_rows() -> Iterator[tuple[InstructionRow, str]]:
    for mnemonic, (is_signed, is_odd, is_added) in DOUBLED.items():
        rule = f"Products, twice as wide, of the {'odd' if is_odd else 'even'} elements"
        rule += f" with{'' if is_signed else 'out'} signs" + (", and a sum." if is_added else ".")
        for width in TO_WORD:
            factors = (elements(operand, width)[is_odd::2] for operand in (FIRST, SECOND))
            products = [
                signed(a, width) * signed(b, width) if is_signed else a * b for a, b in zip(*factors, strict=True)
            ]
            addends = elements(THIRD, 2 * width) if is_added else [0] * len(products)
            result = vector((a + b for a, b in zip(products, addends, strict=True)), 2 * width)
            before = {3: OLD, 4: FIRST, 5: SECOND} | ({6: THIRD} if is_added else {})
            code = f"{mnemonic} 3,4,5,{'6,' if is_added else ''}{WIDTHS[width]}"
            yield vector_row(f"{mnemonic.lower()}-{NAMES[width]}", code, before, {3: result}), rule


def polynomial_rows() -> Iterator[tuple[InstructionRow, str]]:
    rule = "Each even and odd element are multiplied as polynomials; the products are combined by EXCLUSIVE OR."
    for mnemonic, is_added in (("VGFM", False), ("VGFMA", True)):
        for width in TO_DOUBLEWORD:
            pairs = zip(elements(FIRST, width), elements(SECOND, width), strict=True)
            products = [carryless(a, b) for a, b in pairs]
            addends = elements(THIRD, 2 * width) if is_added else [0] * (len(products) // 2)
            folded = (a ^ b ^ c for a, b, c in zip(products[::2], products[1::2], addends, strict=True))
            before = {3: OLD, 4: FIRST, 5: SECOND} | ({6: THIRD} if is_added else {})
            code = f"{mnemonic} 3,4,5,{'6,' if is_added else ''}{WIDTHS[width]}"
            after = {3: vector(folded, 2 * width)}
            yield vector_row(f"{mnemonic.lower()}-{NAMES[width]}", code, before, after), rule


def sum_rows() -> Iterator[tuple[InstructionRow, str]]:
    rule = "The elements in each wider one are added, and the rightmost one of the third operand there."
    for mnemonic, (wide, widths) in SUMS.items():
        for width in widths:
            count = wide // width
            summands, others = elements(FIRST, width), elements(SECOND, width)
            sums = (sum(summands[at : at + count]) + others[at + count - 1] for at in range(0, 128 // width, count))
            before = {3: OLD, 4: FIRST, 5: SECOND}
            code = f"{mnemonic} 3,4,5,{WIDTHS[width]}"
            yield vector_row(f"{mnemonic.lower()}-{NAMES[width]}", code, before, {3: vector(sums, wide)}), rule


def checksum_rows() -> Iterator[tuple[InstructionRow, str]]:
    rule = "The words and word 1 of the third operand are added; each carry out of bit 0 is added to bit 31."
    for name, first, second in (
        ("carries", FIRST, SECOND),
        ("no-carry", 0x1_0000_0002_0000_0003_0000_0004, 5 << 64 | 7),
        ("last-carry", 0xFFFF_FFFF_0000_0000_0000_0000_0000_0001, 0xFFFF_FFFF << 64),
    ):
        total = sum(elements(first, 32)) + elements(second, 32)[1]
        while total >> 32:
            total = (total & 0xFFFF_FFFF) + (total >> 32)
        before = {3: OLD, 4: first, 5: second}
        yield vector_row(f"vcksm-{name}", "VCKSM 3,4,5,0,0,0", before, {3: total << 64}), rule


def all_rows() -> Iterator[tuple[InstructionRow, str]]:
    for rows in (unary_rows, binary_rows, ternary_rows, doubled_rows, polynomial_rows, sum_rows, checksum_rows):
        yield from rows()


SECTION = CaseSection("Vector arithmetic", tuple(row.case(rule, SOURCE) for row, rule in all_rows()))
