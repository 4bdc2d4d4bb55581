# SPDX-License-Identifier: GPL-2.0-or-later
"""The floating-point registers, and which of them may be designated (PoP chapter 9, "Floating-Point Registers").

They are the left halves of the vector registers 0-15.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu.control_registers import CR0_AFP
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode, data_exception

if TYPE_CHECKING:
    from emu.cpu import Cpu

DXC_AFP_REGISTER: Final = 0x01
_WITHOUT_AFP: Final = (0, 2, 4, 6)
"""The registers that there are while the AFP-register control is zero."""


def require_registers(cpu: Cpu, *registers: int) -> None:
    """Check that *registers* are there, of an instruction that needs no more of the AFP-register control.

    :raises ProgramInterruption: data, with DXC 1.
    """
    if not cpu.cr[0] & CR0_AFP and any(register not in _WITHOUT_AFP for register in registers):
        raise data_exception(DXC_AFP_REGISTER)


def require_pair(register: int) -> None:
    """Check that *register* designates a floating-point register pair: 0, 1, 4, 5, 8, 9, 12 or 13.

    :raises ProgramInterruption: specification.
    """
    if register & 2:
        raise ProgramInterruption(ProgramInterruptionCode.SPECIFICATION)


def load(cpu: Cpu, register: int, width: int) -> int:
    """The *width* bits (32, 64 or 128) in a floating-point register or pair, a short datum from its left half.

    :raises ProgramInterruption: specification, if a pair is needed and not designated.
    """
    high = cpu.vr[2 * register]
    if width == 32:
        return high >> 32
    if width == 64:
        return high
    require_pair(register)
    return high << 64 | cpu.vr[2 * register + 4]


def store(cpu: Cpu, register: int, width: int, value: int) -> None:
    """Put *width* bits in a floating-point register, or in a pair that was checked before.

    A short datum goes into the left half, and the other stays.
    """
    if width == 32:
        cpu.vr[2 * register] = value << 32 | cpu.vr[2 * register] & 0xFFFF_FFFF
    elif width == 128:
        cpu.vr[2 * register] = value >> 64
        cpu.vr[2 * register + 4] = value & (1 << 64) - 1
    else:
        cpu.vr[2 * register] = value
