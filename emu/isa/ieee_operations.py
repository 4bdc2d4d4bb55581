# SPDX-License-Identifier: GPL-2.0-or-later
"""The operations on binary-floating-point data, with NaNs, infinities and zeros (PoP chapter 19, the figures).

Each gives the result, or raises the data exception of an IEEE exception that suppresses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.isa import binary_floating_point as bfp
from emu.isa.binary_floating_point import BfpFormat, DataClass, Datum
from emu.isa.ieee_arithmetic import (
    FloatingResult,
    complete,
    invalid,
    negated,
    precise_product,
    precise_quotient,
    precise_root,
    precise_sum,
    propagated_nan,
    signed_infinity,
    signed_zero,
)

if TYPE_CHECKING:
    from emu.cpu import Cpu


def add(cpu: Cpu, first: Datum, second: Datum, form: BfpFormat) -> FloatingResult:
    """ADD.

    :raises ProgramInterruption: data, for IEEE invalid operation.
    """
    nan = propagated_nan(cpu, form, first, second)
    if nan is not None:
        return FloatingResult(nan)
    return _sum(cpu, first, second, form)


def _sum(cpu: Cpu, first: Datum, second: Datum, form: BfpFormat) -> FloatingResult:
    """The sum of two data that are no NaNs."""
    infinities = [each for each in (first, second) if each.kind is DataClass.INFINITY]
    if len({each.negative for each in infinities}) > 1:
        return FloatingResult(invalid(cpu, form))
    if infinities:
        return FloatingResult(signed_infinity(form, negative=infinities[0].negative))
    method = bfp.rounding_method(cpu, 0)
    return complete(cpu, precise_sum(first, second, method), form, method)


def subtract(cpu: Cpu, first: Datum, second: Datum, form: BfpFormat) -> FloatingResult:
    """SUBTRACT.

    :raises ProgramInterruption: data, for IEEE invalid operation.
    """
    return add(cpu, first, negated(second), form)


def multiply(cpu: Cpu, first: Datum, second: Datum, form: BfpFormat) -> FloatingResult:
    """MULTIPLY.

    :raises ProgramInterruption: data, for IEEE invalid operation.
    """
    nan = propagated_nan(cpu, form, first, second)
    if nan is not None:
        return FloatingResult(nan)
    kinds = {first.kind, second.kind}
    if DataClass.INFINITY in kinds:
        if DataClass.ZERO in kinds:
            return FloatingResult(invalid(cpu, form))
        return FloatingResult(signed_infinity(form, negative=first.negative != second.negative))
    return complete(cpu, precise_product(first, second), form, bfp.rounding_method(cpu, 0))


def divide(cpu: Cpu, dividend: Datum, divisor: Datum, form: BfpFormat) -> FloatingResult:
    """DIVIDE.

    :raises ProgramInterruption: data, for IEEE invalid operation and division by zero.
    """
    nan = propagated_nan(cpu, form, dividend, divisor)
    if nan is not None:
        return FloatingResult(nan)
    negative = dividend.negative != divisor.negative
    if dividend.kind is divisor.kind and dividend.kind is not DataClass.NUMBER:
        return FloatingResult(invalid(cpu, form))
    if dividend.kind is DataClass.INFINITY:
        return FloatingResult(signed_infinity(form, negative=negative))
    if divisor.kind is DataClass.ZERO:
        bfp.signal_division_by_zero(cpu)
        return FloatingResult(signed_infinity(form, negative=negative))
    if dividend.kind is DataClass.ZERO or divisor.kind is DataClass.INFINITY:
        return FloatingResult(signed_zero(form, negative=negative))
    return complete(cpu, precise_quotient(dividend, divisor, form), form, bfp.rounding_method(cpu, 0))


def multiply_and_add(cpu: Cpu, first: Datum, second: Datum, third: Datum, form: BfpFormat) -> FloatingResult:
    """MULTIPLY AND ADD: the second operand by the third, and the first; the product is not rounded.

    Infinity times zero is invalid, and gives the default NaN, whatever the first operand is.

    :raises ProgramInterruption: data, for IEEE invalid operation.
    """
    kinds = {second.kind, third.kind}
    if kinds == {DataClass.INFINITY, DataClass.ZERO}:
        return FloatingResult(invalid(cpu, form))
    nan = propagated_nan(cpu, form, second, third, first)
    if nan is not None:
        return FloatingResult(nan)
    if DataClass.INFINITY in kinds:
        product = Datum(DataClass.INFINITY, second.negative != third.negative, 0, 0)
    else:
        product = precise_product(second, third)
    return _sum(cpu, product, first, form)


def multiply_and_subtract(cpu: Cpu, first: Datum, second: Datum, third: Datum, form: BfpFormat) -> FloatingResult:
    """MULTIPLY AND SUBTRACT: the second operand by the third, less the first.

    :raises ProgramInterruption: data, for IEEE invalid operation.
    """
    return multiply_and_add(cpu, negated(first), second, third, form)


def square_root(cpu: Cpu, datum: Datum, form: BfpFormat) -> FloatingResult:
    """SQUARE ROOT.

    :raises ProgramInterruption: data, for IEEE invalid operation.
    """
    nan = propagated_nan(cpu, form, datum)
    if nan is not None:
        return FloatingResult(nan)
    if datum.kind is DataClass.ZERO:
        return FloatingResult(signed_zero(form, negative=datum.negative))
    if datum.negative:
        return FloatingResult(invalid(cpu, form))
    if datum.kind is DataClass.INFINITY:
        return FloatingResult(form.infinity)
    return complete(cpu, precise_root(datum, form), form, bfp.rounding_method(cpu, 0))


def compare(cpu: Cpu, first: Datum, second: Datum, *, signals: bool) -> int:
    """The condition code of COMPARE, or, if it *signals* quiet NaNs as well, of COMPARE AND SIGNAL.

    :raises ProgramInterruption: data, for IEEE invalid operation.
    """
    kinds = {first.kind, second.kind}
    if kinds & set(bfp.NANS):
        if signals or DataClass.SIGNALING_NAN in kinds:
            bfp.signal_invalid(cpu)
        return 3
    if first.kind is second.kind is DataClass.ZERO:
        return 0
    if first == second:
        return 0
    left, right = _order(first), _order(second)
    if left == right:
        difference = precise_sum(first, negated(second), bfp.Rounding.NEAREST_EVEN)
        if difference.kind is DataClass.ZERO:
            return 0
        return 1 if difference.negative else 2
    return 1 if left < right else 2


def _order(datum: Datum) -> int:
    """Where a datum that is no NaN stands: negative infinity first."""
    rank = {DataClass.ZERO: 0, DataClass.NUMBER: 1, DataClass.INFINITY: 2}[datum.kind]
    return -rank if datum.negative else rank
