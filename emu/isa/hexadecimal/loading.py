# SPDX-License-Identifier: GPL-2.0-or-later
"""LOAD LENGTHENED, LOAD ROUNDED and LOAD FP INTEGER (PoP chapter 18).

The engine executes LDE.  Unicorn 2.1.4 takes LDER for an instruction of another format, and loads register 2 always.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.isa import floating_registers
from emu.isa.declaration import Operands, Reason, instruction
from emu.isa.formats import RR, RRE, RXE_NO_MASK
from emu.isa.hexadecimal.arithmetic import rounded, truncated_to_integer
from emu.isa.hexadecimal.data import EXTENDED, LONG, SHORT, HfpFormat, HfpNumber, pack, true_zero
from emu.isa.hexadecimal.operands import in_storage, put, require, second_in_register
from emu.isa.hexadecimal.results import HfpResult, complete, complete_normalized

if TYPE_CHECKING:
    from emu.cpu import Cpu


def _lengthen(cpu: Cpu, operands: Operands, number: HfpNumber) -> None:
    """Put *number* in the pair R1, with zeros behind its digits; a zero becomes a true one, with its sign."""
    if number.fraction:
        fraction = number.fraction << 4 * (EXTENDED.digits - number.digits)
        datum = pack(HfpNumber(number.negative, number.characteristic, fraction, EXTENDED.digits), EXTENDED)
    else:
        datum = true_zero(EXTENDED, negative=number.negative)
    put(cpu, operands.r1, EXTENDED, HfpResult(datum))


def _lengthen_register(cpu: Cpu, operands: Operands, source: HfpFormat) -> None:
    _lengthen(cpu, operands, second_in_register(cpu, operands, source, target=EXTENDED))


def _lengthen_storage(cpu: Cpu, operands: Operands, source: HfpFormat) -> None:
    require(cpu, (operands.r1, EXTENDED))
    _lengthen(cpu, operands, in_storage(cpu, operands, source))


def _round(cpu: Cpu, operands: Operands, source: HfpFormat, target: HfpFormat) -> None:
    """Round the number in R2 to the shorter format *target*; only a carry changes its characteristic."""
    number = second_in_register(cpu, operands, source, target=target)
    put(cpu, operands.r1, target, complete(cpu, rounded(number, target.digits), target))


def _truncate(cpu: Cpu, operands: Operands, form: HfpFormat) -> None:
    """Put the number in R2 without what is behind the point, normalized, in R1."""
    number = second_in_register(cpu, operands, form, target=form)
    put(cpu, operands.r1, form, complete_normalized(cpu, truncated_to_integer(number), form))


@instruction(0xB324, "LDER", RRE, "LOAD LENGTHENED (short to long HFP)", reason=Reason.CORRECTION)
def lder(cpu: Cpu, operands: Operands) -> None:
    """Put the short number in R2 in R1, with zeros behind it.

    :raises ProgramInterruption: data.
    """
    require(cpu, (operands.r1, LONG), (operands.r2, SHORT))
    floating_registers.store(cpu, operands.r1, LONG.width, floating_registers.load(cpu, operands.r2, SHORT.width) << 32)


@instruction(0xB325, "LXDR", RRE, "LOAD LENGTHENED (long to extended HFP)")
def lxdr(cpu: Cpu, operands: Operands) -> None:
    """Lengthen the long number in R2 to an extended one.

    :raises ProgramInterruption: data; specification.
    """
    _lengthen_register(cpu, operands, LONG)


@instruction(0xED25, "LXD", RXE_NO_MASK, "LOAD LENGTHENED (long to extended HFP)")
def lxd(cpu: Cpu, operands: Operands) -> None:
    """Lengthen the long number in storage to an extended one.

    :raises ProgramInterruption: data; specification; access exceptions.
    """
    _lengthen_storage(cpu, operands, LONG)


@instruction(0xB326, "LXER", RRE, "LOAD LENGTHENED (short to extended HFP)")
def lxer(cpu: Cpu, operands: Operands) -> None:
    """Lengthen the short number in R2 to an extended one.

    :raises ProgramInterruption: data; specification.
    """
    _lengthen_register(cpu, operands, SHORT)


@instruction(0xED26, "LXE", RXE_NO_MASK, "LOAD LENGTHENED (short to extended HFP)")
def lxe(cpu: Cpu, operands: Operands) -> None:
    """Lengthen the short number in storage to an extended one.

    :raises ProgramInterruption: data; specification; access exceptions.
    """
    _lengthen_storage(cpu, operands, SHORT)


@instruction(0x35, "LEDR", RR, "LOAD ROUNDED (long to short HFP)")
def ledr(cpu: Cpu, operands: Operands) -> None:
    """Round the long number in R2 to a short one.

    :raises ProgramInterruption: data; exponent overflow.
    """
    _round(cpu, operands, LONG, SHORT)


@instruction(0x25, "LDXR", RR, "LOAD ROUNDED (extended to long HFP)")
def ldxr(cpu: Cpu, operands: Operands) -> None:
    """Round the extended number in the pair R2 to a long one.

    :raises ProgramInterruption: data; specification; exponent overflow.
    """
    _round(cpu, operands, EXTENDED, LONG)


@instruction(0xB366, "LEXR", RRE, "LOAD ROUNDED (extended to short HFP)")
def lexr(cpu: Cpu, operands: Operands) -> None:
    """Round the extended number in the pair R2 to a short one.

    :raises ProgramInterruption: data; specification; exponent overflow.
    """
    _round(cpu, operands, EXTENDED, SHORT)


@instruction(0xB377, "FIER", RRE, "LOAD FP INTEGER (short HFP)")
def fier(cpu: Cpu, operands: Operands) -> None:
    """Round the short number in R2 toward zero to an integer.

    :raises ProgramInterruption: data.
    """
    _truncate(cpu, operands, SHORT)


@instruction(0xB37F, "FIDR", RRE, "LOAD FP INTEGER (long HFP)")
def fidr(cpu: Cpu, operands: Operands) -> None:
    """Round the long number in R2 toward zero to an integer.

    :raises ProgramInterruption: data.
    """
    _truncate(cpu, operands, LONG)


@instruction(0xB367, "FIXR", RRE, "LOAD FP INTEGER (extended HFP)")
def fixr(cpu: Cpu, operands: Operands) -> None:
    """Round the extended number in the pair R2 toward zero to an integer.

    :raises ProgramInterruption: data; specification.
    """
    _truncate(cpu, operands, EXTENDED)
