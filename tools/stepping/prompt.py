# SPDX-License-Identifier: GPL-2.0-or-later
"""The prompt at a terminal: line editing, completion, and a history that is kept from one session to the next."""

from __future__ import annotations

import os
import sys
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

from platformdirs import user_state_path
from prompt_toolkit import PromptSession
from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
from prompt_toolkit.completion import Completer, Completion
from prompt_toolkit.history import FileHistory, InMemoryHistory
from prompt_toolkit.output.vt100 import Vt100_Output

from tools.processes.interrupt import caught
from tools.stepping.commands import COMMANDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prompt_toolkit.completion import CompleteEvent
    from prompt_toolkit.document import Document
    from prompt_toolkit.history import History as TypedHistory
    from prompt_toolkit.output import Output

    from emu.debugging.session import Session

_MOST: Final = 200
"""Completions that are shown."""
_WORDS: Final = {
    "b": (
        *("essa", "keys", "dat", "privileged", "page", "content", "key", "touch", "cr", "psw", "store", "fetch"),
        *("access", "console", "instruction", "time", "when", "real", "absolute", "program", "svc", "external"),
        *("io", "machine-check", "restart", "interruption", "mnemonic"),
    ),
    "snapshot": ("save", "restore"),
    "inject": ("program", "svc", "external", "io", "machine-check", "restart"),
    "pend": ("interrupt-key", "machine-check"),
    "t": ("on", "off"),
}
"""What may come behind a command, besides symbols."""


class CommandCompleter(Completer):
    """Completes commands, the words that belong to them, and symbols."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        """What the word before the cursor may become."""
        text = document.text_before_cursor.rpartition(";")[2].lstrip()
        word = document.get_word_before_cursor(WORD=True)
        first, space, _ = text.partition(" ")
        candidates = [*_WORDS.get(_first_name(first), ()), *self._symbols(word)] if space else sorted(COMMANDS)
        for each in islice((each for each in candidates if each.startswith(word)), _MOST):
            declared = None if space else COMMANDS[each]
            yield Completion(each, -len(word), display_meta=declared.does if declared is not None else "")

    def _symbols(self, word: str) -> list[str]:
        return sorted(islice(self._session.symbols.names(word), _MOST)) if word else []


def _first_name(word: str) -> str:
    """The first name of the command that *word* is."""
    declared = COMMANDS.get(word)
    return word if declared is None else declared.name


class Prompt:
    """Reads lines at the terminal."""

    def __init__(self, session: Session, prompt: str) -> None:
        self._session: PromptSession[str] = PromptSession(
            prompt,
            history=_history(),
            completer=CommandCompleter(session),
            complete_while_typing=False,
            auto_suggest=AutoSuggestFromHistory(),
            enable_history_search=True,
            output=_output(),
        )

    def read(self) -> str | None:
        """The next line that is typed; None at the end (Ctrl-D).  Ctrl-C begins a line anew."""
        while True:
            try:
                return self._session.prompt()
            except EOFError:
                return None
            except KeyboardInterrupt:
                caught()


def _output() -> Output | None:
    """The terminal, which is not asked where its cursor is: not every one answers.  None means the usual output."""
    if not sys.stdout.isatty():
        return None
    output = Vt100_Output.from_pty(sys.stdout, term=os.environ.get("TERM"))
    output.enable_cpr = False
    return output


def _history() -> TypedHistory:
    """What was typed before, kept in a file that only the user reads; in memory where that cannot be."""
    path: Path = user_state_path("page-hinting-machine") / "step-history"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600))
    except OSError:
        return InMemoryHistory()
    return FileHistory(str(path))
