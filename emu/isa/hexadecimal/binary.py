# SPDX-License-Identifier: GPL-2.0-or-later
"""CONVERT BFP TO HFP and CONVERT HFP TO BFP (PoP chapter 9).

They need no more of the AFP-register control than their registers, and recognise no exceptions of either format.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.isa import binary_floating_point as bfp
from emu.isa.declaration import Operands, instruction
from emu.isa.floating_registers import load, require_registers, store
from emu.isa.formats import RRE, RRF_E_NO_M4
from emu.isa.hexadecimal.data import BIAS, CHARACTERISTICS, LONG, HfpNumber, normalized, pack, true_zero
from emu.isa.hexadecimal.integers import binary, rounding_method
from emu.isa.hexadecimal.operands import in_register
from emu.isa.hexadecimal.results import condition_code
from emu.isa.vector_arithmetic import Environment, round_to

if TYPE_CHECKING:
    from emu.cpu import Cpu


def _largest(*, negative: bool) -> int:
    """The long number of the largest magnitude."""
    return pack(HfpNumber(negative, CHARACTERISTICS - 1, (1 << 4 * LONG.digits) - 1, LONG.digits), LONG)


def _to_hexadecimal(cpu: Cpu, operands: Operands, source: bfp.BfpFormat) -> None:
    """Convert the BFP datum in R2 to a long HFP number, exactly.

    Condition code 3 says that it was no number, or too large; too small a number becomes zero.  A NaN becomes the
    largest positive number.
    """
    require_registers(cpu, operands.r1, operands.r2)
    datum = bfp.unpack(load(cpu, operands.r2, source.width), source)
    value, cpu.cc = _hexadecimal(datum)
    store(cpu, operands.r1, LONG.width, value)


def _hexadecimal(datum: bfp.Datum) -> tuple[int, int]:
    if datum.kind in bfp.NANS:
        return _largest(negative=False), 3
    if datum.kind is bfp.DataClass.INFINITY:
        return _largest(negative=datum.negative), 3
    if datum.kind is bfp.DataClass.ZERO:
        return true_zero(LONG, negative=datum.negative), 0
    exponent, shift = divmod(datum.exponent, 4)
    number = normalized(HfpNumber(datum.negative, BIAS + exponent, datum.significand << shift, 0), LONG.digits)
    if number.characteristic >= CHARACTERISTICS:
        return _largest(negative=datum.negative), 3
    if number.characteristic < 0:
        return true_zero(LONG, negative=datum.negative), condition_code(number)
    return pack(number, LONG), condition_code(number)


def _to_binary(cpu: Cpu, operands: Operands, target: bfp.BfpFormat) -> None:
    """Convert the long HFP number in R2 to a BFP datum, rounded as M3 says.

    Condition code 3 says that it was too large.
    """
    require_registers(cpu, operands.r1, operands.r2)
    method = rounding_method(operands.m3)
    number = in_register(cpu, operands.r2, LONG)
    value, cpu.cc = number.negative << target.width - 1, condition_code(number)
    if number.fraction:
        rounded = round_to(binary(number), target, Environment(method, traps_underflow=False))
        value = rounded.value
        if rounded.exceptions & bfp.OVERFLOW:
            cpu.cc = 3
    store(cpu, operands.r1, target.width, value)


@instruction(0xB358, "THDER", RRE, "CONVERT BFP TO HFP (short to long)")
def thder(cpu: Cpu, operands: Operands) -> None:
    """Convert a short BFP datum to a long HFP number.

    :raises ProgramInterruption: data.
    """
    _to_hexadecimal(cpu, operands, bfp.SHORT)


@instruction(0xB359, "THDR", RRE, "CONVERT BFP TO HFP (long)")
def thdr(cpu: Cpu, operands: Operands) -> None:
    """Convert a long BFP datum to a long HFP number.

    :raises ProgramInterruption: data.
    """
    _to_hexadecimal(cpu, operands, bfp.LONG)


@instruction(0xB350, "TBEDR", RRF_E_NO_M4, "CONVERT HFP TO BFP (long to short)")
def tbedr(cpu: Cpu, operands: Operands) -> None:
    """Convert a long HFP number to a short BFP datum.

    :raises ProgramInterruption: data; specification.
    """
    _to_binary(cpu, operands, bfp.SHORT)


@instruction(0xB351, "TBDR", RRF_E_NO_M4, "CONVERT HFP TO BFP (long)")
def tbdr(cpu: Cpu, operands: Operands) -> None:
    """Convert a long HFP number to a long BFP datum.

    :raises ProgramInterruption: data; specification.
    """
    _to_binary(cpu, operands, bfp.LONG)
