# SPDX-License-Identifier: GPL-2.0-or-later
"""How far something is that takes long, in a line of the terminal that is gone when it has ended."""

from __future__ import annotations

import os
from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TextIO

_EVERY: Final = 0.5
"""Seconds until the line is shown, and from then on until it is shown anew."""
_CLEAR: Final = "\r\x1b[K"
"""Go to the beginning of the line, and erase it."""
_COLUMNS: Final = 80
"""Of a terminal that does not say how many it has."""


@contextmanager
def progress(describe: Callable[[], str], terminal: TextIO | None) -> Iterator[None]:
    """While it lasts, and if it lasts long, show in *terminal*, if there is one, what *describe* says."""
    if terminal is None:
        yield
        return
    over = Event()
    thread = Thread(target=_show, args=(describe, terminal, over), daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _show(describe: Callable[[], str], terminal: TextIO, over: Event) -> None:
    is_shown = False
    while not over.wait(_EVERY):
        # A line that is longer would not be erased as a whole.
        terminal.write(f"{_CLEAR}{describe()[: _columns(terminal) - 1]}")
        terminal.flush()
        is_shown = True
    if is_shown:
        terminal.write(_CLEAR)
        terminal.flush()


def _columns(terminal: TextIO) -> int:
    try:
        return os.get_terminal_size(terminal.fileno()).columns or _COLUMNS
    except OSError:
        return _COLUMNS
