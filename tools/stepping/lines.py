# SPDX-License-Identifier: GPL-2.0-or-later
"""Lines of commands, with Hercules' words and those of gdb, and how they are executed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import tools.stepping.catalogue  # noqa: F401 - fills the table of commands
from emu.debugging.history import HistoryError
from emu.hypervisor import HostFailure
from tools.stepping.commands import CommandError, find_command

if TYPE_CHECKING:
    from tools.stepping.stepper import Stepper

__all__ = ["CommandError", "execute", "parts", "word_and_argument"]

_QUIT: Final = frozenset({"q", "quit", "exit"})
_WORD: Final = re.compile(r"([^\s/=]+)\s*(.*)", re.DOTALL)
_ASSIGNMENT: Final = re.compile(r"\$?\w+\s*=")


def execute(stepper: Stepper, line: str) -> bool:
    """Execute the commands of *line*; give whether there may be another line, which there may not after ``q``.

    Several commands are parted by semicolons; an empty line is a step.

    :raises CommandError: if there is no such command, or its argument is wrong.
    """
    return all(_execute(stepper, part.strip()) for part in parts(line))


def _execute(stepper: Stepper, line: str) -> bool:
    if line.startswith("#"):
        return True
    word, argument = word_and_argument(line)
    if word in _QUIT:
        return False
    stepper.word = word
    try:
        find_command(word).run(stepper, argument.strip())
    except HistoryError as reason:
        raise CommandError(f"{word}: {reason}") from None
    except HostFailure as reason:
        raise CommandError(f"{word}: the host failed: {reason}") from None
    return True


def word_and_argument(line: str) -> tuple[str, str]:
    """The word of the command that *line* is, and what is behind it."""
    if _ASSIGNMENT.match(line):
        return "set", line
    matched = _WORD.fullmatch(line)
    return (matched[1], matched[2]) if matched is not None else (line or "s", "")


def parts(line: str) -> list[str]:
    """The commands of a *line*: parted by semicolons, but not inside quotes."""
    found, quote = [""], ""
    for letter in line:
        if letter == ";" and not quote:
            found.append("")
            continue
        if letter in "\"'" and (not quote or letter == quote):
            quote = "" if quote else letter
        found[-1] += letter
    return found
