# SPDX-License-Identifier: GPL-2.0-or-later
"""Inexact results whose mask is one: each binary-floating-point instruction that rounds, and what is left behind it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from emu.program_interruption import ProgramInterruptionCode as Code
from tools.conform.architecture.binary_numbers import (
    EXTENDED,
    INEXACT,
    INVALID,
    LONG,
    SHORT,
    ZERO,
    BinaryForm,
    bits_of,
    rounded,
)
from tools.conform.architecture.case import Case, CaseSection
from tools.conform.architecture.floating_row import FLOATING_POINT_EXTENSION, FloatingDatum, FloatingRow

RULE = (
    "An inexact result whose mask is one is put in its place, with its condition code; the data-exception code says "
    "whether it is greater than the exact one, and no flag is set."
)
QUIET = "A quiet NaN is no exception to COMPARE, whatever the masks are."
SOURCE = "PoP 9, IEEE Inexact; PoP 6, Data-Exception Code; PoP 19"
TRUNCATED, INCREMENTED = 0x08, 0x0C
"""The data-exception codes."""
FORMS, STORED = (SHORT, LONG, EXTENDED), (SHORT, LONG)
HALF = Fraction(1, 2)


def datum(value: Fraction | int, form: BinaryForm) -> FloatingDatum:
    return FloatingDatum(form.width, bits_of(value, form))


def trapped(row: FloatingRow, exact: Fraction, form: BinaryForm) -> FloatingRow:
    """*row*, with the result that is *exact* but for rounding to nearest, and its interruption."""
    found = rounded(exact, form)
    cut = rounded(exact, form, ZERO)
    code = TRUNCATED if found == cut else INCREMENTED
    return replace(row, result=FloatingDatum(form.width, found.bits), data_code=code)


def inexact(text: str, **fields: object) -> FloatingRow:
    row = FloatingRow(
        name=text.split(maxsplit=1)[0].lower(),
        instruction=text,
        fpc=INEXACT << 24,
        interruption=Code.DATA,
        data_code=TRUNCATED,
    )
    return replace(row, **fields)


def texts(name: str, form: BinaryForm) -> Iterator[str]:
    """The instruction with operands in registers, and in storage where that is there."""
    yield f"{name}R 1,4"
    if form in STORED:
        yield f"{name} 1,{{s}}"


def arithmetic(form: BinaryForm) -> Iterator[FloatingRow]:
    e, unit = form.letter.upper(), form.unit
    odd = 1 + unit
    product = "MEEB" if form == SHORT else f"M{e}B"
    for name, first, second, exact, cc in (
        (f"A{e}B", Fraction(1), unit / 4, 1 + unit / 4, 2),
        (f"S{e}B", Fraction(-1), unit * 3 / 4, -1 - unit * 3 / 4, 1),
        (product, -odd, odd, -odd * odd, None),
        (f"D{e}B", Fraction(-2), Fraction(3), Fraction(-2, 3), None),
    ):
        for text in texts(name, form):
            row = inexact(text, first=datum(first, form), second=datum(second, form), cc=cc)
            yield trapped(row, exact, form)
    for text in texts(f"SQ{e}B", form):
        # The square of the result is greater by the square of the unit.
        row = inexact(text, second=datum(1 + 2 * unit, form), data_code=INCREMENTED)
        yield replace(row, result=datum(odd, form))
    if form in STORED:
        for letters, sign in (("MA", 1), ("MS", -1)):
            for text in (f"{letters}{e}BR 1,8,4", f"{letters}{e}B 1,8,{{s}}"):
                row = inexact(text, first=datum(2 * sign, form), second=datum(odd, form), third=datum(odd, form))
                yield trapped(row, 2 + odd * odd, form)


def rounding() -> Iterator[FloatingRow]:
    for name, form, short in (("LEDBRA", LONG, SHORT), ("LDXBRA", EXTENDED, LONG), ("LEXBRA", EXTENDED, SHORT)):
        number = -1 - short.unit * 3 / 4
        yield trapped(inexact(f"{name} 1,0,4,0", second=datum(number, form)), number, short)
    for form in FORMS:
        e = form.letter.upper()
        row = inexact(f"FI{e}BR 1,0,4,0", second=datum(5 * HALF, form))
        yield replace(row, result=datum(2, form))
        for letter, needs in (("", ()), ("L", (FLOATING_POINT_EXTENSION,))):
            for kind, above in (("F", 0x1357_9BDF << 32), ("G", 0)):
                yield inexact(
                    f"C{letter}{kind}{e}BR 3,0,4,0",
                    second=datum(7 * HALF, form),
                    data_code=INCREMENTED,
                    cc=2,
                    registers={3: above | 0x7777_7777},
                    after={3: above | 4},
                    needs=needs,
                )
    # All bits of the magnitude are ones, more than the significand has.
    for form, kinds in ((SHORT, ("F", "G", "LF", "LG")), (LONG, ("G", "LG"))):
        for kind in kinds:
            width, is_signed = 32 if kind.endswith("F") else 64, not kind.startswith("L")
            value = 1 - (1 << width - 1) if is_signed else (1 << width) - 1
            above = 0x1357_9BDF << 32 if width == 32 else 0
            text = f"C{form.letter.upper()}{kind}BR" + ("A" if is_signed else "")
            row = inexact(
                f"{text} 1,0,4,0",
                registers={4: above | value & (1 << width) - 1},
                needs=() if is_signed else (FLOATING_POINT_EXTENSION,),
            )
            yield trapped(row, Fraction(value), form)


def quiet() -> Iterator[FloatingRow]:
    for form in FORMS:
        nan = FloatingDatum(form.width, form.default_nan)
        for text in texts(f"C{form.letter.upper()}B", form):
            row = inexact(text, first=datum(1, form), second=nan, cc=3, fpc=INVALID << 24)
            yield replace(row, interruption=None, data_code=0)


def all_cases() -> Iterator[Case]:
    for form in FORMS:
        yield from (row.case(RULE, SOURCE) for row in arithmetic(form))
    yield from (row.case(RULE, SOURCE) for row in rounding())
    yield from (row.case(QUIET, SOURCE) for row in quiet())


SECTION = CaseSection("Inexact results that are interruptions", tuple(all_cases()))
