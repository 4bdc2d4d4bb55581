# SPDX-License-Identifier: GPL-2.0-or-later
"""Exceptions of decimal instructions: digits and signs that are none, lengths, lost digits, and divisors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from emu.program_interruption import ProgramInterruptionCode as Code
from emu.psw import ADDRESSING_MODE, DECIMAL_OVERFLOW
from tools.conform.architecture.case import CaseSection, FinalState, Need, facility
from tools.conform.architecture.decimal_data import area, packed
from tools.conform.architecture.exception_row import ExceptionRow

DATA = "A digit or sign code that is none, or too few zeros before a multiplicand, is a data exception with code 0."
LENGTHS = "An operand that is too long, or longer than the other one may be, is a specification exception."
DIVISION = "A divisor of zero, and a quotient that does not fit, is a decimal-divide exception, which suppresses."
LOST = "Lost digits are a decimal-overflow exception if its mask is one, after the operation with cc 3."
BINARY = "A number that does not fit is a fixed-point-divide exception; with 64 bits it suppresses."
SOURCE = "PoP 6, Data, Decimal-Divide, Decimal-Overflow, Fixed-Point-Divide and Specification Exceptions"
FIRST, SECOND = 3, 27
"""Where the operands are in their area."""
SENTINEL = 0x7777_7777_7777_7777
EXTENDED_TRANSLATION, LONG_DISPLACEMENT = (facility(16),), (facility(18),)


def row(
    name: str,
    rule: str,
    text: str,
    code: Code,
    operands: dict[int, bytes],
    result: bytes | None = None,
    needs: tuple[Need, ...] = (),
) -> ExceptionRow:
    """With *result* in place of the first operand, and cc 3; without one nothing changes."""
    before = area(operands)
    after = before if result is None else area({**operands, FIRST: result})
    return ExceptionRow(
        f"{text.split(maxsplit=1)[0].lower()}-{name}",
        rule,
        SOURCE,
        text,
        code,
        6,
        registers={1: SENTINEL, 3: SENTINEL, 6: "page1"},
        storage=dict(before),
        mask=ADDRESSING_MODE | (DECIMAL_OVERFLOW if code == Code.DECIMAL_OVERFLOW else 0),
        fields={"data_exception_code": 0} if code == Code.DATA else {},
        cc=None if result is None else 3,
        end=FinalState(registers={1: SENTINEL, 3: SENTINEL}, storage=after),
        needs=needs,
    )


def two(mnemonic: str, first: int, second: int) -> str:
    return f"{mnemonic} {FIRST}({first},6),{SECOND}({second},6)"


def data() -> Iterator[ExceptionRow]:
    good, digit, sign = packed(7, 3), bytes.fromhex("00B01C"), bytes.fromhex("000019")
    for mnemonic in ("AP", "SP", "CP", "MP", "DP", "ZAP"):
        shorter = slice(1, 3) if mnemonic in ("MP", "DP") else slice(0, 3)
        length = len(good[shorter])
        for name, first, second in (
            ("digit-of-first", digit, good),
            ("sign-of-first", sign, good),
            ("digit-of-second", good, bytes.fromhex("0000AC")),
            ("sign-of-second", good, sign),
        ):
            # What is at the first operand of ZERO AND ADD is not looked at.
            if mnemonic == "ZAP" and name.endswith("first"):
                continue
            yield row(name, DATA, two(mnemonic, 3, length), Code.DATA, {FIRST: first, SECOND: second[shorter]})
    # As many bytes of zeros as the multiplier has.
    yield row("few-zeros", DATA, two("MP", 4, 2), Code.DATA, {FIRST: packed(10**3, 4), SECOND: packed(0, 2)})
    yield row("sign", DATA, f"SRP {FIRST}(3,6),1,0", Code.DATA, {FIRST: sign})
    yield row("digit", DATA, f"SRP {FIRST}(3,6),63,0", Code.DATA, {FIRST: digit})
    yield row("rounding-digit", DATA, f"SRP {FIRST}(3,6),63,10", Code.DATA, {FIRST: good})
    for mnemonic in ("ED", "EDMK"):
        # The second byte of the source begins with a sign.
        operands = {FIRST: bytes.fromhex("4020202020"), SECOND: bytes.fromhex("00C0")}
        yield row("digit", DATA, f"{mnemonic} {FIRST}(5,6),{SECOND}(6)", Code.DATA, operands)
    for mnemonic, length in (("CVB", 8), ("CVBY", 8), ("CVBG", 16)):
        needs = LONG_DISPLACEMENT if mnemonic == "CVBY" else ()
        for name, ending in (("sign", "18"), ("digit", "F8C")):
            operand = bytes.fromhex(ending.rjust(2 * length, "0"))
            found = row(name, DATA, f"{mnemonic} 3,{SECOND}(0,6)", Code.DATA, {SECOND: operand}, needs=needs)
            yield found if mnemonic != "CVB" else replace(found, ilc=4)


def lengths() -> Iterator[ExceptionRow]:
    operands = {FIRST: packed(1, 16), SECOND: packed(1, 16)}
    for mnemonic in ("MP", "DP"):
        for first, second in ((16, 9), (8, 8), (2, 3)):
            name = f"lengths-{first}-{second}"
            yield row(name, LENGTHS, two(mnemonic, first, second), Code.SPECIFICATION, operands)
    for text in (f"PKA {FIRST}(6),{SECOND}(33,6)", f"PKU {FIRST}(6),{SECOND}(66,6)", f"PKU {FIRST}(6),{SECOND}(7,6)"):
        name = "length-" + text.split("(")[2].split(",")[0]
        yield row(name, LENGTHS, text, Code.SPECIFICATION, operands, needs=EXTENDED_TRANSLATION)
    for mnemonic, length in (("UNPKA", 33), ("UNPKU", 66), ("UNPKU", 7)):
        text = f"{mnemonic} {FIRST}({length},6),{SECOND}(6)"
        yield row(f"length-{length}", LENGTHS, text, Code.SPECIFICATION, operands, needs=EXTENDED_TRANSLATION)


def divisions() -> Iterator[ExceptionRow]:
    for name, dividend, divisor in (
        ("by-zero", packed(0, 4), packed(0, 1)),
        ("too-great", packed(10**6, 4), packed(1, 1)),
    ):
        yield row(name, DIVISION, two("DP", 4, 1), Code.DECIMAL_DIVIDE, {FIRST: dividend, SECOND: divisor})
    yield row("too-great", BINARY, f"CVBG 3,{SECOND}(0,6)", Code.FIXED_POINT_DIVIDE, {SECOND: packed(1 << 63, 16)})
    yield row(
        "too-small", BINARY, f"CVBG 3,{SECOND}(0,6)", Code.FIXED_POINT_DIVIDE, {SECOND: packed(-(1 << 63) - 1, 16)}
    )


def overflows() -> Iterator[ExceptionRow]:
    nines, one = packed(-999, 2), packed(1, 1)
    for text, operands, result in (
        (two("AP", 2, 1), {FIRST: nines, SECOND: packed(-3, 1)}, packed(-2, 2)),
        (two("SP", 2, 1), {FIRST: nines, SECOND: one}, packed(0, 2, "D")),
        (two("ZAP", 2, 3), {FIRST: nines, SECOND: packed(12_345, 3)}, packed(345, 2)),
        (f"SRP {FIRST}(2,6),1,0", {FIRST: nines}, packed(-990, 2)),
    ):
        yield row("overflow", LOST, text, Code.DECIMAL_OVERFLOW, operands, result)


ROWS = (*data(), *lengths(), *divisions(), *overflows())

SECTION = CaseSection("Decimal exceptions", tuple(row.case() for row in ROWS))
