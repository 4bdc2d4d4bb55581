# SPDX-License-Identifier: GPL-2.0-or-later
"""What takes the bytes that a guest writes to its console."""

from __future__ import annotations

from typing import Protocol


class Console(Protocol):
    """What takes the bytes that a guest writes."""

    def write(self, data: bytes, /) -> object:
        """Take *data*."""


class ConsoleBuffer:
    """A console that keeps everything."""

    def __init__(self) -> None:
        self.data = bytearray()

    def write(self, data: bytes, /) -> None:
        """See :meth:`Console.write`."""
        self.data += data
