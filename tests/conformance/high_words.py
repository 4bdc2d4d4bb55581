# SPDX-License-Identifier: GPL-2.0-or-later
"""Instructions of the high-word facility: the left halves of general registers as operands."""

from __future__ import annotations

from collections.abc import Iterator

from emu.bits import signed
from emu.facilities import Facility
from tools.conform.architecture.case import Case, CaseSection, facility
from tools.conform.architecture.instruction_row import InstructionRow
from tools.conform.architecture.integers import integer_code

# Bit 45 says that several facilities are there, the high-word facility among them.
NEEDS = (facility(Facility.DISTINCT_OPERANDS),)
SOURCE = "PoP 7, Add High; Add Logical High; Subtract High; Compare High; Load ... High"
SUM = "The left halves are added or subtracted, of the last operand the half that is named; the right half stays."
COMPARED = "The left half is compared with the half that is named, or with the other operand."
LOADED = "The operand, extended as the name says, takes the place of the left half; the right half stays."
LOW = 0x2468_ACE0
MASK_32 = (1 << 32) - 1
SMALL, GREATEST, LEAST = 5, 0x7FFF_FFFF, 0x8000_0000


def register(high: int, low: int = LOW) -> int:
    return (high & MASK_32) << 32 | low & MASK_32


def sum_rows() -> Iterator[InstructionRow]:
    pairs = ((SMALL, -SMALL), (SMALL, -7), (SMALL, 7), (GREATEST, 1))
    for mnemonic, is_high, is_logical, sign in (
        ("AHHHR", True, False, 1),
        ("AHHLR", False, False, 1),
        ("SHHHR", True, False, -1),
        ("SHHLR", False, False, -1),
        ("ALHHHR", True, True, 1),
        ("ALHHLR", False, True, 1),
        ("SLHHHR", True, True, -1),
        ("SLHHLR", False, True, -1),
    ):
        for number, (first, value) in enumerate(pairs):
            second = sign * value
            exact = signed(first, 32) + sign * signed(second, 32)
            cc = integer_code(exact, 32)
            if is_logical:
                left, right = first & MASK_32, second & MASK_32
                is_carry = left + right > MASK_32 if sign == 1 else left >= right
                cc = 2 * is_carry + (exact & MASK_32 != 0)
            third = register(second, ~second) if is_high else register(~second, second)
            registers = {3: register(0x1111_1111), 4: register(first, 0x3333_3333), 5: third}
            code = f"{mnemonic} 3,4,5"
            after = {3: register(exact)}
            yield InstructionRow(f"{mnemonic.lower()}-{number}", code, registers, after, cc, needs=NEEDS)
    for mnemonic, values in (("AIH", (-5, -7, 7)), ("ALSIH", (-5, -7, 7)), ("ALSIHN", (-5, -7, 7))):
        for number, value in enumerate(values):
            exact = SMALL + value
            cc: int | None = integer_code(exact, 32)
            if mnemonic != "AIH":
                is_carry = SMALL + (value & MASK_32) > MASK_32
                cc = None if mnemonic == "ALSIHN" else 2 * is_carry + (exact != 0)
            code = f"{mnemonic} 3,{value}"
            after = {3: register(exact)}
            yield InstructionRow(f"{mnemonic.lower()}-{number}", code, {3: register(SMALL)}, after, cc, needs=NEEDS)
    yield InstructionRow("aih-overflow", "AIH 3,-1", {3: register(LEAST)}, {3: register(GREATEST)}, 3, needs=NEEDS)


def comparison_rows() -> Iterator[InstructionRow]:
    for mnemonic, text in (
        ("CHHR", "3,4"),
        ("CHLR", "3,5"),
        ("CHF", "3,4(0,8)"),
        ("CIH", "3,{i}"),
        ("CLHHR", "3,4"),
        ("CLHLR", "3,5"),
        ("CLHF", "3,4(0,8)"),
        ("CLIH", "3,{i}"),
    ):
        is_logical = "L" in mnemonic[:2]
        for first, second in ((-3, -3), (-3, 4), (4, -3)):
            left, right = (value & MASK_32 if is_logical else value for value in (first, second))
            cc = 0 if left == right else 1 if left < right else 2
            registers: dict[int, int | str] = {
                3: register(first),
                4: register(second, ~second),
                5: register(~second, second),
                8: "page1",
            }
            storage = {"page1": register(~second, second)}
            code = f"{mnemonic} {text.format(i=right)}"
            yield InstructionRow(f"{mnemonic.lower()}-cc{cc}", code, registers, {}, cc, storage, needs=NEEDS)


def load_rows() -> Iterator[InstructionRow]:
    stored = 0x1122_3344_8A5B_C6D7
    for mnemonic, place, after in (
        ("LBH", 4, 0xFFFF_FF8A),
        ("LHH", 4, 0xFFFF_8A5B),
        ("LLCH", 4, 0x8A),
        ("LLHH", 4, 0x8A5B),
        ("LFH", 4, 0x8A5B_C6D7),
        ("LFHAT", 4, 0x8A5B_C6D7),
    ):
        registers: dict[int, int | str] = {3: register(0x1111_1111), 8: "page1"}
        code = f"{mnemonic} 3,{place}(0,8)"
        yield InstructionRow(
            mnemonic.lower(), code, registers, {3: register(after)}, None, {"page1": stored}, needs=NEEDS
        )


def cases() -> Iterator[Case]:
    for rows, rule in ((sum_rows, SUM), (comparison_rows, COMPARED), (load_rows, LOADED)):
        yield from (row.case(rule, SOURCE) for row in rows())


SECTION = CaseSection("High words", tuple(cases()))
