# SPDX-License-Identifier: GPL-2.0-or-later
"""``monitor`` in gdb: the commands of the console, but for those of which gdb would not notice what they do.

gdb remembers the registers, and the storage of the stack, until the machine goes on.  Nothing in the protocol tells it
that they are others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tools.stepping.commands import CommandError, find_command
from tools.stepping.lines import execute, parts, word_and_argument
from tools.stepping.stepper import Stepper

if TYPE_CHECKING:
    from emu.debugging.session import Session
    from host.page_manager import PageManager

_MOVING: Final = frozenset({"going on", "going back"})
"""Topics of commands that move the machine."""
_CHANGING: Final = frozenset({"set", "inject", "snapshot"})
"""Commands that change registers; of the others with an equals sign, each changes storage or a key."""
_MOVES: Final = "gdb moves the machine: stepi, continue, reverse-stepi, reverse-continue"
_CHANGES: Final = "gdb would not notice that; it changes registers by: set $r2 = 1"
_NOT_NOTICED: Final = "(gdb may show what was before: maintenance flush register-cache, maintenance flush dcache)"


class MonitorCommands:
    """The console of a session, line by line."""

    def __init__(self, session: Session, manager: PageManager | None = None) -> None:
        self._lines: list[str] = []
        self._stepper = Stepper(session, self._lines.append, manager=manager)

    def __call__(self, line: str) -> str:
        """What the commands in *line* show, each line of it with its end."""
        self._lines.clear()
        try:
            refusal = next(filter(None, map(_refusal, parts(line))), None)
            if refusal is not None:
                return f"{refusal}\n"
            changes = self._stepper.session.changes
            execute(self._stepper, line)
            if self._stepper.session.changes != changes:
                self._lines.append(_NOT_NOTICED)
        except CommandError as reason:
            self._lines.append(str(reason))
        return "".join(f"{each}\n" for each in self._lines)


def _refusal(part: str) -> str | None:
    """Why the command *part* is not for gdb; None if it is."""
    word, argument = word_and_argument(part.strip())
    try:
        command = find_command(word)
    except CommandError:
        # Whoever executes it says what is wrong.
        return None
    if command.topic in _MOVING:
        return _MOVES
    return _CHANGES if command.name in _CHANGING and not argument.startswith("save") else None
