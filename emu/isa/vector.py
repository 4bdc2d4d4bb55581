# SPDX-License-Identifier: GPL-2.0-or-later
"""What vector instructions have in common (PoP chapter 21): registers, elements, and the check of the controls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu.control_registers import CR0_AFP, CR0_VECTOR
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode, data_exception

if TYPE_CHECKING:
    from emu.cpu import Cpu

DXC_VECTOR_INSTRUCTION: Final = 0xFE
REGISTER_BYTES: Final = 16


def require_vector(cpu: Cpu) -> None:
    """Check that the AFP-register control and the vector-enablement control permit vector instructions.

    :raises ProgramInterruption: data, with DXC FE hex.
    """
    if cpu.cr[0] & (CR0_AFP | CR0_VECTOR) != CR0_AFP | CR0_VECTOR:
        raise data_exception(DXC_VECTOR_INSTRUCTION)


def require(is_valid: bool) -> None:
    """Check a field of an instruction.

    :raises ProgramInterruption: specification.
    """
    if not is_valid:
        raise ProgramInterruption(ProgramInterruptionCode.SPECIFICATION)


def elements(cpu: Cpu, register: int, size: int) -> list[int]:
    """The elements of *size* bytes in a vector register."""
    octets = cpu.vr[2 * register].to_bytes(8, "big") + cpu.vr[2 * register + 1].to_bytes(8, "big")
    return [int.from_bytes(octets[at : at + size], "big") for at in range(0, REGISTER_BYTES, size)]


def put_elements(cpu: Cpu, register: int, size: int, values: list[int]) -> None:
    """Fill a vector register with elements of *size* bytes."""
    octets = b"".join(value.to_bytes(size, "big") for value in values)
    cpu.vr[2 * register] = int.from_bytes(octets[:8], "big")
    cpu.vr[2 * register + 1] = int.from_bytes(octets[8:], "big")
