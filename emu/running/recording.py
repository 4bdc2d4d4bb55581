# SPDX-License-Identifier: GPL-2.0-or-later
"""Program-event recording of one instruction: when it begins, and how its events are presented.

PoP 4, "Program-Event Recording", and 6, "Multiple Program-Interruption Conditions": the events are one program
interruption, together with whatever other condition the instruction has.  What counts is what the PSW and control
registers 9 to 11 were before the instruction; the interruption of SUPERVISOR CALL comes before that of its events.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.isa.branching import branches
from emu.isa.execute import execute_target, execute_target_address, executes_target
from emu.per import Controls, Recording
from emu.program_interruption import Ending, ProgramInterruption, ProgramInterruptionCode

if TYPE_CHECKING:
    from emu.cpu import Cpu


def is_alone(cpu: Cpu) -> bool:
    """Whether any instruction of *cpu* may have an event now, so that each is executed alone.

    If only stores into few pages are events, the engine finds those that make one (:attr:`emu.per.Controls.watched`).
    """
    return cpu.is_recording and not controls(cpu).watched


def controls(cpu: Cpu) -> Controls:
    """What the control registers ask for."""
    return Controls(*cpu.cr[9:12])


def begin(cpu: Cpu, instruction: bytes, address: int) -> None:
    """Record the events of the *instruction* that was fetched from *address*, if PER is on.

    :raises FrameShortage: if the target of an EXECUTE cannot be fetched before the host has made room.
    """
    cpu.recording = None
    if not cpu.is_recording:
        return
    recording = cpu.recording = Recording(controls(cpu), cpu.psw.mask, address)
    recording.fetched(address)
    if executes_target(cpu, instruction) and not recording.nullifies:
        try:
            target = execute_target(cpu, instruction, address)
        except ProgramInterruption:
            # Whoever executes it finds the same.
            return
        recording.fetched(execute_target_address(cpu, instruction, address))
        instruction = target
    recording.branches = recording.watches_branches and branches(cpu, instruction)


def nullification(cpu: Cpu) -> ProgramInterruption | None:
    """The instruction-fetching-nullification event of the present instruction, if it has one: it is not executed."""
    recording = cpu.recording
    if recording is None or not recording.nullifies:
        return None
    return ProgramInterruption(ProgramInterruptionCode.PER_EVENT, ending=Ending.NULLIFICATION)


def attach(cpu: Cpu, condition: ProgramInterruption, *, is_completed: bool) -> None:
    """Have the PER events of the present instruction presented with *condition*; its recording ends.

    :param is_completed: the instruction has been completed, so that a branch has taken place.
    """
    if cpu.recording is not None:
        condition.program_event = cpu.recording.event(cpu.next_address if is_completed else None)
        cpu.recording = None


def has_event(cpu: Cpu) -> bool:
    """Whether the present instruction, which has been completed, has PER events that are not presented yet."""
    return cpu.recording is not None and cpu.recording.event(cpu.instruction_address) is not None
