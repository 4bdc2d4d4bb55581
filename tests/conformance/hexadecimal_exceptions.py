# SPDX-License-Identifier: GPL-2.0-or-later
"""HFP exceptions: exponents that do not fit, lost significance, divisors of zero, roots of negative numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

from emu.program_interruption import ProgramInterruptionCode as Code
from emu.psw import ADDRESSING_MODE, HFP_EXPONENT_UNDERFLOW, HFP_SIGNIFICANCE
from tools.conform.architecture.case import Case, CaseSection, facility
from tools.conform.architecture.floating_row import FloatingDatum, FloatingRow, specification_row
from tools.conform.architecture.hexadecimal_numbers import (
    HEX_EXTENDED,
    HEX_LONG,
    HEX_SHORT,
    HexadecimalForm,
    hexadecimal,
    unnormalized,
)

OVERFLOW = "A characteristic greater than 127 is 128 less in the result, and a program interruption follows."
UNDERFLOW = "A negative characteristic is 128 greater in the result if the mask is one; else the result is a true zero."
SIGNIFICANCE = (
    "A sum of zero keeps its characteristic and is an interruption if the mask is one; else it is a true zero."
)
SUPPRESSED = "A divisor of zero, or a root of a negative number, is an exception, and the operation is suppressed."
SPECIFIED = "A register that cannot hold an extended datum, and a reserved M3, is a specification exception."
SOURCE = "PoP 6, HFP-Exponent-Overflow, -Underflow, -Significance, -Divide and -Square-Root Exceptions"
FORMS, SMALL_FORMS = (HEX_SHORT, HEX_LONG, HEX_EXTENDED), (HEX_SHORT, HEX_LONG)
WRAPPED = Fraction(16) ** 128
"""What an exponent that has been wrapped makes of a number."""
GREAT = Fraction(16) ** 63
"""A power of 16: 0.1 with the greatest characteristic is a sixteenth of it."""
SMALL = Fraction(16) ** -65
"""The smallest normalized number."""
COMBINED = (facility(20),)


class Sum(NamedTuple):
    """An operation whose exact result is not in range."""

    text: str
    form: HexadecimalForm
    first: Fraction | None
    second: Fraction
    exact: Fraction
    wide: HexadecimalForm
    cc: int | None = None
    third: Fraction | None = None


def names(letters: str, form: HexadecimalForm) -> Iterator[str]:
    yield f"{letters.upper()}R 1,4"
    if form != HEX_EXTENDED:
        yield f"{letters.upper()} 1,{{s}}"


def datum(value: Fraction | None, form: HexadecimalForm) -> FloatingDatum | None:
    return None if value is None else FloatingDatum(form.width, hexadecimal(value, form))


def too_great() -> Iterator[Sum]:
    nine = 9 * GREAT / 16
    for form in FORMS:
        e = form.letter
        for text in names(f"a{e}", form):
            yield Sum(text, form, nine, nine, 2 * nine, form, 2)
        for text in names(f"s{e}", form):
            yield Sum(text, form, -nine, nine, -2 * nine, form, 1)
        for text in names(f"d{e}", form):
            yield Sum(text, form, nine, Fraction(1, 32), 32 * nine, form)
    for form, letter in ((HEX_SHORT, "u"), (HEX_LONG, "w")):
        for text in names(f"a{letter}", form):
            yield Sum(text, form, nine, nine, 2 * nine, form, 2)
        for text in names(f"s{letter}", form):
            yield Sum(text, form, -nine, nine, -2 * nine, form, 1)
        for letters, sign in (("ma", 1), ("ms", -1)):
            for name, operand in ((f"{letters}{form.letter}r", "4"), (f"{letters}{form.letter}", "{s}")):
                text = f"{name.upper()} 1,8,{operand}"
                yield Sum(text, form, sign * nine, nine, 2 * nine, form, third=Fraction(1))
    for name, form, wide in products():
        for text in names(name, form):
            yield Sum(text, form, nine, Fraction(-32), -32 * nine, wide)


def products() -> Iterator[tuple[str, HexadecimalForm, HexadecimalForm]]:
    yield "mee", HEX_SHORT, HEX_SHORT
    yield "mde", HEX_SHORT, HEX_LONG
    yield "md", HEX_LONG, HEX_LONG
    yield "mxd", HEX_LONG, HEX_EXTENDED
    yield "mx", HEX_EXTENDED, HEX_EXTENDED


def too_small() -> Iterator[Sum]:
    three, two, half = 3 * SMALL, 2 * SMALL, Fraction(1, 2)
    for form in FORMS:
        e = form.letter
        unit = Fraction(1, 16 ** (form.digits - 1))
        more = SMALL * (1 + unit)
        for text in names(f"a{e}", form):
            yield Sum(text, form, more, -SMALL, SMALL * unit, form, 2)
        for text in names(f"s{e}", form):
            yield Sum(text, form, SMALL, more, -SMALL * unit, form, 1)
        for text in names(f"d{e}", form):
            yield Sum(text, form, three, Fraction(-32), -three / 32, form)
    for form in SMALL_FORMS:
        yield Sum(f"H{form.letter.upper()}R 1,4", form, None, SMALL, SMALL / 2, form)
        for letters, sign in (("ma", 1), ("ms", -1)):
            for name, operand in ((f"{letters}{form.letter}r", "4"), (f"{letters}{form.letter}", "{s}")):
                text = f"{name.upper()} 1,8,{operand}"
                # 2 - 3 * 1/2 of the smallest number.
                yield Sum(text, form, sign * two, three, SMALL * half, form, third=-half)
    for name, form, wide in products():
        for text in names(name, form):
            yield Sum(text, form, three, half / 16, three / 32, wide)


def rows_of(each: Sum, name: str, result: FloatingDatum | None, code: Code | None, mask: int) -> FloatingRow:
    mnemonic = each.text.split()[0].lower()
    return FloatingRow(
        name=f"{mnemonic}-{name}",
        instruction=each.text,
        first=datum(each.first, each.form),
        second=datum(each.second, each.form),
        third=datum(each.third, each.form),
        result=result,
        cc=each.cc,
        interruption=code,
        mask=ADDRESSING_MODE | mask,
        needs=() if each.third is None else COMBINED,
    )


def overflows() -> Iterator[FloatingRow]:
    for each in too_great():
        wrapped = hexadecimal(each.exact / WRAPPED, each.wide)
        yield rows_of(each, "overflow", FloatingDatum(each.wide.width, wrapped), Code.HFP_EXPONENT_OVERFLOW, 0)
    # Rounding carries into the characteristic.
    for name, form, short in (
        ("LEDR", HEX_LONG, HEX_SHORT),
        ("LDXR", HEX_EXTENDED, HEX_LONG),
        ("LEXR", HEX_EXTENDED, HEX_SHORT),
    ):
        greatest = GREAT * (1 - Fraction(1, 16**form.digits))
        yield FloatingRow(
            name=f"{name.lower()}-overflow",
            instruction=f"{name} 1,4",
            second=datum(-greatest, form),
            result=datum(-GREAT / WRAPPED, short),
            interruption=Code.HFP_EXPONENT_OVERFLOW,
        )


def underflows() -> Iterator[FloatingRow]:
    for each in too_small():
        wrapped = FloatingDatum(each.wide.width, hexadecimal(each.exact * WRAPPED, each.wide))
        yield rows_of(each, "underflow", wrapped, Code.HFP_EXPONENT_UNDERFLOW, HFP_EXPONENT_UNDERFLOW)
        zero = rows_of(each, "to-zero", FloatingDatum(each.wide.width, 0), None, HFP_SIGNIFICANCE)
        # A true zero has the condition code of a zero.
        yield zero if each.cc is None else replace(zero, cc=0)


def lost_significance() -> Iterator[FloatingRow]:
    for form in FORMS:
        letters = [f"a{form.letter}", f"s{form.letter}"]
        letters += [] if form == HEX_EXTENDED else ["au", "su"] if form == HEX_SHORT else ["aw", "sw"]
        for name in letters:
            sign = -1 if name.startswith("a") else 1
            for text in names(name, form):
                yield FloatingRow(
                    name=f"{text.split()[0].lower()}-significance",
                    instruction=text,
                    first=datum(Fraction(-300), form),
                    second=datum(Fraction(-300 * sign), form),
                    result=FloatingDatum(form.width, unnormalized(0, 67, form)),
                    cc=0,
                    interruption=Code.HFP_SIGNIFICANCE,
                    mask=ADDRESSING_MODE | HFP_SIGNIFICANCE,
                )


def suppressed() -> Iterator[FloatingRow]:
    for form in FORMS:
        for letters, code, operand in (
            ("d", Code.HFP_DIVIDE, unnormalized(0, 99, form)),
            ("sq", Code.HFP_SQUARE_ROOT, hexadecimal(-4, form)),
        ):
            for text in names(f"{letters}{form.letter}", form):
                yield FloatingRow(
                    name=f"{text.split()[0].lower()}-suppressed",
                    instruction=text,
                    first=datum(Fraction(7), form),
                    second=FloatingDatum(form.width, operand),
                    interruption=code,
                )


# Registers 2, 3, 6, 7, ... hold no extended datum; M3 2, 3 and 8 are reserved.
SPECIFICATIONS = (
    *(f"{name} 2,4" for name in ("AXR", "SXR", "MXR", "DXR", "CXR", "LTXR", "LCXR", "LPXR", "LNXR")),
    *(f"{name} 1,6" for name in ("SQXR", "FIXR", "AXR", "LDXR", "LEXR")),
    *(f"{name} 3,4" for name in ("MXDR", "LXDR", "LXER", "CXFR", "CXGR")),
    *(f"{name} 3,0(6)" for name in ("MXD", "LXD", "LXE")),
    *(f"C{letter}XR 3,0,2" for letter in "FG"),
    *(f"C{letter}{form}R 3,{m3},4" for letter in "FG" for form, m3 in (("E", 2), ("D", 8))),
    "TBEDR 1,2,4",
    "TBDR 1,3,4",
    "MYR 3,8,4",
)


def specifications() -> Iterator[FloatingRow]:
    for text in SPECIFICATIONS:
        yield specification_row(text, needs=(facility(23),) if "Y" in text else ())


def all_cases() -> Iterator[Case]:
    for rows, rule in (
        (overflows(), OVERFLOW),
        (underflows(), UNDERFLOW),
        (lost_significance(), SIGNIFICANCE),
        (suppressed(), SUPPRESSED),
        (specifications(), SPECIFIED),
    ):
        yield from (row.case(rule, SOURCE) for row in rows)


SECTION = CaseSection("HFP exceptions", tuple(all_cases()))
