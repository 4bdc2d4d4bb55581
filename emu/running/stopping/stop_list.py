# SPDX-License-Identifier: GPL-2.0-or-later
"""The list of stops of a machine, and the moments at which the run loop asks it.

The list is no machine state: a saved machine does not hold it, and with it or without the machine is the same to the
bit.  A moment, at which an instruction of a CPU is about to be executed, ends the run at most once, so that going on
after a stop executes the instruction.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from emu.hypervisor import NEVER
from emu.running.stopping.engine_places import EnginePlaces
from emu.running.stopping.events import EventListener, StateListener
from emu.running.stopping.kinds import (
    AtInstructionCount,
    AtInterruption,
    AtTime,
    PswMaskChange,
    StopOn,
)
from emu.running.stopping.matching import InstructionStops
from emu.running.stopping.registers import RegisterStops
from emu.running.stopping.stop_point import StopPoint
from emu.running.stopping.storage import StorageStops
from emu.running.stopping.view import StopEvent, View
from emu.running.stops import Hit, StopKind, StopRun

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from emu.configuration import Configuration
    from emu.cpu import Cpu
    from emu.engine.engine import Engine
    from emu.engine.exits import RunExit


class StopList:
    """The stops of one machine."""

    def __init__(self, configuration: Configuration[Cpu], engines: Sequence[Engine]) -> None:
        """Have none; *engines* are those of the CPUs, in their order."""
        self._engines = engines
        self._places = EnginePlaces(configuration, engines)
        self._storage = StorageStops(configuration, engines)
        self._configuration = configuration
        self._points: dict[int, StopPoint] = {}
        self._last = 0
        self._enabled: list[StopPoint] = []
        self.is_set = False
        """Whether anything must be asked at all."""
        self._instructions = InstructionStops()
        self._registers = RegisterStops(configuration)
        self._noted: list[tuple[StopPoint, Cpu | None, StopEvent]] = []
        self._passed: dict[int, tuple[int, int, int]] = {}
        """For each CPU the moment that has ended a run."""
        self._interruptions: list[StopPoint] = []
        """Those that come before an interruption."""
        self._passed_interruption: dict[int, tuple[int, int, int]] = {}
        """The same as above of these."""
        self._asked: set[int] = set()
        """The CPUs whose next interruption they have been asked about."""
        self._counted: list[StopPoint] = []
        """Those that the instruction which is about to be executed has been counted for."""
        self._reached: set[int] = set()
        """Numbers of the stops whose instruction count or time is now, and has ended a run."""
        self._listeners: list[EventListener] = []

    # The list

    def add(self, on: StopOn) -> int:
        """Enter a stop, enabled, and give its number.

        :raises ValueError: if such a stop cannot happen on this machine.
        """
        self._last += 1
        self._points[self._last] = StopPoint(self._last, on)
        self._changed()
        return self._last

    def remove(self, number: int) -> None:
        """Take a stop out of the list.

        :raises KeyError: if there is none of this *number*.
        """
        del self._points[number]
        self._changed()

    def clear(self) -> None:
        """Take all of them out."""
        self._points.clear()
        self._changed()

    def enable(self, number: int, *, is_enabled: bool = True) -> None:
        """Enable a stop, or disable it.

        :raises KeyError: if there is none of this *number*.
        """
        self._points[number].is_enabled = is_enabled
        self._changed()

    def __getitem__(self, number: int) -> StopPoint:
        return self._points[number]

    def __iter__(self) -> Iterator[StopPoint]:
        """In the order of their numbers."""
        return iter(list(self._points.values()))

    def __len__(self) -> int:
        return len(self._points)

    @contextmanager
    def instead(self, *others: StopOn) -> Iterator[list[StopPoint]]:
        """Have only the stops *others* for a while; gives them, in that order.  No stop of the list is counted."""
        points, reached = self._points, self._reached
        self._points = {number: StopPoint(number, on) for number, on in enumerate(others, 1)}
        self._reached = set()
        self._changed()
        try:
            yield list(self._points.values())
        finally:
            self._points, self._reached = points, reached
            self._noted.clear()
            self._changed()

    def pass_over(self) -> None:
        """Let the CPUs execute the instructions at which they stand, or be interrupted there, without a stop before."""
        for cpu in self._configuration.cpus:
            self._passed[cpu.address] = self._passed_interruption[cpu.address] = _moment(cpu)

    def _changed(self) -> None:
        """Do what follows from another list."""
        self._enabled = [point for point in self._points.values() if point.is_enabled]
        self.is_set = bool(self._enabled)
        if not self.is_set:
            # Nothing will happen that is of interest until there is a stop again.
            self._forget()
        self._interruptions = [
            point for point in self._enabled if isinstance(point.on, AtInterruption) and point.on.before
        ]
        watching = self._configuration.watching
        watching.before_interruption = self.before_interruption if self._interruptions else None
        watching.follows_interruptions = any(isinstance(point.on, PswMaskChange) for point in self._enabled)
        for each in (self._instructions, self._registers, self._places, self._storage):
            each.changed(self._enabled)
        self._listen()

    def _listen(self) -> None:
        others = [each for each in self._configuration.observers if each not in self._listeners]
        self._listeners = []
        for kind in (EventListener, StateListener):
            points = [point for point in self._enabled if kind.serves(point.on)]
            if points:
                self._listeners.append(kind(points, self._note, self._asked))
        # Observers may be told of something just now: the list itself must stay as it is.
        self._configuration.observers = [*others, *self._listeners]

    # What the run loop asks

    @property
    def is_stepped(self) -> bool:
        """Whether the machine must be run instruction by instruction."""
        return self._instructions.has_predicates

    def enter(self, cpu: Cpu) -> None:
        """*cpu* is about to run freely."""
        if self._places.is_set:
            passed = self._passed.get(cpu.address)
            self._places.enter(is_passed=passed is not None and passed == _moment(cpu))

    def begin(self) -> None:
        """A run begins: what has happened before it does not count."""
        if self.is_set:
            self._forget()
            self._storage.follow_prefixes()
            self._registers.begin()
            self._places.begin()

    def _forget(self) -> None:
        """Forget what has happened until now."""
        self._noted.clear()
        self._configuration.watching.noticed.clear()
        self._counted = []
        self._asked.clear()

    def end(self) -> None:
        """A run has ended, in whatever way."""
        if self.is_set:
            self._places.collect()

    def remaining(self) -> int:
        """Instructions until a number of them has ended that is waited for."""
        executed = self._configuration.executed
        numbers = [
            point.on.number
            for point in self._enabled
            if isinstance(point.on, AtInstructionCount) and point.on.number > executed
        ]
        return min(numbers, default=NEVER) - executed

    def due(self, work: int) -> int:
        """The virtual time that is waited for next, after so much *work*."""
        if not self._enabled:
            return NEVER
        return min(
            (point.on.work for point in self._enabled if isinstance(point.on, AtTime) and point.on.work > work),
            default=NEVER,
        )

    def between(self, cpu: Cpu) -> None:
        """Between two instructions, *cpu* having its turn: numbers of instructions and moments of virtual time.

        :raises StopRun: if one is reached.
        """
        executed, work = self._configuration.executed, self._configuration.timing.work
        hits = []
        for point in self._enabled:
            match point.on:
                case AtInstructionCount(number=number):
                    is_reached = executed == number
                case AtTime(work=time):
                    is_reached = work >= time
                case _:
                    continue
            if not is_reached:
                self._reached.discard(point.number)
            elif point.number not in self._reached:
                self._reached.add(point.number)
                hits += self._count(point, cpu, View(cpu))
        self._stop(cpu, hits, is_before=True)

    def before(self, cpu: Cpu, ended: RunExit | None = None) -> None:
        """*cpu* is about to execute an instruction, alone, as its engine has *ended* before that.

        :raises StopRun: if it is not to be executed yet.
        """
        self._counted = []
        if not self._instructions.may_be_at(cpu, self._engines[cpu.address], ended):
            return
        moment = _moment(cpu)
        if self._passed.get(cpu.address) == moment:
            return
        view = View(cpu)
        points = self._instructions.at(cpu, view)
        if points:
            self._places.collect()
        hits = []
        for point in points:
            before = point.hits
            hits += self._count(point, cpu, view)
            if point.hits > before:
                self._counted.append(point)
        if hits:
            self._passed[cpu.address] = moment
            self._stop(cpu, hits, is_before=True)

    def before_interruption(self, address: int, interruption: str, code: int) -> None:
        """The CPU with this *address* is about to take an interruption of this class with this *code*.

        :raises StopRun: if it is not to be taken yet.
        """
        if not self._interruptions:
            return
        cpu = self._configuration.cpus[address]
        self._asked.add(address)
        moment = _moment(cpu)
        if self._passed_interruption.get(address) == moment:
            return
        view = View(cpu, StopEvent(interruption=interruption, code=code))
        hits = [
            hit
            for point in self._interruptions
            if isinstance(point.on, AtInterruption) and point.on.is_of(interruption, code)
            for hit in self._count(point, cpu, view)
        ]
        if hits:
            self._passed_interruption[address] = moment
            self._asked.discard(address)
            self._stop(cpu, hits, is_before=True)

    def abandoned(self) -> None:
        """The instruction that was about to be executed was not, and will be tried again."""
        self._configuration.watching.noticed.clear()
        for point in self._counted:
            point.hits -= 1
            self._places.counted()
        self._counted = []

    def after(self, cpu: Cpu) -> None:
        """An instruction of *cpu* has ended, an interruption was taken, or the host was called.

        :raises StopRun: if something has happened that is waited for.
        """
        self._counted = []
        if self._registers.are_there:
            self._noted += self._registers.events()
        if self._configuration.watching.noticed:
            self._noted += self._storage.events()
        self._storage.follow_prefixes()
        if not self._noted:
            return
        noted = self._noted[:]
        self._noted.clear()
        hits = []
        for point, whose, event in noted:
            hits += self._count(point, whose or cpu, View(whose or cpu, event))
        self._stop(cpu, hits, is_before=False)

    def _note(self, point: StopPoint, cpu: Cpu | None, event: StopEvent) -> None:
        """Note that something has happened, inside of an instruction or not."""
        if not self._noted:
            self._configuration.translations.end_soon()
        self._noted.append((point, cpu, event))

    def _count(self, point: StopPoint, cpu: Cpu, view: View) -> list[Hit]:
        """Count that what *point* waits for has happened, and give a hit if that is a stop."""
        if point.on.condition is not None and not point.on.condition(view):
            return []
        point.hits += 1
        self._places.counted()
        return [Hit(point.number, point.on, cpu.address, view.event)] if point.hits >= point.on.count else []

    def _stop(self, cpu: Cpu, hits: list[Hit], *, is_before: bool) -> None:
        if hits:
            text = "; ".join(f"stop {hit.number}: {hit.on}" for hit in hits)
            raise StopRun(StopKind.STOP_POINT, cpu, text, tuple(hits), is_before=is_before)


def _moment(cpu: Cpu) -> tuple[int, int, int]:
    """What tells the moment before an instruction of *cpu* from all others."""
    return cpu.executed, cpu.configuration.timing.work, cpu.instruction_address
