# SPDX-License-Identifier: GPL-2.0-or-later
"""Completion by the user's shell: what may stand where the cursor is.

The script of ``essa completion SHELL`` has the command run at each press of the key, with a variable of the environment
that says what has been typed; nothing of the machine is loaded for the answer.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from click.shell_completion import CompletionItem, get_completion_class, shell_complete

from emu.input_files.near_names import did_you_mean
from tools.command.options import SHELLS, VARIABLE
from tools.usage.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    import click

    from tools.usage.options import Option

    Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]

_NAME: Final = "essa"
_PLACES: Final = ("FILE", "DIR", "IMAGE")
"""In the metavar of what is a path."""


def answer(app: click.Group, instruction: str) -> int:
    """Print what *instruction*, the value of the variable, asks for; give the exit status."""
    return shell_complete(app, {}, _NAME, VARIABLE, instruction)


def script(app: click.Group, shell: str) -> str:
    """What *shell* has to read for the completion.

    :raises UsageError: if there is none for it.
    """
    made = get_completion_class(shell) if shell in SHELLS else None
    if made is None:
        raise UsageError(f"completion: expected {', '.join(SHELLS)}, not {shell!r}{did_you_mean(shell, SHELLS)}")
    return made(app, {}, _NAME, VARIABLE).source()


def completer(declared: Option) -> Completer:
    """What completes the values of the option that is *declared*."""

    def complete(context: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
        is_place = any(place in (declared.metavar or "") for place in _PLACES)
        known = () if declared.complete is None else declared.complete(context.info_name or "")
        found = [name for name in known if name.startswith(incomplete)]
        if found and is_place:
            # A shell looks for files by itself only if there is nothing else.
            found += _files(incomplete)
        if is_place and not found:
            return [CompletionItem(incomplete, type="file")]
        return [CompletionItem(name) for name in found]

    return complete


def _files(beginning: str) -> list[str]:
    """The files in the current directory whose names begin so, hidden ones only if that is typed."""
    names = sorted(each.name for each in Path().iterdir() if each.name.startswith(beginning) and each.is_file())
    return [name for name in names if beginning or not name.startswith(".")]
