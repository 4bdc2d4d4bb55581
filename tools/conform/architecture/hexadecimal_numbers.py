# SPDX-License-Identifier: GPL-2.0-or-later
"""Hexadecimal-floating-point data from exact numbers, for the expected values of cases (PoP 18, "HFP Data Format")."""

from __future__ import annotations

from fractions import Fraction
from math import isqrt
from typing import Final, NamedTuple

_EXCESS: Final = 64
"""What is added to an exponent of 16 so that it is a characteristic."""
_LOW_ORDER: Final = 14
"""How many digits the high-order part of an extended datum has, and how much less the other characteristic is."""


class HexadecimalForm(NamedTuple):
    """A format: all bits of a datum, and the digits of its fraction."""

    letter: str
    width: int
    digits: int

    @property
    def sign(self) -> int:
        """The sign bits."""
        return 1 << self.width - 1 | (1 << 63 if self.width == 128 else 0)


HEX_SHORT: Final = HexadecimalForm("e", 32, 6)
HEX_LONG: Final = HexadecimalForm("d", 64, 14)
HEX_EXTENDED: Final = HexadecimalForm("x", 128, 28)


def hexadecimal(value: Fraction | int, form: HexadecimalForm) -> int:
    """The normalized datum that is *value*, without the digits for which its fraction has no place."""
    magnitude = abs(Fraction(value))
    if not magnitude:
        return 0
    exponent = 0
    while magnitude >= Fraction(16) ** exponent:
        exponent += 1
    while magnitude < Fraction(16) ** (exponent - 1):
        exponent -= 1
    return unnormalized(value, exponent + _EXCESS, form)


def unnormalized(value: Fraction | int, characteristic: int, form: HexadecimalForm) -> int:
    """The datum with this *characteristic* that is *value*, without the digits for which there is no place."""
    fraction = int(abs(Fraction(value)) * Fraction(16) ** (form.digits - characteristic + _EXCESS))
    minus = int(value < 0)
    if form.width < 128:
        return minus << form.width - 1 | characteristic << 4 * form.digits | fraction
    low_digits = fraction & (1 << 4 * _LOW_ORDER) - 1
    high = minus << 63 | characteristic << 56 | fraction >> 4 * _LOW_ORDER
    return high << 64 | minus << 63 | (characteristic - _LOW_ORDER) % 128 << 56 | low_digits


def square_root(value: Fraction, form: HexadecimalForm) -> int:
    """The root of *value*, which lies between 1 and 256, rounded to the digits of *form*."""
    # Of the digits of the fraction one is in front of the point.
    unit = 2 * 16 ** (form.digits - 1)
    doubled = isqrt(int(value * unit * unit))
    return hexadecimal(Fraction((doubled + 1) // 2 * 2, unit), form)
