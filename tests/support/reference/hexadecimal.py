# SPDX-License-Identifier: GPL-2.0-or-later
"""Hexadecimal-floating-point instructions, with fractions, digit by digit as chapter 18 of the manual tells it.

It is written for the tests only, and shares no code with the machine.  Data are integers of 8, 16 or 32 hexadecimal
digits; what an instruction does comes out as an :class:`Expected`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt
from typing import Final

OVERFLOW, UNDERFLOW, SIGNIFICANCE, DIVIDE, SQUARE_ROOT = 0x0C, 0x0D, 0x0E, 0x0F, 0x1D
"""Program-interruption codes."""
DIGITS: Final = {"short": 6, "long": 14, "extended": 28}


@dataclass(frozen=True)
class Masks:
    """Bits 22 and 23 of the PSW."""

    underflow: bool = False
    significance: bool = False


@dataclass(frozen=True)
class Expected:
    """The datum that is put in its place, None if none is; the condition code, None if it stays; an interruption."""

    datum: int | None
    cc: int | None = None
    code: int | None = None


@dataclass
class Hfp:
    """A number: sign, characteristic, and a fraction that a carry may have made one or more."""

    minus: bool
    characteristic: int
    fraction: Fraction

    @property
    def value(self) -> Fraction:
        magnitude = self.fraction * Fraction(16) ** (self.characteristic - 64)
        return -magnitude if self.minus else magnitude


def read(datum: int, form: str) -> Hfp:
    """Take *datum* apart by its hexadecimal digits."""
    text = f"{datum:0{8 if form == 'short' else 16 if form == 'long' else 32}x}"
    digits = text[2:16] + text[18:]
    first = int(text[:2], 16)
    return Hfp(first >= 128, first % 128, Fraction(int(digits, 16), 16 ** DIGITS[form]))


def write(number: Hfp, form: str) -> int:
    """Put *number* together, with those digits that *form* has."""
    digits = f"{int(number.fraction * 16 ** DIGITS[form]):0{DIGITS[form]}x}"
    assert len(digits) == DIGITS[form]
    high = f"{128 * number.minus + number.characteristic % 128:02x}"
    low = f"{128 * number.minus + (number.characteristic - 14) % 128:02x}"
    return int(high + digits[:14] + (low + digits[14:] if form == "extended" else ""), 16)


def cut(fraction: Fraction, form: str) -> Fraction:
    """The digits of *fraction* that *form* has."""
    return Fraction(int(fraction * 16 ** DIGITS[form]), 16 ** DIGITS[form])


def normalize(number: Hfp) -> Hfp:
    """Shift until the leftmost digit is not zero, and nothing is in front of it."""
    assert number.fraction
    characteristic, fraction = number.characteristic, number.fraction
    while fraction >= 1:
        characteristic, fraction = characteristic + 1, fraction / 16
    while fraction * 16 < 1:
        characteristic, fraction = characteristic - 1, fraction * 16
    return Hfp(number.minus, characteristic, fraction)


def sign_cc(number: Hfp) -> int:
    return 0 if not number.fraction else 1 if number.minus else 2


def finish(number: Hfp, form: str, masks: Masks, *, sets_cc: bool = False) -> Expected:
    """Normalize, and see to exponent overflow and underflow."""
    true_zero = Expected(0, 0 if sets_cc else None)
    if not number.fraction:
        return true_zero
    result = normalize(number)
    cc = sign_cc(result) if sets_cc else None
    if result.characteristic > 127:
        return Expected(write(result, form), cc, OVERFLOW)
    if result.characteristic < 0:
        return Expected(write(result, form), cc, UNDERFLOW) if masks.underflow else true_zero
    return Expected(write(result, form), cc)


def shifted_right(number: Hfp, characteristic: int, form: str) -> int:
    """The fraction with a guard digit, as an integer, shifted until it belongs to *characteristic*."""
    digits = int(number.fraction * 16 ** (DIGITS[form] + 1))
    for _ in range(characteristic - number.characteristic):
        digits //= 16
    return -digits if number.minus else digits


def intermediate(first: int, second: int, form: str, sign: int) -> Hfp:
    a, b = read(first, form), read(second, form)
    characteristic = max(a.characteristic, b.characteristic)
    total = shifted_right(a, characteristic, form) + sign * shifted_right(b, characteristic, form)
    return Hfp(total < 0, characteristic, Fraction(abs(total), 16 ** (DIGITS[form] + 1)))


def add(first: int, second: int, form: str, masks: Masks, *, sign: int = 1, normalizes: bool = True) -> Expected:
    """ADD and SUBTRACT (*sign* -1), NORMALIZED and UNNORMALIZED."""
    total = intermediate(first, second, form, sign)
    if not normalizes and total.fraction < 1:
        total.fraction = cut(total.fraction, form)
    if not total.fraction:
        if masks.significance:
            return Expected(write(Hfp(False, total.characteristic, Fraction(0)), form), 0, SIGNIFICANCE)
        return Expected(0, 0)
    if not normalizes and total.fraction < 1:
        return Expected(write(total, form), sign_cc(total))
    return finish(total, form, masks, sets_cc=True)


def compare(first: int, second: int, form: str) -> Expected:
    return Expected(None, sign_cc(intermediate(first, second, form, -1)))


def multiply(first: int, second: int, source: str, target: str, masks: Masks) -> Expected:
    a, b = read(first, source), read(second, source)
    exact = Hfp(a.minus != b.minus, a.characteristic + b.characteristic - 64, a.fraction * b.fraction)
    return finish(exact, target, masks)


def divide(first: int, second: int, form: str, masks: Masks) -> Expected:
    a, b = read(first, form), read(second, form)
    if not b.fraction:
        return Expected(None, code=DIVIDE)
    exact = Hfp(a.minus != b.minus, a.characteristic - b.characteristic + 64, a.fraction / b.fraction)
    return finish(exact, form, masks)


def halve(datum: int, form: str, masks: Masks) -> Expected:
    a = read(datum, form)
    return finish(Hfp(a.minus, a.characteristic, a.fraction / 2), form, masks)


def square_root(datum: int, form: str) -> Expected:
    a = read(datum, form)
    if not a.fraction:
        return Expected(0)
    if a.minus:
        return Expected(None, code=SQUARE_ROOT)
    # The root to many more digits than are kept, and something of a digit for what is still missing.
    places = 80
    scaled = a.value * 16 ** (2 * places)
    root = isqrt(scaled.numerator // scaled.denominator)
    exact = normalize(Hfp(False, 64, Fraction(root, 16**places)))
    exact.fraction = cut(exact.fraction + Fraction(1, 2 * 16 ** DIGITS[form]), form)
    return Expected(write(exact, form))


def load(datum: int, form: str, sign: Callable[[bool], bool]) -> Expected:
    """LOAD AND TEST, COMPLEMENT, NEGATIVE and POSITIVE."""
    a = read(datum, form)
    a.minus = sign(a.minus)
    if form == "extended" and not a.fraction:
        return Expected((1 << 127 | 1 << 63) * a.minus, 0)
    return Expected(write(a, form), sign_cc(a))


def lengthen(datum: int, source: str) -> Expected:
    a = read(datum, source)
    if not a.fraction:
        return Expected((1 << 127 | 1 << 63) * a.minus)
    return Expected(write(a, "extended"))


def round_to(datum: int, source: str, target: str) -> Expected:
    a = read(datum, source)
    a.fraction = cut(a.fraction + Fraction(1, 2 * 16 ** DIGITS[target]), target)
    if a.fraction == 1:
        a = Hfp(a.minus, a.characteristic + 1, Fraction(1, 16))
    return Expected(write(a, target), code=OVERFLOW if a.characteristic > 127 else None)


def to_integer(datum: int, form: str) -> Expected:
    a = read(datum, form)
    whole = int(abs(a.value))
    return finish(Hfp(a.minus, 64, Fraction(whole)), form, Masks())


ROUNDING: Final[dict[int, Callable[[Fraction], int]]] = {
    0: int,
    1: lambda value: int(value + Fraction(1 if value > 0 else -1, 2)),
    4: round,
    5: int,
    6: lambda value: -(-value // 1),
    7: lambda value: value // 1,
}


def to_fixed(datum: int, form: str, width: int, m3: int) -> tuple[int, int]:
    """The integer, and the condition code."""
    a = read(datum, form)
    exact = ROUNDING[m3](a.value)
    value = max(min(exact, 2 ** (width - 1) - 1), -(2 ** (width - 1)))
    return value % 2**width, sign_cc(a) if value == exact else 3


def from_fixed(value: int, form: str) -> Expected:
    return finish(Hfp(value < 0, 64, Fraction(abs(value))), form, Masks())


def multiply_and_add(first: int, second: int, third: int, form: str, masks: Masks, *, sign: int = 1) -> Expected:
    exact = read(third, form).value * read(second, form).value + sign * read(first, form).value
    return finish(Hfp(exact < 0, 64, abs(exact)), form, masks)


def multiply_unnormalized(operands: Sequence[int], *, adds: bool) -> tuple[int, int]:
    """The high-order and the low-order part; *operands* are the first, the second and the third."""
    first, second, third = (read(each, "long") for each in operands)
    characteristic = third.characteristic + second.characteristic - 64
    unit = Fraction(16) ** (characteristic - 64 - 28)
    places = third.value * second.value / unit
    minus = third.minus != second.minus
    if adds:
        places += first.value / unit
        minus = places < 0
    result = Hfp(minus, characteristic, Fraction(int(abs(places)) % 16**28, 16**28))
    both = write(result, "extended")
    return both >> 64, both % 2**64
