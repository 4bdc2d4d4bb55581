# SPDX-License-Identifier: GPL-2.0-or-later
"""Hexadecimal floating point: sums, products, quotients and roots, in each format, in registers and in storage."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

from tools.conform.architecture.case import Case, CaseSection, facility
from tools.conform.architecture.floating_row import FloatingDatum, FloatingRow
from tools.conform.architecture.hexadecimal_numbers import (
    HEX_EXTENDED,
    HEX_LONG,
    HEX_SHORT,
    HexadecimalForm,
    hexadecimal,
    square_root,
    unnormalized,
)

ADDING = (
    "The fraction with the smaller characteristic is shifted to the right, one guard digit is kept, and the normalized "
    "sum is cut; cc 0 to 2 if it is zero, less, or greater."
)
NOT_NORMALIZING = "The sum is not normalized; cc 0 to 2 if it is zero, which is a true zero, less, or greater."
MULTIPLYING = "The exact product is normalized and cut, and the condition code stays."
DIVIDING = "The exact quotient is normalized and cut, and the condition code stays."
ROOTING = "The exact square root is normalized and rounded, and the condition code stays."
HALVING = "Half of the datum is normalized and cut, and the condition code stays."
COMBINING = "The exact product of the second and third operands and the first are added, normalized and cut."
NOT_NORMALIZED = "The product, to which the first operand may be added, has 28 digits; neither is normalized."
FORMS = (HEX_SHORT, HEX_LONG, HEX_EXTENDED)
COMBINED, UNNORMALIZED = (facility(20),), (facility(23),)
HALF, THIRD = Fraction(1, 2), Fraction(1, 3)


class Operands(NamedTuple):
    """Operands and the result, as bits."""

    name: str
    first: int | None
    second: int
    result: int
    cc: int | None = None


def texts(name: str, form: HexadecimalForm) -> Iterator[tuple[str, str]]:
    """A name and an instruction, with operands in registers, and in storage where that is there."""
    yield f"{name}r", f"{name.upper()}R 1,4"
    if form != HEX_EXTENDED:
        yield name, f"{name.upper()} 1," + "{s}"


def cases(
    pairs: Iterator[tuple[str, str]],
    values: Iterator[Operands],
    forms: tuple[HexadecimalForm, HexadecimalForm],
    rule: str,
    source: str,
) -> Iterator[Case]:
    form, wide = forms
    kept = list(values)
    for name, text in pairs:
        for each in kept:
            yield FloatingRow(
                name=f"{name}-{each.name}",
                instruction=text,
                first=None if each.first is None else FloatingDatum(form.width, each.first),
                second=FloatingDatum(form.width, each.second),
                result=FloatingDatum(wide.width, each.result),
                cc=each.cc,
            ).case(rule, source)


def sums(form: HexadecimalForm, *, is_difference: bool) -> Iterator[Operands]:
    sign = -1 if is_difference else 1

    def bits(value: Fraction | int) -> int:
        return hexadecimal(value, form)

    yield Operands("zero", bits(3 * HALF), bits(-3 * HALF * sign), 0, 0)
    yield Operands("less", bits(3 * HALF), bits(-20 * sign), bits(-37 * HALF), 1)
    yield Operands("carry", bits(15), bits(9 * HALF * sign), bits(39 * HALF), 2)
    # All digits of the difference but the guard digit cancel.
    unit = Fraction(1, 16**form.digits)
    yield Operands("guard-digit", bits(1), bits((unit - 1) * sign), bits(unit), 2)
    # What is beyond the guard digit is lost before the subtraction.
    yield Operands("beyond-guard-digit", bits(1), bits(-unit * HALF * sign), bits(1), 2)
    yield Operands("cut", bits(-1), bits(-unit * 15 * sign), bits(-1), 1)


def unnormalized_sums(form: HexadecimalForm, *, is_difference: bool) -> Iterator[Operands]:
    sign = -1 if is_difference else 1

    def bits(value: Fraction | int) -> int:
        return hexadecimal(value, form)

    yield Operands("zero", bits(3 * HALF), bits(-3 * HALF * sign), 0, 0)
    yield Operands("less", bits(1), bits(-Fraction(17, 16) * sign), unnormalized(-Fraction(1, 16), 65, form), 1)
    yield Operands("greater", bits(17), bits(-16 * sign), unnormalized(1, 66, form), 2)
    yield Operands("carry", bits(15), bits(9 * HALF * sign), bits(39 * HALF), 2)


def products(form: HexadecimalForm, wide: HexadecimalForm) -> Iterator[Operands]:
    # All digits of the greatest fraction are F.
    greatest = 1 - Fraction(1, 16**form.digits)
    full = hexadecimal(greatest, form)
    yield Operands("exact", hexadecimal(-3 * HALF, form), hexadecimal(20, form), hexadecimal(-30, wide))
    yield Operands("unnormalized", unnormalized(2, 68, form), unnormalized(3, 67, form), hexadecimal(6, wide))
    yield Operands("all-digits", full, full, hexadecimal(greatest * greatest, wide))
    yield Operands("zero", hexadecimal(-1, form), 0, 0)


def quotients(form: HexadecimalForm) -> Iterator[Operands]:
    yield Operands("exact", hexadecimal(-15, form), hexadecimal(6, form), hexadecimal(-5 * HALF, form))
    yield Operands("cut", hexadecimal(2, form), hexadecimal(-3, form), hexadecimal(-2 * THIRD, form))
    yield Operands("unnormalized", unnormalized(6, 68, form), unnormalized(3, 67, form), hexadecimal(2, form))
    yield Operands("zero", form.sign, hexadecimal(7, form), 0)


def roots(form: HexadecimalForm) -> Iterator[Operands]:
    yield Operands("exact", None, hexadecimal(Fraction(9, 4), form), hexadecimal(3 * HALF, form))
    yield Operands("two", None, hexadecimal(2, form), square_root(Fraction(2), form))
    yield Operands("three", None, hexadecimal(3, form), square_root(Fraction(3), form))
    yield Operands("odd-exponent", None, hexadecimal(36, form), hexadecimal(6, form))
    yield Operands("zero", None, form.sign, 0)


def halves(form: HexadecimalForm) -> Iterator[Operands]:
    last = 1 + Fraction(1, 16 ** (form.digits - 1))
    yield Operands("exact", None, hexadecimal(-3, form), hexadecimal(-3 * HALF, form))
    # A half has one digit more, or loses one.
    yield Operands("one", None, hexadecimal(last, form), hexadecimal(last / 2, form))
    yield Operands("cut", None, hexadecimal(2 + last, form), hexadecimal((2 + last) / 2, form))
    yield Operands("zero", None, form.sign, 0)


def combinations() -> Iterator[Case]:
    for form in (HEX_SHORT, HEX_LONG):
        greatest = 1 - Fraction(1, 16**form.digits)
        for letters, sign in (("ma", 1), ("ms", -1)):
            for mnemonic, operand in ((f"{letters}{form.letter}r", "4"), (f"{letters}{form.letter}", "{s}")):
                for name, first, second, third in (
                    ("exact", Fraction(7), Fraction(-3), HALF),
                    # The product has digits that a cut one would have lost.
                    ("fused", -sign * greatest, greatest, greatest),
                    ("zero", sign * Fraction(6), Fraction(-2), Fraction(3)),
                ):
                    yield FloatingRow(
                        name=f"{mnemonic}-{name}",
                        instruction=f"{mnemonic.upper()} 1,8,{operand}",
                        first=FloatingDatum(form.width, hexadecimal(first, form)),
                        second=FloatingDatum(form.width, hexadecimal(second, form)),
                        third=FloatingDatum(form.width, hexadecimal(third, form)),
                        result=FloatingDatum(form.width, hexadecimal(second * third + sign * first, form)),
                        needs=COMBINED,
                    ).case(COMBINING, "PoP 18, Multiply and Add; Multiply and Subtract")


# The first operand and the characteristics of the others, which have two digits in front of the point.
UNNORMALIZED_VALUES = {
    "positive": (Fraction(5), 66, 66),
    "negative": (-Fraction(9, 16), 68, 67),
    # Digits of the first operand to the right of those of the product, and to the left.
    "cut": (Fraction(1, 16**14) - Fraction(1, 16**28), 66, 66),
    "lost": (Fraction(16**6 + 5), 66, 66),
}


def unnormalized_products() -> Iterator[Case]:
    for name, (first, left, right) in UNNORMALIZED_VALUES.items():
        second, third = Fraction(31, 16), Fraction(-23 if first < 0 else 23, 16)
        for letters, added in (("may", first), ("my", Fraction(0))):
            total = second * third + added
            # What is carried out of the fraction is lost.
            kept = abs(total) % Fraction(16) ** (left + right - 128)
            whole = unnormalized(kept if total > 0 else -kept, left + right - 64, HEX_EXTENDED)
            high, low = whole >> 64, whole & (1 << 64) - 1
            for ending, width, result in (("", 128, whole), ("h", 64, high), ("l", 64, low)):
                for mnemonic, operand in ((f"{letters}{ending}r", "4"), (f"{letters}{ending}", "{s}")):
                    yield FloatingRow(
                        name=f"{mnemonic}-{name}",
                        instruction=f"{mnemonic.upper()} 1,8,{operand}",
                        first=FloatingDatum(64, hexadecimal(first, HEX_LONG)),
                        second=FloatingDatum(64, unnormalized(second, left, HEX_LONG)),
                        third=FloatingDatum(64, unnormalized(third, right, HEX_LONG)),
                        result=FloatingDatum(width, result),
                        needs=UNNORMALIZED,
                    ).case(NOT_NORMALIZED, "PoP 18, Multiply Unnormalized; Multiply and Add Unnormalized")


def all_cases() -> Iterator[Case]:
    for form in FORMS:
        e, same = form.letter, (form, form)
        for letter, is_difference in (("a", False), ("s", True)):
            values = sums(form, is_difference=is_difference)
            yield from cases(
                texts(f"{letter}{e}", form), values, same, ADDING, "PoP 18, Add Normalized; Subtract Normalized"
            )
        yield from cases(texts(f"d{e}", form), quotients(form), same, DIVIDING, "PoP 18, Divide")
        yield from cases(texts(f"sq{e}", form), roots(form), same, ROOTING, "PoP 18, Square Root")
    for form, letter in ((HEX_SHORT, "u"), (HEX_LONG, "w")):
        for first, is_difference in (("a", False), ("s", True)):
            values = unnormalized_sums(form, is_difference=is_difference)
            pairs = texts(f"{first}{letter}", form)
            yield from cases(
                pairs, values, (form, form), NOT_NORMALIZING, "PoP 18, Add Unnormalized; Subtract Unnormalized"
            )
        halving = iter([(f"h{form.letter}r", f"H{form.letter.upper()}R 1,4")])
        yield from cases(halving, halves(form), (form, form), HALVING, "PoP 18, Halve")
    for name, form, wide in (
        ("mee", HEX_SHORT, HEX_SHORT),
        ("mde", HEX_SHORT, HEX_LONG),
        ("md", HEX_LONG, HEX_LONG),
        ("mxd", HEX_LONG, HEX_EXTENDED),
        ("mx", HEX_EXTENDED, HEX_EXTENDED),
    ):
        yield from cases(texts(name, form), products(form, wide), (form, wide), MULTIPLYING, "PoP 18, Multiply")
    yield from combinations()
    yield from unnormalized_products()


SECTION = CaseSection("Hexadecimal-floating-point arithmetic", tuple(all_cases()))
