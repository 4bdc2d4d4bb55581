# SPDX-License-Identifier: GPL-2.0-or-later
"""SQUARE ROOT of binary-floating-point data (PoP chapter 19).

The engine executes the short and long ones, but for an IEEE exception that traps.  Unicorn 2.1.4 crashes when it
translates SQXBR (see :mod:`emu.engine.quirks.square_root`); what it does then is not relied on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.isa import ieee_operations as ieee
from emu.isa.binary_floating_point import EXTENDED, LONG, SHORT, BfpFormat
from emu.isa.declaration import Operands, Reason, instruction
from emu.isa.floating_operands import put, second_in_register, second_in_storage
from emu.isa.formats import RRE, RXE

if TYPE_CHECKING:
    from emu.cpu import Cpu


def _register(cpu: Cpu, operands: Operands, form: BfpFormat) -> None:
    datum = second_in_register(cpu, operands, form, target=form)
    put(cpu, operands.r1, form, ieee.square_root(cpu, datum, form))


def _storage(cpu: Cpu, operands: Operands, form: BfpFormat) -> None:
    datum = second_in_storage(cpu, operands, form)
    put(cpu, operands.r1, form, ieee.square_root(cpu, datum, form))


@instruction(0xB314, "SQEBR", RRE, "SQUARE ROOT (short BFP)", reason=Reason.REFUSED)
def sqebr(cpu: Cpu, operands: Operands) -> None:
    """Put the square root of the short datum in R2 in R1.

    :raises ProgramInterruption: data.
    """
    _register(cpu, operands, SHORT)


@instruction(0xED14, "SQEB", RXE, "SQUARE ROOT (short BFP)", reason=Reason.REFUSED)
def sqeb(cpu: Cpu, operands: Operands) -> None:
    """Put the square root of the short datum in storage in R1.

    :raises ProgramInterruption: data; access exceptions.
    """
    _storage(cpu, operands, SHORT)


@instruction(0xB315, "SQDBR", RRE, "SQUARE ROOT (long BFP)", reason=Reason.REFUSED)
def sqdbr(cpu: Cpu, operands: Operands) -> None:
    """Put the square root of the long datum in R2 in R1.

    :raises ProgramInterruption: data.
    """
    _register(cpu, operands, LONG)


@instruction(0xED15, "SQDB", RXE, "SQUARE ROOT (long BFP)", reason=Reason.REFUSED)
def sqdb(cpu: Cpu, operands: Operands) -> None:
    """Put the square root of the long datum in storage in R1.

    :raises ProgramInterruption: data; access exceptions.
    """
    _storage(cpu, operands, LONG)


@instruction(0xB316, "SQXBR", RRE, "SQUARE ROOT (extended BFP)", reason=Reason.CORRECTION)
def sqxbr(cpu: Cpu, operands: Operands) -> None:
    """Put the square root of the extended datum in the pair R2 in the pair R1.

    :raises ProgramInterruption: data; specification.
    """
    _register(cpu, operands, EXTENDED)
