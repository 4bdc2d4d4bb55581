# SPDX-License-Identifier: GPL-2.0-or-later
"""EXECUTE and EXECUTE RELATIVE LONG: which instruction they execute (PoP 7, "EXECUTE")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu.instruction_fetch import fetch_instruction
from emu.isa.facility_table import facility_of
from emu.isa.opcodes import Opcode
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode

if TYPE_CHECKING:
    from emu.cpu import Cpu

EXECUTE: Final = 0x44
EXECUTE_RELATIVE_LONG: Final = 0xC60


def executes_target(cpu: Cpu, instruction: bytes) -> bool:
    """Whether *instruction* is an EXECUTE that *cpu* has: EXECUTE RELATIVE LONG is of a facility."""
    if not is_execute(instruction):
        return False
    facility = facility_of(Opcode.of(instruction))
    return facility is None or facility in cpu.configuration.facilities


def is_execute(instruction: bytes) -> bool:
    """Whether the instruction is EXECUTE or EXECUTE RELATIVE LONG."""
    return instruction[0] == EXECUTE or instruction[0] << 4 | instruction[1] & 0x0F == EXECUTE_RELATIVE_LONG


def execute_target_address(cpu: Cpu, instruction: bytes, address: int) -> int:
    """Where the target of the EXECUTE *instruction* at *address* lies."""
    if instruction[0] == EXECUTE:
        displacement = int.from_bytes(instruction[2:4], "big") & 0xFFF
        return cpu.effective_address(instruction[2] >> 4, displacement, instruction[1] & 0x0F)
    return cpu.wrap(address + 2 * int.from_bytes(instruction[2:6], "big", signed=True))


def execute_target(cpu: Cpu, instruction: bytes, address: int) -> bytes:
    """The target of the EXECUTE *instruction* at *address*, with bits 56-63 of R1 ORed into its second byte.

    :raises ProgramInterruption: specification for an odd target address, execute if the target is EXECUTE as well,
        and the access exceptions of fetching it.
    """
    r1 = instruction[1] >> 4
    target_address = execute_target_address(cpu, instruction, address)
    if target_address & 1:
        raise ProgramInterruption(ProgramInterruptionCode.SPECIFICATION)
    target = fetch_instruction(cpu, target_address)
    if executes_target(cpu, target):
        raise ProgramInterruption(ProgramInterruptionCode.EXECUTE)
    return modified_target(target, cpu.gr[r1] if r1 else 0)


def modified_target(target: bytes, register: int) -> bytes:
    """The *target* of an EXECUTE, with bits 56-63 of *register* ORed into its second byte.

    :param register: what the register R1 holds; zero if R1 is zero.
    """
    return bytes((target[0], target[1] | register & 0xFF)) + target[2:]
