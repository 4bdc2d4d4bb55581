# SPDX-License-Identifier: GPL-2.0-or-later
"""The files that the command writes: opened before anything runs, and named when they cannot be written."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

from tools.usage.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import ExitStack
    from typing import TextIO


def check_apart(option: str, name: str | Path | None, others: Mapping[str, str | Path | None]) -> None:
    """See to it that what is written to the file *name* does not take the place of another one.

    :param others: files that are read or written too, each by the option that names it, or by what it is.
    :raises UsageError: if it is one of them.
    """
    if name is None or str(name) == "-":
        return
    for other, theirs in others.items():
        # A name that leads nowhere is found to be wrong where the file is opened.
        if theirs is not None and str(theirs) != "-" and os.path.realpath(name) == os.path.realpath(theirs):
            raise UsageError(f"{option}: expected a file of its own, not that of {other}: {name}")


def open_output(files: ExitStack, option: str, name: str | None, standard: TextIO) -> TextIO | None:
    """The file *name* open for writing, before anything runs; ``-`` is the *standard* one.

    :raises UsageError: if it cannot be written.
    """
    if name is None or name == "-":
        return standard if name else None
    return files.enter_context(_writable(option, name))


def open_document(files: ExitStack, option: str, name: str | None) -> TextIO | None:
    """The same for what another program reads: ``-`` is standard output, and has nothing else in it.

    What is printed besides, such as the guest's console, goes to standard error until *files* are closed.

    :raises UsageError: if it cannot be written, or standard output has a document already.
    """
    standard = sys.stdout
    if name == "-":
        if standard is sys.stderr:
            raise UsageError(f"{option}: expected a file; standard output has another document")
        files.enter_context(redirect_stdout(sys.stderr))
    return open_output(files, option, name, standard)


@contextmanager
def _writable(option: str, name: str) -> Iterator[TextIO]:
    """The file *name*, and a name for the errors of writing it, which may come as late as at its end."""
    try:
        with Path(name).open("w", encoding="utf-8") as file:
            yield file
    except BrokenPipeError:
        # Not of a file: the reader of standard output has gone.
        raise
    except OSError as reason:
        raise UsageError(f"{option}: {name} cannot be written: {reason.strerror}") from None
