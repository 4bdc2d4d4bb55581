# SPDX-License-Identifier: GPL-2.0-or-later
"""IEEE exceptions whose masks are one: which instructions have them, data-exception codes, and what is left."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

from emu.program_interruption import ProgramInterruptionCode as Code
from tools.conform.architecture.binary_numbers import (
    DIVISION_BY_ZERO,
    DOWN,
    EXTENDED,
    INEXACT,
    INVALID,
    LONG,
    OVERFLOW,
    SHORT,
    UNDERFLOW,
    UP,
    ZERO,
    BinaryForm,
    bits_of,
    rounded,
)
from tools.conform.architecture.case import Case, CaseSection
from tools.conform.architecture.floating_row import (
    FLOATING_POINT_EXTENSION,
    FloatingDatum,
    FloatingRow,
    specification_row,
)

SUPPRESSED = "An invalid operation, or a division by zero, whose mask is one is suppressed; no flag is set."
SCALED = (
    "The result of an overflow or underflow whose mask is one is rounded to the precision, and its exponent is wrapped."
)
COMPLETED = (
    "A rounded result whose mask is one is put in its place; the code says whether its magnitude was incremented."
)
SPECIFIED = "What is reserved, and a register that cannot hold an extended datum, is a specification exception."
SOURCE = "PoP 9, IEEE Exceptions; PoP 6, Data-Exception Code; PoP 19"
TRUNCATED, INCREMENTED = 0x08, 0x0C
"""The data-exception codes of an inexact result, and what they add to those of an overflow or underflow."""
FORMS, STORED = (SHORT, LONG, EXTENDED), (SHORT, LONG)
HALF, THIRD = Fraction(1, 2), Fraction(1, 3)


class Invalid(NamedTuple):
    """An invalid operation."""

    text: str
    first: int | None
    second: int
    third: int | None = None


def of(form: BinaryForm, bits: int | None) -> FloatingDatum | None:
    return None if bits is None else FloatingDatum(form.width, bits)


def invalid_operations(form: BinaryForm) -> Iterator[Invalid]:
    """The names of instructions with operands in registers, then those with the second one in storage."""
    e, one, infinity, nan = form.letter.upper(), bits_of(1, form), form.infinity, form.signaling_nan
    product = "MEE" if form == SHORT else f"M{e}"
    pairs = [
        (f"A{e}B", infinity, infinity | form.sign),
        (f"S{e}B", infinity, infinity),
        (f"{product}B", 0, infinity),
        (f"D{e}B", 0, form.sign),
        (f"C{e}B", one, nan),
        (f"K{e}B", one, form.default_nan),
    ]
    if form != EXTENDED:
        pairs += [("MDEB" if form == SHORT else "MXDB", 0, infinity)]
    for name, first, second in pairs:
        yield Invalid(f"{name}R 1,4", first, second)
        if form in STORED:
            yield Invalid(f"{name} 1,{{s}}", first, second)
    minus = bits_of(-1, form)
    yield Invalid(f"SQ{e}BR 1,4", None, minus)
    yield Invalid(f"LT{e}BR 1,4", None, nan)
    yield Invalid(f"FI{e}BR 1,0,4,0", None, nan)
    if form in STORED:
        yield Invalid(f"SQ{e}B 1,{{s}}", None, minus)
        for letters in ("MA", "MS"):
            for name, operand in ((f"{letters}{e}BR", "4"), (f"{letters}{e}B", "{s}")):
                yield Invalid(f"{name} 1,8,{operand}", one, infinity, 0)
        yield Invalid(f"DI{e}BR 1,8,4,0", one, 0)
    for name in {SHORT: ("LDEB", "LXEB"), LONG: ("LXDB",), EXTENDED: ()}[form]:
        yield Invalid(f"{name}R 1,4", None, nan)
        yield Invalid(f"{name} 1,{{s}}", None, nan)
    for name in {SHORT: (), LONG: ("LEDBRA",), EXTENDED: ("LDXBRA", "LEXBRA")}[form]:
        yield Invalid(f"{name} 1,0,4,0", None, nan)
    for letter in ("F", "G"):
        yield Invalid(f"C{letter}{e}BR 3,0,4,0", None, infinity)
        yield Invalid(f"CL{letter}{e}BR 3,0,4,0", None, minus)


def suppressed() -> Iterator[FloatingRow]:
    for form in FORMS:
        for each in invalid_operations(form):
            yield FloatingRow(
                name=f"{each.text.split()[0].lower()}-invalid",
                instruction=each.text,
                first=of(form, each.first),
                second=of(form, each.second),
                third=of(form, each.third),
                fpc=INVALID << 24,
                registers={3: 0x7777_7777_7777_7777},
                interruption=Code.DATA,
                data_code=INVALID,
            )
        name = f"d{form.letter}b"
        for mnemonic, operand in ((f"{name}r", "4"), (name, "{s}"))[: 2 if form in STORED else 1]:
            yield FloatingRow(
                name=f"{mnemonic}-by-zero",
                instruction=f"{mnemonic.upper()} 1,{operand}",
                first=of(form, bits_of(1, form)),
                second=of(form, 0),
                fpc=DIVISION_BY_ZERO << 24,
                interruption=Code.DATA,
                data_code=DIVISION_BY_ZERO,
            )


class Result(NamedTuple):
    """An instruction whose result has too great or too small an exponent, or is not exact."""

    name: str
    text: str
    first: int
    second: int
    exact: Fraction
    mask: int
    mode: int
    code: int
    cc: int | None = None


def scaled_results(form: BinaryForm) -> Iterator[Result]:
    e, one, two, half = form.letter.upper(), bits_of(1, form), bits_of(2, form), bits_of(HALF, form)
    product = "MEEBR" if form == SHORT else f"M{e}BR"
    largest = (2 - form.unit) * Fraction(2) ** form.greatest_exponent
    great, small = Fraction(2) ** form.greatest_exponent, Fraction(2) ** (1 - form.greatest_exponent)
    odd = bits_of(1 + form.unit, form)
    yield Result("overflow", f"A{e}BR 1,4", bits_of(great, form), bits_of(great, form), 2 * great, OVERFLOW, 0, 0x20, 2)
    minus = bits_of(-great, form)
    yield Result("overflow", f"S{e}BR 1,4", minus, bits_of(great, form), -2 * great, OVERFLOW, 0, 0x20, 1)
    yield Result("overflow", f"{product} 1,4", form.largest, two, 2 * largest, OVERFLOW, 0, 0x20)
    yield Result("overflow", f"D{e}BR 1,4", form.largest, half, 2 * largest, OVERFLOW, 0, 0x20)
    exact = largest * (1 + form.unit)
    for name, mode, added in (("truncated", ZERO, TRUNCATED), ("incremented", UP, INCREMENTED)):
        yield Result(f"overflow-{name}", f"{product} 1,4", form.largest, odd, exact, OVERFLOW, mode, 0x20 | added)
    yield Result("underflow", f"{product} 1,4", form.smallest, half, small / 2, UNDERFLOW, 0, 0x10)
    yield Result("underflow", f"D{e}BR 1,4", form.smallest, two, small / 2, UNDERFLOW, 0, 0x10)
    # 1 + unit has no half of its unit: the tiny result is exact with all its digits, since they are not denormalized.
    yield Result(
        "underflow-exact", f"{product} 1,4", form.smallest | 1, half, small * (1 + form.unit) / 2, UNDERFLOW, 0, 0x10
    )
    third = bits_of(3, form)
    for name, mode, code in (("truncated", DOWN, 0x18), ("incremented", UP, 0x1C)):
        yield Result(f"underflow-{name}", f"D{e}BR 1,4", form.smallest, third, small / 3, UNDERFLOW, mode, code)
        yield Result(f"inexact-{name}", f"D{e}BR 1,4", one, third, THIRD, INEXACT, mode, code & 0xF)


def scaled() -> Iterator[tuple[FloatingRow, str]]:
    for form in FORMS:
        for each in scaled_results(form):
            scale = {OVERFLOW: -1, UNDERFLOW: 1, INEXACT: 0}[each.mask] * 3 * (form.greatest_exponent + 1) // 2
            result = rounded(each.exact * Fraction(2) ** scale, form, each.mode).bits
            row = FloatingRow(
                name=f"{each.text.split()[0].lower()}-{each.name}",
                instruction=each.text,
                first=of(form, each.first),
                second=of(form, each.second),
                result=of(form, result),
                cc=each.cc,
                fpc=each.mask << 24 | each.mode,
                interruption=Code.DATA,
                data_code=each.code,
            )
            yield row, COMPLETED if each.mask == INEXACT else SCALED


def rounded_loads() -> Iterator[FloatingRow]:
    """The result is of the format of the operand, with the precision of the shorter one."""
    for name, form, short, scale in (
        ("LEDBRA", LONG, SHORT, 512),
        ("LDXBRA", EXTENDED, LONG, 8192),
        ("LEXBRA", EXTENDED, SHORT, 8192),
    ):
        great, small = Fraction(2) ** (short.greatest_exponent + 1), Fraction(2) ** -(short.greatest_exponent + 5)
        for title, number, kept, mask, code in (
            ("overflow", -great, -great, OVERFLOW, 0x20),
            ("overflow-truncated", great * (1 + short.unit / 4), great, OVERFLOW, 0x20 | TRUNCATED),
            ("underflow", small, small, UNDERFLOW, 0x10),
            (
                "underflow-incremented",
                small * (1 + short.unit * 3 / 4),
                small * (1 + short.unit),
                UNDERFLOW,
                0x10 | INCREMENTED,
            ),
        ):
            wrapped = kept * Fraction(2) ** (-scale if mask == OVERFLOW else scale)
            yield FloatingRow(
                name=f"{name.lower()}-{title}",
                instruction=f"{name} 1,0,4,0",
                second=of(form, bits_of(number, form)),
                result=of(form, bits_of(wrapped, form)),
                fpc=mask << 24,
                interruption=Code.DATA,
                data_code=code,
            )


# Registers 2, 3, 6, 7, ... hold no extended datum; M3 2 and 8 are reserved, and so are bits of the FPC register.
SPECIFICATIONS = (
    *(f"{name} 2,4" for name in ("AXBR", "SXBR", "MXBR", "DXBR", "CXBR", "KXBR", "LTXBR", "LCXBR", "LPXBR", "LNXBR")),
    *(f"{name} 1,6" for name in ("SQXBR", "LXR")),
    *(f"{name} 3,4" for name in ("LXDBR", "LXEBR", "MXDBR")),
    *(f"{name} 3,0(6)" for name in ("LXDB", "LXEB", "MXDB", "TCXB")),
    "LZXR 2",
    "LDXBRA 1,0,7,0",
    "LEXBRA 2,0,4,0",
    "FIXBR 1,0,2,0",
    *(f"CX{letter} 3,0,4,0" for letter in ("FBRA", "GBRA", "LFBR", "LGBR")),
    *(f"C{letter}XBR 3,0,2,0" for letter in ("F", "G", "LF", "LG")),
    *(f"C{letter}{form}BR 3,{m3},4,0" for letter in ("F", "G", "LF", "LG") for form, m3 in (("E", 2), ("D", 8))),
    *(f"FI{form}BR 1,2,4,0" for form in "ED"),
    "LEDBRA 1,2,4,0",
    # M4 2 is no rounding method, and three registers must be three.
    "DIEBR 1,8,4,2",
    "DIDBR 1,1,4,0",
    "DIDBR 1,8,8,0",
    "DIEBR 4,8,4,0",
    "SRNMB 4",
    "SRNMB 8",
    "SFPC 5",
    "SFASR 5",
    # What is loaded there has reserved bits.
    "LFPC 0x88(6)",
    "LFAS 0x88(6)",
)


def specifications() -> Iterator[FloatingRow]:
    for text in SPECIFICATIONS:
        yield specification_row(text, needs=(FLOATING_POINT_EXTENSION,), registers={5: 0x0200_0000})


def all_cases() -> Iterator[Case]:
    yield from (row.case(SUPPRESSED, SOURCE) for row in suppressed())
    yield from (row.case(rule, SOURCE) for row, rule in scaled())
    yield from (row.case(SCALED, f"{SOURCE}, Load Rounded") for row in rounded_loads())
    yield from (row.case(SPECIFIED, "PoP 6, Specification Exception; PoP 9; PoP 19") for row in specifications())


SECTION = CaseSection("IEEE exceptions", tuple(all_cases()))
