# SPDX-License-Identifier: GPL-2.0-or-later
"""Running a machine so that Ctrl-C ends the run between two instructions and not in the middle of one."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from emu.machine import Stop, StopKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emu.machine import Machine

_PORTION: Final = 1 << 18
"""Instructions run between two looks at the keyboard: a fixed number, so that every run is the same."""
_STEPPED_PORTION: Final = 1 << 10
"""The same when an observer makes the machine run step by step."""


class Switch:
    """Whether Ctrl-C has been pressed."""

    def __init__(self) -> None:
        self.is_pressed = False


@contextmanager
def ctrl_c() -> Iterator[Switch]:
    """While it lasts, the first Ctrl-C presses the switch and the second one is a KeyboardInterrupt."""
    switch = Switch()

    def press(*_: object) -> None:
        switch.is_pressed = True
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, press)
    try:
        yield switch
    finally:
        signal.signal(signal.SIGINT, before)


def run(machine: Machine, switch: Switch, max_instructions: int | None = None) -> Stop:
    """Run until *machine* stops, *max_instructions* more have ended, or *switch* is pressed."""
    limit = None if max_instructions is None else machine.executed + max_instructions
    is_stepped = any(observer.wants_instructions for observer in machine.observers)
    portion = _STEPPED_PORTION if is_stepped else _PORTION
    while not switch.is_pressed:
        left = portion if limit is None else limit - machine.executed
        stop = machine.run(min(portion, left))
        if stop.kind is not StopKind.BUDGET or (limit is not None and machine.executed >= limit):
            return stop
    return requested(machine)


def requested(machine: Machine) -> Stop:
    """The stop that Ctrl-C makes."""
    cpu = machine.cpus[0]
    return Stop(StopKind.REQUESTED, cpu.address, cpu.psw, "stopped by Ctrl-C")
