# SPDX-License-Identifier: GPL-2.0-or-later
"""CHECKSUM with an odd R2 (PoP chapter 7), for which Unicorn 2.1.4 gives no exception."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.access import NotModelled
from emu.isa.declaration import Operands, Reason, instruction
from emu.isa.formats import RRE
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode

if TYPE_CHECKING:
    from emu.cpu import Cpu


def _is_odd(operands: Operands, _: int) -> bool:
    return bool(operands.r2 & 1)


@instruction(0xB241, "CKSM", RRE, "CHECKSUM", reason=Reason.CORRECTION, only=_is_odd)
def cksm(cpu: Cpu, operands: Operands) -> None:
    """Stop the forms whose R2 is odd; the engine executes the others.

    :raises ProgramInterruption: specification.
    """
    if operands.r2 & 1:
        raise ProgramInterruption(ProgramInterruptionCode.SPECIFICATION)
    raise NotModelled("CKSM outside the engine")
