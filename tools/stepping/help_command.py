# SPDX-License-Identifier: GPL-2.0-or-later
"""The help: all commands by topic, or one."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final

from tools.stepping import stop_words
from tools.stepping.commands import COMMANDS, TOPICS, command, find_command

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tools.stepping.stepper import Stepper

_COLUMN: Final = 26
_MORE: Final = {"b": stop_words.HELP}
_END: Final = (
    "A register is changed by REGISTER=VALUE.",
    "Several commands may stand in a line, parted by ';'; a line that begins with # is a remark.",
    "Addresses and lengths are hexadecimal: 13230, a symbol, puts+0x12, gr15+8; N is decimal.",
)
_NARROWEST: Final = 20
"""Columns of text."""


@command("help", "h", "?", arguments="[COMMAND]", does="this list, or more about one command", topic="the rest")
def show_help(stepper: Stepper, argument: str) -> None:
    """Show the help."""
    if argument:
        declared = find_command(argument.split(maxsplit=1)[0])
        also = f" (also: {', '.join(declared.names[1:])})" if len(declared.names) > 1 else ""
        for usage, text in ((declared.usage, declared.does + also), *_MORE.get(declared.name, ())):
            for line in entry(usage, text, stepper.width):
                stepper.write(line)
        return
    for line in help_lines(stepper.width):
        stepper.write(line)


def help_lines(width: int) -> Iterator[str]:
    """The whole list, no line longer than *width*."""
    known = list(dict.fromkeys(COMMANDS.values()))
    for topic in TOPICS:
        yield f"{topic}:"
        for declared in known:
            if declared.topic == topic:
                yield from entry(declared.usage, declared.does, width)
    yield from entry("q, quit", "end", width)
    for text in _END:
        yield from textwrap.wrap(text, width)


def entry(usage: str, text: str, width: int) -> Iterator[str]:
    """How something is typed, and what it does, as lines of at most *width* columns."""
    lines = textwrap.wrap(text, max(width - _COLUMN, _NARROWEST), break_on_hyphens=False)
    if len(usage) >= _COLUMN:
        yield from textwrap.wrap(usage, width)
        usage = ""
    for line in lines:
        yield f"{usage:{_COLUMN}}{line}"
        usage = ""
