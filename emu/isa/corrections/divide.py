# SPDX-License-Identifier: GPL-2.0-or-later
"""DIVIDE of signed words (PoP chapter 7): D and DR.

Unicorn 2.1.4 lets the host divide, and the host kills the process when the smallest dividend meets the divisor -1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu import access
from emu.bits import signed
from emu.isa.declaration import Operands, Reason, instruction
from emu.isa.formats import RR, RX_A
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode

if TYPE_CHECKING:
    from emu.cpu import Cpu


def _require_pair(register: int) -> None:
    if register & 1:
        raise ProgramInterruption(ProgramInterruptionCode.SPECIFICATION)


def _divide(cpu: Cpu, register: int, divisor: int) -> None:
    """Divide the signed doubleword in the pair *register*: the remainder goes to its first half, the quotient to its
    second; the remainder has the sign of the dividend.

    :raises ProgramInterruption: fixed-point divide.
    """
    dividend = signed(cpu.gr[register] << 32 | cpu.gr32(register + 1), 64)
    divisor = signed(divisor, 32)
    quotient = abs(dividend) // abs(divisor) if divisor else 1 << 32
    if (dividend < 0) != (divisor < 0):
        quotient = -quotient
    if not -1 << 31 <= quotient < 1 << 31:
        raise ProgramInterruption(ProgramInterruptionCode.FIXED_POINT_DIVIDE)
    cpu.set_gr32(register, dividend - quotient * divisor)
    cpu.set_gr32(register + 1, quotient)


@instruction(0x1D, "DR", RR, "DIVIDE", reason=Reason.CORRECTION)
def dr(cpu: Cpu, operands: Operands) -> None:
    """Divide the pair R1 by bits 32-63 of R2.

    :raises ProgramInterruption: specification for an odd R1; fixed-point divide.
    """
    _require_pair(operands.r1)
    _divide(cpu, operands.r1, cpu.gr[operands.r2])


@instruction(0x5D, "D", RX_A, "DIVIDE", reason=Reason.CORRECTION)
def d(cpu: Cpu, operands: Operands) -> None:
    """Divide the pair R1 by a word in storage.

    :raises ProgramInterruption: specification for an odd R1; access exceptions; fixed-point divide.
    """
    _require_pair(operands.r1)
    address = cpu.effective_address(operands.b2, operands.d2, operands.x2)
    _divide(cpu, operands.r1, access.load_integer(cpu, address, 4))
