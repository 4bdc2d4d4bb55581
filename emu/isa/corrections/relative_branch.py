# SPDX-License-Identifier: GPL-2.0-or-later
"""Relative branches and LARL as the targets of EXECUTE (PoP chapter 7).

Relative immediate operands count from the address of the instruction that has them, also when it is executed
(PoP chapter 5, "Address Generation").  Unicorn 2.1.4 counts them from the EXECUTE.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu.bits import MASK_32, MASK_64, signed
from emu.facilities import Facility
from emu.isa.corrections.linkage import link_may_wrap, save_link
from emu.isa.declaration import Operands, Reason, instruction
from emu.isa.formats import RI_B, RI_C, RIE_B, RIE_C, RIE_C_UNSIGNED, RIE_E, RIL_B, RIL_C, RSI

if TYPE_CHECKING:
    from emu.cpu import Cpu

_EXECUTED: Final = Reason.EXECUTED
_EXTENSION: Final = Facility.GENERAL_INSTRUCTIONS_EXTENSION
_EQUAL: Final = 8
_LOW: Final = 4
_HIGH: Final = 2


def _branch(cpu: Cpu, halfwords: int) -> None:
    cpu.branch(cpu.relative_address(halfwords))


@instruction(0xC00, "LARL", RIL_B, "LOAD ADDRESS RELATIVE LONG", reason=_EXECUTED)
def larl(cpu: Cpu, operands: Operands) -> None:
    """Put the relative address in R1."""
    cpu.set_address_register(operands.r1, cpu.relative_address(operands.ri2))


@instruction(0xA75, "BRAS", RI_B, "BRANCH RELATIVE AND SAVE", reason=_EXECUTED, with_registers=link_may_wrap)
def bras(cpu: Cpu, operands: Operands) -> None:
    """Save the link in R1 and branch."""
    save_link(cpu, operands.r1)
    _branch(cpu, operands.ri2)


@instruction(0xC05, "BRASL", RIL_B, "BRANCH RELATIVE AND SAVE LONG", reason=_EXECUTED, with_registers=link_may_wrap)
def brasl(cpu: Cpu, operands: Operands) -> None:
    """Save the link in R1 and branch."""
    bras(cpu, operands)


@instruction(0xA74, "BRC", RI_C, "BRANCH RELATIVE ON CONDITION", reason=_EXECUTED)
def brc(cpu: Cpu, operands: Operands) -> None:
    """Branch if mask M1 has the bit of the condition code."""
    if operands.m1 & 8 >> cpu.cc:
        _branch(cpu, operands.ri2)


@instruction(0xC04, "BRCL", RIL_C, "BRANCH RELATIVE ON CONDITION LONG", reason=_EXECUTED)
def brcl(cpu: Cpu, operands: Operands) -> None:
    """Branch if mask M1 has the bit of the condition code."""
    brc(cpu, operands)


# Counting


@instruction(0xA76, "BRCT", RI_B, "BRANCH RELATIVE ON COUNT", reason=_EXECUTED)
def brct(cpu: Cpu, operands: Operands) -> None:
    """Subtract one from bits 32-63 of R1 and branch if they are not zero then."""
    count = cpu.gr32(operands.r1) - 1 & MASK_32
    cpu.set_gr32(operands.r1, count)
    if count:
        _branch(cpu, operands.ri2)


@instruction(0xA77, "BRCTG", RI_B, "BRANCH RELATIVE ON COUNT (64)", reason=_EXECUTED)
def brctg(cpu: Cpu, operands: Operands) -> None:
    """Subtract one from R1 and branch if it is not zero then."""
    count = cpu.gr[operands.r1] - 1 & MASK_64
    cpu.gr[operands.r1] = count
    if count:
        _branch(cpu, operands.ri2)


@instruction(
    0xCC6,
    "BRCTH",
    RIL_B,
    "BRANCH RELATIVE ON COUNT HIGH",
    reason=_EXECUTED,
)
def brcth(cpu: Cpu, operands: Operands) -> None:
    """Subtract one from bits 0-31 of R1 and branch if they are not zero then."""
    count = (cpu.gr[operands.r1] >> 32) - 1 & MASK_32
    cpu.gr[operands.r1] = count << 32 | cpu.gr32(operands.r1)
    if count:
        _branch(cpu, operands.ri2)


# Index


def _step_index(cpu: Cpu, operands: Operands, width: int) -> bool:
    """Add the increment R3 to the index R1; whether it is then higher than the comparand, R3 or the odd one above."""
    comparand = signed(cpu.gr[operands.r3 | 1], width)
    index = cpu.gr[operands.r1] + cpu.gr[operands.r3]
    if width == 32:
        cpu.set_gr32(operands.r1, index)
    else:
        cpu.gr[operands.r1] = index & MASK_64
    return signed(index, width) > comparand


@instruction(0x84, "BRXH", RSI, "BRANCH RELATIVE ON INDEX HIGH", reason=_EXECUTED)
def brxh(cpu: Cpu, operands: Operands) -> None:
    """Add R3 to R1 and branch if R1 is then higher than the comparand."""
    if _step_index(cpu, operands, 32):
        _branch(cpu, operands.ri2)


@instruction(0x85, "BRXLE", RSI, "BRANCH RELATIVE ON INDEX LOW OR EQUAL", reason=_EXECUTED)
def brxle(cpu: Cpu, operands: Operands) -> None:
    """Add R3 to R1 and branch if R1 is then not higher than the comparand."""
    if not _step_index(cpu, operands, 32):
        _branch(cpu, operands.ri2)


@instruction(0xEC44, "BRXHG", RIE_E, "BRANCH RELATIVE ON INDEX HIGH (64)", reason=_EXECUTED)
def brxhg(cpu: Cpu, operands: Operands) -> None:
    """Add R3 to R1 and branch if R1 is then higher than the comparand."""
    if _step_index(cpu, operands, 64):
        _branch(cpu, operands.ri2)


@instruction(0xEC45, "BRXLG", RIE_E, "BRANCH RELATIVE ON INDEX LOW OR EQUAL (64)", reason=_EXECUTED)
def brxlg(cpu: Cpu, operands: Operands) -> None:
    """Add R3 to R1 and branch if R1 is then not higher than the comparand."""
    if not _step_index(cpu, operands, 64):
        _branch(cpu, operands.ri2)


# Compare and branch


def _compare_and_branch(cpu: Cpu, operands: Operands, first: int, second: int) -> None:
    outcome = _EQUAL if first == second else _LOW if first < second else _HIGH
    if operands.m3 & outcome:
        _branch(cpu, operands.ri4)


@instruction(0xEC76, "CRJ", RIE_B, "COMPARE AND BRANCH RELATIVE (32)", reason=_EXECUTED)
def crj(cpu: Cpu, operands: Operands) -> None:
    """Compare R1 and R2 and branch if mask M3 has the bit of the outcome."""
    _compare_and_branch(cpu, operands, signed(cpu.gr[operands.r1], 32), signed(cpu.gr[operands.r2], 32))


@instruction(0xEC64, "CGRJ", RIE_B, "COMPARE AND BRANCH RELATIVE (64)", reason=_EXECUTED)
def cgrj(cpu: Cpu, operands: Operands) -> None:
    """Compare R1 and R2 and branch if mask M3 has the bit of the outcome."""
    _compare_and_branch(cpu, operands, signed(cpu.gr[operands.r1], 64), signed(cpu.gr[operands.r2], 64))


@instruction(0xEC7E, "CIJ", RIE_C, "COMPARE IMMEDIATE AND BRANCH RELATIVE (32)", reason=_EXECUTED)
def cij(cpu: Cpu, operands: Operands) -> None:
    """Compare R1 and the signed I2, and branch if mask M3 has the bit of the outcome."""
    _compare_and_branch(cpu, operands, signed(cpu.gr[operands.r1], 32), signed(operands.i2, 8))


@instruction(0xEC7C, "CGIJ", RIE_C, "COMPARE IMMEDIATE AND BRANCH RELATIVE (64)", reason=_EXECUTED)
def cgij(cpu: Cpu, operands: Operands) -> None:
    """Compare R1 and the signed I2, and branch if mask M3 has the bit of the outcome."""
    _compare_and_branch(cpu, operands, signed(cpu.gr[operands.r1], 64), signed(operands.i2, 8))


@instruction(0xEC77, "CLRJ", RIE_B, "COMPARE LOGICAL AND BRANCH RELATIVE (32)", reason=_EXECUTED)
def clrj(cpu: Cpu, operands: Operands) -> None:
    """Compare R1 and R2 as unsigned numbers and branch if mask M3 has the bit of the outcome."""
    _compare_and_branch(cpu, operands, cpu.gr32(operands.r1), cpu.gr32(operands.r2))


@instruction(0xEC65, "CLGRJ", RIE_B, "COMPARE LOGICAL AND BRANCH RELATIVE (64)", reason=_EXECUTED)
def clgrj(cpu: Cpu, operands: Operands) -> None:
    """Compare R1 and R2 as unsigned numbers and branch if mask M3 has the bit of the outcome."""
    _compare_and_branch(cpu, operands, cpu.gr[operands.r1], cpu.gr[operands.r2])


@instruction(0xEC7F, "CLIJ", RIE_C_UNSIGNED, "COMPARE LOGICAL IMMEDIATE AND BRANCH RELATIVE (32)", reason=_EXECUTED)
def clij(cpu: Cpu, operands: Operands) -> None:
    """Compare R1 and the unsigned I2, and branch if mask M3 has the bit of the outcome."""
    _compare_and_branch(cpu, operands, cpu.gr32(operands.r1), operands.i2)


@instruction(0xEC7D, "CLGIJ", RIE_C_UNSIGNED, "COMPARE LOGICAL IMMEDIATE AND BRANCH RELATIVE (64)", reason=_EXECUTED)
def clgij(cpu: Cpu, operands: Operands) -> None:
    """Compare R1 and the unsigned I2, and branch if mask M3 has the bit of the outcome."""
    _compare_and_branch(cpu, operands, cpu.gr[operands.r1], operands.i2)
