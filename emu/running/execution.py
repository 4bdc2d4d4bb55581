# SPDX-License-Identifier: GPL-2.0-or-later
"""Executing one control instruction, and delivering what comes of it.

This is the one place where a :class:`~emu.program_interruption.ProgramInterruption` is caught.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from emu import interruption
from emu.hypervisor import FrameShortage
from emu.isa.declaration import decode
from emu.isa.execute import execute_target, execute_target_address, executes_target
from emu.program_interruption import Ending, ProgramInterruption, ProgramInterruptionCode
from emu.running import recording
from emu.running.loops import note_program_interruption
from emu.running.stops import StopRun

if TYPE_CHECKING:
    from emu.cpu import Cpu


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
    if decoded is None or not decoded[0].is_installed(cpu):
        counts, met = cpu.configuration.counts, instruction.hex()
        counts.unmodelled[met] += 1
        condition = ProgramInterruption(ProgramInterruptionCode.OPERATION)
        condition.take_back = partial(counts.unmodelled.subtract, (met,))
        raise condition
    declared, operands = decoded
    if not declared.is_permitted(cpu):
        raise ProgramInterruption(ProgramInterruptionCode.PRIVILEGED_OPERATION)
    cpu.configuration.count(declared.mnemonic, declared.work)
    try:
        declared.execute(cpu, operands)
    except FrameShortage:
        cpu.configuration.uncount(declared.mnemonic, declared.work)
        raise
    except ProgramInterruption as condition:
        condition.take_back = partial(cpu.configuration.uncount, declared.mnemonic, declared.work)
        raise
    cpu.instruction_address = cpu.next_address


def run_declared(cpu: Cpu, instruction: bytes, address: int) -> bool:
    """Execute the declared *instruction* at *address*, through EXECUTE if that is what it is, and deliver what comes.

    Give whether it was executed, that is, neither suppressed nor nullified.
    """
    length = len(instruction)
    executed = True
    watching = cpu.configuration.watching
    noticed = len(watching.noticed)
    try:
        target_address = None
        if executes_target(cpu, instruction):
            target_address = execute_target_address(cpu, instruction, address)
            instruction = execute_target(cpu, instruction, address)
        execute(cpu, instruction, address, length, target_address=target_address)
    except ProgramInterruption as condition:
        executed = condition.ending is Ending.COMPLETION
        if not executed:
            watching.forget_fetches_from(noticed)
        deliver(cpu, condition, address, length)
    if cpu.psw_loaded:
        check_loaded_psw(cpu)
    return executed


def deliver(cpu: Cpu, condition: ProgramInterruption, address: int, length: int) -> None:
    """Take the program interruption *condition* of the instruction of *length* bytes at *address*, with its PER events.

    :raises StopRun: for a check-stop and for a program-interruption loop, and if somebody wants to stop before it.
    """
    asked = cpu.configuration.watching.before_interruption
    if asked is not None and condition.ending is not Ending.COMPLETION:
        try:
            asked(cpu.address, "program", condition.code)
        except StopRun:
            # The instruction is executed again to come to it.
            condition.take_back()
            raise
    recording.attach(cpu, condition, is_completed=condition.ending is Ending.COMPLETION)
    note_program_interruption(cpu, condition, address)
    interruption.program(cpu, condition, address, length)
    check_loaded_psw(cpu)


def check_loaded_psw(cpu: Cpu) -> None:
    """Recognise an early specification exception of the PSW just loaded (PoP 6, "Early Exception Recognition").

    The instruction-length code is zero if the whole PSW was loaded, by an instruction or by an interruption, and that
    of the instruction if it replaced a part (SSM, STOSM ...).  PER events of that instruction come with it.
    """
    cpu.psw_loaded = False
    if cpu.has_early_exception:
        condition = ProgramInterruption(ProgramInterruptionCode.SPECIFICATION)
        recording.attach(cpu, condition, is_completed=True)
        note_program_interruption(cpu, condition, cpu.instruction_address)
        interruption.program_early(cpu, condition, cpu.psw_change_length)
        check_loaded_psw(cpu)
