# SPDX-License-Identifier: GPL-2.0-or-later
"""A user at a terminal: what is typed goes to the guest, and Ctrl-A to the machine.

The terminal becomes raw when the guest begins to read, so that Ctrl-C stops a program that reads nothing, and is given
back as it was, whatever happens.  While the guest waits, virtual time goes with the clock on the wall
(:mod:`tools.consoles.pace`); that and the keys make such a run one that cannot be repeated, so nothing but an
interactive run has one.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import termios
import tty
from typing import TYPE_CHECKING, Final, Self

from tools.consoles.pace import MOST_AHEAD, Pace, seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import FrameType, TracebackType
    from typing import Any

    from emu.machine import Machine

PREFIX: Final = 0x01
"""Ctrl-A."""
HELP: Final = """\
Ctrl-A x  end                      Ctrl-A s  stop, and go on step by step
Ctrl-A t  the table of page states Ctrl-A h  this help
Ctrl-A Ctrl-A  send Ctrl-A"""
HINT: Final = "essa: the guest reads from this terminal; Ctrl-A h shows how to leave it"
_LOOK_EVERY: Final = 2_000_000
"""Units of work between two looks at the keyboard."""
_PATIENCE: Final = 0.2
"""Seconds after which a wait looks whether the machine is to stop."""
_CHUNK: Final = 1024
_OUTPUT: Final = 1
"""Of the terminal's attributes: the flags for output."""


class Terminal:
    """The keyboard as :class:`emu.operator.Operator`; to be left as a context."""

    def __init__(self, machine: Machine, table: Callable[[], Iterable[str]], descriptor: int | None = None) -> None:
        """Nothing is changed before the guest reads.

        :param table: gives the lines of the table of page states.
        :param descriptor: the terminal; standard input by default.
        """
        self._machine = machine
        self._table = table
        self._pace = Pace(machine.timing)
        self._descriptor = sys.stdin.fileno() if descriptor is None else descriptor
        self._saved: list[Any] | None = None
        self._is_prefixed = False
        self._has_ended = False
        self._is_introduced = False
        self._handlers: dict[int, Any] = {}
        self.wants_stepper = False
        """Ctrl-A s was typed."""
        self.ended_by: str | None = None
        """The keys that ended the run, if any did."""

    def __enter__(self) -> Self:
        for number in (signal.SIGTERM, signal.SIGHUP):
            self._handlers[number] = signal.signal(number, self._die)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
        for number, handler in self._handlers.items():
            signal.signal(number, handler)

    def _die(self, number: int, frame: FrameType | None) -> None:
        """Leave the terminal as it was before the signal has its way."""
        self.release()
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)

    def release(self) -> None:
        """Give the terminal back as it was, until the guest reads again."""
        if self._saved is not None:
            termios.tcsetattr(self._descriptor, termios.TCSADRAIN, self._saved)
            self._saved = None

    def _seize(self) -> None:
        self._saved = termios.tcgetattr(self._descriptor)
        tty.setraw(self._descriptor, termios.TCSADRAIN)
        raw = termios.tcgetattr(self._descriptor)
        # Lines that the guest and others write still begin at the left.
        raw[_OUTPUT] |= termios.OPOST | termios.ONLCR
        termios.tcsetattr(self._descriptor, termios.TCSADRAIN, raw)
        if not self._is_introduced:
            self._is_introduced = True
            print(HINT, file=sys.stderr)

    # What the machine asks

    def type_input(self, work: int) -> int:
        """See :meth:`emu.operator.Operator.type_input`."""
        if self._machine.sclp.reads_input and not self._has_ended:
            self._read(0.0)
        return work + _LOOK_EVERY

    def wait(self, units: int | None) -> int | None:
        """See :meth:`emu.operator.Operator.wait`."""
        if self._has_ended:
            return units
        ahead = self._pace.ahead()
        if units is not None and ahead + units <= MOST_AHEAD:
            return units
        elapsed = 0
        while units is None or elapsed < ahead + units:
            left = _PATIENCE if units is None else min(_PATIENCE, seconds(ahead + units - elapsed))
            something_happened = self._read(left)
            elapsed = self._pace.elapsed()
            if something_happened or self._machine.stop_requested:
                break
        if self._has_ended and units is None:
            return None
        passed = max(0, elapsed - ahead)
        return passed if units is None else min(passed, units)

    def _read(self, seconds: float) -> bool:
        """Take what is typed within so many *seconds*; give whether anything was."""
        if self._saved is None:
            self._seize()
        ready, _, _ = select.select([self._descriptor], [], [], seconds)
        if not ready:
            return False
        try:
            data = os.read(self._descriptor, _CHUNK)
        except OSError:
            # The other end of a pseudo-terminal has gone.
            data = b""
        if not data:
            self._has_ended = True
        typed = bytes(key for key in data if self._passes(key))
        if typed:
            self._machine.sclp.type(typed)
        return True

    def _passes(self, key: int) -> bool:
        """Whether *key* is the guest's; otherwise do what it stands for."""
        if not self._is_prefixed:
            self._is_prefixed = key == PREFIX
            return not self._is_prefixed
        self._is_prefixed = False
        if key == PREFIX:
            return True
        match chr(key):
            case "x":
                self.ended_by = "Ctrl-A x"
                self._machine.stop_requested = True
            case "s":
                self.wants_stepper = True
                self._machine.stop_requested = True
            case "t":
                self._show(self._table())
            case _:
                self._show(HELP.splitlines())
        return False

    @staticmethod
    def _show(lines: Iterable[str]) -> None:
        sys.stdout.write("\n" + "".join(f"{line}\n" for line in lines))
        sys.stdout.flush()
