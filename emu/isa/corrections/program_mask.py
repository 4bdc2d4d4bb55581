# SPDX-License-Identifier: GPL-2.0-or-later
"""SET PROGRAM MASK (PoP chapter 7): the engine must be run differently when the fixed-point-overflow mask is one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.bits import field
from emu.isa.declaration import Operands, Reason, instruction
from emu.isa.formats import RR

if TYPE_CHECKING:
    from emu.cpu import Cpu


@instruction(0x04, "SPM", RR, "SET PROGRAM MASK", reason=Reason.CORRECTION)
def spm(cpu: Cpu, operands: Operands) -> None:
    """Bits 34 and 35 of R1 become the condition code, bits 36-39 the program mask.

    Unicorn 2.1.4 does that rightly, but never reports the overflow that PSW bit 20 then asks for.
    """
    cpu.cc = field(cpu.gr[operands.r1], 34, 35)
    cpu.set_program_mask(field(cpu.gr[operands.r1], 36, 39))
