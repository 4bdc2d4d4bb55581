# SPDX-License-Identifier: GPL-2.0-or-later
"""COMPARE DOUBLE AND SWAP (128) (PoP chapter 7): Unicorn 2.1.4 gives no exception for an odd register."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu import access
from emu.isa.declaration import Operands, Reason, instruction
from emu.isa.formats import RSY_A
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode
from emu.teid import Access

if TYPE_CHECKING:
    from emu.cpu import Cpu

_QUADWORD: Final = 16


def _is_odd(operands: Operands, _: int) -> bool:
    return bool((operands.r1 | operands.r3) & 1)


@instruction(0xEB3E, "CDSG", RSY_A, "COMPARE DOUBLE AND SWAP (128)", reason=Reason.UNREFUSED, only=_is_odd)
def cdsg(cpu: Cpu, operands: Operands) -> None:
    """If the pair R1 equals the second operand, store the pair R3 there; else load it in the pair R1.

    :raises ProgramInterruption: specification for an odd register, and off a quadword boundary; access exceptions.
    """
    address = cpu.effective_address(operands.b2, operands.d2)
    if (operands.r1 | operands.r3) & 1 or address % _QUADWORD:
        raise ProgramInterruption(ProgramInterruptionCode.SPECIFICATION)
    access.probe(cpu, address, _QUADWORD, Access.STORE)
    found = access.load_integer(cpu, address, 8), access.load_integer(cpu, address + 8, 8)
    if found == (cpu.gr[operands.r1], cpu.gr[operands.r1 + 1]):
        for number in range(2):
            access.store_integer(cpu, address + 8 * number, 8, cpu.gr[operands.r3 + number])
        cpu.cc = 0
    else:
        cpu.gr[operands.r1], cpu.gr[operands.r1 + 1] = found
        cpu.cc = 1
