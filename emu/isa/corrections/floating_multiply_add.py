# SPDX-License-Identifier: GPL-2.0-or-later
"""MULTIPLY AND ADD and MULTIPLY AND SUBTRACT of binary-floating-point data (PoP chapter 19).

The engine executes them, but for what :mod:`emu.engine.quirks.ieee` keeps from it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.isa import binary_floating_point as bfp
from emu.isa import ieee_operations as ieee
from emu.isa.binary_floating_point import LONG, SHORT, BfpFormat, Datum
from emu.isa.declaration import Operands, Reason, instruction
from emu.isa.floating_operands import put, second_in_storage, two_registers
from emu.isa.formats import RRD, RXF
from emu.isa.ieee_arithmetic import FloatingResult

if TYPE_CHECKING:
    from collections.abc import Callable

    from emu.cpu import Cpu

    Operation = Callable[[Cpu, Datum, Datum, Datum, BfpFormat], FloatingResult]


def _registers(cpu: Cpu, operands: Operands, form: BfpFormat, operation: Operation) -> None:
    """Perform *operation* on the data in R1, R2 and R3; the result goes to R1.

    :raises ProgramInterruption: data.
    """
    first, second = two_registers(cpu, operands.r1, operands.r2, form)
    third = bfp.unpack(bfp.load(cpu, operands.r3, form), form)
    put(cpu, operands.r1, form, operation(cpu, first, second, third, form))


def _storage(cpu: Cpu, operands: Operands, form: BfpFormat, operation: Operation) -> None:
    """Perform *operation* on the data in R1, in storage and in R3; the result goes to R1.

    :raises ProgramInterruption: data; access exceptions.
    """
    second = second_in_storage(cpu, operands, form)
    first, third = two_registers(cpu, operands.r1, operands.r3, form)
    put(cpu, operands.r1, form, operation(cpu, first, second, third, form))


@instruction(0xB30E, "MAEBR", RRD, "MULTIPLY AND ADD (short BFP)", reason=Reason.REFUSED)
def maebr(cpu: Cpu, operands: Operands) -> None:
    """Multiply the short data in R3 and R2, and add that in R1.

    :raises ProgramInterruption: data.
    """
    _registers(cpu, operands, SHORT, ieee.multiply_and_add)


@instruction(0xED0E, "MAEB", RXF, "MULTIPLY AND ADD (short BFP)", reason=Reason.REFUSED)
def maeb(cpu: Cpu, operands: Operands) -> None:
    """Multiply the short data in R3 and in storage, and add that in R1.

    :raises ProgramInterruption: data; access exceptions.
    """
    _storage(cpu, operands, SHORT, ieee.multiply_and_add)


@instruction(0xB31E, "MADBR", RRD, "MULTIPLY AND ADD (long BFP)", reason=Reason.REFUSED)
def madbr(cpu: Cpu, operands: Operands) -> None:
    """Multiply the long data in R3 and R2, and add that in R1.

    :raises ProgramInterruption: data.
    """
    _registers(cpu, operands, LONG, ieee.multiply_and_add)


@instruction(0xED1E, "MADB", RXF, "MULTIPLY AND ADD (long BFP)", reason=Reason.REFUSED)
def madb(cpu: Cpu, operands: Operands) -> None:
    """Multiply the long data in R3 and in storage, and add that in R1.

    :raises ProgramInterruption: data; access exceptions.
    """
    _storage(cpu, operands, LONG, ieee.multiply_and_add)


@instruction(0xB30F, "MSEBR", RRD, "MULTIPLY AND SUBTRACT (short BFP)", reason=Reason.REFUSED)
def msebr(cpu: Cpu, operands: Operands) -> None:
    """Multiply the short data in R3 and R2, and subtract that in R1.

    :raises ProgramInterruption: data.
    """
    _registers(cpu, operands, SHORT, ieee.multiply_and_subtract)


@instruction(0xED0F, "MSEB", RXF, "MULTIPLY AND SUBTRACT (short BFP)", reason=Reason.REFUSED)
def mseb(cpu: Cpu, operands: Operands) -> None:
    """Multiply the short data in R3 and in storage, and subtract that in R1.

    :raises ProgramInterruption: data; access exceptions.
    """
    _storage(cpu, operands, SHORT, ieee.multiply_and_subtract)


@instruction(0xB31F, "MSDBR", RRD, "MULTIPLY AND SUBTRACT (long BFP)", reason=Reason.REFUSED)
def msdbr(cpu: Cpu, operands: Operands) -> None:
    """Multiply the long data in R3 and R2, and subtract that in R1.

    :raises ProgramInterruption: data.
    """
    _registers(cpu, operands, LONG, ieee.multiply_and_subtract)


@instruction(0xED1F, "MSDB", RXF, "MULTIPLY AND SUBTRACT (long BFP)", reason=Reason.REFUSED)
def msdb(cpu: Cpu, operands: Operands) -> None:
    """Multiply the long data in R3 and in storage, and subtract that in R1.

    :raises ProgramInterruption: data; access exceptions.
    """
    _storage(cpu, operands, LONG, ieee.multiply_and_subtract)
