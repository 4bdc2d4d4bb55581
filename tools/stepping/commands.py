# SPDX-License-Identifier: GPL-2.0-or-later
"""The commands of the stepper: each is a function under a declaration, from which help and completion follow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from emu.input_files.near_names import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable

    from tools.stepping.stepper import Stepper

    CommandFunction = Callable[[Stepper, str], None]

TOPICS: Final = ("going on", "going back", "stops", "registers", "storage", "asking", "changing", "the rest")
"""In the order in which the help has them."""


class CommandError(Exception):
    """A command of the stepper was wrong; the message says what was expected."""


@dataclass(frozen=True, slots=True)
class SteppingCommand:
    """A command: its names, the first of which messages use; its arguments; and what it does, in a line."""

    names: tuple[str, ...]
    arguments: str
    does: str
    topic: str
    run: CommandFunction

    @property
    def name(self) -> str:
        """By which messages call it."""
        return self.names[0]

    @property
    def usage(self) -> str:
        """How it is typed."""
        return f"{self.name} {self.arguments}".rstrip()


COMMANDS: Final[dict[str, SteppingCommand]] = {}
"""Every command, by each of its names."""


def command(
    *names: str,
    arguments: str = "",
    does: str,
    topic: str,
) -> Callable[[CommandFunction], CommandFunction]:
    """Declare the decorated function to be a command."""

    def declare(function: CommandFunction) -> CommandFunction:
        declared = SteppingCommand(names, arguments, does, topic, function)
        for name in names:
            if name in COMMANDS:
                raise ValueError(f"the command {name!r} is declared twice")
            COMMANDS[name] = declared
        return function

    return declare


def find_command(word: str) -> SteppingCommand:
    """The command called *word*.

    :raises CommandError: if there is none; the message names near ones.
    """
    found = COMMANDS.get(word) or COMMANDS.get(word.lower())
    if found is None:
        raise CommandError(f"there is no command {word!r} ('help' lists them){did_you_mean(word.lower(), COMMANDS)}")
    return found


def expect_nothing(name: str, argument: str) -> None:
    """See that nothing more was typed.

    :raises CommandError: if there was.
    """
    if argument:
        raise CommandError(f"{name}: expected nothing more, not {argument!r}")


def count(name: str, argument: str) -> int:
    """The decimal number that *argument* is, one if it is nothing.

    :raises CommandError: if it is none.
    """
    if argument and not (argument.isascii() and argument.isdigit()):
        raise CommandError(f"{name}: expected a number, not {argument!r}")
    return int(argument or 1)


def split(argument: str, most: int = -1) -> list[str]:
    """The words of *argument*, the last of which is what is left behind *most* others."""
    return argument.split(None, most) if argument else []
