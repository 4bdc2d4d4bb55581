# SPDX-License-Identifier: GPL-2.0-or-later
"""How far something is that takes long: a line of the terminal that goes when it has ended, or lines now and then."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TextIO

_EVERY: Final = 0.5
"""Seconds until the line is shown on a terminal, and from then on until it is shown anew."""
_LINE_EVERY: Final = 30.0
"""Seconds until the first line elsewhere, and from line to line."""
_CLEAR: Final = "\r\x1b[K"
"""Go to the beginning of the line, and erase it."""
_COLUMNS: Final = 80
"""Of a terminal that does not say how many it has."""


@contextmanager
def progress(describe: Callable[[], str], stream: TextIO | None) -> Iterator[None]:
    """While it lasts, and if it lasts long, show in *stream* what *describe* says; None: nowhere."""
    if stream is None:
        yield
        return
    over = Event()
    show = _show if stream.isatty() else _tell
    thread = Thread(target=show, args=(describe, stream, over), daemon=True)
    # Ctrl-C is for the thread that does the work, which may be sleeping.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        thread.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
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


def _tell(describe: Callable[[], str], stream: TextIO, over: Event) -> None:
    while not over.wait(_LINE_EVERY):
        try:
            stream.write(f"essa: {describe()}\n")
            stream.flush()
        except OSError:
            # Nobody reads that any more; who writes what matters will find out.
            return


def _columns(terminal: TextIO) -> int:
    try:
        return os.get_terminal_size(terminal.fileno()).columns or _COLUMNS
    except OSError:
        return _COLUMNS
