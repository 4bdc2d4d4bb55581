# SPDX-License-Identifier: GPL-2.0-or-later
"""TEST AND SET (PoP chapter 7).

Unicorn 2.1.4 gives an operation exception unless bits 8-15 of the instruction, which are no field, are zero.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu import access
from emu.isa.declaration import Operands, Reason, instruction
from emu.isa.formats import S_8
from emu.teid import Access

if TYPE_CHECKING:
    from emu.cpu import Cpu

_ONES: Final = 0xFF


def _has_reserved_bits(operands: Operands, _: int) -> bool:
    return bool(operands.raw >> 16 & 0xFF)


@instruction(0x93, "TS", S_8, "TEST AND SET", reason=Reason.CORRECTION, only=_has_reserved_bits)
def ts(cpu: Cpu, operands: Operands) -> None:
    """Make the leftmost bit of a byte the condition code, and all its bits ones.

    :raises ProgramInterruption: access exceptions (fetch and store).
    """
    address = cpu.effective_address(operands.b2, operands.d2)
    access.probe(cpu, address, 1, Access.STORE)
    byte = access.load_integer(cpu, address, 1)
    access.store_integer(cpu, address, 1, _ONES)
    cpu.cc = byte >> 7
