# SPDX-License-Identifier: GPL-2.0-or-later
"""The history of a machine: it is recorded as the machine runs, and gone back in.

Nothing is recorded of an instruction.  From time to time the whole state is kept, as a moment, and since a run is the
same to the bit whenever it is made again, any position is reached by running on from the moment before it.  What comes
from outside the machine is kept with the instruction number at which it came: keys that are typed
(:mod:`emu.debugging.recorded_operator`), and changes of its state, which cut the history in two runs.

When moments are taken depends on instructions and pages only, never on a clock.
"""

from __future__ import annotations

from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from emu.debugging.moments import Moments
from emu.debugging.recorded_operator import RecordedOperator
from emu.debugging.recorder import Position
from emu.debugging.travel import HistoryError, Travel
from emu.pending import can_run
from emu.running.stops import StopKind
from emu.state import has_section

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emu.cpu import Cpu
    from emu.machine import Machine, Stop
    from emu.operator import Operator

__all__ = ["DEFAULT_LIMIT", "History", "HistoryError"]

DEFAULT_LIMIT: Final = 512 << 20
"""Bytes that a history takes at most if nothing is said."""
_NO_GOAL: Final = 1 << 62


class History(Travel):
    """The history of *machine*, from now on.

    Run the machine by :meth:`run` and :meth:`step` of this object, not by those of the machine, and change it from
    outside only inside :meth:`changing`.

    :param limit: bytes that the history takes at most.
    :param host: the page manager under the machine, if that pages; it has no other guests.
    :param interval: instructions from one moment to the next; by default it depends on how many pages have content.
    The file of a disk that can be written holds, wherever the machine is, what the guest has written up to there.

    :raises HistoryError: if there is no room for the state of the machine.
    """

    def __init__(
        self, machine: Machine, *, limit: int = DEFAULT_LIMIT, host: object | None = None, interval: int | None = None
    ) -> None:
        machine.operator = _recorded(machine.operator, machine)
        super().__init__(machine, Moments(machine, host, limit), interval)

    # What is known

    @property
    def end(self) -> int:
        """The last instruction number that was reached."""
        return max(self._end.instruction, self._machine.executed)

    @property
    def used(self) -> int:
        """Bytes that the history takes."""
        return self._moments.used

    @property
    def limit(self) -> int:
        """Bytes that it takes at most."""
        return self._moments.limit

    @property
    def moments(self) -> int:
        """How many moments are kept."""
        return len(self._moments)

    # Forward

    def run(self, max_instructions: int | None = None) -> Stop:
        """As :meth:`emu.machine.Machine.run`, and record.

        :raises HistoryError: if there is no room for even one moment.
        """
        self._follow()
        machine = self._machine
        goal = _NO_GOAL if max_instructions is None else machine.executed + max_instructions
        while True:
            self._record()
            stop = self._run_on(goal)
            if stop.kind is not StopKind.BUDGET or machine.executed >= goal:
                return stop

    def step(self, cpu: Cpu | None = None) -> Stop | None:
        """As :meth:`emu.machine.Machine.step`, and record.

        :raises HistoryError: if there is no room for even one moment.
        """
        self._follow()
        self._record()
        if cpu is None or self._is_turn_of(cpu):
            return self._step()
        with self.changing():
            return self._machine.step(cpu)

    @contextmanager
    def changing(self) -> Iterator[None]:
        """What is done inside changes the machine, between two instructions; what was later is forgotten.

        :raises HistoryError: if there is no room for the state of the machine, or it was changed before.
        """
        here = self.position
        try:
            yield
        finally:
            self._moments.forget_later(here)
            if isinstance(self._operator, RecordedOperator):
                self._operator.forget_later()
            self._moments.recorder.is_new_future()
            executed = self._machine.executed
            self._at = self._end = here if executed == here.instruction else Position(executed)
            self._take(is_cut=True)

    # Backward, and to anywhere

    def step_back(self, count: int = 1) -> int:
        """Undo *count* steps; give how many there were to undo.

        :raises HistoryError: if the machine was changed from outside, other than inside :meth:`changing`, or that was
            stopped on the way, and the machine is where it was.
        """
        first = self.first_position
        with self.returning() as here, self.unseen():
            if count <= here.step and Position(here.instruction) >= first:
                self._go(Position(here.instruction, here.step - count))
                return count
            start = max(first, Position(max(here.instruction - (count - here.step), 0)))
            self._go(start, is_backward=True)
            visited = deque([start], maxlen=count + 1)
            while self._at != here:
                self._step_again(here)
                visited.append(self.position)
            self._go(visited[0])
        return len(visited) - 1

    def go_to(self, instruction: int) -> Stop | None:
        """Let *instruction* instructions have ended, and nothing more have happened; give the stop, if one came first.

        Beyond the end of what has been recorded, the machine runs on, and is recorded.

        :raises HistoryError: if the history begins later, or going through it again was stopped, and the machine is
            where it was.
        """
        self._require(instruction)
        with self.returning(), self.unseen():
            self._go(min(Position(instruction), self._end), is_backward=True)
        if self._machine.executed >= instruction:
            return None
        stop = self.run(instruction - self._machine.executed)
        return None if stop.kind is StopKind.BUDGET else stop

    def _run_on(self, goal: int) -> Stop:
        """Run to the instruction number *goal*, or until a moment is due, or to where the machine was changed."""
        machine = self._machine
        until = min(goal, self._due)
        if self._at is None and until <= machine.executed:
            # A moment is taken only where the position is known.
            until = min(goal, machine.executed + 1)
        here = self._at or Position(machine.executed)
        cut = self._moments.next_cut(here)
        if cut is not None:
            until = min(until, cut.position.instruction)
        stop = machine.run(until - machine.executed)
        self._is_at(Position(machine.executed) if stop.kind is StopKind.BUDGET else None)
        if cut is not None and goal > machine.executed == cut.position.instruction:
            while stop.kind is StopKind.BUDGET and self.position < cut.position:
                stop = self._step() or stop
        return stop

    # Recording

    def _record(self) -> None:
        """Keep this moment if one is due."""
        if self._machine.executed >= self._due and self._at is not None:
            self._take()

    def _follow(self) -> None:
        """Keep what a new operator types."""
        new = self._machine.operator
        if new is not self._operator:
            self._machine.operator = self._operator
            with self.changing():
                self._machine.operator = self._operator = _recorded(new, self._machine)

    def _is_turn_of(self, cpu: Cpu) -> bool:
        """Whether *cpu* is the one that goes on if no other is asked for."""
        configuration = self._machine.configuration
        turns = configuration.turns
        return len(configuration.cpus) == 1 or (
            turns.cpu == cpu.address and configuration.timing.work < turns.end and can_run(cpu)
        )


def _recorded(operator: Operator | None, machine: Machine) -> Operator | None:
    """*operator*, or what keeps its keys."""
    if isinstance(operator, RecordedOperator):
        # Of a history that there was before, nothing is kept.
        operator = operator.inner
    if operator is None or has_section(operator):
        return operator
    return RecordedOperator(operator, machine)
