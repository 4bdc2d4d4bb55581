# SPDX-License-Identifier: GPL-2.0-or-later
"""Instructions executed one by one."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Final

from emu.events import Observer
from emu.isa.assembler import assemble
from tools.benchmarks.figure import BenchmarkFigure, Effort, Measured, NotMeasured, Unit
from tools.benchmarks.general_instructions import LOOPS
from tools.benchmarks.guest_loop import GuestLoop, LoopMachine, rounds_for

if TYPE_CHECKING:
    from emu.cpu import Cpu

_LOOP: Final = LOOPS["load-store-loop"]
_CONTROL_LOOP: Final = GuestLoop((assemble("ESSA 2,9,1") + assemble("ISKE 2,9")) * 32)


class FullState(Observer):
    """Looks at every general and control register, the PSW and the page state after every instruction."""

    wants_instructions = True

    def __init__(self) -> None:
        self.states = 0

    def retired(self, cpu: Cpu, address: int, instruction: bytes) -> None:
        """See :meth:`Observer.retired`."""
        state = (cpu.psw, tuple(cpu.gr), tuple(cpu.cr), cpu.configuration.states.bytes[address >> 12], instruction)
        self.states += bool(state)


def stepped_seconds(machine: LoopMachine, rounds: int) -> float:
    """The time that so many *rounds* take, step by step.

    :raises NotMeasured: if a step does not execute one instruction.
    """
    machine.enter(rounds)
    step, before = machine.machine.step, machine.machine.executed
    steps = rounds * machine.loop.per_round
    started = time.thread_time()
    for _ in range(steps):
        step()
    seconds = time.thread_time() - started
    if machine.machine.executed - before != steps:
        raise NotMeasured(f"{machine.machine.executed - before:,} instructions in {steps:,} steps")
    return seconds


def _step_rate(loop: GuestLoop, effort: Effort) -> Measured:
    machine = loop.machine()
    rounds = rounds_for(lambda rounds: stepped_seconds(machine, rounds), effort)
    steps = rounds * loop.per_round
    return Measured(tuple(steps / stepped_seconds(machine, rounds) for _ in range(effort.pieces)))


def _observed_rate(effort: Effort) -> Measured:
    machine, observer = _LOOP.machine(), FullState()
    machine.machine.observers.append(observer)
    rounds = rounds_for(machine.seconds, effort)
    steps = rounds * _LOOP.per_round
    observer.states = 0
    rates = tuple(steps / machine.seconds(rounds) for _ in range(effort.pieces))
    # Each piece ends with an LPSWE.
    if observer.states != (steps + 1) * effort.pieces:
        raise NotMeasured(f"the observer was told of {observer.states:,} instructions")
    return Measured(rates)


FIGURES: Final = (
    BenchmarkFigure("steps", "steps", Unit.RATE, partial(_step_rate, _LOOP), more_is_better=True),
    BenchmarkFigure(
        "control-steps",
        "steps of ESSA and ISKE",
        Unit.RATE,
        partial(_step_rate, _CONTROL_LOOP),
        more_is_better=True,
    ),
    BenchmarkFigure(
        "observed-steps",
        "instructions with an observer that looks at the full state",
        Unit.RATE,
        _observed_rate,
        50_000,
        more_is_better=True,
    ),
)
