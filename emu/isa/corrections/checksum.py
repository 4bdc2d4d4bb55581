# SPDX-License-Identifier: GPL-2.0-or-later
"""CHECKSUM (PoP chapter 7), as Unicorn 2.1.4 gets it wrong.

It gives no exception for an odd R2, and takes R2 of zero for no register: the address is zero then.  In the 24- and
31-bit addressing modes it takes all 64 bits of the length, and does not keep bits 0-31 of both registers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu import access
from emu.bits import MASK_32
from emu.isa.declaration import Operands, Reason, instruction
from emu.isa.formats import RRE
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode

if TYPE_CHECKING:
    from emu.cpu import Cpu

_WORD: Final = 4
_MOST_BYTES: Final = 0x2000
"""The CPU-determined number of bytes after which the instruction ends with condition code 3; it is the engine's."""


def _is_wrong(operands: Operands, _: int) -> bool:
    return bool(operands.r2 & 1) or operands.r2 == 0


@instruction(0xB241, "CKSM", RRE, "CHECKSUM", reason=Reason.CORRECTION, only=_is_wrong, only_in_64_bit_mode=True)
def cksm(cpu: Cpu, operands: Operands) -> None:
    """Add the words of the second operand to R1; a carry is added at the other end.

    :raises ProgramInterruption: specification; access exceptions.
    """
    if operands.r2 & 1:
        raise ProgramInterruption(ProgramInterruptionCode.SPECIFICATION)
    address, length = cpu.address_in(operands.r2), cpu.length_in(operands.r2 + 1)
    amount = min(length, _MOST_BYTES)
    data = access.load(cpu, address, amount)
    checksum = cpu.gr32(operands.r1)
    start = 0
    while start < amount:
        checksum += int.from_bytes(data[start : start + _WORD].ljust(_WORD, b"\0"), "big")
        checksum = (checksum & MASK_32) + (checksum >> 32)
        start += _WORD
    cpu.set_address_register(operands.r2, cpu.wrap(address + amount))
    cpu.set_address_register(operands.r2 + 1, length - amount)
    # Last, as by the engine: it may be in one of these.
    cpu.set_gr32(operands.r1, checksum)
    cpu.cc = 0 if amount == length else 3
