# SPDX-License-Identifier: GPL-2.0-or-later
"""The guest's console on standard output."""

from __future__ import annotations

import sys

from emu.state import Section, computed


class GuestConsole:
    """Shows what the guest writes at once, and keeps it for the verdict and the report.

    :param name: put before each line, if several guests write; their lines are shown when they are complete.
    :param is_shown: False only keeps it.
    """

    STATE = Section(
        "console",
        computed("written", "written", "put_written", of=("_written",)),
        "_line",
        excluded={
            "_is_line_open": "what stands on the terminal, from which nothing is taken back",
            "_is_shown": "what the console was made with",
            "_prefix": "what the console was made with",
        },
    )

    def __init__(self, name: str | None = None, *, is_shown: bool = True) -> None:
        self._written = bytearray()
        self._is_line_open = False
        self._is_shown = is_shown
        self._prefix = b"" if name is None else f"{name}: ".encode()
        self._line = b""

    def write(self, data: bytes) -> None:
        """Take *data*, which the guest has just written."""
        self._written += data
        self._is_line_open = not data.endswith(b"\n") if data else self._is_line_open
        if self._prefix:
            *lines, self._line = (self._line + data).split(b"\n")
            data = b"".join(self._prefix + line + b"\n" for line in lines)
        self._show(data)

    def write_again(self, data: bytes) -> None:
        """Take *data*, which was shown when the guest wrote it first, in a run that is gone through again."""
        self._written += data

    def written(self) -> bytes:
        """Everything written so far."""
        return bytes(self._written)

    def put_written(self, data: bytes) -> None:
        """Let *data* be that; it was shown when it was written."""
        self._written[:] = data

    def _show(self, data: bytes) -> None:
        if self._is_shown:
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()

    def find(self, text: bytes, start: int) -> int:
        """Where *text* ends in what was written, looked for from byte *start* on; -1 if it is not there."""
        found = self._written.find(text, start)
        return found if found < 0 else found + len(text)

    @property
    def size(self) -> int:
        """How many bytes have been written."""
        return len(self._written)

    @property
    def text(self) -> str:
        """Everything written so far."""
        return self._written.decode("utf-8", errors="replace")

    def end_line(self) -> None:
        """Begin a new line on the terminal, if the guest has left one unfinished."""
        if self._is_line_open:
            self._is_line_open = False
            self._show(self._prefix + self._line + b"\n" if self._prefix else b"\n")
            self._line = b""
