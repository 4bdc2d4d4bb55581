# SPDX-License-Identifier: GPL-2.0-or-later
"""Executing one control instruction, and delivering what comes of it.

This is the one place where a :class:`~emu.program_interruption.ProgramInterruption` is caught.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu import access, interruption
from emu.facilities import Facility
from emu.hypervisor import FrameShortage
from emu.isa.declaration import decode
from emu.program_interruption import Ending, ProgramInterruption, ProgramInterruptionCode

if TYPE_CHECKING:
    from emu.cpu import Cpu

EXECUTE: Final = 0x44
EXECUTE_RELATIVE_LONG: Final = 0xC6


def is_execute(instruction: bytes) -> bool:
    """Whether the instruction is EXECUTE or EXECUTE RELATIVE LONG."""
    return instruction[0] == EXECUTE or (instruction[0] == EXECUTE_RELATIVE_LONG and not instruction[1] & 0x0F)


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
    target = access.fetch_instruction(cpu, target_address)
    if is_execute(target):
        raise ProgramInterruption(ProgramInterruptionCode.EXECUTE)
    modifier = cpu.gr[r1] & 0xFF if r1 else 0
    return bytes((target[0], target[1] | modifier)) + target[2:]


def execute(cpu: Cpu, instruction: bytes, address: int, length: int, *, target_address: int | None = None) -> None:
    """Execute a declared instruction: *instruction* is its bytes, found at *address* in *length* bytes.

    :param target_address: where *instruction* lies when it is the target of an EXECUTE, which then is what *address*
        and *length* describe.

    :raises ProgramInterruption: operation, if the instruction is not declared or its facility not installed;
        privileged operation; and whatever the instruction itself recognises.
    :raises FrameShortage: if it must be executed again when the host has made room.
    """
    cpu.instruction_length = length
    cpu.next_address = cpu.wrap(address + length)
    cpu.relative_base = address if target_address is None else target_address
    decoded = decode(instruction)
    if decoded is None:
        cpu.machine.not_modelled(instruction)
        raise ProgramInterruption(ProgramInterruptionCode.OPERATION)
    declared, operands = decoded
    if declared.facility is not None and declared.facility not in cpu.machine.facilities:
        cpu.machine.not_modelled(instruction)
        raise ProgramInterruption(ProgramInterruptionCode.OPERATION)
    if declared.privileged and cpu.problem_state:
        raise ProgramInterruption(ProgramInterruptionCode.PRIVILEGED_OPERATION)
    cpu.machine.count(declared)
    try:
        declared.execute(cpu, operands)
    except FrameShortage:
        cpu.machine.uncount(declared)
        raise
    cpu.instruction_address = cpu.next_address


def run_declared(cpu: Cpu, instruction: bytes, address: int) -> bool:
    """Execute the declared *instruction* at *address*, through EXECUTE if that is what it is, and deliver what comes.

    Give whether it was executed, that is, neither suppressed nor nullified.
    """
    length = len(instruction)
    executed = True
    try:
        target_address = None
        if is_execute(instruction):
            target_address = execute_target_address(cpu, instruction, address)
            instruction = execute_target(cpu, instruction, address)
        execute(cpu, instruction, address, length, target_address=target_address)
    except ProgramInterruption as condition:
        executed = condition.ending is Ending.COMPLETION
        deliver(cpu, condition, address, length)
    if cpu.psw_loaded:
        check_loaded_psw(cpu)
    return executed


def deliver(cpu: Cpu, condition: ProgramInterruption, address: int, length: int) -> None:
    """Take the program interruption *condition* of the instruction of *length* bytes at *address*.

    :raises emu.machine.Stop: for a check-stop and for a program-interruption loop.
    """
    cpu.machine.note_program_interruption(cpu, condition, address)
    interruption.program(cpu, condition, address, length)
    check_loaded_psw(cpu)


def check_loaded_psw(cpu: Cpu) -> None:
    """Recognise an early specification exception of the PSW just loaded (PoP 6, "Early Exception Recognition").

    The instruction-length code is zero if the whole PSW was loaded, by an instruction or by an interruption, and that
    of the instruction if it replaced a part (SSM, STOSM ...).
    """
    cpu.psw_loaded = False
    if cpu.psw.has_early_exception() or (cpu.key and Facility.STORAGE_KEY_REMOVAL in cpu.machine.facilities):
        condition = ProgramInterruption(ProgramInterruptionCode.SPECIFICATION)
        cpu.machine.note_program_interruption(cpu, condition, cpu.instruction_address)
        interruption.program_early(cpu, condition, cpu.psw_change_length)
        check_loaded_psw(cpu)
