# SPDX-License-Identifier: GPL-2.0-or-later
"""DIVIDE TO INTEGER of binary-floating-point data (PoP chapter 19): DIEBR and DIDBR, which Unicorn 2.1.4 lacks.

What it does when the remainder of a final quotient is not a datum of the format is inferred: the remainder is rounded
by the current rounding mode, and is inexact.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.isa import binary_floating_point as bfp
from emu.isa.binary_floating_point import LONG, SHORT, BfpFormat, DataClass, Datum, Rounding
from emu.isa.declaration import Operands, instruction
from emu.isa.floating_operands import put, two_registers
from emu.isa.formats import RRF_B
from emu.isa.ieee_arithmetic import (
    FloatingResult,
    complete,
    invalid,
    negated,
    pack,
    precise_product,
    precise_sum,
    propagated_nan,
    signed_zero,
)
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode

if TYPE_CHECKING:
    from emu.cpu import Cpu


def _divide_to_integer(cpu: Cpu, operands: Operands, form: BfpFormat) -> None:
    """Divide the datum in R1 by that in R2: the integer quotient goes to R3, the remainder to R1.

    The condition code is 0 for a complete remainder, 2 for an incomplete one, and one more if the quotient overflows
    or the result is a NaN.

    :raises ProgramInterruption: data; specification for an undefined M4 or registers that are not different.
    """
    bfp.require_afp(cpu)
    if len({operands.r1, operands.r2, operands.r3}) != 3:
        raise ProgramInterruption(ProgramInterruptionCode.SPECIFICATION)
    method = bfp.rounding_method(cpu, operands.m4)
    dividend, divisor = two_registers(cpu, operands.r1, operands.r2, form)
    value = propagated_nan(cpu, form, dividend, divisor)
    if value is None and (dividend.kind is DataClass.INFINITY or divisor.kind is DataClass.ZERO):
        value = invalid(cpu, form)
    if value is not None:
        quotient, remainder, code = value, FloatingResult(value), 1
    elif divisor.kind is DataClass.INFINITY or dividend.kind is DataClass.ZERO:
        # The remainder is the dividend, tiny as it may be.
        quotient = signed_zero(form, negative=dividend.negative != divisor.negative)
        remainder, code = complete(cpu, dividend, form, method), 0
    else:
        quotient, remainder, code = _divide_numbers(cpu, dividend, divisor, form, method)
    bfp.store(cpu, operands.r3, form, quotient)
    cpu.cc = code
    put(cpu, operands.r1, form, remainder)


def _divide_numbers(
    cpu: Cpu, dividend: Datum, divisor: Datum, form: BfpFormat, method: Rounding
) -> tuple[int, FloatingResult, int]:
    """The quotient, the remainder and the condition code of two numbers."""
    integer, is_partial = _integer_quotient(dividend, divisor, form, method)
    exact = precise_sum(dividend, negated(precise_product(integer, divisor)), Rounding.NEAREST_EVEN)
    if exact.kind is DataClass.ZERO:
        exact = Datum(DataClass.ZERO, dividend.negative, 0, 0)
    remainder = complete(cpu, exact, form, bfp.rounding_method(cpu, 0))
    code = 2 if is_partial and exact.kind is DataClass.NUMBER else 0
    if integer.significand.bit_length() + integer.exponent - 1 > form.bias:
        integer = Datum(integer.kind, integer.negative, integer.significand, integer.exponent - form.scale)
        code += 1
    return pack(integer, form), remainder, code


def _integer_quotient(dividend: Datum, divisor: Datum, form: BfpFormat, method: Rounding) -> tuple[Datum, bool]:
    """The quotient as an integer, rounded by *method*, or, if it has more bits than the format, the first of them.

    Give also whether it is such a partial quotient.
    """
    negative = dividend.negative != divisor.negative
    difference = dividend.exponent - divisor.exponent
    numerator = dividend.significand << max(difference, 0)
    denominator = divisor.significand << max(-difference, 0)
    whole, rest = divmod(numerator, denominator)
    excess = whole.bit_length() - (form.fraction + 1)
    if excess > 0:
        return Datum(DataClass.NUMBER, negative, whole >> excess, excess), True
    # One bit is a half, the other says whether there is more.
    doubled, left = divmod(2 * rest, denominator)
    precise = Datum(DataClass.NUMBER, negative, whole << 2 | doubled << 1 | (left != 0), -2)
    integer, _, _ = bfp.round_to_integer(precise, method)
    return Datum(DataClass.NUMBER if integer else DataClass.ZERO, negative, integer, 0), False


@instruction(0xB353, "DIEBR", RRF_B, "DIVIDE TO INTEGER (short BFP)")
def diebr(cpu: Cpu, operands: Operands) -> None:
    """Divide short data to an integer.

    :raises ProgramInterruption: data; specification.
    """
    _divide_to_integer(cpu, operands, SHORT)


@instruction(0xB35B, "DIDBR", RRF_B, "DIVIDE TO INTEGER (long BFP)")
def didbr(cpu: Cpu, operands: Operands) -> None:
    """Divide long data to an integer.

    :raises ProgramInterruption: data; specification.
    """
    _divide_to_integer(cpu, operands, LONG)
