# SPDX-License-Identifier: GPL-2.0-or-later
"""Arithmetic on single elements of vector floating-point instructions, exactly (PoP chapters 9 and 24).

Each function gives the result and the IEEE exceptions that the operation recognises; which of them are traps is not
known here.  Numbers are integers: nothing uses the floating-point unit of the host.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from emu.isa import binary_floating_point as bfp
from emu.isa.binary_floating_point import (
    DIVISION_BY_ZERO,
    INEXACT,
    INVALID,
    LONG,
    NANS,
    OVERFLOW,
    SHORT,
    UNDERFLOW,
    BfpFormat,
    DataClass,
    Datum,
    Rounding,
)
from emu.isa.ieee_arithmetic import (
    overflows_to_infinity,
    precise_product,
    precise_quotient,
    precise_sum,
    signed_infinity,
    signed_zero,
)


class ElementResult(NamedTuple):
    """A result, and exceptions as bits of the FPC register's bytes of masks and flags."""

    value: int
    exceptions: int = 0


class Environment(NamedTuple):
    """What a result depends on besides the operands: the rounding method, and whether underflow is a trap."""

    method: Rounding
    traps_underflow: bool


def round_to(number: Datum, form: BfpFormat, environment: Environment) -> ElementResult:
    """The *number*, which is not zero, in *form*."""
    lowest = 1 - form.bias - form.fraction
    """The exponent of the last bit of the smallest numbers."""
    exponent = number.exponent + number.significand.bit_length() - 1 - form.fraction
    is_tiny = exponent < lowest
    exponent = max(exponent, lowest)
    scaled = Datum(number.kind, number.negative, number.significand, number.exponent - exponent)
    whole, is_inexact, _ = bfp.round_to_integer(scaled, environment.method)
    sign = number.negative << form.width - 1
    # The leftmost bit of a normal number's significand adds one to the exponent, as does a carry out of it.
    value = (exponent - lowest << form.fraction) + whole
    if value >= form.infinity:
        is_infinite = overflows_to_infinity(number.negative, environment.method)
        return ElementResult(sign | (form.infinity if is_infinite else form.infinity - 1), OVERFLOW | INEXACT)
    exceptions = INEXACT if is_inexact else 0
    if is_tiny and (is_inexact or environment.traps_underflow):
        exceptions |= UNDERFLOW
    return ElementResult(sign | value, exceptions)


def _propagate(*values: int) -> ElementResult | None:
    """The first signaling NaN of *values* made quiet, or the first quiet NaN, or None."""
    kinds = [bfp.unpack(value, LONG).kind for value in values]
    if DataClass.SIGNALING_NAN in kinds:
        return ElementResult(values[kinds.index(DataClass.SIGNALING_NAN)] | LONG.quiet, INVALID)
    if DataClass.QUIET_NAN in kinds:
        return ElementResult(values[kinds.index(DataClass.QUIET_NAN)])
    return None


_SIGN: Final = 1 << LONG.width - 1
_INVALID_RESULT: Final = ElementResult(LONG.default_nan, INVALID)


def _negated(value: int) -> int:
    """*value* with the other sign, unless it is a NaN."""
    return value if bfp.unpack(value, LONG).kind in NANS else value ^ _SIGN


def _sum(first: Datum, second: Datum, environment: Environment) -> ElementResult:
    """The sum of two finite data."""
    total = precise_sum(first, second, environment.method)
    if total.kind is DataClass.ZERO:
        return ElementResult(signed_zero(LONG, negative=total.negative))
    return round_to(total, LONG, environment)


def _is_infinite(datum: Datum) -> bool:
    return datum.kind is DataClass.INFINITY


def add(first: int, second: int, environment: Environment) -> ElementResult:
    """VECTOR FP ADD."""
    nan = _propagate(first, second)
    if nan is not None:
        return nan
    left, right = bfp.unpack(first, LONG), bfp.unpack(second, LONG)
    if _is_infinite(left) and _is_infinite(right) and left.negative != right.negative:
        return _INVALID_RESULT
    if _is_infinite(left) or _is_infinite(right):
        return ElementResult(first if _is_infinite(left) else second)
    return _sum(left, right, environment)


def subtract(first: int, second: int, environment: Environment) -> ElementResult:
    """VECTOR FP SUBTRACT."""
    return add(first, _negated(second), environment)


def multiply(first: int, second: int, environment: Environment) -> ElementResult:
    """VECTOR FP MULTIPLY."""
    nan = _propagate(first, second)
    if nan is not None:
        return nan
    product = _product(first, second)
    if product is None:
        return _INVALID_RESULT
    if product.kind is DataClass.NUMBER:
        return round_to(product, LONG, environment)
    return ElementResult(product.negative * _SIGN | (LONG.infinity if _is_infinite(product) else 0))


def _product(first: int, second: int) -> Datum | None:
    """The exact product of two data that are no NaNs; None for infinity times zero."""
    left, right = bfp.unpack(first, LONG), bfp.unpack(second, LONG)
    kinds = {left.kind, right.kind}
    if kinds == {DataClass.INFINITY, DataClass.ZERO}:
        return None
    if DataClass.INFINITY in kinds:
        return Datum(DataClass.INFINITY, left.negative != right.negative, 0, 0)
    return precise_product(left, right)


def divide(first: int, second: int, environment: Environment) -> ElementResult:
    """VECTOR FP DIVIDE."""
    nan = _propagate(first, second)
    if nan is not None:
        return nan
    left, right = bfp.unpack(first, LONG), bfp.unpack(second, LONG)
    negative = left.negative != right.negative
    sign = negative * _SIGN
    if left.kind is right.kind and left.kind is not DataClass.NUMBER:
        return _INVALID_RESULT
    if _is_infinite(left):
        return ElementResult(sign | LONG.infinity)
    if _is_infinite(right) or left.kind is DataClass.ZERO:
        return ElementResult(sign)
    if right.kind is DataClass.ZERO:
        return ElementResult(sign | LONG.infinity, DIVISION_BY_ZERO)
    return round_to(precise_quotient(left, right, LONG), LONG, environment)


def multiply_and_add(first: int, second: int, third: int, environment: Environment) -> ElementResult:
    """VECTOR FP MULTIPLY AND ADD; infinity times zero is invalid whatever *third* is (inferred from the figure)."""
    kinds = {bfp.unpack(first, LONG).kind, bfp.unpack(second, LONG).kind}
    if kinds == {DataClass.INFINITY, DataClass.ZERO}:
        return _INVALID_RESULT
    nan = _propagate(first, second, third)
    if nan is not None:
        return nan
    product, addend = _product(first, second), bfp.unpack(third, LONG)
    assert product is not None
    if _is_infinite(product) and _is_infinite(addend) and product.negative != addend.negative:
        return _INVALID_RESULT
    if _is_infinite(product):
        return ElementResult(product.negative * _SIGN | LONG.infinity)
    if _is_infinite(addend):
        return ElementResult(third)
    return _sum(product, addend, environment)


def multiply_and_subtract(first: int, second: int, third: int, environment: Environment) -> ElementResult:
    """VECTOR FP MULTIPLY AND SUBTRACT."""
    return multiply_and_add(first, second, _negated(third), environment)


# Conversions


def to_integer(value: int, environment: Environment) -> ElementResult:
    """VECTOR LOAD FP INTEGER."""
    nan = _propagate(value)
    if nan is not None:
        return nan
    datum = bfp.unpack(value, LONG)
    if datum.kind is not DataClass.NUMBER:
        return ElementResult(value)
    whole, is_inexact, _ = bfp.round_to_integer(datum, environment.method)
    result = bfp.pack_exact(datum.negative, whole, 0, LONG) if whole else datum.negative * _SIGN
    return ElementResult(result, INEXACT if is_inexact else 0)


def from_integer(value: int, environment: Environment) -> ElementResult:
    """VECTOR FP CONVERT FROM FIXED and FROM LOGICAL, of an integer of any sign."""
    if not value:
        return ElementResult(0)
    return round_to(Datum(DataClass.NUMBER, value < 0, abs(value), 0), LONG, environment)


def to_range(value: int, environment: Environment, lowest: int, highest: int) -> ElementResult:
    """VECTOR FP CONVERT TO FIXED and TO LOGICAL: the integer, from *lowest* to *highest*.

    What does not fit is inexact as well, as for CONVERT TO FIXED (inferred).
    """
    datum = bfp.unpack(value, LONG)
    if datum.kind in NANS:
        return ElementResult(lowest, INVALID | INEXACT)
    if datum.kind is DataClass.INFINITY:
        return ElementResult(lowest if datum.negative else highest, INVALID | INEXACT)
    whole, is_inexact, _ = bfp.round_to_integer(datum, environment.method)
    integer = -whole if datum.negative else whole
    if not lowest <= integer <= highest:
        return ElementResult(min(max(integer, lowest), highest), INVALID | INEXACT)
    return ElementResult(integer, INEXACT if is_inexact else 0)


def shorten(value: int, environment: Environment) -> ElementResult:
    """VECTOR FP LOAD ROUNDED."""
    datum = bfp.unpack(value, LONG)
    if datum.kind is DataClass.NUMBER:
        return round_to(datum, SHORT, environment)
    if datum.kind in NANS:
        exceptions = INVALID if datum.kind is DataClass.SIGNALING_NAN else 0
        return ElementResult(bfp.shorten_nan(datum, LONG, SHORT), exceptions)
    of_kind = signed_infinity if _is_infinite(datum) else signed_zero
    return ElementResult(of_kind(SHORT, negative=datum.negative))
