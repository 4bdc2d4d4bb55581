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

import numpy as np

from emu.debugging.moments import HistoryFull, Moments
from emu.debugging.recorded_operator import RecordedOperator
from emu.debugging.recorder import Position
from emu.page_states import CONTENT_MASK
from emu.running.stops import StopKind
from emu.running.turns import can_run
from emu.state import has_section

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emu.cpu import Cpu
    from emu.debugging.recorder import Moment
    from emu.machine import Machine, Stop
    from emu.operator import Operator

DEFAULT_LIMIT: Final = 512 << 20
"""Bytes that a history takes at most if nothing is said."""
_LEAST_INTERVAL: Final = 20_000_000
"""Instructions from one moment to the next, at least."""
_INSTRUCTIONS_FOR_A_PAGE: Final = 6_000
"""So many more for each page that has content, all of which are compared with what they were."""
_ANCHORS: Final = (2_000_000, 50_000, 1_000)
"""Where moments are taken on the way back, in instructions before the position that is wanted: the next steps back are
likely to be near."""
_NO_GOAL: Final = 1 << 62
_MOST_STEPS: Final = 10_000
"""More steps than there can be at one instruction number: loops of interruptions end the run before."""


class HistoryError(Exception):
    """What was asked of a history cannot be done; the text says why."""


class History:
    """The history of *machine*, from now on.

    Run the machine by :meth:`run` and :meth:`step` of this object, not by those of the machine, and change it from
    outside only inside :meth:`changing`.

    :param limit: bytes that the history takes at most.
    :param host: the page manager under the machine, if that pages; it has no other guests.
    :param interval: instructions from one moment to the next; by default it depends on how many pages have content.
    :raises HistoryError: if there is no room for the state of the machine.
    """

    def __init__(
        self, machine: Machine, *, limit: int = DEFAULT_LIMIT, host: object | None = None, interval: int | None = None
    ) -> None:
        self._machine = machine
        self._interval = interval
        self._moments = Moments(machine, host, limit)
        self._at: Position | None = Position(machine.executed)
        """Where the machine is; None if only the instruction number is known."""
        self._end = self._at
        """The last position that is known to have been reached."""
        self._due = machine.executed
        """The instruction number at which the next moment is taken."""
        machine.operator = self._operator = self._recorded(machine.operator)
        self._moments.recorder.follow_consoles()
        self._take()

    # What is known

    @property
    def first(self) -> int:
        """The first instruction number that can be gone back to."""
        moment = self._moments.first
        return self._machine.executed if moment is None else moment.position.instruction

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

    @property
    def position(self) -> Position:
        """Where the machine is.

        :raises HistoryError: if the machine was changed from outside, other than inside :meth:`changing`.
        """
        if self._at is None:
            self._find_position()
        assert self._at is not None
        return self._at

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
        yield
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

        :raises HistoryError: if the machine was changed from outside, other than inside :meth:`changing`.
        """
        here = self.position
        first = self._moments.first
        assert first is not None
        with self._repeating():
            if count <= here.step and Position(here.instruction) >= first.position:
                self._go(Position(here.instruction, here.step - count))
                return count
            start = max(first.position, Position(max(here.instruction - (count - here.step), 0)))
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

        :raises HistoryError: if the history begins later.
        """
        if instruction < self.first:
            raise HistoryError(
                f"instruction {instruction:,}: expected {self.first:,} or later, where the history begins"
            )
        with self._repeating():
            self._go(min(Position(instruction), self._end), is_backward=True)
        if self._machine.executed >= instruction:
            return None
        stop = self.run(instruction - self._machine.executed)
        return None if stop.kind is StopKind.BUDGET else stop

    # Moving

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
            while self.position < cut.position:
                stop = self._step() or stop
        return stop

    def _step(self) -> Stop | None:
        machine, at = self._machine, self._at
        before = machine.executed
        stop = machine.step()
        if machine.executed != before:
            at = Position(machine.executed)
        elif at is not None:
            at = Position(at.instruction, at.step + 1)
        self._is_at(at)
        return stop

    def _is_at(self, position: Position | None) -> None:
        """Note where the machine is, and change it if it was changed there."""
        self._at = position
        self._end = max(self._end, position or Position(self._machine.executed))
        cut = None if position is None else self._moments.at(position)
        if cut is not None and cut.is_cut:
            self._put(cut)

    def _find_position(self) -> None:
        """Go to the same instruction number again, and step until the machine is as it is now.

        :raises HistoryError: if it never is.
        """
        recorder, instruction = self._moments.recorder, self._machine.executed
        wanted = recorder.look()
        first = self._moments.first
        assert first is not None
        with self._repeating():
            self._go(max(first.position, Position(instruction)), is_backward=True)
            for _ in range(_MOST_STEPS):
                if recorder.look() == wanted:
                    return
                self._step()
                if self._machine.executed != instruction:
                    break
        raise HistoryError(f"the machine was changed at instruction {instruction:,}, and the history was not told")

    def _go(self, target: Position, *, is_backward: bool = False) -> None:
        """Go to the known position *target*.

        :param is_backward: more of the same is likely to follow, so moments are kept before it.
        :raises HistoryError: if that was stopped on the way.
        """
        base = self._moments.before(target)
        assert base is not None
        if self._at is None or not base.position <= self._at <= target:
            self._put(base)
        if is_backward:
            for distance in _ANCHORS:
                if self._machine.executed + distance < target.instruction:
                    self._run_again(target.instruction - distance)
                    self._take()
        self._run_again(target.instruction)
        while self._at != target:
            self._step_again(target)

    def _run_again(self, instruction: int) -> None:
        machine = self._machine
        in_vain = 0
        while (before := machine.executed) < instruction:
            stop = machine.run(instruction - before)
            self._at = Position(machine.executed) if stop.kind is StopKind.BUDGET else None
            in_vain = in_vain + 1 if machine.executed == before else 0
            if stop.kind is StopKind.REQUESTED or in_vain > _MOST_STEPS:
                raise HistoryError(f"stopped on the way to instruction {instruction:,}: {stop.text}")

    def _step_again(self, target: Position) -> None:
        self._step()
        if self.position > target:
            raise HistoryError(f"expected to come to {target} again, not to {self.position}")

    def _put(self, moment: Moment) -> None:
        self._moments.recorder.put(moment)
        self._at, self._operator = moment.position, self._machine.operator

    @contextmanager
    def _repeating(self) -> Iterator[None]:
        """Nothing that happens inside is new: no stop of the list comes, and nobody is told who was told before."""
        configuration, stops = self._machine.configuration, self._machine.stops
        with stops.instead():
            observers = configuration.observers
            configuration.observers = [each for each in observers if each.acts]
            try:
                yield
            finally:
                acting = configuration.observers
                configuration.observers = [each for each in observers if not each.acts] + acting
        stops.pass_over()

    # Recording

    def _record(self) -> None:
        """Keep this moment if one is due."""
        if self._machine.executed >= self._due and self._at is not None:
            self._take()

    def _take(self, *, is_cut: bool = False) -> None:
        """Keep this moment.

        :raises HistoryError: if there is no room for it.
        """
        assert self._at is not None
        try:
            self._moments.take(self._at, is_cut=is_cut)
        except HistoryFull as reason:
            raise HistoryError(str(reason)) from None
        last = self._moments.last
        assert last is not None
        self._due = last.position.instruction + (self._interval or self._usual_interval())

    def _usual_interval(self) -> int:
        states = self._machine.states.array
        pages = len(states) - int(np.count_nonzero(states & CONTENT_MASK))
        return max(_LEAST_INTERVAL, _INSTRUCTIONS_FOR_A_PAGE * pages)

    def _follow(self) -> None:
        """Keep what a new operator types."""
        new = self._machine.operator
        if new is not self._operator:
            self._machine.operator = self._operator
            with self.changing():
                self._machine.operator = self._operator = self._recorded(new)

    def _recorded(self, operator: Operator | None) -> Operator | None:
        """*operator*, or what keeps its keys."""
        if operator is None or has_section(operator):
            return operator
        return RecordedOperator(operator, self._machine)

    def _is_turn_of(self, cpu: Cpu) -> bool:
        """Whether *cpu* is the one that goes on if no other is asked for."""
        configuration = self._machine.configuration
        turns = configuration.turns
        return len(configuration.cpus) == 1 or (
            turns.cpu == cpu.address and configuration.timing.work < turns.end and can_run(cpu)
        )
