# SPDX-License-Identifier: GPL-2.0-or-later
"""Branches that set the addressing mode: BASSM and BSM (PoP chapter 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu.bits import bit
from emu.isa.declaration import Operands, instruction
from emu.isa.formats import RR
from emu.isa.tracing import trace_branch
from emu.psw import ADDRESSING_MODE, BASIC_ADDRESSING, address_limit

if TYPE_CHECKING:
    from emu.cpu import Cpu

_IS_64_BIT: Final = bit(63)
"""In a branch-address register and in what BASSM and BSM leave: the 64-bit mode."""
IS_31_BIT: Final = bit(32)
"""The same: the 31-bit mode, if the 64-bit mode is not meant."""


def designated_branch(value: int) -> tuple[int, int]:
    """The addressing mode, as PSW bits 31 and 32, and the branch address that a register with *value* designates."""
    if value & _IS_64_BIT:
        return ADDRESSING_MODE, value & ~_IS_64_BIT
    mode = BASIC_ADDRESSING if value & IS_31_BIT else 0
    return mode, value & address_limit(mode)


def branch_in_mode(cpu: Cpu, mode: int, target: int) -> None:
    """Go on at *target* in the addressing mode *mode*."""
    cpu.set_addressing_mode(mode)
    cpu.branch(target)


@instruction(0x0C, "BASSM", RR, "BRANCH AND SAVE AND SET MODE")
def bassm(cpu: Cpu, operands: Operands) -> None:
    """Put the address of the next instruction and the addressing mode in R1, and branch as R2 designates.

    With zero in the R2 field there is no branch and no change of the mode.

    :raises ProgramInterruption: the trace exceptions.
    """
    link = cpu.next_address
    mode, target = designated_branch(cpu.gr[operands.r2])
    if operands.r2:
        trace_branch(cpu, mode, target)
    if cpu.is_64_bit:
        cpu.gr[operands.r1] = link | _IS_64_BIT
    else:
        cpu.set_gr32(operands.r1, link | (IS_31_BIT if cpu.psw.mask & BASIC_ADDRESSING else 0))
    if operands.r2:
        branch_in_mode(cpu, mode, target)


@instruction(0x0B, "BSM", RR, "BRANCH AND SET MODE")
def bsm(cpu: Cpu, operands: Operands) -> None:
    """Put the addressing mode in R1, and branch as R2 designates; with zero in a field that part is not done.

    In the 64-bit mode bit 63 of R1 becomes one, in the other modes bit 32 becomes bit 32 of the PSW.

    :raises ProgramInterruption: the trace exceptions, of a switch of the mode.
    """
    mode, target = designated_branch(cpu.gr[operands.r2])
    if operands.r2:
        trace_branch(cpu, mode, target, has_branch_entry=False)
    if operands.r1:
        if cpu.is_64_bit:
            cpu.gr[operands.r1] |= _IS_64_BIT
        elif cpu.psw.mask & BASIC_ADDRESSING:
            cpu.gr[operands.r1] |= IS_31_BIT
        else:
            cpu.gr[operands.r1] &= ~IS_31_BIT
    if operands.r2:
        branch_in_mode(cpu, mode, target)
