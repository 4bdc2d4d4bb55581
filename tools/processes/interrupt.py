# SPDX-License-Identifier: GPL-2.0-or-later
"""Ctrl-C ends the run of a machine between two instructions and not in the middle of one."""

from __future__ import annotations

import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.process import BaseProcess

    from emu.machine import Machine, Stop


_raised: Final[list[int]] = []
"""The signals of which :func:`raise_interrupt` has made an exception that nobody may have caught."""


def raise_interrupt(number: int, _: object) -> None:
    """The command's handler of Ctrl-C where nothing waits for a :class:`Switch`: a KeyboardInterrupt, which ends it.

    Python ignores exceptions in finalizers, which it may call anywhere, and so do extension modules here and there: if
    the command goes on all the same, its next switch is pressed from the first.
    """
    _raised.append(number)
    raise KeyboardInterrupt


def caught() -> None:
    """The KeyboardInterrupt was caught, and the command is meant to go on."""
    _raised.clear()


def hide_interrupt(unraisable: sys.UnraisableHookArgs) -> None:
    """For :data:`sys.unraisablehook`: a KeyboardInterrupt that is ignored is no news."""
    if not issubclass(unraisable.exc_type, KeyboardInterrupt):
        sys.__unraisablehook__(unraisable)


class Switch:
    """Whether Ctrl-C has been pressed."""

    def __init__(self) -> None:
        self.is_pressed = False
        self.name = "Ctrl-C"
        """What has pressed it."""


@contextmanager
def ctrl_c(*machines: Machine, is_sigterm_too: bool = False) -> Iterator[Switch]:
    """While it lasts, the first Ctrl-C presses the switch and stops *machines*; the second is a KeyboardInterrupt.

    One that was lost before (:func:`raise_interrupt`) is the first.

    :param is_sigterm_too: whether SIGTERM, from whoever limits the time, does the same.
    """
    switch = Switch()
    before: dict[int, Any] = {}

    def press(number: int, _: object = None) -> None:
        switch.is_pressed = True
        if number == signal.SIGTERM:
            switch.name = "SIGTERM"
        for machine in machines:
            machine.stop_requested = True
        put_back()

    def put_back() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    numbers = (signal.SIGINT, signal.SIGTERM) if is_sigterm_too else (signal.SIGINT,)
    for number in numbers:
        before[number] = signal.signal(number, press)
    try:
        if _raised:
            press(_raised.pop())
        yield switch
    finally:
        put_back()
        for machine in machines:
            machine.stop_requested = False


@contextmanager
def sigterm_too() -> Iterator[None]:
    """While it lasts, SIGTERM is a KeyboardInterrupt, as Ctrl-C is, wherever nothing waits for a :class:`Switch`."""

    def press(*_: object) -> None:
        raise KeyboardInterrupt("SIGTERM")

    before = signal.signal(signal.SIGTERM, press)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def postponed(*, is_sigterm_too: bool = False) -> Iterator[None]:
    """While it lasts, Ctrl-C waits: engines start, or modules are loaded, and in callbacks of either it would get lost.

    A blocked signal would not do: the system gives it to another thread of the process, and Python acts on it here.

    :param is_sigterm_too: whether SIGTERM waits, too, such as for a report to be written.
    """
    pressed = []

    def press(number: int, _: object) -> None:
        pressed.append(number)

    numbers = (signal.SIGINT, signal.SIGTERM) if is_sigterm_too else (signal.SIGINT,)
    before = {number: signal.signal(number, press) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if pressed:
            signal.raise_signal(pressed[0])


def start_deaf(process: BaseProcess) -> None:
    """Start *process* with Ctrl-C and SIGTERM blocked: they concern this process, which tells the others."""
    from multiprocessing import resource_tracker

    # It starts with the first process otherwise, and lets Ctrl-C through again.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def run_interruptibly(machine: Machine, max_instructions: int | None = None, switch: Switch | None = None) -> Stop:
    """Run until *machine* stops, *max_instructions* more have ended, or Ctrl-C is pressed, or what presses *switch*."""
    from emu.machine import StopKind

    stop = machine.run(max_instructions)
    if stop.kind is not StopKind.REQUESTED:
        return stop
    return requested_stop(machine) if switch is None else requested_stop(machine, switch.name)


def requested_stop(machine: Machine, keys: str = "Ctrl-C") -> Stop:
    """The stop that Ctrl-C makes, or other *keys*."""
    from emu.machine import Stop, StopKind

    cpu = machine.cpus[0]
    return Stop(StopKind.REQUESTED, cpu.address, cpu.psw, f"stopped by {keys}")
