# SPDX-License-Identifier: GPL-2.0-or-later
"""The files that the command writes: looked at before anything runs, and named when they cannot be written.

A file takes its place when it is whole: until then what was there stays.  What is no regular file, such as a FIFO, is
written where it is.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from emu.whole_file import UnwritableError, check_place, place_of, put_whole, replacing
from tools.usage.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import TextIO

    Names = str | Path | Sequence[str | Path] | None


LOST_OUTPUT: Final = "standard output cannot be written: {}"


def check_apart(option: str, name: str | Path | None, others: Mapping[str, Names]) -> None:
    """See to it that what is written to the file *name* does not take the place of another one.

    :param others: files that are read or written too, each by the option that names it, or by what it is.
    :raises UsageError: if it is one of them.
    """
    if name is None or str(name) == "-":
        return
    place = os.path.realpath(name)
    for other, theirs in others.items():
        each = [theirs] if theirs is None or isinstance(theirs, str | Path) else theirs
        # A name that leads nowhere is found to be wrong where the file is opened.
        if any(place == os.path.realpath(their) for their in each if their is not None and str(their) != "-"):
            raise UsageError(f"{option}: expected a file of its own, not that of {other}: {name}")


class Output:
    """A file that is to be written at once, when there is something to write."""

    def __init__(self, files: ExitStack, option: str, name: str) -> None:
        """See to it that the file *name* can be written; ``-`` is standard output, which has nothing else in it.

        What is printed besides goes to standard error then, until *files* are closed.

        :raises UsageError: naming *option*, if it cannot be written, or standard output has a document already.
        """
        self._option = option
        self._name = name
        self._standard = _standard_output(files, option) if name == "-" else None
        if self._standard is None:
            place = _place(option, name)
            try:
                if place is not None:
                    check_place(place)
            except OSError as reason:
                raise _unwritable(option, name, reason) from None

    def put(self, fill: Callable[[TextIO], object]) -> None:
        """Write what *fill* writes to the file that it is given.

        :raises UsageError: if that cannot be written.
        """
        content = io.BytesIO()
        with io.TextIOWrapper(content, encoding="utf-8", errors="backslashreplace", write_through=True) as file:
            fill(file)
            file.flush()
            written = content.getvalue()
        try:
            if self._standard is not None:
                # What its encoding is concerns what people read.
                self._standard.flush()
                self._standard.buffer.write(written)
                self._standard.buffer.flush()
            elif _place(self._option, self._name) is None:
                Path(self._name).write_bytes(written)
            else:
                put_whole(Path(self._name), written)
        except BrokenPipeError:
            # Whoever reads it has seen enough.
            if self._standard is not None:
                write_nowhere(self._standard)
        except UnwritableError as reason:
            raise UsageError(f"{self._option}: {self._name} cannot be written: {reason.reason}") from None
        except OSError as reason:
            raise _unwritable(self._option, self._name, reason) from None


class Unheard:
    """A stream whose errors do not end what is going on: what it cannot write is lost."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.reason: OSError | None = None
        """Why something was lost, the first time."""

    def write(self, text: str) -> int:
        """See :meth:`io.TextIOBase.write`."""
        with self._outlived():
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """See :meth:`io.IOBase.flush`."""
        with self._outlived():
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    @contextmanager
    def _outlived(self) -> Iterator[None]:
        try:
            yield
        except OSError as reason:
            self.reason = self.reason or reason
            write_nowhere(self._stream)


@contextmanager
def outliving_output() -> Iterator[Unheard]:
    """While it lasts, work goes on although nobody can read what it prints; gives what stands for standard output."""
    output, errors = Unheard(sys.stdout), Unheard(sys.stderr)
    with redirect_stdout(cast("TextIO", output)), redirect_stderr(cast("TextIO", errors)):
        try:
            yield output
        finally:
            output.flush()


def write_nowhere(stream: TextIO) -> None:
    """Lose what *stream* has still to write, rather than have the interpreter complain of it in the end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def optional_output(files: ExitStack, option: str, name: str | None) -> Output | None:
    """The same, if a *name* was given."""
    return None if name is None else Output(files, option, name)


def do_all(works: Iterable[Callable[[], None]]) -> None:
    """Do each of *works*, whatever becomes of the others.

    :raises UsageError: in the end, if some raise one: with all that they say.
    """
    wrong = []
    for work in works:
        try:
            work()
        except UsageError as reason:
            wrong.append(str(reason))
    if wrong:
        raise UsageError("; ".join(wrong))


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
    if name == "-":
        return _standard_output(files, option)
    return open_output(files, option, name, sys.stdout)


def _standard_output(files: ExitStack, option: str) -> TextIO:
    standard = sys.stdout
    if standard is sys.stderr:
        raise UsageError(f"{option}: expected a file; standard output has another document")
    files.enter_context(redirect_stdout(sys.stderr))
    return standard


def _place(option: str, name: str) -> Path | None:
    """Where the file *name* takes its place; None: it is written where it is.

    :raises UsageError: if it cannot be written.
    """
    path = Path(name)
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if path.exists() and not path.is_file():
            if not os.access(path, os.W_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
            return None
        return place_of(path)
    except UnwritableError as reason:
        raise UsageError(f"{option}: {name} cannot be written: {reason.reason}") from None
    except OSError as reason:
        raise _unwritable(option, name, reason) from None


class _NamedFile(io.FileIO):
    """A file that is named by the errors of writing it, which may come as late as at its end."""

    def __init__(self, path: Path, option: str, name: str) -> None:
        super().__init__(path, "w")
        self._option = option
        self._called = name

    def write(self, data: object) -> int:
        """See :meth:`io.RawIOBase.write`."""
        try:
            return super().write(data)  # type: ignore[arg-type]
        except BrokenPipeError:
            raise
        except OSError as reason:
            raise _unwritable(self._option, self._called, reason) from None


@contextmanager
def _writable(option: str, name: str) -> Iterator[TextIO]:
    """The file *name*, open; it takes its place at the end of it, unless an error comes before."""
    place = _place(option, name)
    with ExitStack() as opened:
        try:
            new = Path(name) if place is None else opened.enter_context(replacing(place))
            raw = opened.enter_context(_NamedFile(new, option, name))
        except OSError as reason:
            raise _unwritable(option, name, reason) from None
        yield opened.enter_context(
            io.TextIOWrapper(io.BufferedWriter(raw), encoding="utf-8", errors="backslashreplace")
        )


def _unwritable(option: str, name: str, reason: OSError) -> UsageError:
    return UsageError(f"{option}: {name} cannot be written: {reason.strerror}")
