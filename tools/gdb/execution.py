# SPDX-License-Identifier: GPL-2.0-or-later
"""The machine goes on, and back, as gdb asks; now and then somebody looks whether gdb wants it to stop.

The CPUs take their turns as they always do, whichever thread gdb wants to go on: that of gdb is stepped when its turn
comes, so that a run under gdb is the run without it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from emu.bits import MASK_64
from emu.debugging.history import HistoryError
from emu.debugging.travel import StoppedOnTheWay
from emu.running.stops import StopKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from emu.cpu import Cpu
    from emu.debugging.session import Session
    from emu.machine import Stop

_FIRST_SLICE: Final = 100_000
_MOST: Final = 1 << 40
_SECONDS: Final = 0.05
"""How long the machine may run until somebody looks."""
_STEPS: Final = 200
"""How many single steps it may make until then."""


class End(Enum):
    """Why it goes on no more."""

    STEPPED = "a step is done"
    STOPPED = "the machine has stopped"
    BROKEN = "gdb has asked for it"
    AT_THE_BEGINNING = "nothing before is known"


@dataclass(frozen=True, slots=True)
class MotionEnd:
    """How it has ended; *stop* is that of the machine, if it has stopped."""

    end: End
    cpu: int
    stop: Stop | None = None


class Execution:
    """A session that goes on until gdb wants it to stop."""

    def __init__(self, session: Session, is_wanted: Callable[[], bool], limit: int | None = None) -> None:
        """Ask *is_wanted* now and then whether somebody wants the machine to stop.

        :param limit: the number of instructions after which it stops for good.
        """
        self._session = session
        self._is_wanted = is_wanted
        self._limit = limit
        self._slice = _FIRST_SLICE

    def go(self) -> MotionEnd:
        """Go on until something ends it."""
        while True:
            ended = self.go_a_while()
            if ended is not None:
                return ended
            if self._is_wanted():
                return self._broken()

    def go_a_while(self) -> MotionEnd | None:
        """Go on for a short time; None if nothing has ended it."""
        started = time.monotonic()
        left = self._left()
        stop = self._session.go(min(self._slice, left))
        seconds = time.monotonic() - started
        if stop.kind is not StopKind.BUDGET or left <= self._slice:
            return MotionEnd(End.STOPPED, stop.cpu, stop)
        factor = 2 if seconds < _SECONDS / 2 else 0.5 if seconds > _SECONDS else 1
        self._slice = min(max(int(self._slice * factor), 1), _MOST)
        return None

    def step(self, cpu: Cpu) -> MotionEnd:
        """Have *cpu* execute one instruction, or take one interruption, when its turn comes."""
        return self._step_until(cpu, lambda: True)

    def step_out_of(self, cpu: Cpu, first: int, end: int) -> MotionEnd:
        """Step *cpu* until its instruction address lies no more from *first* to before *end*."""
        return self._step_until(cpu, lambda: not first <= cpu.instruction_address < end)

    def step_back(self) -> MotionEnd:
        """Undo the last instruction or interruption.

        :raises HistoryError: if there is no history.
        """
        undone = self._session.back(1)
        return MotionEnd(End.STEPPED if undone else End.AT_THE_BEGINNING, self._turn)

    def go_back(self) -> MotionEnd:
        """Go back to the last stop before this moment.

        If somebody wants the machine to stop on the way, it is where it was.

        :raises HistoryError: if there is no history, or Ctrl-C in the server's terminal ends it on the way.
        """
        session = self._session
        if session.history is None:
            raise HistoryError(session.why_no_history)
        wants: list[bool] = []

        def is_to_stop() -> bool:
            # It is told once only.
            if not wants and self._is_wanted():
                wants.append(True)
                return True
            return False

        session.history.is_to_stop = is_to_stop
        try:
            stop = session.reverse_go()
        except StoppedOnTheWay:
            if not wants:
                raise
            return self._broken()
        finally:
            session.history.is_to_stop = lambda: False
        if stop is None:
            return MotionEnd(End.AT_THE_BEGINNING, self._turn)
        return MotionEnd(End.STOPPED, stop.cpu, stop)

    @property
    def _turn(self) -> int:
        return self._session.machine.configuration.turns.cpu

    def _step_until(self, cpu: Cpu, is_reached: Callable[[], bool]) -> MotionEnd:
        session = self._session
        # It stands where it stands, whether there is a breakpoint or not.
        session.machine.stops.pass_over()
        steps = 0
        while True:
            if self._left() <= 0:
                return self._ended(self._session.go(0))
            before = _moment(cpu)
            stop = session.step()
            if stop is not None:
                return self._ended(stop)
            if _moment(cpu) != before and is_reached():
                return MotionEnd(End.STEPPED, cpu.address)
            steps += 1
            if steps % _STEPS == 0 and self._is_wanted():
                return self._broken()

    def _left(self) -> int:
        return _MOST if self._limit is None else max(self._limit - self._session.machine.executed, 0)

    def _ended(self, stop: Stop) -> MotionEnd:
        return MotionEnd(End.STOPPED, stop.cpu, stop)

    def _broken(self) -> MotionEnd:
        return MotionEnd(End.BROKEN, self._turn)


def _moment(cpu: Cpu) -> tuple[int, int, int]:
    return cpu.executed, cpu.psw.mask & MASK_64, cpu.psw.address
