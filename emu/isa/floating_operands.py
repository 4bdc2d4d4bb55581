# SPDX-License-Identifier: GPL-2.0-or-later
"""Where instructions on binary-floating-point data have their operands, and put their results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu import access
from emu.isa import binary_floating_point as bfp
from emu.isa.binary_floating_point import EXTENDED, BfpFormat, DataClass, Datum
from emu.isa.floating_registers import require_pair

if TYPE_CHECKING:
    from emu.cpu import Cpu
    from emu.isa.declaration import Operands
    from emu.isa.ieee_arithmetic import FloatingResult

NO_INEXACT: Final = 4
"""M4 bit 1: IEEE-inexact-exception control."""


def two_registers(cpu: Cpu, first: int, second: int, form: BfpFormat) -> tuple[Datum, Datum]:
    """The data in two floating-point registers, or pairs.

    :raises ProgramInterruption: data, if such instructions are not permitted; specification for one that is no pair.
    """
    bfp.require_afp(cpu)
    return bfp.unpack(bfp.load(cpu, first, form), form), bfp.unpack(bfp.load(cpu, second, form), form)


def second_in_register(cpu: Cpu, operands: Operands, form: BfpFormat, *, target: BfpFormat) -> Datum:
    """The datum of *form* in R2, of an instruction whose result in R1 is of the format *target*.

    :raises ProgramInterruption: data; specification for a register that is no pair.
    """
    bfp.require_afp(cpu)
    if target is EXTENDED:
        require_pair(operands.r1)
    return bfp.unpack(bfp.load(cpu, operands.r2, form), form)


def second_in_storage(cpu: Cpu, operands: Operands, form: BfpFormat) -> Datum:
    """The datum of *form* in storage, at the address that B2, X2 and D2 designate.

    :raises ProgramInterruption: data; access exceptions.
    """
    bfp.require_afp(cpu)
    address = cpu.effective_address(operands.b2, operands.d2, operands.x2)
    return bfp.unpack(access.load_integer(cpu, address, form.width // 8), form)


def put(cpu: Cpu, register: int, form: BfpFormat, result: FloatingResult, *, sets_cc: bool = False) -> None:
    """Put *result* in its place, and the condition code if the instruction *sets_cc*.

    :raises ProgramInterruption: data, completing, if an IEEE exception traps.
    """
    bfp.store(cpu, register, form, result.value)
    if sets_cc:
        cpu.cc = condition_code(bfp.unpack(result.value, form))
    if result.trap is not None:
        raise result.trap


def condition_code(datum: Datum) -> int:
    """The condition code that tells zero, less than zero, greater than zero and NaN."""
    if datum.kind in bfp.NANS:
        return 3
    if datum.kind is DataClass.ZERO:
        return 0
    return 1 if datum.negative else 2
