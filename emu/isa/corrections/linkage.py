# SPDX-License-Identifier: GPL-2.0-or-later
"""BRANCH AND LINK and BRANCH AND SAVE (PoP chapter 7) at the end of storage in the 24-bit addressing mode.

If the next instruction is at address zero, Unicorn 2.1.4 saves an address of 25 bits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu.bits import bit, field
from emu.isa.declaration import Operands, Reason, instruction
from emu.isa.formats import RR, RX_A
from emu.psw import ADDRESS_24, BASIC_ADDRESSING, PROGRAM_MASK

if TYPE_CHECKING:
    from emu.cpu import Cpu

_LINK_31_BIT: Final = bit(32)
"""In the link information of the 31-bit mode."""
_LONGEST: Final = 6


def link_may_wrap(cpu: Cpu, _: Operands) -> bool:
    """Whether the next instruction may be at address zero of the 24-bit mode."""
    return cpu.address_limit == ADDRESS_24 and cpu.instruction_address + _LONGEST > ADDRESS_24


def save_link(cpu: Cpu, register: int) -> None:
    """Put the address of the next instruction in *register* as BRANCH AND SAVE does."""
    if cpu.is_64_bit:
        cpu.gr[register] = cpu.next_address
    else:
        mode = _LINK_31_BIT if cpu.registers.psw[0] & BASIC_ADDRESSING else 0
        cpu.set_gr32(register, mode | cpu.next_address)


def _link(cpu: Cpu, register: int) -> None:
    """Put in *register* what BRANCH AND LINK does: in the 24-bit mode a part of the PSW is before the address."""
    save_link(cpu, register)
    if cpu.address_limit == ADDRESS_24:
        program_mask = field(cpu.psw.mask & PROGRAM_MASK, 20, 23)
        before = cpu.instruction_length >> 1 << 6 | cpu.cc << 4 | program_mask
        cpu.set_gr32(register, before << 24 | cpu.next_address)


@instruction(0x45, "BAL", RX_A, "BRANCH AND LINK", reason=Reason.EXECUTED, with_registers=link_may_wrap)
def bal(cpu: Cpu, operands: Operands) -> None:
    """Save link information in R1, and branch to the second-operand address."""
    address = cpu.effective_address(operands.b2, operands.d2, operands.x2)
    _link(cpu, operands.r1)
    cpu.branch(address)


@instruction(
    0x05,
    "BALR",
    RR,
    "BRANCH AND LINK (register)",
    reason=Reason.EXECUTED,
    with_registers=link_may_wrap,
)
def balr(cpu: Cpu, operands: Operands) -> None:
    """Save link information in R1, and branch to the address in R2, unless that is register 0."""
    address = cpu.address_in(operands.r2)
    _link(cpu, operands.r1)
    if operands.r2:
        cpu.branch(address)


@instruction(0x4D, "BAS", RX_A, "BRANCH AND SAVE", reason=Reason.EXECUTED, with_registers=link_may_wrap)
def bas(cpu: Cpu, operands: Operands) -> None:
    """Save the address of the next instruction in R1, and branch to the second-operand address."""
    address = cpu.effective_address(operands.b2, operands.d2, operands.x2)
    save_link(cpu, operands.r1)
    cpu.branch(address)


@instruction(
    0x0D,
    "BASR",
    RR,
    "BRANCH AND SAVE (register)",
    reason=Reason.EXECUTED,
    with_registers=link_may_wrap,
)
def basr(cpu: Cpu, operands: Operands) -> None:
    """Save the address of the next instruction in R1, and branch to the address in R2, unless that is register 0."""
    address = cpu.address_in(operands.r2)
    save_link(cpu, operands.r1)
    if operands.r2:
        cpu.branch(address)
