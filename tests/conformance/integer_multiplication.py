# SPDX-License-Identifier: GPL-2.0-or-later
"""Multiplication and division of binary integers: whole and single products, quotients and remainders."""

from __future__ import annotations

from collections.abc import Iterator

from tools.conform.architecture.case import CaseSection
from tools.conform.architecture.instruction_row import InstructionRow

PRODUCT = "PoP 7, Multiply; Multiply Logical; Multiply Single; Multiply Halfword"
QUOTIENT = "PoP 7, Divide; Divide Logical; Divide Single"
WHOLE = "The product of two operands has the width of both, and is in a pair of registers; the condition code stays."
SINGLE = "Of the product the rightmost bits take the place of the first operand; the condition code stays."
DIVISION = (
    "The remainder, which has the sign of the dividend, and the quotient replace the dividend in a pair of registers."
)
ABOVE = 0x1357_9BDF_0000_0000
MASK_64 = (1 << 64) - 1
REGISTERS, HALFWORD, WORD, DOUBLEWORD = "4,7", "4,6(0,8)", "4,4(0,8)", "4,0(0,8)"
FAR = "4,-4092(0,9)"
SIGNED_PAIRS = ((123_456_789, 987_654_321), (-123_456_789, 987_654_321), (-(1 << 31), -(1 << 31)))
LOGICAL_PAIRS_32 = ((0xFFFF_FFFF, 0xFFFF_FFFE), (0x8000_0001, 3))
LOGICAL_PAIRS_64 = ((MASK_64, MASK_64 - 1), (0x8000_0000_0000_0001, 0x1_0000_0003))
# Mnemonic, second operand, its width, the width of the first and of what is left of the product.
SINGLES = (
    ("MSR", REGISTERS, 32, 32),
    ("MS", WORD, 32, 32),
    ("MSY", FAR, 32, 32),
    ("MSFI", "4,{i}", 32, 32),
    ("MH", HALFWORD, 16, 32),
    ("MHY", "4,-4090(0,9)", 16, 32),
    ("MHI", "4,{i}", 16, 32),
    ("MSGR", REGISTERS, 64, 64),
    ("MSG", DOUBLEWORD, 64, 64),
    ("MSGFR", REGISTERS, 32, 64),
    ("MSGF", WORD, 32, 64),
    ("MSGFI", "4,{i}", 32, 64),
    ("MGHI", "4,{i}", 16, 64),
)


def second(value: int, width: int) -> tuple[dict[int, int | str], dict[int | str, int]]:
    """Registers and storage that hold *value*, with something else around it."""
    bits = value & (1 << width) - 1
    around = 0xDB97_5310_ECA8_6420
    shown = around & -(1 << width) & MASK_64 | bits
    return {7: shown, 8: "page1", 9: "page1+4096"}, {"page1": shown}


def pair(width: int, value: int) -> dict[int, int]:
    """What registers 4 and 5 hold when *value* is in them, the left part in 4."""
    mask, above = (1 << width) - 1, ABOVE if width == 32 else 0
    return {4: above | value >> width & mask, 5: above | value & mask}


def whole_rows() -> Iterator[InstructionRow]:
    for mnemonic, text, width, pairs in (
        ("MR", REGISTERS, 32, SIGNED_PAIRS),
        ("M", WORD, 32, SIGNED_PAIRS),
        ("MFY", FAR, 32, SIGNED_PAIRS),
        ("MLR", REGISTERS, 32, LOGICAL_PAIRS_32),
        ("ML", WORD, 32, LOGICAL_PAIRS_32),
        ("MLGR", REGISTERS, 64, LOGICAL_PAIRS_64),
        ("MLG", DOUBLEWORD, 64, LOGICAL_PAIRS_64),
    ):
        for number, (first, other) in enumerate(pairs):
            registers, storage = second(other, width)
            # The even register is not looked at before.
            registers |= pair(width, first & (1 << width) - 1) | {4: ABOVE | 0x7654_3210}
            after = pair(width, first * other & (1 << 2 * width) - 1)
            yield InstructionRow(f"{mnemonic.lower()}-{number}", f"{mnemonic} {text}", registers, after, None, storage)


def single_rows() -> Iterator[InstructionRow]:
    for mnemonic, text, width, result in SINGLES:
        for number, (first, other) in enumerate(((-30_001, 7), ((1 << result - 1) - 3, -5))):
            registers, storage = second(other, width)
            above = ABOVE if result == 32 else 0
            registers |= {4: above | first & (1 << result) - 1}
            after = {4: above | first * other & (1 << result) - 1}
            code = f"{mnemonic} {text.format(i=other)}"
            yield InstructionRow(f"{mnemonic.lower()}-{number}", code, registers, after, None, storage)


def division_rows() -> Iterator[InstructionRow]:
    for mnemonic, text in (("DR", REGISTERS), ("D", WORD)):
        for number, (dividend, divisor) in enumerate(((10**12 + 7, 1_000), (-(10**12) - 7, 1_000), (10**12, -997))):
            before = pair(32, dividend & MASK_64)
            yield divided(f"{mnemonic.lower()}-{number}", f"{mnemonic} {text}", (32, 32), before, dividend, divisor)
    for mnemonic, text, width, dividend, divisor in (
        ("DLR", REGISTERS, 32, 0xFFFF_FFFE_1234_5678, 0xFFFF_FFFF),
        ("DL", WORD, 32, 0xFFFF_FFFE_1234_5678, 0xFFFF_FFFF),
        ("DLGR", REGISTERS, 64, (1 << 127) + 12_345, (1 << 63) + 77),
        ("DLG", DOUBLEWORD, 64, (1 << 127) + 12_345, (1 << 63) + 77),
    ):
        before = pair(width, dividend)
        yield divided(mnemonic.lower(), f"{mnemonic} {text}", (width, width), before, dividend, divisor)
    for mnemonic, text, width in (
        ("DSGR", REGISTERS, 64),
        ("DSG", DOUBLEWORD, 64),
        ("DSGFR", REGISTERS, 32),
        ("DSGF", WORD, 32),
    ):
        for number, (dividend, divisor) in enumerate(((10**18 + 9, 12_347), (-(10**18) - 9, 12_347), (10**18, -3))):
            # Only the odd register is the dividend.
            before = {4: 0x7654_3210, 5: dividend & MASK_64}
            yield divided(f"{mnemonic.lower()}-{number}", f"{mnemonic} {text}", (64, width), before, dividend, divisor)


def divided(
    name: str, code: str, widths: tuple[int, int], before: dict[int, int], dividend: int, divisor: int
) -> InstructionRow:
    """The row of a division; *widths* are those of the results, and of the divisor."""
    width = widths[0]
    quotient = abs(dividend) // abs(divisor) * (1 if dividend * divisor > 0 else -1)
    registers, storage = second(divisor, widths[1])
    after = pair(width, (dividend - quotient * divisor & (1 << width) - 1) << width | quotient & (1 << width) - 1)
    return InstructionRow(name, code, registers | before, after, None, storage)


CASES = (
    *(row.case(WHOLE, PRODUCT) for row in whole_rows()),
    *(row.case(SINGLE, PRODUCT) for row in single_rows()),
    *(row.case(DIVISION, QUOTIENT) for row in division_rows()),
)
SECTION = CaseSection("Binary multiplication and division", CASES)
