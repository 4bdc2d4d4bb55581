# SPDX-License-Identifier: GPL-2.0-or-later
"""TRANSLATE AND TEST REVERSE (PoP chapter 7).

In the 31-bit addressing mode it leaves bits 0-32 of general register 1 as they are; Unicorn 2.1.4 makes bit 32 zero, as
TRANSLATE AND TEST does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu import access
from emu.isa.declaration import Operands, Reason, instruction
from emu.isa.formats import SS_A

if TYPE_CHECKING:
    from emu.cpu import Cpu

_FUNCTION_BYTE: Final = 0xFF


@instruction(0xD0, "TRTR", SS_A, "TRANSLATE AND TEST REVERSE", reason=Reason.CORRECTION)
def trtr(cpu: Cpu, operands: Operands) -> None:
    """Look from right to left for an argument byte whose function byte is not zero.

    Its address goes to general register 1, and the function byte to bits 56-63 of general register 2.

    :raises ProgramInterruption: access exceptions.
    """
    address = cpu.effective_address(operands.b1, operands.d1)
    table = cpu.effective_address(operands.b2, operands.d2)
    limit = cpu.address_limit
    for number in range(operands.l1 + 1):
        place = cpu.wrap(address - number)
        argument = access.load_integer(cpu, place, 1)
        function = access.load_integer(cpu, cpu.wrap(table + argument), 1)
        if function:
            cpu.gr[1] = cpu.gr[1] & ~limit | place
            cpu.gr[2] = cpu.gr[2] & ~_FUNCTION_BYTE | function
            cpu.cc = 2 if number == operands.l1 else 1
            return
    cpu.cc = 0
