# SPDX-License-Identifier: GPL-2.0-or-later
"""What a run costs and counts: its guest sees nothing of it, but compiled code must not change it."""

from __future__ import annotations

from functools import cache, wraps
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from emu.engine.answers import FreeAnswers
from emu.engine.free_run import FreeRun
from emu.machine import Machine

if TYPE_CHECKING:
    from collections.abc import Callable

    from emu.machine import Stop


class Tally(NamedTuple):
    """Of one run, or of several."""

    instructions: int
    """Executed by all CPUs."""
    work: int
    """Units of virtual time."""
    comebacks: int
    """How often the engine has left something to Python: all that compiled code does not do right it could leave."""

    def is_worse_than(self, other: Tally) -> bool:
        """Whether something was counted wrongly, or more was left, if *other* is as it should be."""
        return self[:2] != other[:2] or self.comebacks > other.comebacks


_NOTHING: Final = Tally(0, 0, 0)
_now: Final = [_NOTHING]
"""What has been counted since it was asked last."""


@cache
def begin_tally() -> Callable[[], Tally]:
    """Count from now on, in machines that are made from now on; gives what tells the tally since it was asked last."""
    for owner, name in ((FreeRun, "_after"), (FreeAnswers, "callback")):
        setattr(owner, name, _noting_comebacks(getattr(owner, name)))
    Machine.run = _noting_counts(Machine.run)  # type: ignore[method-assign]
    return _taken


def _taken() -> Tally:
    taken, _now[0] = _now[0], _NOTHING
    return taken


def _add(instructions: int, work: int, comebacks: int) -> None:
    now = _now[0]
    _now[0] = Tally(now.instructions + instructions, now.work + work, now.comebacks + comebacks)


def _noting_comebacks(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def note(*arguments: Any) -> Any:
        _add(0, 0, 1)
        return function(*arguments)

    return note


def _noting_counts(function: Callable[..., Stop]) -> Callable[..., Stop]:
    @wraps(function)
    def note(machine: Machine, *arguments: Any) -> Stop:
        try:
            return function(machine, *arguments)
        finally:
            _add(machine.executed, machine.configuration.timing.work, 0)

    return note
