# SPDX-License-Identifier: GPL-2.0-or-later
"""Where hexadecimal-floating-point instructions have their operands, and put their results.

Registers are checked first, as the manual has it: those that the AFP-register control hides, then pairs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu import access
from emu.isa import floating_registers
from emu.isa.hexadecimal.data import EXTENDED, HfpFormat, HfpNumber, unpack

if TYPE_CHECKING:
    from emu.cpu import Cpu
    from emu.isa.declaration import Operands
    from emu.isa.hexadecimal.results import HfpResult


def require(cpu: Cpu, *designated: tuple[int, HfpFormat]) -> None:
    """Check the registers, each with the format of what it holds.

    :raises ProgramInterruption: data, with DXC 1; specification for a register that is no pair.
    """
    floating_registers.require_registers(cpu, *(register for register, _ in designated))
    for register, form in designated:
        if form is EXTENDED:
            floating_registers.require_pair(register)


def in_register(cpu: Cpu, register: int, form: HfpFormat) -> HfpNumber:
    """The number of *form* in a register, or pair, that was checked."""
    return unpack(floating_registers.load(cpu, register, form.width), form)


def in_storage(cpu: Cpu, operands: Operands, form: HfpFormat) -> HfpNumber:
    """The number of *form* in storage, at the address that B2, X2 and D2 designate.

    :raises ProgramInterruption: access exceptions.
    """
    address = cpu.effective_address(operands.b2, operands.d2, operands.x2)
    return unpack(access.load_integer(cpu, address, form.bytes), form)


def both_in_registers(cpu: Cpu, operands: Operands, form: HfpFormat) -> tuple[HfpNumber, HfpNumber]:
    """The numbers of *form* in R1 and R2.

    :raises ProgramInterruption: data; specification.
    """
    require(cpu, (operands.r1, form), (operands.r2, form))
    return in_register(cpu, operands.r1, form), in_register(cpu, operands.r2, form)


def second_in_storage(cpu: Cpu, operands: Operands, form: HfpFormat) -> tuple[HfpNumber, HfpNumber]:
    """The number of *form* in R1, and that in storage.

    :raises ProgramInterruption: data; access exceptions.
    """
    require(cpu, (operands.r1, form))
    return in_register(cpu, operands.r1, form), in_storage(cpu, operands, form)


def second_in_register(cpu: Cpu, operands: Operands, form: HfpFormat, *, target: HfpFormat) -> HfpNumber:
    """The number of *form* in R2, of an instruction whose result in R1 is of the format *target*.

    :raises ProgramInterruption: data; specification.
    """
    require(cpu, (operands.r1, target), (operands.r2, form))
    return in_register(cpu, operands.r2, form)


def put(cpu: Cpu, register: int, form: HfpFormat, result: HfpResult, *, sets_cc: bool = False) -> None:
    """Put *result* in its place, and its condition code if the instruction *sets_cc*.

    :raises ProgramInterruption: what completes the instruction with an interruption.
    """
    floating_registers.store(cpu, register, form.width, result.datum)
    if sets_cc:
        cpu.cc = result.condition_code
    result.interrupt()
