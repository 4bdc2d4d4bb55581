# SPDX-License-Identifier: GPL-2.0-or-later
"""COMPARE and COMPARE AND SIGNAL of binary-floating-point data (PoP chapter 19).

The engine executes them, but for an IEEE exception that traps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.isa import binary_floating_point as bfp
from emu.isa import ieee_operations as ieee
from emu.isa.binary_floating_point import EXTENDED, LONG, SHORT, BfpFormat
from emu.isa.declaration import Operands, Reason, instruction
from emu.isa.floating_operands import second_in_storage, two_registers
from emu.isa.formats import RRE, RXE

if TYPE_CHECKING:
    from emu.cpu import Cpu


def _registers(cpu: Cpu, operands: Operands, form: BfpFormat, *, signals: bool) -> None:
    first, second = two_registers(cpu, operands.r1, operands.r2, form)
    cpu.cc = ieee.compare(cpu, first, second, signals=signals)


def _storage(cpu: Cpu, operands: Operands, form: BfpFormat, *, signals: bool) -> None:
    second = second_in_storage(cpu, operands, form)
    first = bfp.unpack(bfp.load(cpu, operands.r1, form), form)
    cpu.cc = ieee.compare(cpu, first, second, signals=signals)


@instruction(0xB309, "CEBR", RRE, "COMPARE (short BFP)", reason=Reason.REFUSED)
def cebr(cpu: Cpu, operands: Operands) -> None:
    """Compare the short datum in R1 with that in R2.

    :raises ProgramInterruption: data.
    """
    _registers(cpu, operands, SHORT, signals=False)


@instruction(0xED09, "CEB", RXE, "COMPARE (short BFP)", reason=Reason.REFUSED)
def ceb(cpu: Cpu, operands: Operands) -> None:
    """Compare the short datum in R1 with that in storage.

    :raises ProgramInterruption: data; access exceptions.
    """
    _storage(cpu, operands, SHORT, signals=False)


@instruction(0xB319, "CDBR", RRE, "COMPARE (long BFP)", reason=Reason.REFUSED)
def cdbr(cpu: Cpu, operands: Operands) -> None:
    """Compare the long datum in R1 with that in R2.

    :raises ProgramInterruption: data.
    """
    _registers(cpu, operands, LONG, signals=False)


@instruction(0xED19, "CDB", RXE, "COMPARE (long BFP)", reason=Reason.REFUSED)
def cdb(cpu: Cpu, operands: Operands) -> None:
    """Compare the long datum in R1 with that in storage.

    :raises ProgramInterruption: data; access exceptions.
    """
    _storage(cpu, operands, LONG, signals=False)


@instruction(0xB349, "CXBR", RRE, "COMPARE (extended BFP)", reason=Reason.REFUSED)
def cxbr(cpu: Cpu, operands: Operands) -> None:
    """Compare the extended datum in the pair R1 with that in the pair R2.

    :raises ProgramInterruption: data; specification.
    """
    _registers(cpu, operands, EXTENDED, signals=False)


@instruction(0xB308, "KEBR", RRE, "COMPARE AND SIGNAL (short BFP)", reason=Reason.REFUSED)
def kebr(cpu: Cpu, operands: Operands) -> None:
    """Compare the short datum in R1 with that in R2, signaling quiet NaNs as well.

    :raises ProgramInterruption: data.
    """
    _registers(cpu, operands, SHORT, signals=True)


@instruction(0xED08, "KEB", RXE, "COMPARE AND SIGNAL (short BFP)", reason=Reason.REFUSED)
def keb(cpu: Cpu, operands: Operands) -> None:
    """Compare the short datum in R1 with that in storage, signaling quiet NaNs as well.

    :raises ProgramInterruption: data; access exceptions.
    """
    _storage(cpu, operands, SHORT, signals=True)


@instruction(0xB318, "KDBR", RRE, "COMPARE AND SIGNAL (long BFP)", reason=Reason.REFUSED)
def kdbr(cpu: Cpu, operands: Operands) -> None:
    """Compare the long datum in R1 with that in R2, signaling quiet NaNs as well.

    :raises ProgramInterruption: data.
    """
    _registers(cpu, operands, LONG, signals=True)


@instruction(0xED18, "KDB", RXE, "COMPARE AND SIGNAL (long BFP)", reason=Reason.REFUSED)
def kdb(cpu: Cpu, operands: Operands) -> None:
    """Compare the long datum in R1 with that in storage, signaling quiet NaNs as well.

    :raises ProgramInterruption: data; access exceptions.
    """
    _storage(cpu, operands, LONG, signals=True)


@instruction(0xB348, "KXBR", RRE, "COMPARE AND SIGNAL (extended BFP)", reason=Reason.REFUSED)
def kxbr(cpu: Cpu, operands: Operands) -> None:
    """Compare the extended datum in the pair R1 with that in the pair R2, signaling quiet NaNs as well.

    :raises ProgramInterruption: data; specification.
    """
    _registers(cpu, operands, EXTENDED, signals=True)
