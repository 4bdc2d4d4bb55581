# SPDX-License-Identifier: GPL-2.0-or-later
"""Binary floating point: sums, products, quotients, roots, in each format, in registers and in storage."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

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
from tools.conform.architecture.floating_row import FloatingDatum, FloatingRow

ADDING = "The exact sum is rounded once; cc 0 to 2 for a result that is zero, less, or greater, 3 for a NaN."
MULTIPLYING = "The exact product is rounded once, and the condition code stays."
DIVIDING = "The exact quotient is rounded once, and the condition code stays."
ROOTING = "The exact square root is rounded once, and the condition code stays."
COMBINING = "The exact product of the second and third operands and the first are added and rounded once."
INTEGER_DIVIDING = (
    "The remainder replaces the dividend, and the quotient, rounded to an integer, goes to the third operand: cc 0; 1 "
    "for a NaN; 2 when both are partial, since the quotient has too many digits; 3 when its exponent is reduced, too."
)
FORMS = (SHORT, LONG, EXTENDED)
STORED = (SHORT, LONG)
THIRD, THREE, HALF = Fraction(1, 3), Fraction(3), Fraction(1, 2)


class Values(NamedTuple):
    """Operands and the result, as bits."""

    name: str
    first: int
    second: int
    result: int
    cc: int | None = None
    flags: int = 0
    mode: int = 0


def datum(form: BinaryForm, bits: int) -> FloatingDatum:
    return FloatingDatum(form.width, bits)


def texts(mnemonic: str, form: BinaryForm) -> Iterator[tuple[str, str]]:
    """A name and an instruction, with operands in registers, and in storage where that is there."""
    yield f"{mnemonic}{form.letter}br", f"{mnemonic}{form.letter}br 1,4".upper()
    if form in STORED:
        yield f"{mnemonic}{form.letter}b", f"{mnemonic}{form.letter}b 1,".upper() + "{s}"


def sums(form: BinaryForm, *, is_difference: bool) -> Iterator[Values]:
    """One for each condition code, and one for each direction of rounding."""

    def second(value: Fraction) -> int:
        return bits_of(-value if is_difference else value, form)

    one, more = bits_of(1, form), Fraction(1) + form.unit
    yield Values("zero", bits_of(3 * HALF, form), second(-3 * HALF), 0, 0)
    yield Values("less", bits_of(3 * HALF, form), second(-5 * HALF), bits_of(-1, form), 1)
    yield Values("greater", bits_of(3 * HALF, form), second(HALF / 2), bits_of(7 * HALF / 2, form), 2)
    infinity = form.infinity | (0 if is_difference else form.sign)
    yield Values("nan", form.infinity, infinity, form.default_nan, 3, INVALID)
    # A quarter of the distance to the next number.
    quarter = second(form.unit / 4)
    yield Values("rounded-to-nearest", one, quarter, one, 2, INEXACT)
    yield Values("rounded-up", one, quarter, bits_of(more, form), 2, INEXACT, UP)
    # The sum of numbers that cancel is negative when it is rounded down.
    yield Values("zero-down", one, second(Fraction(-1)), form.sign, 0, 0, DOWN)


def products(form: BinaryForm, wide: BinaryForm) -> Iterator[Values]:
    """Of operands of *form*; the result is of *wide*."""
    yield Values("exact", bits_of(-3 * HALF, form), bits_of(5, form), bits_of(-15 * HALF, wide))
    yield Values("invalid", form.infinity, 0, wide.default_nan, None, INVALID)
    yield Values("negative-zero", bits_of(-3, form), 0, wide.sign)
    if wide == form:
        odd = 1 + form.unit
        product = odd * odd
        for name, mode in (("rounded-toward-zero", ZERO), ("rounded-up", UP)):
            found = rounded(product, form, mode)
            yield Values(name, bits_of(odd, form), bits_of(odd, form), found.bits, None, INEXACT, mode)
        overflow, small = OVERFLOW | INEXACT, bits_of(THREE, form)
        yield Values("overflow", form.largest, small, form.infinity, None, overflow)
        yield Values(
            "overflow-toward-zero", form.largest | form.sign, small, form.largest | form.sign, None, overflow, ZERO
        )
        # Three quarters of the smallest subnormal number, and half of the smallest normal one.
        yield Values("underflow", 1, bits_of(3 * HALF / 2, form), 1, None, UNDERFLOW | INEXACT)
        yield Values("subnormal", form.smallest, bits_of(HALF, form), form.smallest >> 1)


def quotients(form: BinaryForm) -> Iterator[Values]:
    one = bits_of(1, form)
    yield Values("exact", bits_of(-15, form), bits_of(6, form), bits_of(-5 * HALF, form))
    yield Values("rounded", one, bits_of(3, form), rounded(THIRD, form).bits, None, INEXACT)
    yield Values("rounded-up", one, bits_of(3, form), rounded(THIRD, form, UP).bits, None, INEXACT, UP)
    yield Values("by-zero", one, form.sign, form.infinity | form.sign, None, DIVISION_BY_ZERO)
    yield Values("invalid", 0, 0, form.default_nan, None, INVALID)


def roots(form: BinaryForm) -> Iterator[Values]:
    """The square of 1 + unit is 1 + 2 unit and something, which is less than half a unit away."""
    yield Values("exact", 0, bits_of(Fraction(9, 4), form), bits_of(3 * HALF, form))
    yield Values("rounded", 0, bits_of(1 + 2 * form.unit, form), bits_of(1 + form.unit, form), None, INEXACT)
    yield Values("rounded-down", 0, bits_of(1 + 2 * form.unit, form), bits_of(1, form), None, INEXACT, DOWN)
    yield Values("negative-zero", 0, form.sign, form.sign)
    yield Values("invalid", 0, bits_of(-4, form), form.default_nan, None, INVALID)


def cases(
    pairs: Iterator[tuple[str, str]], values: list[Values], form: BinaryForm, wide: BinaryForm, rule: str, source: str
) -> Iterator[Case]:
    for name, text in pairs:
        for each in values:
            yield FloatingRow(
                name=f"{name}-{each.name}",
                instruction=text,
                first=None if rule is ROOTING else datum(form, each.first),
                second=datum(form, each.second),
                result=datum(wide, each.result),
                cc=each.cc,
                flags=each.flags,
                fpc=each.mode,
            ).case(rule, source)


def wide_products() -> Iterator[Case]:
    for form, wide, name in ((SHORT, LONG, "MDEB"), (LONG, EXTENDED, "MXDB")):
        pairs = [(f"{name}R".lower(), f"{name}R 1,4"), (name.lower(), f"{name} 1," + "{s}")]
        # All bits of the product of the largest significands.
        largest = 2 - form.unit
        full = Values("full", bits_of(largest, form), bits_of(largest, form), bits_of(largest * largest, wide))
        values = [*products(form, wide), full]
        yield from cases(iter(pairs), values, form, wide, MULTIPLYING, "PoP 19, Multiply")


def combinations() -> Iterator[Case]:
    """The first operand is added to, or subtracted from, the product."""
    for form in STORED:
        one, odd = Fraction(1), 1 + form.unit
        for name, sign in (("ma", 1), ("ms", -1)):
            values: list[tuple[str, int, int, int, int, int]] = []
            for title, first, second, third in (
                ("exact", Fraction(7), Fraction(-3), HALF),
                # The product has bits that a rounded one would have lost.
                ("fused", -sign * (one + 2 * form.unit), odd, odd),
                ("rounded", Fraction(1), form.unit / 4, HALF),
            ):
                exact = second * third + sign * first
                found = rounded(exact, form)
                values.append(
                    (title, bits_of(first, form), bits_of(second, form), bits_of(third, form), found.bits, found.flags)
                )
            opposite = form.infinity | (form.sign if sign > 0 else 0)
            one_bits = bits_of(1, form)
            values.append(("invalid", opposite, form.infinity, one_bits, form.default_nan, INVALID))
            for mnemonic, operand in ((f"{name}{form.letter}br", "4"), (f"{name}{form.letter}b", "{s}")):
                for title, first_bits, second_bits, third_bits, result, flags in values:
                    yield FloatingRow(
                        name=f"{mnemonic}-{title}",
                        instruction=f"{mnemonic.upper()} 1,8,{operand}",
                        first=datum(form, first_bits),
                        second=datum(form, second_bits),
                        third=datum(form, third_bits),
                        result=datum(form, result),
                        flags=flags,
                    ).case(COMBINING, "PoP 19, Multiply and Add; Multiply and Subtract")


class Division(NamedTuple):
    """DIVIDE TO INTEGER: the operands, the rounding method of M4, what is left, and the quotient."""

    name: str
    dividend: int
    divisor: int
    method: int
    remainder: int
    quotient: int
    cc: int = 0
    flags: int = 0


def integer_divisions(form: BinaryForm) -> Iterator[Division]:
    """Methods 4 to 6: to nearest with ties to even, toward zero, toward plus infinity."""
    nan, one, four = form.default_nan, bits_of(1, form), bits_of(4, form)
    for name, dividend, method, remainder, quotient in (
        ("toward-zero", 11, 5, 3, 2),
        ("to-nearest", 11, 4, -1, 3),
        ("tie-to-even", 10, 4, 2, 2),
        ("up", -11, 6, -3, -2),
        ("smaller", 3, 5, 3, 0),
        ("smaller-to-nearest", -3, 4, 1, -1),
    ):
        yield Division(name, bits_of(dividend, form), four, method, bits_of(remainder, form), bits_of(quotient, form))
    # A remainder of zero has the sign of the dividend.
    yield Division("no-remainder", bits_of(-12, form), four, 5, form.sign, bits_of(-3, form))
    yield Division("infinite-divisor", one, form.infinity | form.sign, 5, one, form.sign)
    yield Division("invalid", one, 0, 5, nan, nan, 1, INVALID)
    yield Division("quiet-nan", nan | 5, one, 5, nan | 5, nan | 5, 1)
    # As many bits of the quotient as there are in a significand.
    for name, exponent, divisor, cc in (
        ("partial", form.precision + 19, THREE, 2),
        ("reduced-exponent", form.greatest_exponent, THREE / 2**form.greatest_exponent * 4, 3),
    ):
        dividend = Fraction(2) ** exponent
        partial = Fraction(2) ** (exponent_of(dividend / divisor) - form.precision + 1)
        quotient_value = dividend // (divisor * partial) * partial
        scale = 3 * (form.greatest_exponent + 1) // 2 if cc == 3 else 0
        yield Division(
            name,
            bits_of(dividend, form),
            bits_of(divisor, form),
            5,
            bits_of(dividend - divisor * quotient_value, form),
            bits_of(quotient_value / Fraction(2) ** scale, form),
            cc,
        )


def exponent_of(value: Fraction) -> int:
    """The greatest power of two that is not greater than *value*, which is not one itself."""
    exponent = value.numerator.bit_length() - value.denominator.bit_length()
    return exponent if value > Fraction(2) ** exponent else exponent - 1


def integer_division_cases() -> Iterator[Case]:
    for form in STORED:
        mnemonic = f"di{form.letter}br"
        for each in integer_divisions(form):
            yield FloatingRow(
                name=f"{mnemonic}-{each.name}",
                instruction=f"{mnemonic.upper()} 1,8,4,{each.method}",
                first=datum(form, each.dividend),
                second=datum(form, each.divisor),
                result=datum(form, each.remainder),
                third_result=datum(form, each.quotient),
                cc=each.cc,
                flags=each.flags,
            ).case(INTEGER_DIVIDING, "PoP 19, Divide to Integer")


def all_cases() -> Iterator[Case]:
    for form in FORMS:
        product = "me" if form == SHORT else "m"
        for mnemonic, values, rule, source in (
            ("a", [*sums(form, is_difference=False)], ADDING, "PoP 19, Add"),
            ("s", [*sums(form, is_difference=True)], ADDING, "PoP 19, Subtract"),
            (product, [*products(form, form)], MULTIPLYING, "PoP 19, Multiply"),
            ("d", [*quotients(form)], DIVIDING, "PoP 19, Divide"),
            ("sq", [*roots(form)], ROOTING, "PoP 19, Square Root"),
        ):
            yield from cases(texts(mnemonic, form), values, form, form, rule, source)
    yield from wide_products()
    yield from combinations()
    yield from integer_division_cases()


SECTION = CaseSection("Binary-floating-point arithmetic", tuple(all_cases()))
