# SPDX-License-Identifier: GPL-2.0-or-later
"""Decimal arithmetic: sums, products, quotients, comparisons and shifts of packed numbers of any length."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tools.conform.architecture.case import Case, CaseSection
from tools.conform.architecture.decimal_data import MINUS, PLUS, area, packed
from tools.conform.architecture.instruction_row import InstructionRow

SUM = "cc 0 to 2 for a result that is zero, less, or greater; 3 when digits are lost, which leaves the sign as it was."
PRODUCT = "The sign is that of algebra, even of a product that is zero, and the condition code stays."
QUOTIENT = (
    "Quotient and remainder take the place of the dividend; the remainder has its sign, and its divisor's length."
)
COMPARISON = "cc 0 equal, zeros of both signs too, 1 low, 2 high; neither operand changes."
SHIFT = "Digits move as the six rightmost bits of the address say, to the right with the rounding digit added."
TEST = "cc bit 0 says that there is a digit that is none, bit 1 that the sign is none."
FIRST, SECOND = 3, 27
"""Where the operands are in their area."""


class Packed(NamedTuple):
    """A packed decimal number: its value and its length in bytes, and a sign code that is not the preferred one."""

    value: int
    length: int
    sign: str = ""

    @property
    def data(self) -> bytes:
        return packed(self.value, self.length, self.sign)


def row(name: str, code: str, operands: dict[int, bytes], results: dict[int, bytes], cc: int | None) -> InstructionRow:
    after = area({**operands, **results})
    return InstructionRow(name, code, {6: "page1"}, {}, cc, area(operands), after)


def two(mnemonic: str, first: int, second: int) -> str:
    """The instruction, of operands with these lengths."""
    return f"{mnemonic} {FIRST}({first},6),{SECOND}({second},6)"


def placed(
    name: str, mnemonic: str, first: Packed, second: Packed, result: bytes | None, cc: int | None
) -> InstructionRow:
    operands = {FIRST: first.data, SECOND: second.data}
    results = {} if result is None else {FIRST: result}
    return row(f"{mnemonic.lower()}-{name}", two(mnemonic, first.length, second.length), operands, results, cc)


def sign_code(value: int) -> int:
    return 0 if value == 0 else 1 if value < 0 else 2


def sums() -> Iterator[InstructionRow]:
    for mnemonic, sign in (("AP", 1), ("SP", -1)):
        for name, first, second in (
            ("zero", Packed(-123, 2), Packed(sign * 123, 3)),
            ("less", Packed(5, 1), Packed(-sign * 7, 1)),
            ("greater", Packed(90_000, 4), Packed(sign * 12_345, 3)),
            ("longest", Packed(-(10**30), 16), Packed(-sign * (10**31 - 10**30 - 1), 16)),
            ("lost", Packed(999, 2), Packed(sign * 1, 1)),
            ("lost-negative", Packed(-999, 2), Packed(-sign * 2, 1)),
            ("second-longer", Packed(-99, 2), Packed(sign * 10_100, 4)),
            # Sign codes B is negative, A, E and F are positive.
            ("signs-b-e", Packed(-20, 2, "B"), Packed(3, 2, "E")),
            ("signs-a-f", Packed(20, 2, "A"), Packed(3, 2, "F")),
        ):
            exact = first.value + sign * second.value
            cc = 3 if abs(exact) >= 10 ** (2 * first.length - 1) else sign_code(exact)
            yield placed(name, mnemonic, first, second, packed(exact, first.length), cc)
    # A negative zero is left when digits are lost only.
    yield placed("negative-zero", "AP", Packed(0, 2, MINUS), Packed(0, 1, MINUS), packed(0, 2), 0)
    yield placed("lost-to-zero", "AP", Packed(-999, 2), Packed(-1, 1), packed(0, 2, MINUS), 3)
    same = {FIRST: packed(-45, 2)}
    yield row("sp-same", f"SP {FIRST}(2,6),{FIRST}(2,6)", same, {FIRST: packed(0, 2)}, 0)
    # PoP A, Add Decimal; Zero and Add.
    yield placed("appendix", "AP", Packed(-38_460, 3), Packed(112_345, 4), bytes.fromhex("73885C"), 2)
    before = {FIRST: bytes.fromhex("1234567890"), SECOND: bytes.fromhex("38460D")}
    yield row("zap-appendix", two("ZAP", 5, 3), before, {FIRST: bytes.fromhex("000038460D")}, 1)
    beginning = {FIRST: bytes.fromhex("123CEEEE")}
    overlapping = {FIRST: bytes.fromhex("0000123C")}
    yield row("zap-overlapping", f"ZAP {FIRST}(4,6),{FIRST}(2,6)", beginning, overlapping, 2)
    for name, length, second, cc, result in (
        ("zero", 2, Packed(0, 4, MINUS), 0, packed(0, 2)),
        ("greater", 3, Packed(77, 2, "E"), 2, packed(77, 3)),
        ("lost", 2, Packed(-12_345, 4), 3, packed(-345, 2)),
        ("lost-to-zero", 1, Packed(-50, 2), 3, packed(0, 1, MINUS)),
    ):
        # What the first operand was is not looked at.
        before = {FIRST: bytes([0xEE] * length), SECOND: second.data}
        yield row(f"zap-{name}", two("ZAP", length, second.length), before, {FIRST: result}, cc)


def products() -> Iterator[InstructionRow]:
    for name, first, second, result in (
        ("appendix", Packed(-38_460, 5), Packed(-321, 2), bytes.fromhex("012345660C")),
        ("negative", Packed(12, 4), Packed(-12, 2, "B"), packed(-144, 4)),
        ("negative-zero", Packed(-12, 4), Packed(0, 2), packed(0, 4, MINUS)),
        ("longest", Packed(10**15 - 1, 16), Packed(-(10**15 - 1), 8), packed(-((10**15 - 1) ** 2), 16)),
    ):
        yield placed(name, "MP", first, second, result, None)


def quotients() -> Iterator[InstructionRow]:
    for name, first, second, quotient, remainder in (
        ("appendix", Packed(12_345_678, 5), Packed(-321, 2), "38460D", "018C"),
        ("negative", Packed(-17, 4, "B"), Packed(-5, 1), "00003C", "2D"),
        ("zero", Packed(-4, 3), Packed(5, 1, "F"), "000D", "4D"),
        ("longest", Packed(10**24 - 1, 16), Packed(10**15 - 1, 8), packed(10**9, 8).hex(), packed(10**9 - 1, 8).hex()),
    ):
        yield placed(name, "DP", first, second, bytes.fromhex(quotient + remainder), None)


def comparisons() -> Iterator[InstructionRow]:
    for name, first, second in (
        ("equal", Packed(-5, 1), Packed(-5, 4, "B")),
        ("zeros", Packed(0, 3, MINUS), Packed(0, 1, PLUS)),
        ("low", Packed(-17_253_56, 4), Packed(-72_142, 3)),
        ("high", Packed(10**30, 16), Packed(10**30 - 1, 16)),
        ("second-longer", Packed(9, 1), Packed(1000, 3)),
    ):
        yield placed(
            name, "CP", first, second, None, sign_code((first.value > second.value) - (first.value < second.value))
        )


def shifted(value: int, amount: int, digit: int) -> int:
    """The magnitude of *value*, shifted to the left, or with a negative *amount* to the right and rounded."""
    if amount >= 0:
        return abs(value) * 10**amount
    return (abs(value) // 10 ** (-amount - 1) + digit) // 10


def shifts() -> Iterator[InstructionRow]:
    """Bits of the address to the left of the six are not looked at."""
    for name, operand, amount, digit in (
        ("left", Packed(-1_234_567, 6), 3, 0),
        ("right", Packed(1_239_600, 4), -4, 0),
        ("rounded", Packed(-1_239_600, 4), -3, 5),
        ("rounded-down", Packed(1_239_400, 4), -3, 5),
        ("rounded-far", Packed(99, 2, "F"), -2, 1),
        ("to-zero", Packed(-12, 3), -2, 5),
        ("zero-left", Packed(0, 3, MINUS), 31, 0),
        ("none", Packed(-7, 2, "B"), 0, 9),
        ("lost", Packed(-12_345, 3), 2, 0),
        ("lost-to-zero", Packed(-10_000, 3), 1, 0),
        ("all-to-right", Packed(10**31 - 1, 16), -32, 9),
    ):
        result = shifted(operand.value, amount, digit) * (-1 if operand.value < 0 else 1)
        is_lost = abs(result) >= 10 ** (2 * operand.length - 1)
        # Only where digits are lost a result of zero stays negative.
        sign = MINUS if is_lost and operand.value < 0 else ""
        code = f"SRP {FIRST}({operand.length},6),{0xF40 + amount % 64},{digit}"
        after = packed(result, operand.length, sign)
        yield row(f"srp-{name}", code, {FIRST: operand.data}, {FIRST: after}, 3 if is_lost else sign_code(result))


def tests() -> Iterator[InstructionRow]:
    for name, data, cc in (
        ("valid", "123456789A", 0),
        ("one-byte", "0F", 0),
        ("sign", "1234567899", 1),
        ("digit", "1A3456789B", 2),
        ("last-digit", "00AC", 2),
        ("both", "F1F2", 3),
    ):
        operand = bytes.fromhex(data)
        yield row(f"tp-{name}", f"TP {FIRST}({len(operand)},6)", {FIRST: operand}, {}, cc)


def all_cases() -> Iterator[Case]:
    for rows, rule, source in (
        (sums(), SUM, "PoP 8, Add Decimal; Subtract Decimal; Zero and Add; PoP A"),
        (products(), PRODUCT, "PoP 8, Multiply Decimal; PoP A"),
        (quotients(), QUOTIENT, "PoP 8, Divide Decimal; PoP A"),
        (comparisons(), COMPARISON, "PoP 8, Compare Decimal; PoP A"),
        (shifts(), SHIFT, "PoP 8, Shift and Round Decimal; PoP A"),
        (tests(), TEST, "PoP 8, Test Decimal"),
    ):
        yield from (each.case(rule, source) for each in rows)


SECTION = CaseSection("Decimal arithmetic", tuple(all_cases()))
