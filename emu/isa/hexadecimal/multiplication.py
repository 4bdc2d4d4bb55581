# SPDX-License-Identifier: GPL-2.0-or-later
"""MULTIPLY (PoP chapter 18)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.isa.declaration import Operands, instruction
from emu.isa.formats import RR, RRE, RX_A, RXE_NO_MASK
from emu.isa.hexadecimal.arithmetic import product
from emu.isa.hexadecimal.data import EXTENDED, LONG, SHORT, HfpFormat
from emu.isa.hexadecimal.operands import in_register, in_storage, put, require
from emu.isa.hexadecimal.results import complete_normalized

if TYPE_CHECKING:
    from emu.cpu import Cpu


def _registers(cpu: Cpu, operands: Operands, source: HfpFormat, target: HfpFormat) -> None:
    """Multiply the numbers of the format *source* in R1 and R2."""
    require(cpu, (operands.r1, target), (operands.r2, source))
    exact = product(in_register(cpu, operands.r1, source), in_register(cpu, operands.r2, source))
    put(cpu, operands.r1, target, complete_normalized(cpu, exact, target))


def _storage(cpu: Cpu, operands: Operands, source: HfpFormat, target: HfpFormat) -> None:
    """Multiply the number of the format *source* in R1 by that in storage."""
    require(cpu, (operands.r1, target))
    exact = product(in_register(cpu, operands.r1, source), in_storage(cpu, operands, source))
    put(cpu, operands.r1, target, complete_normalized(cpu, exact, target))


@instruction(0xB337, "MEER", RRE, "MULTIPLY (short HFP)")
def meer(cpu: Cpu, operands: Operands) -> None:
    """Multiply by the short number in R2.

    :raises ProgramInterruption: data; exponent overflow; exponent underflow.
    """
    _registers(cpu, operands, SHORT, SHORT)


@instruction(0xED37, "MEE", RXE_NO_MASK, "MULTIPLY (short HFP)")
def mee(cpu: Cpu, operands: Operands) -> None:
    """Multiply by the short number in storage.

    :raises ProgramInterruption: data; access exceptions; exponent overflow; exponent underflow.
    """
    _storage(cpu, operands, SHORT, SHORT)


@instruction(0x3C, "MDER", RR, "MULTIPLY (short to long HFP)")
def mder(cpu: Cpu, operands: Operands) -> None:
    """Multiply by the short number in R2; the product is a long one.

    :raises ProgramInterruption: data; exponent overflow; exponent underflow.
    """
    _registers(cpu, operands, SHORT, LONG)


@instruction(0x7C, "MDE", RX_A, "MULTIPLY (short to long HFP)")
def mde(cpu: Cpu, operands: Operands) -> None:
    """Multiply by the short number in storage; the product is a long one.

    :raises ProgramInterruption: data; access exceptions; exponent overflow; exponent underflow.
    """
    _storage(cpu, operands, SHORT, LONG)


@instruction(0x2C, "MDR", RR, "MULTIPLY (long HFP)")
def mdr(cpu: Cpu, operands: Operands) -> None:
    """Multiply by the long number in R2.

    :raises ProgramInterruption: data; exponent overflow; exponent underflow.
    """
    _registers(cpu, operands, LONG, LONG)


@instruction(0x6C, "MD", RX_A, "MULTIPLY (long HFP)")
def md(cpu: Cpu, operands: Operands) -> None:
    """Multiply by the long number in storage.

    :raises ProgramInterruption: data; access exceptions; exponent overflow; exponent underflow.
    """
    _storage(cpu, operands, LONG, LONG)


@instruction(0x27, "MXDR", RR, "MULTIPLY (long to extended HFP)")
def mxdr(cpu: Cpu, operands: Operands) -> None:
    """Multiply by the long number in R2; the product is an extended one.

    :raises ProgramInterruption: data; specification; exponent overflow; exponent underflow.
    """
    _registers(cpu, operands, LONG, EXTENDED)


@instruction(0x67, "MXD", RX_A, "MULTIPLY (long to extended HFP)")
def mxd(cpu: Cpu, operands: Operands) -> None:
    """Multiply by the long number in storage; the product is an extended one.

    :raises ProgramInterruption: data; specification; access exceptions; exponent overflow; exponent underflow.
    """
    _storage(cpu, operands, LONG, EXTENDED)


@instruction(0x26, "MXR", RR, "MULTIPLY (extended HFP)")
def mxr(cpu: Cpu, operands: Operands) -> None:
    """Multiply by the extended number in the pair R2.

    :raises ProgramInterruption: data; specification; exponent overflow; exponent underflow.
    """
    _registers(cpu, operands, EXTENDED, EXTENDED)
