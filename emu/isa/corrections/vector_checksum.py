# SPDX-License-Identifier: GPL-2.0-or-later
"""VECTOR CHECKSUM (PoP chapter 22).

Unicorn 2.1.4 adds the sum to itself with each word.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.bits import MASK_32
from emu.isa import vector
from emu.isa.declaration import Operands, Reason, instruction
from emu.isa.formats import VRR_C

if TYPE_CHECKING:
    from emu.cpu import Cpu


@instruction(0xE766, "VCKSM", VRR_C, "VECTOR CHECKSUM", reason=Reason.CORRECTION)
def vcksm(cpu: Cpu, operands: Operands) -> None:
    """Add the words of V2 to word 1 of V3, each carry in the last place; word 1 of V1 is the sum, the others zeros.

    :raises ProgramInterruption: data.
    """
    vector.require_vector(cpu)
    left, right = cpu.vr[2 * operands.v2], cpu.vr[2 * operands.v2 + 1]
    total = cpu.vr[2 * operands.v3] & MASK_32
    total += (left >> 32) + (left & MASK_32) + (right >> 32) + (right & MASK_32)
    total = (total & MASK_32) + (total >> 32)
    total = (total & MASK_32) + (total >> 32)
    cpu.vr[2 * operands.v1] = total
    cpu.vr[2 * operands.v1 + 1] = 0
