# SPDX-License-Identifier: GPL-2.0-or-later
"""A file that is written as a whole: what is there stays until the new one is complete, and takes its place."""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST_BEGINNING: Final = 200
"""Characters of a name that are part of the name of what will take its place."""


class UnwritableError(ValueError):
    """The file cannot be written; the text names it."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: cannot be written: {reason}")
        self.reason = reason


def place_of(path: Path) -> Path:
    """Where what is written to *path* is put: where it leads if it is a symbolic link, for a file takes its place.

    :raises UnwritableError: if there is something that is no regular file, such as a device, a FIFO or a directory.
    """
    try:
        is_regular = stat.S_ISREG(path.stat().st_mode)
    except FileNotFoundError:
        is_regular = True
    except OSError as reason:
        raise UnwritableError(path, str(reason.strerror)) from None
    if not is_regular:
        raise UnwritableError(path, "expected a regular file, or none")
    return path.resolve()


@contextmanager
def replacing(place: Path) -> Iterator[Path]:
    """A new file, empty, that takes the place of *place* in the end; if an error comes before, all is as it was.

    :raises OSError: if there can be none, or it cannot take that place.
    """
    new = _beside(place)
    try:
        yield new
        new.replace(place)
    except BaseException:
        new.unlink(missing_ok=True)
        raise


def check_place(place: Path) -> None:
    """See to it that a file can take the place of *place*.

    :raises OSError: if it cannot.
    """
    _beside(place).unlink()


def put_whole(path: Path, content: bytes) -> None:
    """Put *content* in the file *path*, all of it or nothing.

    :raises UnwritableError: if it cannot be written, or is none (:func:`place_of`).
    """
    place = place_of(path)
    try:
        with replacing(place) as new, new.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError as reason:
        raise UnwritableError(path, str(reason.strerror)) from None


def _beside(place: Path) -> Path:
    """An empty file in the directory of *place*, with its permissions."""
    new = place.with_name(f"{place.name[:_LONGEST_BEGINNING]}.{os.getpid()}.new")
    if place.exists():
        # Who may not write to it must not take its place either.
        with place.open("ab"):
            pass
        new.touch()
        new.chmod(stat.S_IMODE(place.stat().st_mode))
    else:
        new.touch()
    return new
