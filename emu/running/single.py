# SPDX-License-Identifier: GPL-2.0-or-later
"""One instruction, executed alone; and what is done when the engine comes back with something it cannot do."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from emu import interruption
from emu.engine.exits import Condition, Declared, ExecutedAlone, Shortage, Stepped, SupervisorCall
from emu.hypervisor import FrameShortage
from emu.instruction_fetch import fetch_instruction
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode
from emu.running import execution, recording

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emu.cpu import Cpu
    from emu.engine.engine import Engine
    from emu.engine.exits import RunExit
    from emu.observing import ExecutionFollower

_SVC: Final = 0x0A
_LENGTH_OF_SVC: Final = 2


def execute_alone(cpu: Cpu, engine: Engine) -> None:
    """Execute exactly one instruction of *cpu* and tell the observers.

    :raises FrameShortage: if it must be executed again when the host has made room.
    """
    address = cpu.instruction_address
    instruction = b""
    if address & 1:
        # PoP 6, "Specification Exception": an odd instruction address is found when the fetch is tried.
        execution.deliver(cpu, ProgramInterruption(ProgramInterruptionCode.SPECIFICATION), address, 2)
    else:
        try:
            instruction = fetch_instruction(cpu, address)
        except ProgramInterruption as condition:
            execution.deliver(cpu, condition, address, 2)
        else:
            execute = _execute_recorded if cpu.is_recording else _execute_fetched
            if cpu.configuration.follower is None:
                execute(cpu, engine, address, instruction)
            else:
                with _followed(cpu.configuration.follower, cpu, address, instruction):
                    execute(cpu, engine, address, instruction)
    for observer in cpu.configuration.observers:
        if observer.wants_instructions:
            observer.retired(cpu, address, instruction)


def _execute_recorded(cpu: Cpu, engine: Engine, address: int, instruction: bytes) -> None:
    """Execute the *instruction*, and present its PER events."""
    try:
        recording.begin(cpu, instruction, address)
        nullification = recording.nullification(cpu)
        if nullification is not None:
            execution.deliver(cpu, nullification, address, 0)
            return
        _execute_fetched(cpu, engine, address, instruction)
        if recording.has_event(cpu):
            cpu.next_address = cpu.instruction_address
            event = ProgramInterruption(ProgramInterruptionCode.PER_EVENT)
            execution.deliver(cpu, event, address, len(instruction))
    finally:
        cpu.recording = None


def _execute_fetched(cpu: Cpu, engine: Engine, address: int, instruction: bytes) -> None:
    ended = engine.step(instruction)
    if isinstance(ended, Declared):
        _execute_declared(cpu, instruction, address)
    elif not isinstance(ended, Stepped):
        _do_what_is_left(cpu, engine, ended)
    elif ended.overflowed:
        cpu.next_address = cpu.instruction_address
        overflow = ProgramInterruption(ProgramInterruptionCode.FIXED_POINT_OVERFLOW)
        execution.deliver(cpu, overflow, address, len(instruction))


def handle(cpu: Cpu, engine: Engine, ended: RunExit) -> None:
    """Do what the engine of *cpu* could not, when it ran freely.

    :raises FrameShortage: if the next instruction must be executed again when the host has made room.
    """
    follower, instruction = cpu.configuration.follower, None
    if follower is not None:
        instruction = _unfinished(cpu, engine, ended)
    if follower is None or instruction is None:
        _do_what_is_left(cpu, engine, ended)
        return
    with _followed(follower, cpu, cpu.instruction_address, instruction):
        _do_what_is_left(cpu, engine, ended)


@contextmanager
def _followed(follower: ExecutionFollower[Cpu], cpu: Cpu, address: int, instruction: bytes) -> Iterator[None]:
    """Tell *follower* of the *instruction* at *address*, which is executed meanwhile."""
    follower.begins(cpu, address, instruction)
    try:
        yield
    except BaseException:
        follower.abandoned(cpu)
        raise
    follower.ended(cpu)


def _unfinished(cpu: Cpu, engine: Engine, ended: RunExit) -> bytes | None:
    """The instruction of which something is left, empty if it is not seen; None if it will be executed alone."""
    match ended:
        case Declared(instruction):
            return None if cpu.is_recording and cpu.recording is None else instruction
        case SupervisorCall(number, length) if length == _LENGTH_OF_SVC:
            return bytes((_SVC, number))
        case SupervisorCall() | Condition():
            return engine.shown_instruction(cpu.instruction_address) or b""
    return None


def _do_what_is_left(cpu: Cpu, engine: Engine, ended: RunExit) -> None:
    address = cpu.instruction_address
    match ended:
        case Declared() if cpu.is_recording and cpu.recording is None:
            # The engine ran freely, and does not know whether it stores where that is an event.
            execute_alone(cpu, engine)
        case Declared(instruction):
            _execute_declared(cpu, instruction, address)
        case SupervisorCall(number, length):
            asked = cpu.configuration.watching.before_interruption
            if asked is not None:
                asked(cpu.address, "svc", number)
            cpu.instruction_address = cpu.wrap(address + length)
            _retire(cpu)
            interruption.supervisor_call(cpu, number, length)
            execution.check_loaded_psw(cpu)
        case Condition(condition, length):
            cpu.next_address = cpu.wrap(address + length)
            execution.deliver(cpu, condition, address, length)
        case ExecutedAlone():
            execute_alone(cpu, engine)
        case Shortage():
            raise FrameShortage


def _execute_declared(cpu: Cpu, instruction: bytes, address: int) -> None:
    if execution.run_declared(cpu, instruction, address):
        _retire(cpu)


def _retire(cpu: Cpu) -> None:
    cpu.executed += 1
    cpu.configuration.timing.work += 1
