# SPDX-License-Identifier: GPL-2.0-or-later
"""Looking for what happened last before now: the last stop, and the last change of something.

It is found by going through the run again, a stretch of it at a time and the last one first, until it is in one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from itertools import islice, takewhile
from typing import TYPE_CHECKING, Final

from emu.debugging.recorder import Position
from emu.debugging.watched import OfRegister
from emu.inspection.storage import instruction_at
from emu.running.stopping.kinds import AtInterruption, ContentChange, StopOn

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from emu.debugging.history import History
    from emu.debugging.watched import Watched
    from emu.machine import Machine, Stop
    from emu.running.stopping.view import StopEvent, View

_STEPPED: Final = 1_000
"""So many instructions are gone through one by one in less time than a register is followed in."""
_PART: Final = 10_000
"""Of what can only be looked for so, which changes all the time, so many are gone through at once."""
_LONGEST_BLOCK: Final = 1_024
"""Instructions that the engine may execute until a stop comes of what the host has done."""


class ChangedBy(Enum):
    """What has changed something."""

    INSTRUCTION = "instruction"
    INTERRUPTION = "interruption"
    """By what it stored, or loaded; a program interruption is one of the instruction."""
    HOST = "host"
    """Which has discarded a page, or taken its frame."""
    DEVICE = "device"
    """Between two instructions."""
    OUTSIDE = "outside"
    """Whoever debugs the machine."""


@dataclass(frozen=True, slots=True)
class Change:
    """What has changed something, and when."""

    position: Position
    """Where the run was before it; to see it happen, go there and make a step."""
    by: ChangedBy
    cpu: int
    address: int
    """The instruction address there."""
    instruction: bytes
    """The instruction there; nothing if there was none."""
    interruption: StopEvent | None
    """That which has changed it; None if none has."""
    before: int | bytes
    after: int | bytes


class _Follower:
    """Follows the value of *watched* from stop to stop: the condition of each of them.

    :param ends_run: whether a change is to end the run.
    """

    def __init__(self, machine: Machine, watched: Watched, *, ends_run: bool) -> None:
        self._machine = machine
        self._watched = watched
        self._ends_run = ends_run
        self.value = watched.value(machine)
        """What it is since it was looked at last."""
        self.before: int | bytes | None = None
        """What it was before the last change; None if it has not changed."""
        self.interruption: StopEvent | None = None
        """The last one that was taken, if that was asked for."""

    def begin(self) -> None:
        """Nothing has happened yet."""
        self.before = self.interruption = None

    def has_changed(self, _: View) -> bool:
        """Whether it is something else now."""
        value = self._watched.value(self._machine)
        if value == self.value:
            return False
        self.before, self.value = self.value, value
        return self._ends_run

    def is_interrupted(self, view: View) -> bool:
        """Note an interruption."""
        self.interruption = view.event
        return False


def reverse_continue(history: History, stops: Sequence[StopOn]) -> Stop | None:
    """Go back to where the last of *stops* came before now, whatever their counts; give it.

    None if none has come since the history begins, where the machine is then.

    :raises StoppedOnTheWay: then the machine is where it was.
    """
    every = [replace(on, count=1) for on in stops]
    with history.returning():
        for start, end in history.stretches():
            count, _ = history.repeat(start, end, every)
            if count:
                _, stop = history.repeat(start, end, every, count)
                return stop
        history.go(history.first_position)
    return None


def last_changes(history: History, machine: Machine, watched: Watched, most: int = 1, since: int = 0) -> list[Change]:
    """The last changes of *watched*, the latest first, at *most* so many, not before instruction *since*.

    They are exactly those, whoever has made them.  The machine is where it was afterwards.

    :raises StoppedOnTheWay: then, too.
    """
    now = watched.value(machine)
    with history.returning() as here:
        found = _changes(history, machine, watched, since)
        changes = list(islice(takewhile(lambda each: each.position.instruction >= since, found), most))
        history.go(here)
    assert watched.value(machine) == now
    return changes


def _changes(history: History, machine: Machine, watched: Watched, since: int) -> Iterator[Change]:
    stops = watched.stops()
    for start, end in history.stretches():
        if end.instruction < since:
            return
        if stops:
            yield from _by_stops(history, machine, watched, stops, start, end)
        elif isinstance(watched, OfRegister) and watched.can_be_followed:
            yield from _by_following(history, machine, watched, start, end)
        else:
            behind = end
            while start < behind:
                middle = max(start, Position(max(behind.instruction - _PART, 0)))
                yield from _by_looks(history, machine, watched, middle, behind)
                behind = middle


def _by_stops(
    history: History, machine: Machine, watched: Watched, stops: Sequence[StopOn], start: Position, end: Position
) -> Iterator[Change]:
    """The changes between *start* and *end*, the last one first, one of *stops* coming whenever there may be one."""
    followed: _Follower

    def repeat(most: int | None = None) -> tuple[int, Stop | None]:
        nonlocal followed
        history.go(start)
        followed = _Follower(machine, watched, ends_run=True)
        conditional = [replace(on, condition=followed.has_changed) for on in stops]
        return history.repeat(start, end, conditional, most, is_end_included=True)

    count, _ = repeat()
    if history.is_changed_at(end):
        before = followed.value
        history.go(end)
        after = watched.value(machine)
        if before != after:
            yield _change(machine, end, ChangedBy.OUTSIDE, before, after)
    for number in range(count, 0, -1):
        _, stop = repeat(number)
        assert stop is not None, "the run is the same again"
        assert followed.before is not None, "a change is what ended it"
        yield _exactly(history, machine, watched, stops, stop, followed.before, followed.value, start, end)


def _exactly(
    history: History,
    machine: Machine,
    watched: Watched,
    stops: Sequence[StopOn],
    stop: Stop,
    before: int | bytes,
    after: int | bytes,
    start: Position,
    end: Position,
) -> Change:
    """The change from *before* to *after*, of which *stop* has come between *start* and *end*, step by step."""
    behind = end if history.is_just_before_change(end) else history.position
    # What the host gives up holds zeros; it gives a frame, too, to what somebody stores into.
    is_by_host = all(isinstance(hit.on, ContentChange) for hit in stop.hits) and not (
        isinstance(after, bytes) and any(after)
    )
    # The host is asked in the middle of a block of the engine, and the stop comes behind it.
    first = max(behind.instruction - (_LONGEST_BLOCK if is_by_host else 1), 0)
    history.go(max(start, Position(first)))
    followed = _Follower(machine, watched, ends_run=False)
    conditional: list[StopOn] = [replace(on, condition=followed.has_changed) for on in stops]
    conditional.append(AtInterruption(condition=followed.is_interrupted))
    found = None
    with history.unseen(), machine.stops.instead(*conditional):
        while history.position < behind or (found is None and history.position == behind):
            made = _change(machine, history.position, ChangedBy.HOST, before, after)
            followed.begin()
            history.step_again()
            if followed.before != before or followed.value != after:
                continue
            if is_by_host:
                found = made
            elif made.position == behind:
                # It came at the beginning of the step, before the instruction.
                found = replace(made, by=ChangedBy.DEVICE)
            elif followed.interruption is not None:
                found = replace(made, by=ChangedBy.INTERRUPTION, interruption=followed.interruption)
            else:
                found = replace(made, by=ChangedBy.INSTRUCTION)
    assert found is not None, "the run is the same again"
    return found


def _by_looks(history: History, machine: Machine, watched: Watched, start: Position, end: Position) -> Iterator[Change]:
    """The changes between *start* and *end*, the last one first, that are seen by looking after every step."""
    seen = []
    history.go(start)
    value = watched.value(machine)
    with history.unseen():
        while history.position < end:
            position = history.position
            history.step_again()
            before, value = value, watched.value(machine)
            if before != value:
                seen.append((position, history.position, value))
    for position, behind, after in reversed(seen):
        history.go(position)
        found = _step(history, machine, watched, after)
        if found is None:
            before = watched.value(machine)
            history.go(behind)
            found = _change(machine, behind, ChangedBy.OUTSIDE, before, after)
        yield found


def _by_following(
    history: History, machine: Machine, watched: OfRegister, start: Position, end: Position
) -> Iterator[Change]:
    """The changes between *start* and *end*, the last one first, of a register that is followed in between.

    What is known of each change is looked at instruction by instruction, from the end on, once.
    """
    if end.instruction - start.instruction <= _STEPPED or history.is_changed_at(end):
        # With what was changed from outside behind the last instruction.
        last = max(start, Position(max(end.instruction - _STEPPED, 0)))
        yield from _by_looks(history, machine, watched, last, end)
        end = last
    are_all_known = False
    while start < end and not are_all_known:
        history.go(start)
        with watched.follow(machine) as followed:
            history.repeat(start, end, ())
        are_all_known = followed.are_all_kept
        for number in reversed(followed.changes):
            last = min(end, Position(number + 1))
            first = max(start, Position(max(number - _LONGEST_BLOCK, 0)))
            if first < last:
                yield from _by_looks(history, machine, watched, first, last)
                end = first


def _step(history: History, machine: Machine, watched: Watched, after: int | bytes) -> Change | None:
    """Make a step, and give what it was if it has made of *watched* what it is *after*; else nothing."""
    followed = _Follower(machine, watched, ends_run=False)
    made = _change(machine, history.position, ChangedBy.INSTRUCTION, followed.value, after)
    history.repeat_step([AtInterruption(condition=followed.is_interrupted)])
    if watched.value(machine) != after:
        return None
    if followed.interruption is None:
        return made
    return replace(made, by=ChangedBy.INTERRUPTION, interruption=followed.interruption)


def _change(machine: Machine, position: Position, by: ChangedBy, before: int | bytes, after: int | bytes) -> Change:
    """A change at *position*, where *machine* is."""
    cpu = machine.cpus[machine.configuration.turns.cpu]
    address = cpu.instruction_address
    return Change(
        position=position,
        by=by,
        cpu=cpu.address,
        address=address,
        instruction=instruction_at(cpu, address),
        interruption=None,
        before=before,
        after=after,
    )
