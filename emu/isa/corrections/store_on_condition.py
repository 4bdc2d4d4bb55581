# SPDX-License-Identifier: GPL-2.0-or-later
"""STORE ON CONDITION and STORE HIGH ON CONDITION (PoP chapter 7).

Unicorn 2.1.4 computes the condition code before it stores; if the TLB must be asked for the page, it then takes up
again how the condition code was to be computed, but no more what from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu import access
from emu.isa.declaration import Operands, Reason, instruction
from emu.isa.formats import RSY_B_MASK

if TYPE_CHECKING:
    from emu.cpu import Cpu

_CORRECTION: Final = Reason.CORRECTION


@instruction(0xEBF3, "STOC", RSY_B_MASK, "STORE ON CONDITION (32)", reason=_CORRECTION)
def stoc(cpu: Cpu, operands: Operands) -> None:
    """Store bits 32-63 of R1 if mask M3 has the bit of the condition code; without it, nothing is accessed.

    :raises ProgramInterruption: access exceptions.
    """
    if operands.m3 & 8 >> cpu.cc:
        address = cpu.effective_address(operands.b2, operands.d2)
        access.store_integer(cpu, address, 4, cpu.gr32(operands.r1))


@instruction(0xEBE3, "STOCG", RSY_B_MASK, "STORE ON CONDITION (64)", reason=_CORRECTION)
def stocg(cpu: Cpu, operands: Operands) -> None:
    """Store R1 if mask M3 has the bit of the condition code; without it, nothing is accessed.

    :raises ProgramInterruption: access exceptions.
    """
    if operands.m3 & 8 >> cpu.cc:
        address = cpu.effective_address(operands.b2, operands.d2)
        access.store_integer(cpu, address, 8, cpu.gr[operands.r1])


@instruction(
    0xEBE1,
    "STOCFH",
    RSY_B_MASK,
    "STORE HIGH ON CONDITION",
    reason=_CORRECTION,
)
def stocfh(cpu: Cpu, operands: Operands) -> None:
    """Store bits 0-31 of R1 if mask M3 has the bit of the condition code; without it, nothing is accessed.

    :raises ProgramInterruption: access exceptions.
    """
    if operands.m3 & 8 >> cpu.cc:
        address = cpu.effective_address(operands.b2, operands.d2)
        access.store_integer(cpu, address, 4, cpu.gr[operands.r1] >> 32)
