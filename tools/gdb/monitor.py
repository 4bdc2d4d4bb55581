# SPDX-License-Identifier: GPL-2.0-or-later
"""``monitor`` in gdb: the commands of the console, but for those by which gdb itself moves the machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tools.stepping.commands import CommandError, find_command
from tools.stepping.lines import execute, parts
from tools.stepping.stepper import Stepper

if TYPE_CHECKING:
    from emu.debugging.session import Session
    from host.page_manager import PageManager

_MOVING: Final = frozenset({"going on", "going back"})
"""Topics of commands of which gdb would not notice what they do."""


class MonitorCommands:
    """The console of a session, line by line."""

    def __init__(self, session: Session, manager: PageManager | None = None) -> None:
        self._lines: list[str] = []
        self._stepper = Stepper(session, self._lines.append, manager=manager)

    def __call__(self, line: str) -> str:
        """What the commands in *line* show, each line of it with its end."""
        self._lines.clear()
        try:
            if any(_moves(part) for part in parts(line)):
                return "gdb moves the machine: stepi, continue, reverse-stepi, reverse-continue\n"
            execute(self._stepper, line)
        except CommandError as reason:
            self._lines.append(str(reason))
        return "".join(f"{each}\n" for each in self._lines)


def _moves(part: str) -> bool:
    words = part.split()
    if not words:
        return True
    try:
        return find_command(words[0]).topic in _MOVING
    except CommandError:
        # Whoever executes it says what is wrong.
        return False
