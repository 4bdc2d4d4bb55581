# SPDX-License-Identifier: GPL-2.0-or-later
"""Several guests of one host, run in turn."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, Protocol

from emu.running.stops import StopKind
from emu.state import Section

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from emu.running.stops import Stop

TURN: Final = 1_000_000
"""Instructions that a guest executes before it is the next one's turn."""


class GuestRunner(Protocol):
    """What executes the instructions of one guest: its machine."""

    @property
    def executed(self) -> int:
        """Instructions ended since it was made."""

    def run(self, max_instructions: int | None = None) -> Stop:
        """Run until it stops or *max_instructions* more instructions have ended; say why it stopped."""


class GuestTurns:
    """The *runners* in turn, each until it stops.

    Each has virtual time of its own, so a guest that waits for its clock waits for nobody.

    :param max_instructions: the most that each executes; None is no bound.
    :param turn: how many instructions a turn has.
    :param ended: called with the number of a runner and its stop, as soon as it has stopped.
    """

    STATE: ClassVar = Section(
        "turns",
        "_whose",
        "_left",
        "_limits",
        "_stopped",
        excluded={
            "stops": "for the caller, at the time",
            "_runners": "have states of their own",
            "_turn": "a parameter",
            "_ended": "for the caller, at the time",
        },
    )

    def __init__(
        self,
        runners: Sequence[GuestRunner],
        max_instructions: int | None = None,
        *,
        turn: int = TURN,
        ended: Callable[[int, Stop], None] | None = None,
    ) -> None:
        self._runners = runners
        self._turn = turn
        self._ended = ended
        self._limits = [None if max_instructions is None else each.executed + max_instructions for each in runners]
        self._whose = 0
        """The number of the runner whose turn it is."""
        self._left = turn
        """Instructions that are left of its turn."""
        self._stopped: set[int] = set()
        """The numbers of the runners that have stopped."""
        self.stops: dict[int, Stop] = {}
        """How they have stopped here, by their numbers, in that order."""

    def run(self, instructions: int | None = None) -> bool:
        """Go on until all have stopped, or until *instructions* more have ended on all together; give whether all have.

        A turn may be interrupted so: the next call goes on with it.
        """
        while len(self._stopped) < len(self._runners):
            if self._whose in self._stopped:
                self._next()
                continue
            if instructions is not None and instructions <= 0:
                return False
            ended = self._advance(instructions)
            if instructions is not None:
                instructions -= ended
        return True

    def _advance(self, most: int | None) -> int:
        """Let the runner whose turn it is go on, for at most so many instructions; give how many it was."""
        runner, limit = self._runners[self._whose], self._limits[self._whose]
        before = runner.executed
        bounds = (self._left, most, None if limit is None else limit - before)
        given = min(bound for bound in bounds if bound is not None)
        stop = runner.run(given)
        ended = runner.executed - before
        self._left -= ended
        if stop.kind is not StopKind.BUDGET or (limit is not None and runner.executed >= limit):
            self._stopped.add(self._whose)
            self.stops[self._whose] = stop
            if self._ended is not None:
                self._ended(self._whose, stop)
        elif self._left <= 0:
            self._next()
        return ended

    def _next(self) -> None:
        self._whose = (self._whose + 1) % len(self._runners)
        self._left = self._turn


def run_in_turn(
    runners: Sequence[GuestRunner],
    max_instructions: int | None = None,
    *,
    turn: int = TURN,
    ended: Callable[[int, Stop], None] | None = None,
) -> list[Stop]:
    """Run the *runners* in turn until each has stopped; give how, in their order.

    :param max_instructions: the most that each executes; None is no bound.
    :param turn: how many instructions a turn has.
    :param ended: called with the number of a runner and its stop, as soon as it has stopped.
    """
    turns = GuestTurns(runners, max_instructions, turn=turn, ended=ended)
    turns.run()
    return [turns.stops[number] for number in range(len(runners))]
