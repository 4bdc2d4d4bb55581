# SPDX-License-Identifier: GPL-2.0-or-later
"""Hexadecimal-floating-point data, taken apart and put together (PoP chapter 18, "HFP Data Format")."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

BIAS: Final = 64
"""The characteristic of the exponent zero."""
CHARACTERISTICS: Final = 128
"""How many there are."""
LOW_ORDER: Final = 14
"""How much less the characteristic of the low-order part of an extended number is, and how many digits a part has."""
_LONG_FRACTION: Final = (1 << 56) - 1


@dataclass(frozen=True, slots=True)
class HfpFormat:
    """A format: its width in bits, and how many hexadecimal digits its fraction has."""

    width: int
    digits: int

    @property
    def bytes(self) -> int:
        return self.width // 8


SHORT: Final = HfpFormat(32, 6)
LONG: Final = HfpFormat(64, 14)
EXTENDED: Final = HfpFormat(128, 28)


@dataclass(frozen=True, slots=True)
class HfpNumber:
    """A number: plus or minus *fraction*, of *digits* behind the point, times 16 to the *characteristic* less 64.

    A result that is not in its format yet may have any characteristic, and a carry in front of its digits.
    """

    negative: bool
    characteristic: int
    fraction: int
    digits: int

    @property
    def lowest(self) -> int:
        """The exponent of 16 that the last digit of the fraction stands for."""
        return self.characteristic - BIAS - self.digits


def unpack(datum: int, form: HfpFormat) -> HfpNumber:
    """Take *datum* apart; sign and characteristic of the low-order part of an extended one mean nothing."""
    if form is EXTENDED:
        high = unpack(datum >> 64, LONG)
        return HfpNumber(high.negative, high.characteristic, high.fraction << 56 | datum & _LONG_FRACTION, form.digits)
    rest = form.width - 8
    return HfpNumber(
        bool(datum >> form.width - 1), datum >> rest & CHARACTERISTICS - 1, datum & (1 << rest) - 1, form.digits
    )


def pack(number: HfpNumber, form: HfpFormat) -> int:
    """The datum of *form* that *number*, which has as many digits, is; its characteristic is taken modulo 128."""
    if form is EXTENDED:
        return high_order(number) << 64 | low_order(number)
    width = form.width
    return number.negative << width - 1 | number.characteristic % CHARACTERISTICS << width - 8 | number.fraction


def high_order(number: HfpNumber) -> int:
    """The high-order part of an extended *number*."""
    return pack(HfpNumber(number.negative, number.characteristic, number.fraction >> 56, LOW_ORDER), LONG)


def low_order(number: HfpNumber) -> int:
    """The low-order part of an extended *number*: of the same sign, the characteristic less by 14, modulo 128."""
    characteristic = number.characteristic - LOW_ORDER
    return pack(HfpNumber(number.negative, characteristic, number.fraction & _LONG_FRACTION, LOW_ORDER), LONG)


def true_zero(form: HfpFormat, *, negative: bool = False) -> int:
    """Zero with a characteristic of zero; it is positive if an arithmetic operation gives it."""
    sign = negative << 63
    return sign << 64 | sign if form is EXTENDED else negative << form.width - 1


def normalized(number: HfpNumber, digits: int) -> HfpNumber:
    """*number*, which is not zero, so that the leftmost of its *digits* is none; further ones are cut off."""
    length = (number.fraction.bit_length() + 3) // 4
    surplus = 4 * (length - digits)
    fraction = number.fraction >> surplus if surplus > 0 else number.fraction << -surplus
    return HfpNumber(number.negative, number.characteristic + length - number.digits, fraction, digits)
