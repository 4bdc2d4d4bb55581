# SPDX-License-Identifier: GPL-2.0-or-later
"""LOAD MULTIPLE DISJOINT (PoP chapter 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu import access
from emu.isa.declaration import Operands, instruction
from emu.isa.formats import SS_E

if TYPE_CHECKING:
    from emu.cpu import Cpu

_WORD: Final = 4


@instruction(0xEF, "LMD", SS_E, "LOAD MULTIPLE DISJOINT")
def lmd(cpu: Cpu, operands: Operands) -> None:
    """Load bits 0-31 of registers R1 to R3 from the second operand, and bits 32-63 from the fourth.

    :raises ProgramInterruption: access exceptions (fetch).
    """
    registers = operands.register_range
    length = _WORD * len(registers)
    high = access.load(cpu, cpu.effective_address(operands.b2, operands.d2), length)
    low = access.load(cpu, cpu.effective_address(operands.b4, operands.d4), length)
    for place, register in zip(range(0, length, _WORD), registers, strict=True):
        cpu.gr[register] = int.from_bytes(high[place : place + _WORD] + low[place : place + _WORD], "big")
