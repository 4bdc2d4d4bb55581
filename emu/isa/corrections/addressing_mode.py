# SPDX-License-Identifier: GPL-2.0-or-later
"""SET ADDRESSING MODE (PoP chapter 7).

Unicorn 2.1.4 goes on with translations of addresses that the new mode does not have, where an operand goes on at zero;
and some instructions are intercepted in the 24- and 31-bit modes only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.isa.declaration import Operands, Reason, instruction
from emu.isa.formats import E
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode
from emu.psw import ADDRESS_24, ADDRESS_31, ADDRESS_64, ADDRESSING_MODE, BASIC_ADDRESSING

if TYPE_CHECKING:
    from emu.cpu import Cpu


def _set_mode(cpu: Cpu, mode: int, limit: int) -> None:
    if cpu.instruction_address > limit:
        raise ProgramInterruption(ProgramInterruptionCode.SPECIFICATION)
    cpu.set_addressing_mode(mode)
    cpu.next_address &= limit


@instruction(0x010C, "SAM24", E, "SET ADDRESSING MODE (24)", reason=Reason.CORRECTION)
def sam24(cpu: Cpu, _: Operands) -> None:
    """Enter the 24-bit addressing mode.

    :raises ProgramInterruption: specification, if the instruction lies behind what that mode can address.
    """
    _set_mode(cpu, 0, ADDRESS_24)


@instruction(0x010D, "SAM31", E, "SET ADDRESSING MODE (31)", reason=Reason.CORRECTION)
def sam31(cpu: Cpu, _: Operands) -> None:
    """Enter the 31-bit addressing mode.

    :raises ProgramInterruption: specification, if the instruction lies behind what that mode can address.
    """
    _set_mode(cpu, BASIC_ADDRESSING, ADDRESS_31)


@instruction(0x010E, "SAM64", E, "SET ADDRESSING MODE (64)", reason=Reason.CORRECTION)
def sam64(cpu: Cpu, _: Operands) -> None:
    """Enter the 64-bit addressing mode."""
    _set_mode(cpu, ADDRESSING_MODE, ADDRESS_64)
