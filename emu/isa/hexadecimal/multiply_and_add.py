# SPDX-License-Identifier: GPL-2.0-or-later
"""MULTIPLY AND ADD and MULTIPLY AND SUBTRACT (PoP chapter 18).

Product and sum have all their digits until the result is normalized and cut to its format.  Significance is never lost
with a condition: a sum of zero is a true zero.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.isa.declaration import Operands, instruction
from emu.isa.formats import RRD, RXF
from emu.isa.hexadecimal.arithmetic import exact_sum, negated, product
from emu.isa.hexadecimal.data import LONG, SHORT, HfpFormat, HfpNumber
from emu.isa.hexadecimal.operands import in_register, in_storage, put, require
from emu.isa.hexadecimal.results import complete_normalized

if TYPE_CHECKING:
    from emu.cpu import Cpu


def _complete(cpu: Cpu, operands: Operands, second: HfpNumber, form: HfpFormat, *, subtracts: bool) -> None:
    """Multiply *second* by the number in R3, add that in R1 or subtract it, and put the result in R1."""
    first, third = in_register(cpu, operands.r1, form), in_register(cpu, operands.r3, form)
    total = exact_sum(product(third, second), negated(first) if subtracts else first)
    put(cpu, operands.r1, form, complete_normalized(cpu, total, form))


def _registers(cpu: Cpu, operands: Operands, form: HfpFormat, *, subtracts: bool = False) -> None:
    require(cpu, (operands.r1, form), (operands.r2, form), (operands.r3, form))
    _complete(cpu, operands, in_register(cpu, operands.r2, form), form, subtracts=subtracts)


def _storage(cpu: Cpu, operands: Operands, form: HfpFormat, *, subtracts: bool = False) -> None:
    require(cpu, (operands.r1, form), (operands.r3, form))
    _complete(cpu, operands, in_storage(cpu, operands, form), form, subtracts=subtracts)


@instruction(0xB32E, "MAER", RRD, "MULTIPLY AND ADD (short HFP)")
def maer(cpu: Cpu, operands: Operands) -> None:
    """Multiply R3 by the short number in R2, and add R1.

    :raises ProgramInterruption: data; exponent overflow; exponent underflow.
    """
    _registers(cpu, operands, SHORT)


@instruction(0xB33E, "MADR", RRD, "MULTIPLY AND ADD (long HFP)")
def madr(cpu: Cpu, operands: Operands) -> None:
    """Multiply R3 by the long number in R2, and add R1.

    :raises ProgramInterruption: data; exponent overflow; exponent underflow.
    """
    _registers(cpu, operands, LONG)


@instruction(0xED2E, "MAE", RXF, "MULTIPLY AND ADD (short HFP)")
def mae(cpu: Cpu, operands: Operands) -> None:
    """Multiply R3 by the short number in storage, and add R1.

    :raises ProgramInterruption: data; access exceptions; exponent overflow; exponent underflow.
    """
    _storage(cpu, operands, SHORT)


@instruction(0xED3E, "MAD", RXF, "MULTIPLY AND ADD (long HFP)")
def mad(cpu: Cpu, operands: Operands) -> None:
    """Multiply R3 by the long number in storage, and add R1.

    :raises ProgramInterruption: data; access exceptions; exponent overflow; exponent underflow.
    """
    _storage(cpu, operands, LONG)


@instruction(0xB32F, "MSER", RRD, "MULTIPLY AND SUBTRACT (short HFP)")
def mser(cpu: Cpu, operands: Operands) -> None:
    """Multiply R3 by the short number in R2, and subtract R1.

    :raises ProgramInterruption: data; exponent overflow; exponent underflow.
    """
    _registers(cpu, operands, SHORT, subtracts=True)


@instruction(0xB33F, "MSDR", RRD, "MULTIPLY AND SUBTRACT (long HFP)")
def msdr(cpu: Cpu, operands: Operands) -> None:
    """Multiply R3 by the long number in R2, and subtract R1.

    :raises ProgramInterruption: data; exponent overflow; exponent underflow.
    """
    _registers(cpu, operands, LONG, subtracts=True)


@instruction(0xED2F, "MSE", RXF, "MULTIPLY AND SUBTRACT (short HFP)")
def mse(cpu: Cpu, operands: Operands) -> None:
    """Multiply R3 by the short number in storage, and subtract R1.

    :raises ProgramInterruption: data; access exceptions; exponent overflow; exponent underflow.
    """
    _storage(cpu, operands, SHORT, subtracts=True)


@instruction(0xED3F, "MSD", RXF, "MULTIPLY AND SUBTRACT (long HFP)")
def msd(cpu: Cpu, operands: Operands) -> None:
    """Multiply R3 by the long number in storage, and subtract R1.

    :raises ProgramInterruption: data; access exceptions; exponent overflow; exponent underflow.
    """
    _storage(cpu, operands, LONG, subtracts=True)
