# SPDX-License-Identifier: GPL-2.0-or-later
"""Binary floating point: comparison, signs, lengthening and rounding, integers as data, and the classes of data."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

from tools.conform.architecture.binary_numbers import (
    DOWN,
    EXTENDED,
    INEXACT,
    INVALID,
    LONG,
    METHODS,
    NO_INEXACT,
    OVERFLOW,
    SHORT,
    SHORTER,
    UNDERFLOW,
    UP,
    BinaryForm,
    bits_of,
    rounded,
    rounded_integer,
)
from tools.conform.architecture.case import Case, CaseSection
from tools.conform.architecture.floating_row import FLOATING_POINT_EXTENSION, FloatingDatum, FloatingRow

COMPARING = (
    "cc 0 equal, zeros of both signs too, 1 low, 2 high, 3 unordered; a quiet NaN is invalid to COMPARE AND SIGNAL."
)
TESTING = "The datum is copied, and its sign and whether it is zero or a NaN set the condition code."
SIGNING = "Only the sign is set; cc 0 to 2 for zero, less, or greater, 3 for a NaN, and no exception."
LENGTHENING = "Each number has its equal in a longer format; a signaling NaN is invalid and becomes quiet."
ROUNDING = (
    "A number is rounded to the shorter format, as M3 or the FPC register says; M4 suppresses the inexact exception."
)
INTEGER = "The datum is rounded to an integer in the same format, as M3 or the FPC register says."
CLASSIFYING = "The second-operand address has a bit for each class and sign; cc 1 if that of the datum is one, else 0."
FORMS, STORED = (SHORT, LONG, EXTENDED), (SHORT, LONG)
HALF = Fraction(1, 2)


class Operation(NamedTuple):
    """An operand, the result, and what else comes of it."""

    name: str
    operand: int
    result: int
    cc: int | None = None
    flags: int = 0
    m3: int = 0
    m4: int = 0
    mode: int = 0


def datum(form: BinaryForm, bits: int) -> FloatingDatum:
    return FloatingDatum(form.width, bits)


def quiet(form: BinaryForm) -> int:
    """What a signaling NaN becomes."""
    return form.default_nan | form.signaling_nan


def comparisons() -> Iterator[Case]:
    for form in FORMS:
        one, two = bits_of(1, form), bits_of(2, form)
        for letter in "ck":
            names = [(f"{letter}{form.letter}br", "4")]
            names += [(f"{letter}{form.letter}b", "{s}")] if form in STORED else []
            for mnemonic, operand in names:
                for name, first, second, cc, flags in (
                    ("zeros", 0, form.sign, 0, 0),
                    ("low", one | form.sign, form.smallest, 1, 0),
                    ("high", two, one, 2, 0),
                    ("quiet-nan", one, quiet(form), 3, INVALID if letter == "k" else 0),
                    ("signaling-nan", form.signaling_nan | form.sign, one, 3, INVALID),
                ):
                    yield FloatingRow(
                        name=f"{mnemonic}-{name}",
                        instruction=f"{mnemonic.upper()} 1,{operand}",
                        first=datum(form, first),
                        second=datum(form, second),
                        cc=cc,
                        flags=flags,
                    ).case(COMPARING, "PoP 19, Compare; Compare and Signal")


def rows(
    mnemonic: str, text: str, form: BinaryForm, wide: BinaryForm, values: list[Operation], rule: str, source: str
) -> Iterator[Case]:
    """*text* may say {m3} and {m4}."""
    for each in values:
        yield FloatingRow(
            name=f"{mnemonic}-{each.name}",
            instruction=text.replace("{m3}", str(each.m3)).replace("{m4}", str(each.m4)),
            second=datum(form, each.operand),
            result=datum(wide, each.result),
            cc=each.cc,
            flags=each.flags,
            fpc=each.mode,
            needs=(FLOATING_POINT_EXTENSION,) if each.m4 or each.m3 == 3 or each.mode == SHORTER else (),
        ).case(rule, source)


def signs() -> Iterator[Case]:
    for form in FORMS:
        minus, plus = bits_of(-3 * HALF, form), bits_of(3 * HALF, form)
        nan = form.signaling_nan
        sign = form.sign
        tested = [
            Operation("zero", sign, sign, 0),
            Operation("less", minus, minus, 1),
            Operation("greater", plus, plus, 2),
            Operation("quiet-nan", quiet(form) | sign, quiet(form) | sign, 3),
            Operation("signaling-nan", nan | sign, quiet(form) | sign, 3, INVALID),
        ]
        complemented = [
            Operation("zero", 0, sign, 0),
            Operation("less", plus, minus, 1),
            Operation("greater", minus, plus, 2),
            Operation("nan", nan, nan | sign, 3),
        ]
        positive = [
            Operation("zero", sign, 0, 0),
            Operation("greater", minus, plus, 2),
            Operation("nan", nan | sign, nan, 3),
        ]
        negative = [
            Operation("zero", 0, sign, 0),
            Operation("less", plus, minus, 1),
            Operation("nan", nan, nan | sign, 3),
        ]
        for letters, values, rule, source in (
            ("lt", tested, TESTING, "PoP 19, Load and Test"),
            ("lc", complemented, SIGNING, "PoP 19, Load Complement"),
            ("lp", positive, SIGNING, "PoP 19, Load Positive"),
            ("ln", negative, SIGNING, "PoP 19, Load Negative"),
        ):
            mnemonic = f"{letters}{form.letter}br"
            yield from rows(mnemonic, f"{mnemonic.upper()} 1,4", form, form, values, rule, source)


def moved_payload(nan: int, form: BinaryForm, wide: BinaryForm) -> int:
    """The NaN of *wide* that is *nan* of *form*: its fraction is extended, or cut, on the right."""
    sign = nan >> form.width - 1 << wide.width - 1
    fraction = nan & (1 << form.precision - 1) - 1
    distance = wide.precision - form.precision
    return sign | wide.infinity | (fraction << distance if distance > 0 else fraction >> -distance)


def lengthened() -> Iterator[Case]:
    for form, wide, letters in ((SHORT, LONG, "ldeb"), (LONG, EXTENDED, "lxdb"), (SHORT, EXTENDED, "lxeb")):
        smallest = Fraction(2) ** (2 - form.greatest_exponent - form.precision)
        values = [
            Operation("number", bits_of(-3 * HALF, form), bits_of(-3 * HALF, wide)),
            Operation("subnormal", 1, bits_of(smallest, wide)),
            Operation("infinity", form.infinity | form.sign, wide.infinity | wide.sign),
            Operation("quiet-nan", quiet(form) | 1, moved_payload(quiet(form) | 1, form, wide)),
            Operation("signaling-nan", form.signaling_nan, moved_payload(quiet(form), form, wide), None, INVALID),
        ]
        for mnemonic, operand in ((f"{letters}r", "4"), (letters, "{s}")):
            text = f"{mnemonic.upper()} 1,{operand}"
            yield from rows(mnemonic, text, form, wide, values, LENGTHENING, "PoP 19, Load Lengthened")


def shortened() -> Iterator[Case]:
    for form, short, letters in ((LONG, SHORT, "ledbra"), (EXTENDED, LONG, "ldxbra"), (EXTENDED, SHORT, "lexbra")):
        values = [Operation("exact", bits_of(-3 * HALF, form), bits_of(-3 * HALF, short))]
        # Between two numbers that are odd and even: halfway, and nearer to the even one.
        for name, number, methods in (
            ("halfway", -(1 + short.unit / 2), (0, 1, 3, 7)),
            ("near", 1 + short.unit * 9 / 4, (4, 5, 6)),
        ):
            for m3 in methods:
                found = rounded(number, short, METHODS[m3])
                values.append(Operation(f"{name}-m3-{m3}", bits_of(number, form), found.bits, None, found.flags, m3))
        number = 1 + short.unit / 4
        up = rounded(number, short, UP).bits
        tiny = Fraction(2) ** (2 - short.greatest_exponent - short.precision)
        values += [
            Operation("by-fpc", bits_of(number, form), up, None, INEXACT, 0, 0, UP),
            Operation("not-inexact", bits_of(number, form), up, None, 0, 6, NO_INEXACT),
            Operation("overflow", form.largest, short.infinity, None, OVERFLOW | INEXACT),
            Operation("underflow", bits_of(tiny * 3 * HALF, form), 2, None, UNDERFLOW | INEXACT),
            Operation("quiet-nan", quiet(form) | 1, moved_payload(quiet(form), form, short)),
            Operation("signaling-nan", form.signaling_nan, moved_payload(quiet(form), form, short), None, INVALID),
        ]
        text = f"{letters.upper()} 1," + "{m3},4,{m4}"
        yield from rows(letters, text, form, short, values, ROUNDING, "PoP 19, Load Rounded")


def integers() -> Iterator[Case]:
    for form in FORMS:
        values = [Operation("exact", bits_of(-3, form), bits_of(-3, form))]
        for m3, method in METHODS.items():
            number = -5 * HALF if m3 < 6 else 9 * HALF / 2
            integer = rounded_integer(number, method)
            values.append(Operation(f"m3-{m3}", bits_of(number, form), bits_of(integer, form), None, INEXACT, m3))
        half = bits_of(-HALF, form)
        values += [
            Operation("negative-zero", half, form.sign, None, INEXACT),
            Operation("by-fpc", half, bits_of(-1, form), None, INEXACT, 0, 0, DOWN),
            Operation("by-fpc-shorter", bits_of(5 * HALF, form), bits_of(3, form), None, INEXACT, 0, 0, SHORTER),
            Operation("not-inexact", half, bits_of(-1, form), None, 0, 1, NO_INEXACT),
            Operation("infinity", form.infinity | form.sign, form.infinity | form.sign),
            Operation("signaling-nan", form.signaling_nan, quiet(form), None, INVALID),
        ]
        mnemonic = f"fi{form.letter}br"
        text = f"{mnemonic.upper()} 1," + "{m3},4,{m4}"
        yield from rows(mnemonic, text, form, form, values, INTEGER, "PoP 19, Load FP Integer")


def classes() -> Iterator[Case]:
    for shift, form in enumerate(FORMS):
        data = (0, bits_of(1, form), 1, form.infinity, quiet(form), form.signaling_nan)
        names = ("zero", "normal", "subnormal", "infinity", "quiet-nan", "signaling-nan")
        for index, (name, magnitude) in enumerate(zip(names, data, strict=True)):
            for is_minus, title in enumerate((name, f"negative-{name}")):
                # Alternately its bit alone, and all others.
                cc = (index + is_minus + shift) % 2
                bit = 0x800 >> 2 * index + is_minus
                yield FloatingRow(
                    name=f"tc{form.letter}b-{title}",
                    instruction=f"TC{form.letter.upper()}B 1,{bit if cc else 0xFFF - bit}(0,0)",
                    first=datum(form, magnitude | is_minus * form.sign),
                    cc=cc,
                ).case(CLASSIFYING, "PoP 19, Test Data Class")


SECTION = CaseSection(
    "Binary-floating-point operations on data",
    (*comparisons(), *signs(), *lengthened(), *shortened(), *integers(), *classes()),
)
