# SPDX-License-Identifier: GPL-2.0-or-later
"""CONVERT FROM FIXED and CONVERT TO FIXED (PoP chapter 18)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu.bits import signed
from emu.isa.binary_floating_point import DataClass, Datum, Rounding, round_to_integer
from emu.isa.declaration import Operands, instruction
from emu.isa.formats import RRE, RRF_E_NO_M4
from emu.isa.hexadecimal.data import BIAS, EXTENDED, LONG, SHORT, HfpFormat, HfpNumber
from emu.isa.hexadecimal.operands import in_register, put, require
from emu.isa.hexadecimal.results import complete_normalized, condition_code
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode

if TYPE_CHECKING:
    from emu.cpu import Cpu

_DIGITS: Final = 16
"""Of a doubleword."""
ROUNDING_METHODS: Final = {
    0: Rounding.TOWARD_ZERO,
    1: Rounding.NEAREST_AWAY,
    4: Rounding.NEAREST_EVEN,
    5: Rounding.TOWARD_ZERO,
    6: Rounding.UP,
    7: Rounding.DOWN,
}
"""By M3."""


def rounding_method(m3: int) -> Rounding:
    """The method that M3 chooses for a conversion from HFP.

    :raises ProgramInterruption: specification, if M3 has no meaning.
    """
    if m3 not in ROUNDING_METHODS:
        raise ProgramInterruption(ProgramInterruptionCode.SPECIFICATION)
    return ROUNDING_METHODS[m3]


def binary(number: HfpNumber) -> Datum:
    """*number* as a significand and an exponent of two."""
    kind = DataClass.NUMBER if number.fraction else DataClass.ZERO
    return Datum(kind, number.negative, number.fraction, 4 * number.lowest)


def _from_fixed(cpu: Cpu, operands: Operands, form: HfpFormat, width: int) -> None:
    """Convert the integer of *width* bits in R2, truncated if *form* has not all its digits."""
    require(cpu, (operands.r1, form))
    value = signed(cpu.gr[operands.r2], width)
    number = HfpNumber(value < 0, BIAS + _DIGITS, abs(value), _DIGITS)
    put(cpu, operands.r1, form, complete_normalized(cpu, number, form))


def _to_fixed(cpu: Cpu, operands: Operands, form: HfpFormat, width: int) -> None:
    """Convert the number in R2 to an integer of *width* bits in R1: the nearest there is, if it does not fit."""
    require(cpu, (operands.r2, form))
    method = rounding_method(operands.m3)
    number = in_register(cpu, operands.r2, form)
    magnitude, _, _ = round_to_integer(binary(number), method)
    rounded = -magnitude if number.negative else magnitude
    value = min(max(rounded, -1 << width - 1), (1 << width - 1) - 1)
    if width == 64:
        cpu.gr[operands.r1] = value & (1 << 64) - 1
    else:
        cpu.set_gr32(operands.r1, value)
    cpu.cc = condition_code(number) if value == rounded else 3


@instruction(0xB3B4, "CEFR", RRE, "CONVERT FROM FIXED (32 to short HFP)")
def cefr(cpu: Cpu, operands: Operands) -> None:
    """Convert a signed word to a short number.

    :raises ProgramInterruption: data.
    """
    _from_fixed(cpu, operands, SHORT, 32)


@instruction(0xB3B5, "CDFR", RRE, "CONVERT FROM FIXED (32 to long HFP)")
def cdfr(cpu: Cpu, operands: Operands) -> None:
    """Convert a signed word to a long number.

    :raises ProgramInterruption: data.
    """
    _from_fixed(cpu, operands, LONG, 32)


@instruction(0xB3B6, "CXFR", RRE, "CONVERT FROM FIXED (32 to extended HFP)")
def cxfr(cpu: Cpu, operands: Operands) -> None:
    """Convert a signed word to an extended number.

    :raises ProgramInterruption: data; specification.
    """
    _from_fixed(cpu, operands, EXTENDED, 32)


@instruction(0xB3C4, "CEGR", RRE, "CONVERT FROM FIXED (64 to short HFP)")
def cegr(cpu: Cpu, operands: Operands) -> None:
    """Convert a signed doubleword to a short number.

    :raises ProgramInterruption: data.
    """
    _from_fixed(cpu, operands, SHORT, 64)


@instruction(0xB3C5, "CDGR", RRE, "CONVERT FROM FIXED (64 to long HFP)")
def cdgr(cpu: Cpu, operands: Operands) -> None:
    """Convert a signed doubleword to a long number.

    :raises ProgramInterruption: data.
    """
    _from_fixed(cpu, operands, LONG, 64)


@instruction(0xB3C6, "CXGR", RRE, "CONVERT FROM FIXED (64 to extended HFP)")
def cxgr(cpu: Cpu, operands: Operands) -> None:
    """Convert a signed doubleword to an extended number.

    :raises ProgramInterruption: data; specification.
    """
    _from_fixed(cpu, operands, EXTENDED, 64)


@instruction(0xB3B8, "CFER", RRF_E_NO_M4, "CONVERT TO FIXED (short HFP to 32)")
def cfer(cpu: Cpu, operands: Operands) -> None:
    """Convert a short number to a signed word.

    :raises ProgramInterruption: data; specification.
    """
    _to_fixed(cpu, operands, SHORT, 32)


@instruction(0xB3B9, "CFDR", RRF_E_NO_M4, "CONVERT TO FIXED (long HFP to 32)")
def cfdr(cpu: Cpu, operands: Operands) -> None:
    """Convert a long number to a signed word.

    :raises ProgramInterruption: data; specification.
    """
    _to_fixed(cpu, operands, LONG, 32)


@instruction(0xB3BA, "CFXR", RRF_E_NO_M4, "CONVERT TO FIXED (extended HFP to 32)")
def cfxr(cpu: Cpu, operands: Operands) -> None:
    """Convert an extended number to a signed word.

    :raises ProgramInterruption: data; specification.
    """
    _to_fixed(cpu, operands, EXTENDED, 32)


@instruction(0xB3C8, "CGER", RRF_E_NO_M4, "CONVERT TO FIXED (short HFP to 64)")
def cger(cpu: Cpu, operands: Operands) -> None:
    """Convert a short number to a signed doubleword.

    :raises ProgramInterruption: data; specification.
    """
    _to_fixed(cpu, operands, SHORT, 64)


@instruction(0xB3C9, "CGDR", RRF_E_NO_M4, "CONVERT TO FIXED (long HFP to 64)")
def cgdr(cpu: Cpu, operands: Operands) -> None:
    """Convert a long number to a signed doubleword.

    :raises ProgramInterruption: data; specification.
    """
    _to_fixed(cpu, operands, LONG, 64)


@instruction(0xB3CA, "CGXR", RRF_E_NO_M4, "CONVERT TO FIXED (extended HFP to 64)")
def cgxr(cpu: Cpu, operands: Operands) -> None:
    """Convert an extended number to a signed doubleword.

    :raises ProgramInterruption: data; specification.
    """
    _to_fixed(cpu, operands, EXTENDED, 64)
