# SPDX-License-Identifier: GPL-2.0-or-later
"""The guest's console on standard output."""

from __future__ import annotations

import sys


class Console:
    """Shows what the guest writes at once, and keeps it for the verdict and the report."""

    def __init__(self) -> None:
        self._written = bytearray()
        self._is_line_open = False

    def write(self, data: bytes) -> None:
        """Take *data*, which the guest has just written."""
        self._written += data
        self._is_line_open = not data.endswith(b"\n") if data else self._is_line_open
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()

    @property
    def text(self) -> str:
        """Everything written so far."""
        return self._written.decode("utf-8", errors="replace")

    def end_line(self) -> None:
        """Begin a new line on the terminal, if the guest has left one unfinished."""
        if self._is_line_open:
            self._is_line_open = False
            sys.stdout.buffer.write(b"\n")
            sys.stdout.buffer.flush()
