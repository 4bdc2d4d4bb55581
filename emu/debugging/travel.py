# SPDX-License-Identifier: GPL-2.0-or-later
"""Travelling in the history of a machine: it is where it was, by running on from the moment before.

What a machine does again on the way is told to nobody, and no stop comes.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import numpy as np

from emu.debugging.moments import HistoryFull, Moments
from emu.debugging.recorder import Position
from emu.page_states import CONTENT_MASK
from emu.running.stops import StopKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from emu.debugging.recorder import Moment
    from emu.leaves import Path
    from emu.machine import Machine, Stop
    from emu.running.stopping.kinds import StopOn

_LEAST_INTERVAL: Final = 30_000_000
"""Instructions from one moment to the next, at least."""
_INSTRUCTIONS_FOR_A_PAGE: Final = 9_000
"""So many more for each page that has content, all of which are compared with what they were."""
_ANCHORS: Final = (2_000_000, 50_000, 1_000)
"""Where moments are taken on the way back, in instructions before the position that is wanted: the next steps back are
likely to be near."""
_STRETCHES: Final = (1_000, 50_000, 2_000_000)
"""Instructions that are gone through again in search of what happened last, before whole intervals are."""
_UNASKED: Final = 50_000_000
"""Instructions that are gone through again until somebody is asked whether to stop: less than a second."""
_NOBODY_GOES_ON: Final = (
    StopKind.DISABLED_WAIT,
    StopKind.ALL_STOPPED,
    StopKind.NOTHING_TO_WAIT_FOR,
    StopKind.CHECK_STOP,
    StopKind.ENDLESS_LOOP,
)
"""Stops that tell what CPUs already are in."""
_MOST_STEPS: Final = 10_000
"""More steps than there can be at one instruction number: loops of interruptions end the run before."""


def _nobody_asks() -> bool:
    return False


def _just_before(position: Position) -> Position:
    return Position(position.instruction, position.step - 1)


class HistoryError(Exception):
    """What was asked of a history cannot be done; the text says why."""


class StoppedOnTheWay(HistoryError):  # noqa: N818 - nothing has failed
    """Somebody wanted it to stop, and the machine is somewhere on its way."""


class Travel:
    """Goes through what *machine* has done.

    :param interval: instructions from one moment to the next; by default it depends on how many pages have content.
    :raises HistoryError: if there is no room for the state of the machine.
    """

    def __init__(self, machine: Machine, moments: Moments, interval: int | None) -> None:
        self._machine = machine
        self._moments = moments
        self._interval = interval
        self._at: Position | None = Position(machine.executed)
        """Where the machine is; None if only the instruction number is known."""
        self._end = self._at
        """The last position that is known to have been reached."""
        self._due = machine.executed
        """The instruction number at which the next moment is taken."""
        self._operator = machine.operator
        """Who types where the machine is."""
        self.is_to_stop: Callable[[], bool] = _nobody_asks
        """Asked now and then on a way, whether it is to end there."""
        moments.recorder.follow_consoles()
        self._take()

    # Where it is

    @property
    def first(self) -> int:
        """The first instruction number that can be gone back to."""
        return self.first_position.instruction

    @property
    def first_position(self) -> Position:
        """The first position that can be gone back to."""
        moment = self._moments.first
        assert moment is not None, "one is always kept"
        return moment.position

    @property
    def position(self) -> Position:
        """Where the machine is.

        :raises HistoryError: if the machine was changed from outside, other than inside :meth:`changing`.
        """
        if self._at is None:
            self._find_position()
        assert self._at is not None
        return self._at

    @contextmanager
    def returning(self) -> Iterator[Position]:
        """While it lasts, a way through the history may fail, or be stopped: then the machine is here again.

        It gives where that is.
        """
        here = self.position
        try:
            yield here
        except HistoryError as reason:
            self.go(here)
            if isinstance(reason, StoppedOnTheWay):
                raise StoppedOnTheWay(f"{reason}; the machine is where it was") from None
            raise

    def go(self, position: Position) -> None:
        """Go to a *position* that was reached before.

        :raises HistoryError: if the history begins later, or that was stopped on the way.
        """
        self._require(position.instruction)
        with self.unseen():
            self._go(max(position, self.first_position))

    # Searching

    def stretches(self) -> Iterator[tuple[Position, Position]]:
        """The run up to now in stretches, the last one first: short ones, then from moment to moment.

        The machine was not changed from outside inside of any.
        """
        end = self.position
        sizes = iter(_STRETCHES)
        while (before := self._moments.before(_just_before(end))) is not None:
            start = before.position
            size = next(sizes, None)
            if size is not None:
                cut = self._moments.last_cut(end)
                least = self.first_position if cut is None else cut.position
                start = max(least, Position(max(end.instruction - size, 0)))
            yield start, end
            end = start

    def repeat(
        self,
        start: Position,
        end: Position,
        stops: Sequence[StopOn],
        most: int | None = None,
        *,
        is_end_included: bool = False,
    ) -> tuple[int, Stop | None]:
        """Go to *start* and through the run again to *end*, with *stops* in place of those of the list.

        Give how many came before *end*, and the last one.

        :param most: be where that one has come, and go no further.
        :param is_end_included: also give those that come after the step that leads to *end*.
        :raises HistoryError: if that was stopped on the way.
        """
        machine = self._machine
        count, last = 0, None
        with self.unseen():
            self._go(start, is_backward=True)
            self._take()
            with machine.stops.instead(*stops):
                while count != most and (self._at is None or self._at < end):
                    stop = self._repeat_once(end)
                    if stop is None or stop.kind is not StopKind.STOP_POINT:
                        continue
                    is_within = self._at is None or self._at < end
                    if is_within or (is_end_included and not stop.is_before):
                        count, last = count + 1, stop
        if self._at == end and self.is_changed_at(end):
            # It is as it was before that.
            self._at = None
        return count, last

    def _repeat_once(self, end: Position) -> Stop | None:
        """Go on to the instruction number of *end*, or by a step if that has come, or to a stop."""
        machine = self._machine
        if machine.executed == end.instruction:
            return self.step_again()
        stop = machine.run(min(end.instruction - machine.executed, _UNASKED))
        # What comes behind the last instruction comes at once behind it.
        self._at = Position(machine.executed) if machine.executed == end.instruction else None
        self._ask(stop, end.instruction)
        return stop

    def _ask(self, stop: Stop, instruction: int) -> None:
        """See whether somebody wants it to stop on the way to *instruction*.

        :raises StoppedOnTheWay: then.
        """
        if stop.kind is StopKind.REQUESTED or self.is_to_stop():
            raise StoppedOnTheWay(f"stopped on the way to instruction {instruction:,}")

    def step_again(self) -> Stop | None:
        """Make the next step, which was made before; give the stop, if one came.

        :raises StoppedOnTheWay: if the machine is to stop.
        """
        self._obey_stop_request(None)
        stop = self._step()
        self._obey_stop_request(stop)
        return stop

    def _obey_stop_request(self, stop: Stop | None) -> None:
        """See whether the machine is to stop, or has, by *stop*: in a step it obeys only while time passes.

        :raises StoppedOnTheWay: then.
        """
        machine = self._machine
        if machine.stop_requested or (stop is not None and stop.kind is StopKind.REQUESTED):
            machine.stop_requested = False
            raise StoppedOnTheWay(f"stopped at instruction {machine.executed:,}")

    def repeat_step(self, stops: Sequence[StopOn] = ()) -> None:
        """Make the next step again, with *stops* in place of those of the list.

        If the machine was changed from outside behind it, it is as it was before that.

        :raises StoppedOnTheWay: if the machine is to stop.
        """
        with self.unseen(), self._machine.stops.instead(*stops):
            stop = self._machine.step()
        self._at = None
        self._obey_stop_request(stop)

    def is_changed_at(self, position: Position) -> bool:
        """Whether the machine was changed from outside there."""
        moment = self._moments.at(position)
        return moment is not None and moment.is_cut

    def is_just_before_change(self, position: Position) -> bool:
        """Whether the machine is at *position* as it was before it was changed from outside there."""
        is_there = self._at is None and self._machine.executed == position.instruction
        return is_there and self.is_changed_at(position)

    # Going

    def _require(self, instruction: int) -> None:
        if instruction < self.first:
            raise HistoryError(
                f"instruction {instruction:,}: expected {self.first:,} or later, where the history begins"
            )

    def _step(self) -> Stop | None:
        machine, at = self._machine, self._at
        before, turn = machine.executed, self._turn()
        stop = machine.step()
        if stop is not None and stop.kind is StopKind.REQUESTED:
            # In the middle of the step: time has passed, and nothing else has been done.
            at = None
        elif machine.executed != before:
            at = Position(machine.executed)
        elif at is not None and not (stop is not None and self._was_no_step(stop, turn)):
            at = Position(at.instruction, at.step + 1)
        self._is_at(at)
        return stop

    def _was_no_step(self, stop: Stop, turn: tuple[int, ...]) -> bool:
        """Whether nothing has happened before *stop*, ahead of which it was this *turn*."""
        return stop.is_before or (stop.kind in _NOBODY_GOES_ON and turn == self._turn())

    def _turn(self) -> tuple[int, ...]:
        """The time, whose turn it is, and when something else is due."""
        configuration = self._machine.configuration
        turns = configuration.turns
        return configuration.timing.work, turns.cpu, turns.end, turns.next_call

    def _is_at(self, position: Position | None) -> None:
        """Note where the machine is, and change it if it was changed there."""
        self._at = position
        self._end = max(self._end, position or Position(self._machine.executed))
        cut = None if position is None else self._moments.at(position)
        if cut is not None and cut.is_cut:
            self._put(cut)

    def _find_position(self) -> None:
        """Go to the same instruction number again, and step until the machine is as it is now.

        :raises HistoryError: if it never is, or somebody wanted it to stop before it was.
        """
        recorder, instruction = self._moments.recorder, self._machine.executed
        wanted = recorder.look()
        try:
            self._step_until(instruction, wanted)
        except StoppedOnTheWay:
            # Nothing else leads to where it was.
            self._step_until(instruction, wanted)
            raise

    def _step_until(self, instruction: int, wanted: dict[Path, Any]) -> None:
        """Go to the number *instruction*, and step until CPUs and time are as *wanted*.

        :raises HistoryError: if they never are, or that was stopped on the way.
        """
        recorder = self._moments.recorder
        with self.unseen():
            self._go(max(self.first_position, Position(instruction)), is_backward=True)
            for _ in range(_MOST_STEPS):
                if recorder.look() == wanted:
                    return
                self.step_again()
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
            stop = machine.run(min(instruction - before, _UNASKED))
            self._at = Position(machine.executed) if stop.kind is StopKind.BUDGET else None
            self._ask(stop, instruction)
            in_vain = in_vain + 1 if machine.executed == before else 0
            if in_vain > _MOST_STEPS:
                raise HistoryError(f"stopped on the way to instruction {instruction:,}: {stop.text}")

    def _step_again(self, target: Position) -> None:
        self.step_again()
        if self.position > target:
            raise HistoryError(f"expected to come to {target} again, not to {self.position}")

    def _put(self, moment: Moment) -> None:
        self._moments.recorder.put(moment)
        self._at, self._operator = moment.position, self._machine.operator

    @contextmanager
    def unseen(self) -> Iterator[None]:
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

    # Moments

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
