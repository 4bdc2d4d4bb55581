# SPDX-License-Identifier: GPL-2.0-or-later
"""DIVIDE, HALVE and SQUARE ROOT (PoP chapter 18)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.isa.declaration import Operands, instruction
from emu.isa.formats import RR, RRE, RX_A, RXE_NO_MASK
from emu.isa.hexadecimal.arithmetic import half, quotient, rounded_root
from emu.isa.hexadecimal.data import EXTENDED, LONG, SHORT, HfpFormat, HfpNumber
from emu.isa.hexadecimal.operands import (
    both_in_registers,
    in_storage,
    put,
    require,
    second_in_register,
    second_in_storage,
)
from emu.isa.hexadecimal.results import complete_normalized, zero
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode

if TYPE_CHECKING:
    from emu.cpu import Cpu


def _divide(cpu: Cpu, operands: Operands, numbers: tuple[HfpNumber, HfpNumber], form: HfpFormat) -> None:
    dividend, divisor = numbers
    if not divisor.fraction:
        raise ProgramInterruption(ProgramInterruptionCode.HFP_DIVIDE)
    result = complete_normalized(cpu, quotient(dividend, divisor), form)
    put(cpu, operands.r1, form, result)


def _halve(cpu: Cpu, operands: Operands, form: HfpFormat) -> None:
    number = second_in_register(cpu, operands, form, target=form)
    put(cpu, operands.r1, form, complete_normalized(cpu, half(number), form))


def _take_root(cpu: Cpu, operands: Operands, number: HfpNumber, form: HfpFormat) -> None:
    result = zero(form)
    if number.fraction:
        if number.negative:
            raise ProgramInterruption(ProgramInterruptionCode.HFP_SQUARE_ROOT)
        result = complete_normalized(cpu, rounded_root(number), form)
    put(cpu, operands.r1, form, result)


def _root_of_register(cpu: Cpu, operands: Operands, form: HfpFormat) -> None:
    _take_root(cpu, operands, second_in_register(cpu, operands, form, target=form), form)


def _root_of_storage(cpu: Cpu, operands: Operands, form: HfpFormat) -> None:
    require(cpu, (operands.r1, form))
    _take_root(cpu, operands, in_storage(cpu, operands, form), form)


@instruction(0x3D, "DER", RR, "DIVIDE (short HFP)")
def der(cpu: Cpu, operands: Operands) -> None:
    """Divide by the short number in R2.

    :raises ProgramInterruption: data; divide; exponent overflow; exponent underflow.
    """
    _divide(cpu, operands, both_in_registers(cpu, operands, SHORT), SHORT)


@instruction(0x2D, "DDR", RR, "DIVIDE (long HFP)")
def ddr(cpu: Cpu, operands: Operands) -> None:
    """Divide by the long number in R2.

    :raises ProgramInterruption: data; divide; exponent overflow; exponent underflow.
    """
    _divide(cpu, operands, both_in_registers(cpu, operands, LONG), LONG)


@instruction(0xB22D, "DXR", RRE, "DIVIDE (extended HFP)")
def dxr(cpu: Cpu, operands: Operands) -> None:
    """Divide by the extended number in the pair R2.

    :raises ProgramInterruption: data; specification; divide; exponent overflow; exponent underflow.
    """
    _divide(cpu, operands, both_in_registers(cpu, operands, EXTENDED), EXTENDED)


@instruction(0x7D, "DE", RX_A, "DIVIDE (short HFP)")
def de(cpu: Cpu, operands: Operands) -> None:
    """Divide by the short number in storage.

    :raises ProgramInterruption: data; access exceptions; divide; exponent overflow; exponent underflow.
    """
    _divide(cpu, operands, second_in_storage(cpu, operands, SHORT), SHORT)


@instruction(0x6D, "DD", RX_A, "DIVIDE (long HFP)")
def dd(cpu: Cpu, operands: Operands) -> None:
    """Divide by the long number in storage.

    :raises ProgramInterruption: data; access exceptions; divide; exponent overflow; exponent underflow.
    """
    _divide(cpu, operands, second_in_storage(cpu, operands, LONG), LONG)


@instruction(0x34, "HER", RR, "HALVE (short HFP)")
def her(cpu: Cpu, operands: Operands) -> None:
    """Halve the short number in R2.

    :raises ProgramInterruption: data; exponent underflow.
    """
    _halve(cpu, operands, SHORT)


@instruction(0x24, "HDR", RR, "HALVE (long HFP)")
def hdr(cpu: Cpu, operands: Operands) -> None:
    """Halve the long number in R2.

    :raises ProgramInterruption: data; exponent underflow.
    """
    _halve(cpu, operands, LONG)


@instruction(0xB245, "SQER", RRE, "SQUARE ROOT (short HFP)")
def sqer(cpu: Cpu, operands: Operands) -> None:
    """Take the square root of the short number in R2.

    :raises ProgramInterruption: data; square root.
    """
    _root_of_register(cpu, operands, SHORT)


@instruction(0xB244, "SQDR", RRE, "SQUARE ROOT (long HFP)")
def sqdr(cpu: Cpu, operands: Operands) -> None:
    """Take the square root of the long number in R2.

    :raises ProgramInterruption: data; square root.
    """
    _root_of_register(cpu, operands, LONG)


@instruction(0xB336, "SQXR", RRE, "SQUARE ROOT (extended HFP)")
def sqxr(cpu: Cpu, operands: Operands) -> None:
    """Take the square root of the extended number in the pair R2.

    :raises ProgramInterruption: data; specification; square root.
    """
    _root_of_register(cpu, operands, EXTENDED)


@instruction(0xED34, "SQE", RXE_NO_MASK, "SQUARE ROOT (short HFP)")
def sqe(cpu: Cpu, operands: Operands) -> None:
    """Take the square root of the short number in storage.

    :raises ProgramInterruption: data; access exceptions; square root.
    """
    _root_of_storage(cpu, operands, SHORT)


@instruction(0xED35, "SQD", RXE_NO_MASK, "SQUARE ROOT (long HFP)")
def sqd(cpu: Cpu, operands: Operands) -> None:
    """Take the square root of the long number in storage.

    :raises ProgramInterruption: data; access exceptions; square root.
    """
    _root_of_storage(cpu, operands, LONG)
