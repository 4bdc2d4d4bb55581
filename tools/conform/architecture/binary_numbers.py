# SPDX-License-Identifier: GPL-2.0-or-later
"""Binary-floating-point data from exact numbers, for the expected values of cases (PoP 9, "BFP Data Formats").

A number is a fraction, and rounding is division with a remainder.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import Final, NamedTuple

INVALID, DIVISION_BY_ZERO, OVERFLOW, UNDERFLOW, INEXACT = 0x80, 0x40, 0x20, 0x10, 0x08
"""The IEEE exceptions, as bits of the flags byte of the FPC register."""
NEAREST, ZERO, UP, DOWN, SHORTER = 0, 1, 2, 3, 7
"""BFP rounding modes of the FPC register: to nearest with ties to even, toward 0, +infinity, -infinity, and to prepare
for shorter precision."""
AWAY: Final = 8
"""To nearest with ties away from zero, which only an instruction can ask for."""
MODE_NAMES: Final = {NEAREST: "nearest", ZERO: "zero", UP: "up", DOWN: "down"}
"""Those that each instruction has that rounds."""
METHODS: Final = {0: NEAREST, 1: AWAY, 3: SHORTER, 4: NEAREST, 5: ZERO, 6: UP, 7: DOWN}
"""Rounding methods by the M3 field; 0 is that of the FPC register, here as it is after a reset."""
NO_INEXACT: Final = 4
"""In the M4 field: inexact results are no exceptions."""


class BinaryForm(NamedTuple):
    """A format: all bits of a datum, and those of a significand with its leftmost unit bit."""

    letter: str
    width: int
    precision: int

    @property
    def greatest_exponent(self) -> int:
        """That of the largest finite number, and the bias of the exponent."""
        return (1 << self.width - self.precision - 1) - 1

    @property
    def infinity(self) -> int:
        return (2 * self.greatest_exponent + 1) << self.precision - 1

    @property
    def largest(self) -> int:
        """The largest finite number."""
        return self.infinity - 1

    @property
    def smallest(self) -> int:
        """The smallest normal number."""
        return 1 << self.precision - 1

    @property
    def default_nan(self) -> int:
        """The quiet NaN that an invalid operation gives."""
        return self.infinity | 1 << self.precision - 2

    @property
    def signaling_nan(self) -> int:
        """One whose bit beside that which makes a NaN quiet is one, so that it is not lost in a shorter format."""
        return self.infinity | 1 << self.precision - 3

    @property
    def sign(self) -> int:
        return 1 << self.width - 1

    @property
    def unit(self) -> Fraction:
        """How far the next number is from one."""
        return Fraction(1, 1 << self.precision - 1)


SHORT: Final = BinaryForm("e", 32, 24)
LONG: Final = BinaryForm("d", 64, 53)
EXTENDED: Final = BinaryForm("x", 128, 113)


@dataclass(frozen=True, slots=True)
class Rounded:
    """A datum, and the flags of the exceptions that rounding to it has."""

    bits: int
    flags: int = 0


def bits_of(value: Fraction | int, form: BinaryForm) -> int:
    """The datum that is *value*, a number which has one.

    :raises ValueError: if it has none.
    """
    found = rounded(value, form)
    if found.flags:
        raise ValueError(f"{value} is no number of {form.width} bits")
    return found.bits


def rounded(value: Fraction | int, form: BinaryForm, mode: int = NEAREST) -> Rounded:
    """The datum that *value* is rounded to, by the rounding *mode*; zero is positive."""
    value = Fraction(value)
    sign = form.sign if value < 0 else 0
    magnitude = abs(value)
    if not magnitude:
        return Rounded(0)
    exponent = max(_exponent(magnitude), 1 - form.greatest_exponent)
    is_tiny = magnitude < Fraction(2) ** (1 - form.greatest_exponent)
    unit = Fraction(2) ** (exponent - form.precision + 1)
    whole = rounded_integer(value / unit, mode)
    inexact = INEXACT if whole * unit != value else 0
    if abs(whole) * unit >= Fraction(2) ** (form.greatest_exponent + 1):
        goes_up = mode in (NEAREST, AWAY) or mode == (DOWN if sign else UP)
        return Rounded(sign | (form.infinity if goes_up else form.largest), OVERFLOW | INEXACT)
    # A carry out of the significand, or into the unit bit of a subnormal number, goes on in the exponent.
    biased = exponent + form.greatest_exponent - 1
    flags = inexact | (UNDERFLOW if is_tiny and inexact else 0)
    return Rounded(sign | (biased << form.precision - 1) + abs(whole), flags)


def rounded_integer(value: Fraction, mode: int) -> int:
    """The integer that *value* is rounded to, by the rounding *mode*."""
    below = floor(value)
    rest = value - below
    if not rest:
        return below
    if mode == DOWN or (mode == ZERO and value > 0):
        return below
    if mode in (UP, ZERO):
        return below + 1
    if mode == SHORTER:
        # The neighbor whose rightmost bit is one.
        return below if below % 2 else below + 1
    if rest != Fraction(1, 2):
        return below + (rest > Fraction(1, 2))
    if mode == AWAY:
        return below + (value > 0)
    return below + below % 2


def _exponent(magnitude: Fraction) -> int:
    """The exponent of two that a positive number begins with."""
    exponent = magnitude.numerator.bit_length() - magnitude.denominator.bit_length()
    return exponent if magnitude >= Fraction(2) ** exponent else exponent - 1
