# SPDX-License-Identifier: GPL-2.0-or-later
"""Floating-point operations on single elements (PoP chapter 24).

A number is a fraction; nothing here is shared with the machine.  Only the long format is of this facility.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import isqrt
from typing import Final

from tests.support.vector.state import signed

INVALID: Final = 0x80
DIVIDE: Final = 0x40
OVERFLOW: Final = 0x20
UNDERFLOW: Final = 0x10
INEXACT: Final = 0x08
ORDER: Final = (INVALID, DIVIDE, OVERFLOW, UNDERFLOW, INEXACT)
"""The vector interrupt code of each is its place, from one on."""

AWAY: Final = 1
SHORTER: Final = 3
EVEN: Final = 4
TO_ZERO: Final = 5
UP: Final = 6
DOWN: Final = 7
OF_FPC: Final = {0: EVEN, 1: TO_ZERO, 2: UP, 3: DOWN, 7: SHORTER}

Value = Fraction | str
"""A number that is not zero, ``zero``, ``infinity``, ``quiet`` or ``signaling``."""


@dataclass(frozen=True)
class Form:
    """A format: the bits of its exponent and fraction."""

    exponent: int
    fraction: int

    @property
    def sign(self) -> int:
        return 1 << self.exponent + self.fraction

    @property
    def infinity(self) -> int:
        return (1 << self.exponent) - 1 << self.fraction

    @property
    def nan(self) -> int:
        return self.infinity | self.quiet

    @property
    def quiet(self) -> int:
        return 1 << self.fraction - 1

    @property
    def smallest(self) -> int:
        """The exponent of the smallest normal number."""
        return 2 - (1 << self.exponent - 1)


SHORT: Final = Form(8, 23)
LONG: Final = Form(11, 52)


def is_negative(datum: int, form: Form) -> bool:
    return bool(datum & form.sign)


def value(datum: int, form: Form) -> Value:
    """What *datum* stands for; NaNs, infinities and zeros without their sign."""
    fraction = datum & (1 << form.fraction) - 1
    exponent = (datum & form.infinity) >> form.fraction
    if datum & form.infinity == form.infinity:
        return "infinity" if not fraction else "quiet" if fraction & form.quiet else "signaling"
    if not exponent and not fraction:
        return "zero"
    whole = fraction | (1 << form.fraction if exponent else 0)
    number = whole * Fraction(2) ** (max(exponent, 1) - 1 + form.smallest - form.fraction)
    return -number if is_negative(datum, form) else number


def rounded(magnitude: Fraction, negative: bool, mode: int) -> int:
    """*magnitude* as an integer."""
    whole = magnitude.numerator // magnitude.denominator
    rest = magnitude - whole
    if not rest:
        return whole
    half = Fraction(1, 2)
    up = {
        AWAY: rest >= half,
        SHORTER: whole % 2 == 0,
        EVEN: rest > half or (rest == half and whole % 2 == 1),
        TO_ZERO: False,
        UP: not negative,
        DOWN: negative,
    }[mode]
    return whole + up


def fit(number: Fraction, form: Form, mode: int, masks: int) -> tuple[int, int]:
    """The datum for *number*, which is not zero, and the exceptions."""
    negative, magnitude = number < 0, abs(number)
    sign = form.sign if negative else 0
    exponent = magnitude.numerator.bit_length() - magnitude.denominator.bit_length()
    if Fraction(2) ** exponent > magnitude:
        exponent -= 1
    is_tiny = exponent < form.smallest
    unit = max(exponent, form.smallest) - form.fraction
    scaled = magnitude / Fraction(2) ** unit
    whole = rounded(scaled, negative, mode)
    flags = INEXACT if whole != scaled else 0
    if is_tiny and (flags or masks & UNDERFLOW):
        flags |= UNDERFLOW
    # The hidden bit of a normal number adds one to the exponent field, as does a carry out of the fraction.
    datum = (unit - form.smallest + form.fraction << form.fraction) + whole
    if datum >= form.infinity:
        to_infinity = mode in (AWAY, EVEN) or (mode == UP and not negative) or (mode == DOWN and negative)
        return sign | form.infinity - (not to_infinity), OVERFLOW | INEXACT
    return sign | datum, flags


def first_nan(data: list[int], form: Form) -> tuple[int, int] | None:
    """What comes of the NaNs among operands: the first signaling one, made quiet, or else the first quiet one."""
    for kind in ("signaling", "quiet"):
        for datum in data:
            if value(datum, form) == kind:
                return datum | form.quiet, INVALID if kind == "signaling" else 0
    return None


def add(a: int, b: int, mode: int, masks: int) -> tuple[int, int]:
    x, y = value(a, LONG), value(b, LONG)
    if nan := first_nan([a, b], LONG):
        return nan
    if x == y == "infinity" and (a ^ b) & LONG.sign:
        return LONG.nan, INVALID
    if x == "infinity":
        return a, 0
    if y == "infinity":
        return b, 0
    if x == y == "zero":
        return (a if a == b else LONG.sign if mode == DOWN else 0), 0
    if x == "zero" or y == "zero":
        other = b if x == "zero" else a
        number = value(other, LONG)
        assert isinstance(number, Fraction)
        return fit(number, LONG, mode, masks)
    assert isinstance(x, Fraction)
    assert isinstance(y, Fraction)
    return _sum(x + y, mode, masks)


def _sum(total: Fraction, mode: int, masks: int) -> tuple[int, int]:
    if not total:
        return LONG.sign if mode == DOWN else 0, 0
    return fit(total, LONG, mode, masks)


def subtract(a: int, b: int, mode: int, masks: int) -> tuple[int, int]:
    if nan := first_nan([a, b], LONG):
        return nan
    return add(a, b ^ LONG.sign, mode, masks)


def multiply(a: int, b: int, mode: int, masks: int) -> tuple[int, int]:
    x, y = value(a, LONG), value(b, LONG)
    if nan := first_nan([a, b], LONG):
        return nan
    sign = (a ^ b) & LONG.sign
    if {x, y} == {"infinity", "zero"}:
        return LONG.nan, INVALID
    if "infinity" in (x, y):
        return sign | LONG.infinity, 0
    if "zero" in (x, y):
        return sign, 0
    assert isinstance(x, Fraction)
    assert isinstance(y, Fraction)
    return fit(x * y, LONG, mode, masks)


def divide(a: int, b: int, mode: int, masks: int) -> tuple[int, int]:
    x, y = value(a, LONG), value(b, LONG)
    if nan := first_nan([a, b], LONG):
        return nan
    sign = (a ^ b) & LONG.sign
    if x == y and x in ("infinity", "zero"):
        return LONG.nan, INVALID
    if x == "infinity":
        return sign | LONG.infinity, 0
    if y == "infinity" or x == "zero":
        return sign, 0
    if y == "zero":
        return sign | LONG.infinity, DIVIDE
    assert isinstance(x, Fraction)
    assert isinstance(y, Fraction)
    return fit(x / y, LONG, mode, masks)


def multiply_and_add(a: int, b: int, c: int, mode: int, masks: int) -> tuple[int, int]:
    x, y, z = value(a, LONG), value(b, LONG), value(c, LONG)
    if {x, y} == {"infinity", "zero"}:
        return LONG.nan, INVALID
    if nan := first_nan([a, b, c], LONG):
        return nan
    sign = (a ^ b) & LONG.sign
    if "infinity" in (x, y):
        if z == "infinity" and sign != c & LONG.sign:
            return LONG.nan, INVALID
        return sign | LONG.infinity, 0
    if z == "infinity":
        return c, 0
    if "zero" in (x, y):
        return add(sign, c, mode, masks)
    assert isinstance(x, Fraction)
    assert isinstance(y, Fraction)
    return _sum(x * y + (z if isinstance(z, Fraction) else 0), mode, masks)


def multiply_and_subtract(a: int, b: int, c: int, mode: int, masks: int) -> tuple[int, int]:
    is_nan = value(c, LONG) in ("quiet", "signaling")
    return multiply_and_add(a, b, c if is_nan else c ^ LONG.sign, mode, masks)


def square_root(a: int, mode: int, masks: int) -> tuple[int, int]:
    x = value(a, LONG)
    if nan := first_nan([a], LONG):
        return nan
    if x == "zero":
        return a, 0
    if is_negative(a, LONG):
        return LONG.nan, INVALID
    if x == "infinity":
        return a, 0
    assert isinstance(x, Fraction)
    # Two more bits than the format holds, and a last one for what is beyond.
    scale = 240 - (x.numerator.bit_length() - x.denominator.bit_length()) // 2 * 2
    radicand = x * Fraction(2) ** scale
    whole = radicand.numerator // radicand.denominator
    root = isqrt(whole)
    beyond = root * root != radicand
    return fit((2 * root + beyond) * Fraction(2) ** (-scale // 2 - 1), LONG, mode, masks)


def to_integer(a: int, mode: int, masks: int) -> tuple[int, int]:
    x = value(a, LONG)
    if nan := first_nan([a], LONG):
        return nan
    if isinstance(x, str):
        return a, 0
    whole = rounded(abs(x), x < 0, mode)
    flags = INEXACT if whole != abs(x) else 0
    if not whole:
        return a & LONG.sign, flags
    return fit(Fraction(-whole if x < 0 else whole), LONG, EVEN, 0)[0], flags


def from_fixed(a: int, mode: int, masks: int) -> tuple[int, int]:
    return fit(Fraction(signed(a, 3)), LONG, mode, 0) if a else (0, 0)


def from_logical(a: int, mode: int, masks: int) -> tuple[int, int]:
    return fit(Fraction(a), LONG, mode, 0) if a else (0, 0)


def _to_range(a: int, mode: int, low: int, high: int) -> tuple[int, int]:
    x = value(a, LONG)
    if x in ("quiet", "signaling"):
        return low, INVALID | INEXACT
    if x == "infinity":
        return low if is_negative(a, LONG) else high, INVALID | INEXACT
    if x == "zero":
        return 0, 0
    assert isinstance(x, Fraction)
    whole = rounded(abs(x), x < 0, mode)
    whole = -whole if x < 0 else whole
    if not low <= whole <= high:
        return (low if whole < low else high), INVALID | INEXACT
    return whole, INEXACT if whole != x else 0


def to_fixed(a: int, mode: int, masks: int) -> tuple[int, int]:
    return _to_range(a, mode, -1 << 63, (1 << 63) - 1)


def to_logical(a: int, mode: int, masks: int) -> tuple[int, int]:
    return _to_range(a, mode, 0, (1 << 64) - 1)


def lengthen(a: int) -> tuple[int, int]:
    x = value(a, SHORT)
    if isinstance(x, Fraction):
        return fit(x, LONG, EVEN, 0)
    sign = (a & SHORT.sign) << 32
    if x == "zero":
        return sign, 0
    fraction = (a & (1 << 23) - 1) << 29
    if x == "infinity":
        return sign | LONG.infinity, 0
    return sign | LONG.nan | fraction, INVALID if x == "signaling" else 0


def shorten(a: int, mode: int, masks: int) -> tuple[int, int]:
    x = value(a, LONG)
    if isinstance(x, Fraction):
        return fit(x, SHORT, mode, masks)
    sign = (a & LONG.sign) >> 32
    if x == "zero":
        return sign, 0
    if x == "infinity":
        return sign | SHORT.infinity, 0
    return sign | SHORT.nan | (a & (1 << 52) - 1) >> 29, INVALID if x == "signaling" else 0
