# SPDX-License-Identifier: GPL-2.0-or-later
"""ADD, SUBTRACT, MULTIPLY and DIVIDE of binary-floating-point data (PoP chapter 19).

The engine executes the short and long ones, but for what :mod:`emu.engine.quirks.ieee` keeps from it.  The extended
ones, which are rare, are all executed here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.isa import binary_floating_point as bfp
from emu.isa import ieee_operations as ieee
from emu.isa.binary_floating_point import EXTENDED, LONG, SHORT, BfpFormat, Datum
from emu.isa.declaration import Operands, Reason, instruction
from emu.isa.floating_operands import put, second_in_storage, two_registers
from emu.isa.formats import RRE, RXE
from emu.isa.ieee_arithmetic import FloatingResult

if TYPE_CHECKING:
    from collections.abc import Callable

    from emu.cpu import Cpu

    Operation = Callable[[Cpu, Datum, Datum, BfpFormat], FloatingResult]


def _registers(cpu: Cpu, operands: Operands, form: BfpFormat, operation: Operation, *, sets_cc: bool) -> None:
    """Perform *operation* on the data in R1 and R2; the result goes to R1.

    :raises ProgramInterruption: data; specification for a register that is no pair.
    """
    first, second = two_registers(cpu, operands.r1, operands.r2, form)
    put(cpu, operands.r1, form, operation(cpu, first, second, form), sets_cc=sets_cc)


def _storage(cpu: Cpu, operands: Operands, form: BfpFormat, operation: Operation, *, sets_cc: bool) -> None:
    """Perform *operation* on the data in R1 and in storage; the result goes to R1.

    :raises ProgramInterruption: data; access exceptions.
    """
    second = second_in_storage(cpu, operands, form)
    first = bfp.unpack(bfp.load(cpu, operands.r1, form), form)
    put(cpu, operands.r1, form, operation(cpu, first, second, form), sets_cc=sets_cc)


@instruction(0xB30A, "AEBR", RRE, "ADD (short BFP)", reason=Reason.REFUSED)
def aebr(cpu: Cpu, operands: Operands) -> None:
    """Add the short datum in R2 to that in R1.

    :raises ProgramInterruption: data.
    """
    _registers(cpu, operands, SHORT, ieee.add, sets_cc=True)


@instruction(0xED0A, "AEB", RXE, "ADD (short BFP)", reason=Reason.REFUSED)
def aeb(cpu: Cpu, operands: Operands) -> None:
    """Add the short datum in storage to that in R1.

    :raises ProgramInterruption: data; access exceptions.
    """
    _storage(cpu, operands, SHORT, ieee.add, sets_cc=True)


@instruction(0xB31A, "ADBR", RRE, "ADD (long BFP)", reason=Reason.REFUSED)
def adbr(cpu: Cpu, operands: Operands) -> None:
    """Add the long datum in R2 to that in R1.

    :raises ProgramInterruption: data.
    """
    _registers(cpu, operands, LONG, ieee.add, sets_cc=True)


@instruction(0xED1A, "ADB", RXE, "ADD (long BFP)", reason=Reason.REFUSED)
def adb(cpu: Cpu, operands: Operands) -> None:
    """Add the long datum in storage to that in R1.

    :raises ProgramInterruption: data; access exceptions.
    """
    _storage(cpu, operands, LONG, ieee.add, sets_cc=True)


@instruction(0xB34A, "AXBR", RRE, "ADD (extended BFP)", reason=Reason.CORRECTION)
def axbr(cpu: Cpu, operands: Operands) -> None:
    """Add the extended datum in the pair R2 to that in the pair R1.

    :raises ProgramInterruption: data; specification.
    """
    _registers(cpu, operands, EXTENDED, ieee.add, sets_cc=True)


@instruction(0xB30B, "SEBR", RRE, "SUBTRACT (short BFP)", reason=Reason.REFUSED)
def sebr(cpu: Cpu, operands: Operands) -> None:
    """Subtract the short datum in R2 from that in R1.

    :raises ProgramInterruption: data.
    """
    _registers(cpu, operands, SHORT, ieee.subtract, sets_cc=True)


@instruction(0xED0B, "SEB", RXE, "SUBTRACT (short BFP)", reason=Reason.REFUSED)
def seb(cpu: Cpu, operands: Operands) -> None:
    """Subtract the short datum in storage from that in R1.

    :raises ProgramInterruption: data; access exceptions.
    """
    _storage(cpu, operands, SHORT, ieee.subtract, sets_cc=True)


@instruction(0xB31B, "SDBR", RRE, "SUBTRACT (long BFP)", reason=Reason.REFUSED)
def sdbr(cpu: Cpu, operands: Operands) -> None:
    """Subtract the long datum in R2 from that in R1.

    :raises ProgramInterruption: data.
    """
    _registers(cpu, operands, LONG, ieee.subtract, sets_cc=True)


@instruction(0xED1B, "SDB", RXE, "SUBTRACT (long BFP)", reason=Reason.REFUSED)
def sdb(cpu: Cpu, operands: Operands) -> None:
    """Subtract the long datum in storage from that in R1.

    :raises ProgramInterruption: data; access exceptions.
    """
    _storage(cpu, operands, LONG, ieee.subtract, sets_cc=True)


@instruction(0xB34B, "SXBR", RRE, "SUBTRACT (extended BFP)", reason=Reason.CORRECTION)
def sxbr(cpu: Cpu, operands: Operands) -> None:
    """Subtract the extended datum in the pair R2 from that in the pair R1.

    :raises ProgramInterruption: data; specification.
    """
    _registers(cpu, operands, EXTENDED, ieee.subtract, sets_cc=True)


@instruction(0xB317, "MEEBR", RRE, "MULTIPLY (short BFP)", reason=Reason.REFUSED)
def meebr(cpu: Cpu, operands: Operands) -> None:
    """Multiply the short datum in R1 by that in R2.

    :raises ProgramInterruption: data.
    """
    _registers(cpu, operands, SHORT, ieee.multiply, sets_cc=False)


@instruction(0xED17, "MEEB", RXE, "MULTIPLY (short BFP)", reason=Reason.REFUSED)
def meeb(cpu: Cpu, operands: Operands) -> None:
    """Multiply the short datum in R1 by that in storage.

    :raises ProgramInterruption: data; access exceptions.
    """
    _storage(cpu, operands, SHORT, ieee.multiply, sets_cc=False)


@instruction(0xB31C, "MDBR", RRE, "MULTIPLY (long BFP)", reason=Reason.REFUSED)
def mdbr(cpu: Cpu, operands: Operands) -> None:
    """Multiply the long datum in R1 by that in R2.

    :raises ProgramInterruption: data.
    """
    _registers(cpu, operands, LONG, ieee.multiply, sets_cc=False)


@instruction(0xED1C, "MDB", RXE, "MULTIPLY (long BFP)", reason=Reason.REFUSED)
def mdb(cpu: Cpu, operands: Operands) -> None:
    """Multiply the long datum in R1 by that in storage.

    :raises ProgramInterruption: data; access exceptions.
    """
    _storage(cpu, operands, LONG, ieee.multiply, sets_cc=False)


@instruction(0xB34C, "MXBR", RRE, "MULTIPLY (extended BFP)", reason=Reason.CORRECTION)
def mxbr(cpu: Cpu, operands: Operands) -> None:
    """Multiply the extended datum in the pair R1 by that in the pair R2.

    :raises ProgramInterruption: data; specification.
    """
    _registers(cpu, operands, EXTENDED, ieee.multiply, sets_cc=False)


@instruction(0xB30D, "DEBR", RRE, "DIVIDE (short BFP)", reason=Reason.REFUSED)
def debr(cpu: Cpu, operands: Operands) -> None:
    """Divide the short datum in R1 by that in R2.

    :raises ProgramInterruption: data.
    """
    _registers(cpu, operands, SHORT, ieee.divide, sets_cc=False)


@instruction(0xED0D, "DEB", RXE, "DIVIDE (short BFP)", reason=Reason.REFUSED)
def deb(cpu: Cpu, operands: Operands) -> None:
    """Divide the short datum in R1 by that in storage.

    :raises ProgramInterruption: data; access exceptions.
    """
    _storage(cpu, operands, SHORT, ieee.divide, sets_cc=False)


@instruction(0xB31D, "DDBR", RRE, "DIVIDE (long BFP)", reason=Reason.REFUSED)
def ddbr(cpu: Cpu, operands: Operands) -> None:
    """Divide the long datum in R1 by that in R2.

    :raises ProgramInterruption: data.
    """
    _registers(cpu, operands, LONG, ieee.divide, sets_cc=False)


@instruction(0xED1D, "DDB", RXE, "DIVIDE (long BFP)", reason=Reason.REFUSED)
def ddb(cpu: Cpu, operands: Operands) -> None:
    """Divide the long datum in R1 by that in storage.

    :raises ProgramInterruption: data; access exceptions.
    """
    _storage(cpu, operands, LONG, ieee.divide, sets_cc=False)


@instruction(0xB34D, "DXBR", RRE, "DIVIDE (extended BFP)", reason=Reason.CORRECTION)
def dxbr(cpu: Cpu, operands: Operands) -> None:
    """Divide the extended datum in the pair R1 by that in the pair R2.

    :raises ProgramInterruption: data; specification.
    """
    _registers(cpu, operands, EXTENDED, ieee.divide, sets_cc=False)
