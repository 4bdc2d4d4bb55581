# SPDX-License-Identifier: GPL-2.0-or-later
"""COMPARE DOUBLE AND SWAP (128) with an odd register (PoP chapter 7), for which Unicorn 2.1.4 gives no exception."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.access import NotModelled
from emu.isa.declaration import Operands, Reason, instruction
from emu.isa.formats import RSY_A
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode

if TYPE_CHECKING:
    from emu.cpu import Cpu


def _is_odd(operands: Operands, _: int) -> bool:
    return bool((operands.r1 | operands.r3) & 1)


@instruction(0xEB3E, "CDSG", RSY_A, "COMPARE DOUBLE AND SWAP (128)", reason=Reason.CORRECTION, only=_is_odd)
def cdsg(cpu: Cpu, operands: Operands) -> None:
    """Stop the forms with an odd register; the engine executes the others.

    :raises ProgramInterruption: specification.
    """
    if (operands.r1 | operands.r3) & 1:
        raise ProgramInterruption(ProgramInterruptionCode.SPECIFICATION)
    raise NotModelled("CDSG outside the engine")
