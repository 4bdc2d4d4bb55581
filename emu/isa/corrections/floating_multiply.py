# SPDX-License-Identifier: GPL-2.0-or-later
"""MULTIPLY of binary-floating-point data with a longer result (PoP chapter 19): MDEB, MDEBR, MXDB and MXDBR.

Unicorn 2.1.4 takes the first operand for one of the result's format.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu import access
from emu.isa import binary_floating_point as bfp
from emu.isa.binary_floating_point import EXTENDED, LONG, SHORT, BfpFormat, DataClass
from emu.isa.declaration import Operands, Reason, instruction
from emu.isa.floating_registers import require_pair
from emu.isa.formats import RRE, RXE

if TYPE_CHECKING:
    from emu.cpu import Cpu


def _multiply(cpu: Cpu, register: int, value: int, source: BfpFormat, target: BfpFormat) -> None:
    """Multiply the datum in *register* by *value*, both of format *source*; the product is exact in *target*.

    :raises ProgramInterruption: data.
    """
    first = bfp.unpack(bfp.load(cpu, register, source), source)
    second = bfp.unpack(value, source)
    bfp.store(cpu, register, target, _product(cpu, first, second, source, target))


def _product(cpu: Cpu, first: bfp.Datum, second: bfp.Datum, source: BfpFormat, target: BfpFormat) -> int:
    for kind in (DataClass.SIGNALING_NAN, DataClass.QUIET_NAN):
        for datum in (first, second):
            if datum.kind is kind:
                if kind is DataClass.SIGNALING_NAN:
                    bfp.signal_invalid(cpu)
                return bfp.lengthen_nan(datum, source, target)
    kinds = {first.kind, second.kind}
    if kinds == {DataClass.INFINITY, DataClass.ZERO}:
        bfp.signal_invalid(cpu)
        return target.default_nan
    negative = first.negative != second.negative
    sign = negative << target.width - 1
    if DataClass.INFINITY in kinds:
        return sign | target.infinity
    if DataClass.ZERO in kinds:
        return sign
    significand = first.significand * second.significand
    return bfp.pack_exact(negative, significand, first.exponent + second.exponent, target)


@instruction(0xB30C, "MDEBR", RRE, "MULTIPLY (short to long BFP)", reason=Reason.CORRECTION)
def mdebr(cpu: Cpu, operands: Operands) -> None:
    """Multiply the short data in R1 and R2; the long product goes to R1.

    :raises ProgramInterruption: data.
    """
    bfp.require_afp(cpu)
    _multiply(cpu, operands.r1, bfp.load(cpu, operands.r2, SHORT), SHORT, LONG)


@instruction(0xED0C, "MDEB", RXE, "MULTIPLY (short to long BFP)", reason=Reason.CORRECTION)
def mdeb(cpu: Cpu, operands: Operands) -> None:
    """Multiply the short data in R1 and in storage; the long product goes to R1.

    :raises ProgramInterruption: data; access exceptions.
    """
    bfp.require_afp(cpu)
    address = cpu.effective_address(operands.b2, operands.d2, operands.x2)
    _multiply(cpu, operands.r1, access.load_integer(cpu, address, 4), SHORT, LONG)


@instruction(0xB307, "MXDBR", RRE, "MULTIPLY (long to extended BFP)", reason=Reason.CORRECTION)
def mxdbr(cpu: Cpu, operands: Operands) -> None:
    """Multiply the long data in R1 and R2; the extended product goes to the pair R1.

    :raises ProgramInterruption: data; specification.
    """
    bfp.require_afp(cpu)
    require_pair(operands.r1)
    _multiply(cpu, operands.r1, bfp.load(cpu, operands.r2, LONG), LONG, EXTENDED)


@instruction(0xED07, "MXDB", RXE, "MULTIPLY (long to extended BFP)", reason=Reason.CORRECTION)
def mxdb(cpu: Cpu, operands: Operands) -> None:
    """Multiply the long data in R1 and in storage; the extended product goes to the pair R1.

    :raises ProgramInterruption: data; specification; access exceptions.
    """
    bfp.require_afp(cpu)
    require_pair(operands.r1)
    address = cpu.effective_address(operands.b2, operands.d2, operands.x2)
    _multiply(cpu, operands.r1, access.load_integer(cpu, address, 8), LONG, EXTENDED)
