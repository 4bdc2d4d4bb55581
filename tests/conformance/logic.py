# SPDX-License-Identifier: GPL-2.0-or-later
"""AND, OR and EXCLUSIVE OR, in registers and in storage, and tests of bits."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator

from tools.conform.architecture.case import CaseSection
from tools.conform.architecture.instruction_row import InstructionRow
from tools.conform.architecture.integers import PARTS

SOURCE = "PoP 7, And; Or; Exclusive Or; And Immediate; Or Immediate; Exclusive Or Immediate"
RULE = "The result replaces the first operand; the condition code says whether it is zero (0) or not (1)."
TEST_SOURCE = "PoP 7, Test under Mask"
TEST = "cc 0: the tested bits are all zero, or the mask is; 3: all one; else 1, of sixteen 2 if the first is one."
MASK_64 = (1 << 64) - 1
FIRST, SECOND = 0xF0F1_33CC_55AA_0FF3, 0x3C3C_F00F_5A5A_C33C
OPERATIONS: tuple[tuple[str, Callable[[int, int], int]], ...] = (
    ("N", operator.and_),
    ("O", operator.or_),
    ("X", operator.xor),
)
# What is behind the letter of the operation, the operands, and the width.
FORMS = (
    ("R", "3,4", 32),
    ("RK", "3,5,4", 32),
    ("", "3,4(0,8)", 32),
    ("Y", "3,-4092(0,9)", 32),
    ("GR", "3,4", 64),
    ("GRK", "3,5,4", 64),
    ("G", "3,0(0,8)", 64),
)


def zero_with(combine: Callable[[int, int], int], width: int) -> tuple[int, int]:
    """Two operands of which the result is zero."""
    first = FIRST & (1 << width) - 1
    if combine(1, 1) == 0:
        return first, first
    return (first, ~first & (1 << width) - 1) if combine(1, 0) == 0 else (0, 0)


def pairs(combine: Callable[[int, int], int], width: int) -> tuple[tuple[int, int], ...]:
    mask = (1 << width) - 1
    return (FIRST & mask, SECOND & mask), zero_with(combine, width)


def register_rows() -> Iterator[InstructionRow]:
    for letter, combine in OPERATIONS:
        for rest, text, width in FORMS:
            for cc, (first, second) in zip((1, 0), pairs(combine, width), strict=True):
                above = 0x1357_9BDF_0000_0000 if width == 32 else 0
                registers: dict[int, int | str] = {3: above | first, 4: above | second, 8: "page1", 9: "page1+4096"}
                if ",5," in text:
                    registers |= {3: above | 1, 5: above | first}
                name = letter + rest
                yield InstructionRow(
                    f"{name.lower()}-cc{cc}",
                    f"{name} {text}",
                    registers,
                    {3: above | combine(first, second)},
                    cc,
                    {"page1": above | second},
                )


def immediate_rows() -> Iterator[InstructionRow]:
    for letter, combine in OPERATIONS:
        for part, (shift, width) in PARTS.items():
            if letter == "X" and width == 16:
                continue
            for cc, (first, second) in zip((1, 0), pairs(combine, width), strict=True):
                rest = 0x0123_4567_89AB_CDEF & ~((1 << width) - 1 << shift)
                name = f"{letter}I{part}"
                yield InstructionRow(
                    f"{name.lower()}-cc{cc}",
                    f"{name} 3,{second}",
                    {3: rest | first << shift},
                    {3: rest | combine(first, second) << shift},
                    cc,
                )


def storage_rows() -> Iterator[InstructionRow]:
    """Of one byte, by an immediate operand; and of several."""
    for letter, combine in OPERATIONS:
        for name, place in ((f"{letter}I", "3(8)"), (f"{letter}IY", "-4093(9)")):
            for cc, (first, second) in zip((1, 0), pairs(combine, 8), strict=True):
                held, left = (0xFEDC_BA00_7654_3210 | value << 32 for value in (first, combine(first, second)))
                registers = {8: "page1", 9: "page1+4096"}
                code = f"{name} {place},{second}"
                yield InstructionRow(
                    f"{name.lower()}-cc{cc}", code, registers, {}, cc, {"page1": held}, {"page1": left}
                )
        for cc, (first, second) in zip((1, 0), pairs(combine, 40), strict=True):
            around = 0xFE00_0000_0000_3210
            held, left = (around | value << 16 for value in (first, combine(first, second)))
            yield InstructionRow(
                f"{letter.lower()}c-cc{cc}",
                f"{letter}C 1(5,8),2(9)",
                {8: "page1", 9: "page2"},
                {},
                cc,
                {"page1": held, "page2": 0xFEED_0000_0000_0010 | second << 8},
                {"page1": left},
            )


def test_rows() -> Iterator[InstructionRow]:
    # The mask, what is tested, and the code.
    for number, (mask, tested, cc) in enumerate(((0x81, 0x7E, 0), (0, 0xFF, 0), (0x81, 0x80, 1), (0x81, 0xFF, 3))):
        for name, place in (("TM", "3(8)"), ("TMY", "-4093(9)")):
            storage = {"page1": 0xFFFF_FF00_FFFF_FFFF | tested << 32}
            registers = {8: "page1", 9: "page1+4096"}
            yield InstructionRow(f"{name.lower()}-{number}", f"{name} {place},{mask}", registers, {}, cc, storage)
    for part, (shift, width) in PARTS.items():
        if width == 32:
            continue
        for number, (mask, tested, cc) in enumerate(
            ((0x4011, 0xBFEE, 0), (0, 0xFFFF, 0), (0x4011, 0x8010, 1), (0x4011, 0x4000, 2), (0x4011, 0xFFFF, 3))
        ):
            registers = {3: MASK_64 & ~(0xFFFF << shift) | tested << shift}
            yield InstructionRow(f"tm{part.lower()}-{number}", f"TM{part} 3,{mask}", registers, {}, cc)


CASES = (
    *(row.case(RULE, SOURCE) for rows in (register_rows, immediate_rows, storage_rows) for row in rows()),
    *(row.case(TEST, TEST_SOURCE) for row in test_rows()),
)
SECTION = CaseSection("Logical operations", CASES)
