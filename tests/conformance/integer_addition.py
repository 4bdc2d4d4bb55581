# SPDX-License-Identifier: GPL-2.0-or-later
"""Addition and subtraction of binary integers: sums, overflow, carry and borrow, in registers and in storage."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from tools.conform.architecture.case import CaseSection
from tools.conform.architecture.instruction_row import InstructionRow
from tools.conform.architecture.integers import integer_code
from tools.conform.architecture.source import Value

SIGNED = "PoP 7, ADD and SUBTRACT: cc 0 to 2 for a sum that is zero, less, or greater; 3 for an overflow."
LOGICAL = "PoP 7, ADD LOGICAL: cc bit 0 is the carry out of the sum, bit 1 whether it is not zero."
SOURCE = "PoP 7, Add; Subtract; Add Logical; Subtract Logical; Add Logical with Carry; Subtract Logical with Borrow"
ABOVE = 0x1357_9BDF_0000_0000
"""What stands in the left half of a register of which the right half is an operand."""
ONES = (1 << 64) - 1


class Form(NamedTuple):
    """Where the second operand of an instruction is, and how wide it is before it is extended."""

    code: str
    """With the placeholders m and i: the mnemonic, and the value of an immediate operand."""
    width: int
    is_signed: bool = True


REGISTERS, THREE = "{m} 3,4", "{m} 3,5,4"
WORD, FAR_WORD = "{m} 3,4(0,6)", "{m} 3,-4092(0,7)"
# Instructions by their mnemonics: where the second operand is. The first and the result have 32 or 64 bits.
ADD = {
    32: {
        "AR": Form(REGISTERS, 32),
        "ARK": Form(THREE, 32),
        "A": Form(WORD, 32),
        "AY": Form(FAR_WORD, 32),
        "AH": Form("{m} 3,6(0,6)", 16),
        "AHY": Form("{m} 3,-4090(0,7)", 16),
        "AHI": Form("{m} 3,{i}", 16),
        "AFI": Form("{m} 3,{i}", 32),
        "AHIK": Form("{m} 3,5,{i}", 16),
    },
    64: {
        "AGR": Form(REGISTERS, 64),
        "AGRK": Form(THREE, 64),
        "AGFR": Form(REGISTERS, 32),
        "AG": Form("{m} 3,0(0,6)", 64),
        "AGF": Form(WORD, 32),
        "AGHI": Form("{m} 3,{i}", 16),
        "AGFI": Form("{m} 3,{i}", 32),
        "AGHIK": Form("{m} 3,5,{i}", 16),
    },
}
SUBTRACT = {
    32: {
        "SR": Form(REGISTERS, 32),
        "SRK": Form(THREE, 32),
        "S": Form(WORD, 32),
        "SY": Form(FAR_WORD, 32),
        "SH": Form("{m} 3,6(0,6)", 16),
        "SHY": Form("{m} 3,-4090(0,7)", 16),
    },
    64: {
        "SGR": Form(REGISTERS, 64),
        "SGRK": Form(THREE, 64),
        "SGFR": Form(REGISTERS, 32),
        "SG": Form("{m} 3,0(0,6)", 64),
        "SGF": Form(WORD, 32),
    },
}
ADD_LOGICAL = {
    32: {
        "ALR": Form(REGISTERS, 32, is_signed=False),
        "ALRK": Form(THREE, 32, is_signed=False),
        "AL": Form(WORD, 32, is_signed=False),
        "ALY": Form(FAR_WORD, 32, is_signed=False),
        "ALFI": Form("{m} 3,{i}", 32, is_signed=False),
        "ALHSIK": Form("{m} 3,5,{i}", 16),
    },
    64: {
        "ALGR": Form(REGISTERS, 64, is_signed=False),
        "ALGRK": Form(THREE, 64, is_signed=False),
        "ALGFR": Form(REGISTERS, 32, is_signed=False),
        "ALG": Form("{m} 3,0(0,6)", 64, is_signed=False),
        "ALGF": Form(WORD, 32, is_signed=False),
        "ALGFI": Form("{m} 3,{i}", 32, is_signed=False),
        "ALGHSIK": Form("{m} 3,5,{i}", 16),
    },
}
SUBTRACT_LOGICAL = {
    32: {
        "SLR": Form(REGISTERS, 32, is_signed=False),
        "SLRK": Form(THREE, 32, is_signed=False),
        "SL": Form(WORD, 32, is_signed=False),
        "SLY": Form(FAR_WORD, 32, is_signed=False),
        "SLFI": Form("{m} 3,{i}", 32, is_signed=False),
    },
    64: {
        "SLGR": Form(REGISTERS, 64, is_signed=False),
        "SLGRK": Form(THREE, 64, is_signed=False),
        "SLGFR": Form(REGISTERS, 32, is_signed=False),
        "SLG": Form("{m} 3,0(0,6)", 64, is_signed=False),
        "SLGF": Form(WORD, 32, is_signed=False),
        "SLGFI": Form("{m} 3,{i}", 32, is_signed=False),
    },
}
WITH_CARRY = {32: {"ALCR": REGISTERS, "ALC": WORD}, 64: {"ALCGR": REGISTERS, "ALCG": "{m} 3,0(0,6)"}}
WITH_BORROW = {32: {"SLBR": REGISTERS, "SLB": WORD}, 64: {"SLBGR": REGISTERS, "SLBG": "{m} 3,0(0,6)"}}


def operands(
    mnemonic: str, form: Form, width: int, first: int, second: int
) -> tuple[dict[int, Value], dict[Value, int], str]:
    """Registers and storage that hold *first* and *second*, and the instruction."""
    above = ABOVE if width == 32 else 0
    bits = second & (1 << form.width) - 1
    shown = above | first & (1 << width) - 1
    is_three = ",5," in form.code
    registers: dict[int, Value] = {3: ONES if is_three else shown, 4: (ABOVE if form.width == 32 else 0) | bits}
    registers |= {5: shown} if is_three else {}
    registers |= {6: "page1", 7: "page1+4096"}
    # The operand ends with the doubleword, and something else stands before it.
    storage: dict[Value, int] = {"page1": (ABOVE | 0x2468_0000) & -(1 << form.width) & ONES | bits}
    return registers, storage, form.code.format(m=mnemonic, i=second)


def kept(form: Form, width: int) -> int:
    """What stays of the register that gets the result."""
    if width == 64:
        return 0
    return ONES << 32 & ONES if ",5," in form.code else ABOVE


def row(
    name: str, mnemonic: str, form: Form, width: int, first: int, second: int, result: int, cc: int
) -> InstructionRow:
    registers, storage, code = operands(mnemonic, form, width, first, second)
    after = {3: kept(form, width) | result & (1 << width) - 1}
    return InstructionRow(f"{mnemonic.lower()}-{name}", code, registers, after, cc, storage)


def signed_rows(mnemonic: str, form: Form, width: int, combine: Callable[[int, int], int]) -> Iterator[InstructionRow]:
    """One for each condition code."""
    greatest, small = (1 << width - 1) - 1, (1 << form.width - 1) - 1
    sign = combine(0, 1)
    for first, second in (
        (-sign * small, small),
        (3, -sign * 5),
        (3, sign * 5),
        (greatest, sign * 1),
        (-greatest - 1, -sign * 1),
    ):
        result = combine(first, second)
        code = integer_code(result, width)
        name = f"cc{code}" + ("-negative" if code == 3 and first < 0 else "")
        yield row(name, mnemonic, form, width, first, second, result, code)


def logical_rows(mnemonic: str, form: Form, width: int, *, is_sum: bool) -> Iterator[InstructionRow]:
    """One for each condition code; a difference that is zero has no borrow, so that cc 0 does not occur."""
    whole = 1 << width
    pairs = ((0, 0), (1, 2), (whole - 1, 1), (whole - 1, 3)) if is_sum else ((1, 2), (7, 7), (9, 7))
    for first, second in pairs:
        value = second if is_sum else -second
        result = (first + value) % whole
        has_carry = first + value >= whole if is_sum else first >= second
        code = 2 * has_carry + (result != 0)
        yield row(f"cc{code}", mnemonic, form, width, first, second, result, code)
    if form.is_signed:
        # A negative immediate operand: the sum of two unsigned numbers, one of which is extended by its sign.
        yield row("negative", mnemonic, form, width, 5, -5, 0, 2)


def carried_rows(mnemonic: str, text: str, width: int, *, is_sum: bool) -> Iterator[InstructionRow]:
    """With and without a carry, or a borrow, which the condition code before says."""
    whole, form = 1 << width, Form(text, width, is_signed=False)
    for before, first, second in ((0, whole - 1, 1), (3, whole - 1, 1), (1, 4, 4), (2, 4, 4)):
        has_carry = before >= 2
        exact = first + second + has_carry if is_sum else first - second - (not has_carry)
        result = exact % whole
        code = 2 * (exact >= whole if is_sum else exact >= 0) + (result != 0)
        registers, storage, instruction = operands(mnemonic, form, width, first, second)
        # TMLL 8,3 sets the condition code before: none, or all, or the first, or another of the bits tested is one.
        registers[8] = before
        after = {3: kept(form, width) | result}
        text_before = f"TMLL 8,3\n{instruction}"
        yield InstructionRow(f"{mnemonic.lower()}-after-cc{before}", text_before, registers, after, code, storage)


def storage_rows() -> Iterator[InstructionRow]:
    """Immediate operands added to storage: one for each condition code."""
    for mnemonic, width in (("ASI", 32), ("AGSI", 64)):
        for first, second in ((5, -5), (5, -7), (5, 7), ((1 << width - 1) - 1, 1)):
            yield stored(mnemonic, width, first, second, integer_code(first + second, width))
    for mnemonic, width in (("ALSI", 32), ("ALGSI", 64)):
        for first, second, code in ((0, 0, 0), (1, 2, 1), (5, -5, 2), (5, -3, 3)):
            yield stored(mnemonic, width, first, second, code)


def stored(mnemonic: str, width: int, first: int, second: int, cc: int) -> InstructionRow:
    above = 0 if width == 64 else ABOVE
    held, left = ({"page1": above | value & (1 << width) - 1} for value in (first, first + second))
    code = f"{mnemonic} {8 - width // 8}(6),{second}"
    return InstructionRow(f"{mnemonic.lower()}-cc{cc}", code, {6: "page1"}, {}, cc, held, left)


def all_rows() -> Iterator[tuple[InstructionRow, str]]:
    for width in (32, 64):
        for mnemonic, form in ADD[width].items():
            yield from ((each, SIGNED) for each in signed_rows(mnemonic, form, width, lambda a, b: a + b))
        for mnemonic, form in SUBTRACT[width].items():
            yield from ((each, SIGNED) for each in signed_rows(mnemonic, form, width, lambda a, b: a - b))
        for mnemonic, form in ADD_LOGICAL[width].items():
            yield from ((each, LOGICAL) for each in logical_rows(mnemonic, form, width, is_sum=True))
        for mnemonic, form in SUBTRACT_LOGICAL[width].items():
            yield from ((each, LOGICAL) for each in logical_rows(mnemonic, form, width, is_sum=False))
        for mnemonic, text in WITH_CARRY[width].items():
            yield from ((each, LOGICAL) for each in carried_rows(mnemonic, text, width, is_sum=True))
        for mnemonic, text in WITH_BORROW[width].items():
            yield from ((each, LOGICAL) for each in carried_rows(mnemonic, text, width, is_sum=False))
    yield from ((each, SIGNED) for each in storage_rows())


SECTION = CaseSection("Binary addition and subtraction", tuple(row.case(rule, SOURCE) for row, rule in all_rows()))
