# SPDX-License-Identifier: GPL-2.0-or-later
"""Comparison of binary integers and of logical operands, and what branches or traps by a comparison."""

from __future__ import annotations

from collections.abc import Iterator

from tools.conform.architecture.case import CaseSection
from tools.conform.architecture.instruction_row import InstructionRow

SOURCE = "PoP 7, Compare; Compare Halfword; Compare Logical; Compare High"
RULE = "The condition code says whether the first operand is equal (0), low (1) or high (2)."
BRANCH_SOURCE = "PoP 7, Compare and Branch; Compare Logical and Branch"
BRANCH = "The branch is taken if the mask has the bit of the comparison; the condition code stays."
TRAP_SOURCE = "PoP 7, Compare and Trap; Compare Logical and Trap"
TRAP = "If the mask has not the bit of the comparison, the instruction does nothing."
ABOVE = 0x1357_9BDF_0000_0000
MASK_64 = (1 << 64) - 1
# Mnemonic, operands with the placeholder i for an immediate one, the widths of both, and whether they have signs.
# Register 3 and storage at 0(9) hold the first, register 4 and storage at 0(8) the second, at their right ends; near is
# a place that is designated relative to the instruction.
COMPARISONS = (
    ("CR", "3,4", 32, 32, True),
    ("C", "3,4(0,8)", 32, 32, True),
    ("CY", "3,-4092(0,10)", 32, 32, True),
    ("CH", "3,6(0,8)", 32, 16, True),
    ("CHY", "3,-4090(0,10)", 32, 16, True),
    ("CHI", "3,{i}", 32, 16, True),
    ("CFI", "3,{i}", 32, 32, True),
    ("CRL", "3,near+4", 32, 32, True),
    ("CHRL", "3,near+6", 32, 16, True),
    ("CHSI", "4(9),{i}", 32, 16, True),
    ("CHHSI", "6(9),{i}", 16, 16, True),
    ("CGR", "3,4", 64, 64, True),
    ("CG", "3,0(0,8)", 64, 64, True),
    ("CGFR", "3,4", 64, 32, True),
    ("CGF", "3,4(0,8)", 64, 32, True),
    ("CGH", "3,6(0,8)", 64, 16, True),
    ("CGHI", "3,{i}", 64, 16, True),
    ("CGFI", "3,{i}", 64, 32, True),
    ("CGRL", "3,near", 64, 64, True),
    ("CGFRL", "3,near+4", 64, 32, True),
    ("CGHRL", "3,near+6", 64, 16, True),
    ("CGHSI", "0(9),{i}", 64, 16, True),
    ("CLR", "3,4", 32, 32, False),
    ("CL", "3,4(0,8)", 32, 32, False),
    ("CLY", "3,-4092(0,10)", 32, 32, False),
    ("CLFI", "3,{i}", 32, 32, False),
    ("CLRL", "3,near+4", 32, 32, False),
    ("CLHRL", "3,near+6", 32, 16, False),
    ("CLFHSI", "4(9),{i}", 32, 16, False),
    ("CLHHSI", "6(9),{i}", 16, 16, False),
    ("CLI", "7(9),{i}", 8, 8, False),
    ("CLIY", "-4089(11),{i}", 8, 8, False),
    ("CLGR", "3,4", 64, 64, False),
    ("CLG", "3,0(0,8)", 64, 64, False),
    ("CLGFR", "3,4", 64, 32, False),
    ("CLGF", "3,4(0,8)", 64, 32, False),
    ("CLGFI", "3,{i}", 64, 32, False),
    ("CLGRL", "3,near", 64, 64, False),
    ("CLGFRL", "3,near+4", 64, 32, False),
    ("CLGHRL", "3,near+6", 64, 16, False),
    ("CLGHSI", "0(9),{i}", 64, 16, False),
)
CONDITIONS = {0: 8, 1: 4, 2: 2}
"""The bit of a mask for each result of a comparison."""


def operands(width: int, other: int, first: int, second: int) -> tuple[dict[int, int | str], dict[int | str, int]]:
    """Registers and storage that hold them, each with something else before it."""
    shown = [
        around & -(1 << wide) & MASK_64 | value & (1 << wide) - 1
        for around, wide, value in ((ABOVE | 0x1234_5678, width, first), (~ABOVE, other, second))
    ]
    registers = {3: shown[0], 4: shown[1], 8: "page1", 9: "page2", 10: "page1+4096", 11: "page2+4096"}
    return registers, {"page1": shown[1], "page2": shown[0]}


def values(other: int, *, is_signed: bool) -> tuple[tuple[int, int, int], ...]:
    """First and second operand and the condition code: equal, low and high, by signs or without."""
    top = 1 << other - 1
    if is_signed:
        return (-5, -5, 0), (-top, 3, 1), (3, -top, 2)
    return (top + 5, top + 5, 0), (3, top, 1), (top, 3, 2)


def comparison_rows() -> Iterator[InstructionRow]:
    for mnemonic, text, width, other, is_signed in COMPARISONS:
        for first, second, cc in values(other, is_signed=is_signed):
            registers, storage = operands(width, other, first, second)
            code = f"{mnemonic} {text.format(i=second)}"
            if "near" in text:
                data = f"{registers[4]:016X}"
                code = f"BRC 15,start\nDC X'00000000'\nnear: DC X'{data}'\nstart: {mnemonic} {text}"
            yield InstructionRow(f"{mnemonic.lower()}-cc{cc}", code, registers, {}, cc, storage)


def mask_rows() -> Iterator[InstructionRow]:
    """COMPARE LOGICAL CHARACTERS UNDER MASK: of the register those bytes that the mask names, of storage as many."""
    for mnemonic, place, half in (("CLM", "0(8)", 32), ("CLMY", "-4096(10)", 32), ("CLMH", "0(8)", 0)):
        for number, (stored, cc) in enumerate((("4488", 0), ("4489", 1), ("4388", 2))):
            register = 0x1144_2288_5577_6699 if half == 0 else 0x5577_6699_1144_2288
            storage = {"page1": int(stored, 16) << 48 | 0x1111_2222_3333}
            code = f"{mnemonic} 3,5,{place}"
            registers = {3: register, 8: "page1", 10: "page1+4096"}
            yield InstructionRow(f"{mnemonic.lower()}-{number}", code, registers, {}, cc, storage)
        registers = {3: 0, 8: "page1", 10: "page1+4096"}
        yield InstructionRow(
            f"{mnemonic.lower()}-none", f"{mnemonic} 3,0,{place}", registers, {}, 0, {"page1": MASK_64}
        )


def branch_rows() -> Iterator[InstructionRow]:
    """Each with the mask of the comparison, and with all others."""
    for kind, other in (("RJ", "4,{m},{t}"), ("RB", "4,{m},0(7)"), ("IJ", "{i},{m},{t}"), ("IB", "{i},{m},0(7)")):
        for prefix, width, is_signed in (("C", 32, True), ("CG", 64, True), ("CL", 32, False), ("CLG", 64, False)):
            mnemonic = prefix + kind
            narrow = 8 if kind[0] == "I" else width
            for first, second, cc in values(narrow, is_signed=is_signed):
                registers, _ = operands(width, width, first, second)
                for is_taken in (True, False):
                    mask = CONDITIONS[cc] if is_taken else 14 - CONDITIONS[cc]
                    text = other.format(i=second, m=mask, t="taken")
                    # LARL 7 for those that branch to an address in a register.
                    code = f"LARL 7,taken\n{mnemonic} 3,{text}\nLGHI 6,1\ntaken: LGHI 5,2"
                    name = f"{mnemonic.lower()}-{cc}-{'taken' if is_taken else 'not'}"
                    held = {each: registers[each] for each in (3, 4)}
                    yield InstructionRow(name, code, held | {6: 0}, {5: 2, 6: int(not is_taken)})


def trap_rows() -> Iterator[InstructionRow]:
    for mnemonic, text, width, narrow, is_signed in (
        ("CRT", "3,4,{m}", 32, 32, True),
        ("CGRT", "3,4,{m}", 64, 64, True),
        ("CIT", "3,{i},{m}", 32, 16, True),
        ("CGIT", "3,{i},{m}", 64, 16, True),
        ("CLRT", "3,4,{m}", 32, 32, False),
        ("CLGRT", "3,4,{m}", 64, 64, False),
        ("CLFIT", "3,{i},{m}", 32, 16, False),
        ("CLGIT", "3,{i},{m}", 64, 16, False),
        ("CLT", "3,{m},4(8)", 32, 32, False),
        ("CLGT", "3,{m},0(8)", 64, 64, False),
    ):
        for first, second, cc in values(narrow, is_signed=is_signed):
            registers, storage = operands(width, width, first, second)
            code = f"{mnemonic} {text.format(i=second, m=14 - CONDITIONS[cc])}"
            yield InstructionRow(f"{mnemonic.lower()}-{cc}", code, registers, {}, None, storage)


CASES = (
    *(row.case(RULE, SOURCE) for row in comparison_rows()),
    *(row.case(RULE, "PoP 7, Compare Logical Characters under Mask") for row in mask_rows()),
    *(row.case(BRANCH, BRANCH_SOURCE) for row in branch_rows()),
    *(row.case(TRAP, TRAP_SOURCE) for row in trap_rows()),
)
SECTION = CaseSection("Comparison", CASES)
