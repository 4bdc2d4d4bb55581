# SPDX-License-Identifier: GPL-2.0-or-later
"""The arithmetic of binary-floating-point numbers, exactly (PoP chapter 9, "IEEE Exceptions"; chapter 19, the figures).

Operands and precise intermediate values are integers times powers of two.  An operation gives its precise value, which
:func:`complete` rounds to the format of the result with the IEEE exceptions of overflow, underflow and inexact.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt
from typing import TYPE_CHECKING, Final

from emu.isa import binary_floating_point as bfp
from emu.isa.binary_floating_point import BfpFormat, DataClass, Datum, Rounding
from emu.program_interruption import ProgramInterruption

if TYPE_CHECKING:
    from emu.cpu import Cpu

_GUARD: Final = 8
"""Bits that a quotient or a root is longer than the format; what is still lost only makes the last of them odd."""


@dataclass(frozen=True, slots=True)
class FloatingResult:
    """A result, and the interruption that follows when it has been put in its place, if one does."""

    value: int
    trap: ProgramInterruption | None = None
    in_source_format: bool = False
    """LOAD ROUNDED: the value is in the format of the source."""


def propagated_nan(cpu: Cpu, form: BfpFormat, *operands: Datum) -> int | None:
    """The NaN of *form* that the result is when operands are NaNs, made quiet; None if none of them is.

    It is the first signaling NaN, and if there is none, the first quiet one.

    :raises ProgramInterruption: data, for a signaling NaN while IEEE invalid operation traps.
    """
    for kind in (DataClass.SIGNALING_NAN, DataClass.QUIET_NAN):
        for datum in operands:
            if datum.kind is kind:
                if kind is DataClass.SIGNALING_NAN:
                    bfp.signal_invalid(cpu)
                return bfp.lengthen_nan(datum, form, form)
    return None


def invalid(cpu: Cpu, form: BfpFormat) -> int:
    """The default NaN of *form*, the result of an invalid operation.

    :raises ProgramInterruption: data, while IEEE invalid operation traps.
    """
    bfp.signal_invalid(cpu)
    return form.default_nan


def signed_zero(form: BfpFormat, *, negative: bool) -> int:
    """Zero of *form* with that sign."""
    return negative << form.width - 1


def signed_infinity(form: BfpFormat, *, negative: bool) -> int:
    """Infinity of *form* with that sign."""
    return signed_zero(form, negative=negative) | form.infinity


# Precise values


def negated(datum: Datum) -> Datum:
    """*datum* with the other sign; a NaN keeps its own."""
    if datum.kind in bfp.NANS:
        return datum
    return Datum(datum.kind, not datum.negative, datum.significand, datum.exponent)


def precise_sum(first: Datum, second: Datum, method: Rounding) -> Datum:
    """The sum of two finite data; *method* chooses the sign of a zero difference."""
    exponent = min(first.exponent, second.exponent)
    total = 0
    for datum in (first, second):
        magnitude = datum.significand << datum.exponent - exponent
        total += -magnitude if datum.negative else magnitude
    if total:
        return Datum(DataClass.NUMBER, total < 0, abs(total), exponent)
    is_zero_negative = first.negative if first.negative == second.negative else method is Rounding.DOWN
    return Datum(DataClass.ZERO, is_zero_negative, 0, 0)


def precise_product(first: Datum, second: Datum) -> Datum:
    """The product of two finite data."""
    negative = first.negative != second.negative
    significand = first.significand * second.significand
    kind = DataClass.NUMBER if significand else DataClass.ZERO
    return Datum(kind, negative, significand, first.exponent + second.exponent)


def precise_quotient(dividend: Datum, divisor: Datum, form: BfpFormat) -> Datum:
    """The quotient of two numbers, cut off where that cannot change how it is rounded to *form*."""
    shift = divisor.significand.bit_length() - dividend.significand.bit_length() + form.fraction + _GUARD
    shift = max(shift, 0)
    quotient, rest = divmod(dividend.significand << shift, divisor.significand)
    exponent = dividend.exponent - divisor.exponent - shift
    return Datum(DataClass.NUMBER, dividend.negative != divisor.negative, quotient << 1 | (rest != 0), exponent - 1)


def precise_root(datum: Datum, form: BfpFormat) -> Datum:
    """The square root of a positive number, cut off where that cannot change how it is rounded to *form*."""
    shift = max(2 * (form.fraction + _GUARD) - datum.significand.bit_length(), 0)
    shift += (datum.exponent - shift) & 1
    scaled = datum.significand << shift
    root = isqrt(scaled)
    exponent = (datum.exponent - shift) // 2
    return Datum(DataClass.NUMBER, False, root << 1 | (root * root != scaled), exponent - 1)


# Rounding


@dataclass(frozen=True, slots=True)
class _Rounded:
    number: Datum
    inexact: bool
    incremented: bool

    @property
    def inexact_code(self) -> int:
        """The part of a data-exception code that says whether, and how, the result is inexact."""
        if not self.inexact:
            return 0
        return bfp.DXC_INEXACT_INCREMENTED if self.incremented else bfp.DXC_INEXACT_TRUNCATED


def _round_off(number: Datum, bits: int, method: Rounding) -> _Rounded:
    """*number* without its last *bits*."""
    if bits <= 0:
        return _Rounded(number, False, False)
    cut = Datum(number.kind, number.negative, number.significand, -bits)
    significand, inexact, incremented = bfp.round_to_integer(cut, method)
    kind = DataClass.NUMBER if significand else DataClass.ZERO
    return _Rounded(Datum(kind, number.negative, significand, number.exponent + bits), inexact, incremented)


def _excess(number: Datum, form: BfpFormat) -> int:
    """How many bits *number* has more than the significands of *form*."""
    return number.significand.bit_length() - (form.fraction + 1)


def round_to_precision(number: Datum, form: BfpFormat, method: Rounding) -> _Rounded:
    """*number* with a significand as long as those of *form*, whatever its exponent."""
    return _round_off(number, _excess(number, form), method)


def _top(number: Datum) -> int:
    """The exponent of the leftmost one of *number*."""
    return number.significand.bit_length() - 1 + number.exponent


def pack(datum: Datum, form: BfpFormat) -> int:
    """The finite *datum*, of which *form* has the exact value."""
    if not datum.significand:
        return signed_zero(form, negative=datum.negative)
    lowest = 1 - form.bias - form.fraction
    if _top(datum) >= 1 - form.bias:
        return bfp.pack_exact(datum.negative, datum.significand, datum.exponent, form)
    shift = datum.exponent - lowest
    fraction = datum.significand << shift if shift >= 0 else datum.significand >> -shift
    return signed_zero(form, negative=datum.negative) | fraction


def complete(
    cpu: Cpu,
    precise: Datum,
    form: BfpFormat,
    method: Rounding,
    *,
    source: BfpFormat | None = None,
    suppresses_inexact: bool = False,
) -> FloatingResult:
    """Round the finite value *precise* to *form* and set the flags (PoP 9, "IEEE Exceptions").

    :param source: LOAD ROUNDED: the format in which the result is given when overflow or underflow traps.
    :param suppresses_inexact: IEEE-inexact-exception control: inexact is not recognised.
    """
    if precise.kind is DataClass.ZERO:
        return FloatingResult(signed_zero(form, negative=precise.negative))
    mask = cpu.registers.fpc >> 24
    rounded = round_to_precision(precise, form, method)
    code = 0 if suppresses_inexact else rounded.inexact_code
    if _top(rounded.number) > form.bias:
        if mask & bfp.OVERFLOW:
            return _scaled(cpu, rounded.number, form, source, bfp.OVERFLOW | code, -1)
        bfp.set_flag(cpu, bfp.OVERFLOW)
        is_infinite = overflows_to_infinity(precise.negative, method)
        value = signed_infinity(form, negative=precise.negative) - (not is_infinite)
        return _with_inexact(cpu, value, is_infinite, suppresses=suppresses_inexact)
    is_tiny = _top(precise) < 1 - form.bias
    if is_tiny:
        if mask & bfp.UNDERFLOW:
            return _scaled(cpu, rounded.number, form, source, bfp.UNDERFLOW | code, 1)
        lost = max(_excess(precise, form), 1 - form.bias - form.fraction - precise.exponent)
        rounded = _round_off(precise, lost, method)
        if rounded.inexact:
            bfp.set_flag(cpu, bfp.UNDERFLOW)
    value = pack(rounded.number, form)
    if not rounded.inexact:
        return FloatingResult(value)
    return _with_inexact(cpu, value, rounded.incremented, suppresses=suppresses_inexact)


def overflows_to_infinity(negative: bool, method: Rounding) -> bool:
    """Whether overflow gives infinity, and not the largest number."""
    if method in (Rounding.TOWARD_ZERO, Rounding.PREPARE_SHORTER):
        return False
    return method is not (Rounding.UP if negative else Rounding.DOWN)


def _with_inexact(cpu: Cpu, value: int, incremented: bool, *, suppresses: bool) -> FloatingResult:
    if suppresses:
        return FloatingResult(value)
    try:
        bfp.signal_inexact(cpu, incremented=incremented)
    except ProgramInterruption as trap:
        return FloatingResult(value, trap)
    return FloatingResult(value)


def _scaled(
    cpu: Cpu, number: Datum, form: BfpFormat, source: BfpFormat | None, code: int, direction: int
) -> FloatingResult:
    """The result of an overflow or underflow that traps, with the data-exception *code*.

    :param direction: 1 if it is scaled up, -1 if down.
    """
    trap = bfp.completed_with_data_exception(code)
    exponent = number.exponent + direction * (form.scale if source is None else source.rounding_scale)
    scaled = Datum(number.kind, number.negative, number.significand, exponent)
    return FloatingResult(pack(scaled, source or form), trap, in_source_format=source is not None)
