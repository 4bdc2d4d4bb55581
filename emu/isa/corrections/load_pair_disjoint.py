# SPDX-License-Identifier: GPL-2.0-or-later
"""LOAD PAIR DISJOINT (PoP chapter 7).

Unicorn 2.1.4 fetches the first operand before it looks at the boundary of the second, so that an access exception of
the first comes before the specification exception.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu import access
from emu.isa.declaration import Operands, Reason, instruction
from emu.isa.formats import SSF_R3
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode

if TYPE_CHECKING:
    from emu.cpu import Cpu

_WORD, _DOUBLEWORD = 4, 8


def _fetch_pair(cpu: Cpu, operands: Operands, length: int) -> tuple[int, int]:
    """Both operands, of *length* bytes.  No other CPU can store between the two fetches, so condition code 0.

    :raises ProgramInterruption: specification; access exceptions.
    """
    first = cpu.effective_address(operands.b1, operands.d1)
    second = cpu.effective_address(operands.b2, operands.d2)
    if operands.r3 & 1 or first % length or second % length:
        raise ProgramInterruption(ProgramInterruptionCode.SPECIFICATION)
    pair = access.load_integer(cpu, first, length), access.load_integer(cpu, second, length)
    cpu.cc = 0
    return pair


@instruction(0xC84, "LPD", SSF_R3, "LOAD PAIR DISJOINT", reason=Reason.CORRECTION)
def lpd(cpu: Cpu, operands: Operands) -> None:
    """Load two words in bits 32-63 of R3 and R3 + 1.

    :raises ProgramInterruption: specification; access exceptions.
    """
    first, second = _fetch_pair(cpu, operands, _WORD)
    cpu.set_gr32(operands.r3, first)
    cpu.set_gr32(operands.r3 + 1, second)


@instruction(0xC85, "LPDG", SSF_R3, "LOAD PAIR DISJOINT (64)", reason=Reason.CORRECTION)
def lpdg(cpu: Cpu, operands: Operands) -> None:
    """Load two doublewords in R3 and R3 + 1.

    :raises ProgramInterruption: specification; access exceptions.
    """
    cpu.gr[operands.r3], cpu.gr[operands.r3 + 1] = _fetch_pair(cpu, operands, _DOUBLEWORD)
