# SPDX-License-Identifier: GPL-2.0-or-later
"""CONVERT TO BINARY and CONVERT TO DECIMAL (PoP chapter 7).

Unicorn 2.1.4 lacks CVB, CVBY, CVBG and CVDG, and has CVD and CVDY.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu import access
from emu.bits import MASK_64, signed
from emu.isa import packed_decimal
from emu.isa.declaration import Operands, instruction
from emu.isa.formats import RX_A, RXY_A
from emu.program_interruption import Ending, ProgramInterruption, ProgramInterruptionCode

if TYPE_CHECKING:
    from emu.cpu import Cpu


def _operand_address(cpu: Cpu, operands: Operands) -> int:
    return cpu.effective_address(operands.b2, operands.d2, operands.x2)


def _divide_exception(ending: Ending) -> ProgramInterruption:
    return ProgramInterruption(ProgramInterruptionCode.FIXED_POINT_DIVIDE, ending=ending)


@instruction(0x4F, "CVB", RX_A, "CONVERT TO BINARY (32)")
def cvb(cpu: Cpu, operands: Operands) -> None:
    """Convert the packed number of 8 bytes in storage to a signed word in bits 32-63 of R1.

    :raises ProgramInterruption: data; access exceptions; fixed-point divide if it does not fit, after its rightmost
        32 bits have been put in R1.
    """
    value = packed_decimal.value(access.load(cpu, _operand_address(cpu, operands), 8))
    cpu.set_gr32(operands.r1, value)
    if not -1 << 31 <= value < 1 << 31:
        raise _divide_exception(Ending.COMPLETION)


@instruction(0xE306, "CVBY", RXY_A, "CONVERT TO BINARY (32)")
def cvby(cpu: Cpu, operands: Operands) -> None:
    """Convert as CVB does.

    :raises ProgramInterruption: as CVB.
    """
    cvb(cpu, operands)


@instruction(0xE30E, "CVBG", RXY_A, "CONVERT TO BINARY (64)")
def cvbg(cpu: Cpu, operands: Operands) -> None:
    """Convert the packed number of 16 bytes in storage to a signed doubleword in R1.

    :raises ProgramInterruption: data; access exceptions; fixed-point divide if it does not fit: R1 stays.
    """
    value = packed_decimal.value(access.load(cpu, _operand_address(cpu, operands), 16))
    if not -1 << 63 <= value < 1 << 63:
        raise _divide_exception(Ending.SUPPRESSION)
    cpu.gr[operands.r1] = value & MASK_64


@instruction(0xE32E, "CVDG", RXY_A, "CONVERT TO DECIMAL (64)")
def cvdg(cpu: Cpu, operands: Operands) -> None:
    """Convert the signed doubleword in R1 to a packed number of 16 bytes in storage.

    :raises ProgramInterruption: access exceptions.
    """
    value = signed(cpu.gr[operands.r1], 64)
    access.store(cpu, _operand_address(cpu, operands), packed_decimal.pack(abs(value), value < 0, 16))
