# SPDX-License-Identifier: GPL-2.0-or-later
"""Hexadecimal floating point: comparison, signs, other lengths, integers, and conversion to and from binary data."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

from tools.conform.architecture import binary_numbers as binary
from tools.conform.architecture.binary_numbers import BinaryForm, bits_of, rounded, rounded_integer
from tools.conform.architecture.case import Case, CaseSection
from tools.conform.architecture.floating_row import FloatingDatum, FloatingRow
from tools.conform.architecture.hexadecimal_numbers import (
    HEX_EXTENDED,
    HEX_LONG,
    HEX_SHORT,
    HexadecimalForm,
    hexadecimal,
    unnormalized,
)

COMPARING = (
    "The difference with a guard digit counts; cc 0 equal, 1 low, 2 high, whatever the characteristics of zeros."
)
SIGNING = "The datum is copied, not normalized, with its sign set; cc 0 to 2 if it is zero, less, or greater."
LENGTHENING = "Zeros are put on the right of the fraction, which is not normalized; the condition code stays."
ROUNDING = (
    "A one is added to the leftmost digit that is dropped, the result is not normalized; the condition code stays."
)
INTEGER = "The fraction is cut where an integer ends and normalized; the condition code stays."
TO_FIXED = "The datum is rounded as M3 says; cc 0 to 2 if it is zero, less, or greater, 3 if the integer does not fit."
FROM_FIXED = "The integer becomes a normalized datum, whose digits are cut; the condition code stays."
TO_HFP = (
    "Each binary datum becomes a normalized one; cc 0 to 2 if it is zero, less, or greater, 3 for what has no equal."
)
TO_BFP = "The datum is rounded as M3 says; cc 0 to 2 if it is zero, less, or greater, 3 if it does not fit; no flags."
FORMS = (HEX_SHORT, HEX_LONG, HEX_EXTENDED)
HALF = Fraction(1, 2)
METHODS = {**binary.METHODS, 0: binary.ZERO}
"""Rounding methods by M3; there is no rounding mode, and 3 is reserved."""
del METHODS[3]
ABOVE = 0x1357_9BDF << 32
"""What stands in the left half of a register of which the right half is an operand."""


class Operation(NamedTuple):
    """An operand, the result, and the condition code."""

    name: str
    operand: int
    result: int
    cc: int | None = None


def comparisons() -> Iterator[FloatingRow]:
    for form in FORMS:
        e = form.letter
        unit = Fraction(1, 16**form.digits)
        values = (
            ("equal", unnormalized(3, 67, form), hexadecimal(3, form), 0),
            ("zeros", form.sign, unnormalized(0, 90, form), 0),
            ("low", hexadecimal(-7, form), hexadecimal(HALF, form), 1),
            ("high-by-guard-digit", hexadecimal(1, form), hexadecimal(1 - unit, form), 2),
            # They differ beyond the guard digit only.
            ("beyond-guard-digit", unnormalized(0, 66, form), hexadecimal(unit, form), 0),
        )
        names = [(f"c{e}r", "4")] + ([(f"c{e}", "{s}")] if form != HEX_EXTENDED else [])
        for mnemonic, operand in names:
            for name, first, second, cc in values:
                yield FloatingRow(
                    name=f"{mnemonic}-{name}",
                    instruction=f"{mnemonic.upper()} 1,{operand}",
                    first=FloatingDatum(form.width, first),
                    second=FloatingDatum(form.width, second),
                    cc=cc,
                )


def rows(name: str, text: str, widths: tuple[int, int], values: list[Operation]) -> Iterator[FloatingRow]:
    for each in values:
        yield FloatingRow(
            name=f"{name}-{each.name}",
            instruction=text,
            second=FloatingDatum(widths[0], each.operand),
            result=FloatingDatum(widths[1], each.result),
            cc=each.cc,
        )


def signs() -> Iterator[FloatingRow]:
    for form in FORMS:
        plus, minus = (unnormalized(value, 70, form) for value in (3 * HALF, -3 * HALF))
        # Zeros whose characteristics are zero, too.
        none, sign = 0, form.sign
        for letters, data in (
            ("lt", {"zero": (sign, sign, 0), "less": (minus, minus, 1), "greater": (plus, plus, 2)}),
            ("lc", {"zero": (none, sign, 0), "less": (plus, minus, 1), "greater": (minus, plus, 2)}),
            ("lp", {"zero": (sign, none, 0), "greater": (minus, plus, 2)}),
            ("ln", {"zero": (none, sign, 0), "less": (plus, minus, 1)}),
        ):
            mnemonic = f"{letters}{form.letter}r"
            values = [Operation(name, *each) for name, each in data.items()]
            yield from rows(mnemonic, f"{mnemonic.upper()} 1,4", (form.width, form.width), values)


def lengthened() -> Iterator[FloatingRow]:
    for name, form, wide in (
        ("lde", HEX_SHORT, HEX_LONG),
        ("lxd", HEX_LONG, HEX_EXTENDED),
        ("lxe", HEX_SHORT, HEX_EXTENDED),
    ):
        zero = form.sign | 0x55 << form.width - 8
        values = [
            Operation("number", unnormalized(-3 * HALF, 66, form), unnormalized(-3 * HALF, 66, wide)),
            # Of an extended zero only the sign is left.
            Operation("zero", zero, wide.sign if wide == HEX_EXTENDED else zero << 32),
        ]
        for mnemonic, operand in ((f"{name}r", "4"), (name, "{s}")):
            yield from rows(mnemonic, f"{mnemonic.upper()} 1,{operand}", (form.width, wide.width), values)


def shortened() -> Iterator[FloatingRow]:
    for name, form, short in (
        ("ledr", HEX_LONG, HEX_SHORT),
        ("ldxr", HEX_EXTENDED, HEX_LONG),
        ("lexr", HEX_EXTENDED, HEX_SHORT),
    ):
        unit = Fraction(1, 16 ** (short.digits - 1))
        values = [
            Operation("up", hexadecimal(-1 - unit * HALF, form), hexadecimal(-1 - unit, short)),
            Operation("down", hexadecimal(1 + unit * 7 / 16, form), hexadecimal(1, short)),
            Operation("carry", hexadecimal(16 - unit * HALF, form), hexadecimal(16, short)),
            Operation("unnormalized", unnormalized(1, 68, form), unnormalized(1, 68, short)),
        ]
        yield from rows(name, f"{name.upper()} 1,4", (form.width, short.width), values)


def integers() -> Iterator[FloatingRow]:
    for form in FORMS:
        great = hexadecimal(-(16 ** (form.digits + 3)), form)
        values = [
            Operation("cut", hexadecimal(-Fraction(79, 16), form), hexadecimal(-4, form)),
            Operation("unnormalized", unnormalized(9 * HALF, 67, form), hexadecimal(4, form)),
            Operation("to-zero", hexadecimal(Fraction(-15, 16), form), 0),
            Operation("great", great, great),
        ]
        mnemonic = f"fi{form.letter}r"
        yield from rows(mnemonic, f"{mnemonic.upper()} 1,4", (form.width, form.width), values)


def register(value: int, width: int) -> int:
    return (ABOVE if width == 32 else 0) | value & (1 << width) - 1


def from_fixed(form: HexadecimalForm, width: int, letter: str) -> Iterator[FloatingRow]:
    mnemonic = f"c{form.letter}{letter}r"
    for name, value in (("zero", 0), ("greatest", (1 << width - 1) - 1), ("least", -1 << width - 1), ("small", -10)):
        yield FloatingRow(
            name=f"{mnemonic}-{name}",
            instruction=f"{mnemonic.upper()} 1,4",
            result=FloatingDatum(form.width, hexadecimal(value, form)),
            registers={4: register(value, width)},
        )


def to_fixed(form: HexadecimalForm, width: int, letter: str) -> Iterator[FloatingRow]:
    mnemonic = f"c{letter}{form.letter}r"
    greatest, least = (1 << width - 1) - 1, -1 << width - 1
    # Name, datum, result, cc, M3.
    values = [("zero", form.sign, 0, 0, 0), ("less-to-zero", hexadecimal(-HALF, form), 0, 1, 5)]
    for m3, method in METHODS.items():
        number = -5 * HALF if m3 < 6 else 19 * HALF / 2
        values.append(
            (f"m3-{m3}", hexadecimal(number, form), rounded_integer(number, method), 1 if number < 0 else 2, m3)
        )
    values += [
        ("least", hexadecimal(least, form), least, 1, 5),
        ("too-great", hexadecimal(greatest + 1, form), greatest, 3, 5),
        ("too-small", hexadecimal(least * 16, form), least, 3, 5),
    ]
    for name, datum, result, cc, m3 in values:
        yield FloatingRow(
            name=f"{mnemonic}-{name}",
            instruction=f"{mnemonic.upper()} 3,{m3},4",
            second=FloatingDatum(form.width, datum),
            cc=cc,
            registers={3: register(0x7777_7777_7777_7777, width)},
            after={3: register(result, width)},
        )


def to_hexadecimal() -> Iterator[FloatingRow]:
    """The result is a long datum."""
    sign, greatest = 1 << 63, (1 << 63) - 1
    for mnemonic, form in (("thder", binary.SHORT), ("thdr", binary.LONG)):
        smallest = Fraction(2) ** (1 - form.greatest_exponent)
        values = [
            Operation("zero", form.sign, sign, 0),
            Operation("less", bits_of(-3 * HALF, form), hexadecimal(-3 * HALF, HEX_LONG), 1),
            Operation("greater", bits_of(1000, form), hexadecimal(1000, HEX_LONG), 2),
            Operation("infinity", form.infinity | form.sign, sign | greatest, 3),
        ]
        values.append(Operation("nan", form.signaling_nan | form.sign, greatest, 3))
        if form == binary.SHORT:
            values.append(Operation("subnormal", 1, hexadecimal(smallest * form.unit, HEX_LONG), 2))
        else:
            too_great, least = Fraction(2) ** 252, -(Fraction(2) ** -260)
            values.append(Operation("too-great", bits_of(too_great, form), greatest, 3))
            values.append(Operation("least", bits_of(least, form), hexadecimal(least, HEX_LONG), 1))
            values.append(Operation("too-small", bits_of(least / 2, form), sign, 1))
            last = Fraction(2) ** 252 - Fraction(2) ** 199
            values.append(Operation("greatest", bits_of(last, form), hexadecimal(last, HEX_LONG), 2))
        yield from rows(mnemonic, f"{mnemonic.upper()} 1,4", (form.width, 64), values)


def to_binary() -> Iterator[FloatingRow]:
    """The operand is a long datum."""
    for mnemonic, form in (("tbedr", binary.SHORT), ("tbdr", binary.LONG)):
        yield from rows(mnemonic, f"{mnemonic.upper()} 1,0,4", (64, form.width), whole_data(form))
        unit = form.unit
        for m3, method in METHODS.items():
            # A long datum has 53 bits if it begins with the digit 1, and three more if it begins with 8.
            number = -(1 + unit / 2) if form == binary.SHORT else -(8 + 8 * unit / 2)
            if m3 >= 6:
                number = -number
            values = [
                Operation(
                    f"m3-{m3}",
                    hexadecimal(number, HEX_LONG),
                    rounded(number, form, method).bits,
                    1 if number < 0 else 2,
                )
            ]
            yield from rows(mnemonic, f"{mnemonic.upper()} 1,{m3},4", (64, form.width), values)


def whole_data(form: BinaryForm) -> list[Operation]:
    values = [
        Operation("zero", 1 << 63, form.sign, 0),
        Operation("less", hexadecimal(-3 * HALF, HEX_LONG), bits_of(-3 * HALF, form), 1),
        Operation("unnormalized", unnormalized(10, 70, HEX_LONG), bits_of(10, form), 2),
    ]
    if form == binary.SHORT:
        # The greatest number that is not too great, since it is cut.
        values.append(Operation("too-great", hexadecimal(Fraction(2) ** 130, HEX_LONG), form.largest, 3))
    return values


def all_cases() -> Iterator[Case]:
    fixed = [(form, width, letter) for form in FORMS for width, letter in ((32, "f"), (64, "g"))]
    for found, rule, source in (
        (comparisons(), COMPARING, "PoP 18, Compare"),
        (signs(), SIGNING, "PoP 18, Load and Test; Load Complement; Load Negative; Load Positive"),
        (lengthened(), LENGTHENING, "PoP 18, Load Lengthened"),
        (shortened(), ROUNDING, "PoP 18, Load Rounded"),
        (integers(), INTEGER, "PoP 18, Load FP Integer"),
        ((row for each in fixed for row in from_fixed(*each)), FROM_FIXED, "PoP 18, Convert from Fixed"),
        ((row for each in fixed for row in to_fixed(*each)), TO_FIXED, "PoP 18, Convert to Fixed"),
        (to_hexadecimal(), TO_HFP, "PoP 9, Convert BFP to HFP"),
        (to_binary(), TO_BFP, "PoP 9, Convert HFP to BFP"),
    ):
        yield from (row.case(rule, source) for row in found)


SECTION = CaseSection("Hexadecimal-floating-point operations on data", tuple(all_cases()))
