# SPDX-License-Identifier: GPL-2.0-or-later
"""Looking for what happened last before now: the last stop, and the last change of something.

It is found by going through the run again, a stretch of it at a time and the last one first, until it is in one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeAlias

from emu.addresses import PAGE_SHIFT, PAGE_SIZE
from emu.debugging.recorder import Position
from emu.debugging.registers import find_register
from emu.inspection.storage import instruction_at
from emu.running.stopping.kinds import ControlRegisterChange, PageStateChange, StopOn, StorageKeyChange

if TYPE_CHECKING:
    from collections.abc import Sequence

    from emu.debugging.history import History
    from emu.machine import Machine, Stop

_STEPPED: Final = 50_000
"""Instructions that are gone through one by one for what no stop notices."""
_SAMPLE: Final = 1_000
"""Before those, so many lie between two looks."""


@dataclass(frozen=True, slots=True)
class OfRegister:
    """What the register called *name* (:mod:`emu.debugging.registers`) of a CPU holds."""

    name: str
    cpu: int = 0

    def value(self, machine: Machine) -> int:
        """What it is now.

        :raises ValueError: if there is no such register.
        """
        return find_register(self.name).get(machine.cpus[self.cpu])

    def stop(self) -> StopOn | None:
        """What comes whenever it may have changed, and at full speed."""
        name = find_register(self.name).name
        return ControlRegisterChange(int(name.removeprefix("cr"))) if name.startswith("cr") else None


@dataclass(frozen=True, slots=True)
class OfStorage:
    """The *length* bytes at an *absolute* address, in one page, wherever the host has it."""

    absolute: int
    length: int = 1

    def value(self, machine: Machine) -> bytes:
        """See :meth:`OfRegister.value`."""
        offset = self.absolute % PAGE_SIZE
        content = machine.hypervisor.content(self.absolute >> PAGE_SHIFT) or bytes(PAGE_SIZE)
        return content[offset : offset + self.length]

    def stop(self) -> StopOn | None:
        """See :meth:`OfRegister.stop`."""
        return None


@dataclass(frozen=True, slots=True)
class OfKey:
    """The storage key of absolute *page* but for reference and change, which every access records."""

    page: int

    def value(self, machine: Machine) -> int:
        """See :meth:`OfRegister.value`."""
        return machine.keys.bytes[self.page] & 0xF8

    def stop(self) -> StopOn | None:
        """See :meth:`OfRegister.stop`."""
        return StorageKeyChange(self.page)


@dataclass(frozen=True, slots=True)
class OfUsage:
    """The usage state of absolute *page*, which ESSA changes."""

    page: int

    def value(self, machine: Machine) -> int:
        """See :meth:`OfRegister.value`."""
        return machine.states.bytes[self.page] & 0x2C

    def stop(self) -> StopOn | None:
        """See :meth:`OfRegister.stop`."""
        return PageStateChange(self.page)


Watched: TypeAlias = OfRegister | OfStorage | OfKey | OfUsage
"""Something whose last change can be looked for."""


@dataclass(frozen=True, slots=True)
class Change:
    """The instruction that has changed something, or the interruption or the host between two instructions."""

    position: Position
    """Where the run was before it; to see it happen, go there and make a step."""
    cpu: int
    address: int
    """The instruction address."""
    instruction: bytes
    """The instruction there; nothing if there was none."""
    before: int | bytes
    after: int | bytes


def reverse_continue(history: History, stops: Sequence[StopOn]) -> Stop | None:
    """Go back to where the last of *stops* came before now, whatever their counts; give it.

    None if none has come since the history begins, where the machine is then.

    :raises HistoryError: if that was stopped on the way.
    """
    every = [replace(on, count=1) for on in stops]
    for start, end in history.stretches():
        count, _ = history.repeat(start, end, every)
        if count:
            _, stop = history.repeat(start, end, every, count)
            return stop
    history.go(history.first_position)
    return None


def last_change(history: History, machine: Machine, watched: Watched) -> Change | None:
    """What has changed *watched* last; None if it has not changed since the history begins.

    Of keys, usage states and control registers it is exactly that.  Of other registers and of storage it is among the
    last 50,000 instructions; what is longer ago is looked at every 1,000 instructions only, so that a change that was
    soon taken back may not be seen.  The machine is where it was afterwards.

    :raises HistoryError: if that was stopped on the way.
    """
    here, now = history.position, watched.value(machine)
    try:
        on = watched.stop()
        for start, end in history.stretches():
            if on is not None:
                found = _by_stops(history, machine, watched, on, start, end)
            else:
                found = _by_looks(history, machine, watched, start, end, here)
            if found is not None:
                return found
    finally:
        history.go(here)
        assert watched.value(machine) == now
    return None


def _by_stops(
    history: History, machine: Machine, watched: Watched, on: StopOn, start: Position, end: Position
) -> Change | None:
    """The last change between *start* and *end*, which *on* comes at."""
    count, _ = history.repeat(start, end, (on,), is_end_included=True)
    while count:
        history.repeat(start, end, (on,), count, is_end_included=True)
        after = watched.value(machine)
        history.step_back()
        if watched.value(machine) != after:
            return _change(history, machine, watched, after)
        count -= 1
    return None


def _by_looks(
    history: History, machine: Machine, watched: Watched, start: Position, end: Position, here: Position
) -> Change | None:
    """The last change between *start* and *end* that is seen by looking."""
    if start.instruction < here.instruction - _STEPPED:
        part = _part_with_change(history, machine, watched, start, end)
        if part is None:
            return None
        start, end = part
    last = None
    history.go(start)
    value = watched.value(machine)
    with history.unseen():
        while history.position < end:
            position = history.position
            history.step()
            before, value = value, watched.value(machine)
            if before != value:
                last = position, value
    if last is None:
        return None
    history.go(last[0])
    return _change(history, machine, watched, last[1])


def _part_with_change(
    history: History, machine: Machine, watched: Watched, start: Position, end: Position
) -> tuple[Position, Position] | None:
    """The last part between *start* and *end* with other values at its ends."""
    part = None
    history.go(start)
    value, position = watched.value(machine), start
    while position < end:
        history.go(min(end, Position(position.instruction + _SAMPLE)))
        if watched.value(machine) != value:
            part = position, history.position
        value, position = watched.value(machine), history.position
    return part


def _change(history: History, machine: Machine, watched: Watched, after: int | bytes) -> Change:
    """What the next step does, which makes of *watched* what it is *after*."""
    cpu = machine.cpus[machine.configuration.turns.cpu]
    address = cpu.instruction_address
    return Change(
        position=history.position,
        cpu=cpu.address,
        address=address,
        instruction=instruction_at(cpu, address),
        before=watched.value(machine),
        after=after,
    )
