# SPDX-License-Identifier: GPL-2.0-or-later
"""What a case did last before it came out wrong: its own instructions, and not those of the harness around it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu.machine import StopKind
from tools.conform.architecture import harness, layout
from tools.conform.architecture.image import harness_labels
from tools.conform.failure_steps import SHOWN
from tools.reports.last_steps import WATCHED, LastSteps
from tools.reports.trace_lines import is_interruption

if TYPE_CHECKING:
    from collections.abc import Callable

    from emu.cpu import Cpu
    from emu.machine import Machine, Stop
    from tools.conform.architecture.here import GoOn

_HARNESS: Final = range(layout.HARNESS, harness.DATA)


class CaseSteps(LastSteps):
    """The last steps of the case on *machine*, with the interruptions that the harness takes.

    Where its end is reached, the harness begins to compare and to tell, which is no part of the case.
    """

    def __init__(self, machine: Machine) -> None:
        """Watch from now on."""
        super().__init__(machine, shown=SHOWN)
        self._end = harness_labels()["finish"]
        self._before_end: tuple[str, ...] = ()

    def retired(self, cpu: Cpu, address: int, instruction: bytes) -> None:
        """See :meth:`emu.events.Observer.retired`."""
        if self._before_end:
            self._lines.clear()
        elif address not in _HARNESS:
            super().retired(cpu, address, instruction)
        elif address == self._end:
            self._lines[:] = filter(is_interruption, self._lines)
            self._before_end = tuple(self.lines())
        else:
            self._lines[:] = filter(is_interruption, self._lines)

    @property
    def found(self) -> tuple[str, ...]:
        """What is to be shown, a line each."""
        return self._before_end or tuple(self.lines())


def last_steps(run: Callable[[GoOn], object], executed: int) -> tuple[str, ...]:
    """The last steps of a case, in a run that is made again.

    :param run: makes it, with a function that runs the machine on.
    :param executed: how many instructions the run has.
    """
    before = max(executed - WATCHED, 0)
    watching: list[CaseSteps] = []

    def go_on(machine: Machine, most: int) -> Stop:
        end = machine.executed + most
        if machine.executed < before:
            ending = machine.run(min(most, before - machine.executed))
            if ending.kind is not StopKind.BUDGET or machine.executed < before:
                return ending
        if not watching:
            watching.append(CaseSteps(machine))
        return machine.run(end - machine.executed)

    run(go_on)
    return tuple(line for each in watching for line in each.found)
