# SPDX-License-Identifier: GPL-2.0-or-later
"""COMPARE LOGICAL (character) of 1, 2, 4 or 8 bytes (PoP chapter 7).

Unicorn 2.1.4 does these lengths in line, and has lost the condition code when the second operand meets an access
exception: the old PSW holds a wrong one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu import access
from emu.isa.declaration import Operands, Reason, instruction
from emu.isa.formats import SS_A

if TYPE_CHECKING:
    from emu.cpu import Cpu


def _is_inline(operands: Operands, _: int) -> bool:
    return operands.l1 in (0, 1, 3, 7)


@instruction(0xD5, "CLC", SS_A, "COMPARE LOGICAL (character)", reason=Reason.CORRECTION, only=_is_inline)
def clc(cpu: Cpu, operands: Operands) -> None:
    """Compare two operands of L1 + 1 bytes.

    :raises ProgramInterruption: access exceptions.
    """
    length = operands.l1 + 1
    first = access.load(cpu, cpu.effective_address(operands.b1, operands.d1), length)
    second = access.load(cpu, cpu.effective_address(operands.b2, operands.d2), length)
    cpu.cc = 0 if first == second else 1 if first < second else 2
