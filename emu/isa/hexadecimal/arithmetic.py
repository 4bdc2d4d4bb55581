# SPDX-License-Identifier: GPL-2.0-or-later
"""Operations on hexadecimal-floating-point numbers (PoP chapter 18).

A result is not normalized, and not cut to a format, but where the operation itself says so; its characteristic may be
one that no format has.
"""

from __future__ import annotations

from dataclasses import replace
from math import isqrt
from typing import Final

from emu.isa.hexadecimal.data import BIAS, HfpNumber, normalized

_GUARD: Final = 1
"""Digits that an intermediate sum has more than the operands."""


def negated(number: HfpNumber) -> HfpNumber:
    """*number* with the other sign."""
    return replace(number, negative=not number.negative)


def intermediate_sum(first: HfpNumber, second: HfpNumber) -> HfpNumber:
    """The sum of two numbers of a format, with a guard digit: of the smaller, further digits are lost.

    It has the larger characteristic, also if the fraction that belongs to it is zero; its sign is plus if it is zero.
    """
    characteristic = max(first.characteristic, second.characteristic)
    total = 0
    for number in (first, second):
        shift = characteristic - number.characteristic
        aligned = number.fraction << 4 * _GUARD >> 4 * shift
        total += -aligned if number.negative else aligned
    return HfpNumber(total < 0, characteristic, abs(total), first.digits + _GUARD)


def exact_sum(first: HfpNumber, second: HfpNumber) -> HfpNumber:
    """The sum of two numbers of any length, with all digits; its sign is plus if it is zero."""
    lowest = min(first.lowest, second.lowest)
    total = 0
    for number in (first, second):
        aligned = number.fraction << 4 * (number.lowest - lowest)
        total += -aligned if number.negative else aligned
    return HfpNumber(total < 0, BIAS + lowest, abs(total), 0)


def product(first: HfpNumber, second: HfpNumber) -> HfpNumber:
    """The product with all digits, as many as both numbers have together."""
    return HfpNumber(
        first.negative != second.negative,
        first.characteristic + second.characteristic - BIAS,
        first.fraction * second.fraction,
        first.digits + second.digits,
    )


def quotient(dividend: HfpNumber, divisor: HfpNumber) -> HfpNumber:
    """The quotient of two numbers of a format, neither of them zero, with at least as many digits as they have."""
    digits = 2 * dividend.digits
    return HfpNumber(
        dividend.negative != divisor.negative,
        dividend.characteristic - divisor.characteristic + BIAS,
        (dividend.fraction << 4 * digits) // divisor.fraction,
        digits,
    )


def half(number: HfpNumber) -> HfpNumber:
    """Half of *number*, with a guard digit."""
    return replace(number, fraction=number.fraction << 3, digits=number.digits + 1)


def rounded_root(number: HfpNumber) -> HfpNumber:
    """The square root of a positive number, rounded to its format: a half of the last digit goes up."""
    number = normalized(number, number.digits)
    odd = number.characteristic & 1
    scaled = number.fraction << 4 * (number.digits - odd)
    # One bit more than the format has, to which that bit is added.
    fraction = isqrt(scaled << 2) + 1 >> 1
    return HfpNumber(False, (number.characteristic + odd + BIAS) // 2, fraction, number.digits)


def rounded(number: HfpNumber, digits: int) -> HfpNumber:
    """*number* with as many *digits*, not normalized: a half of the last goes up, and a carry shifts it right."""
    dropped = 4 * (number.digits - digits)
    fraction = number.fraction + (1 << dropped - 1) >> dropped
    result = HfpNumber(number.negative, number.characteristic, fraction, digits)
    return normalized(result, digits) if fraction >> 4 * digits else result


def truncated_to_integer(number: HfpNumber) -> HfpNumber:
    """*number* without the digits behind the point."""
    behind = max(number.digits - max(number.characteristic - BIAS, 0), 0)
    return replace(number, fraction=number.fraction >> 4 * behind << 4 * behind)
