# SPDX-License-Identifier: GPL-2.0-or-later
"""A trace that is read: the file, its code, its symbols."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from emu.traces.instructions import CodeTable
from emu.traces.reader import TraceFile
from emu.traces.search import Search
from tools.reports.trace_metadata import symbols_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emu.symbols.table import SymbolTable


class OpenedTrace:
    """A trace, and what is needed to show it."""

    def __init__(self, file: TraceFile) -> None:
        self.file = file
        self.code = CodeTable.of(file)
        self.search = Search(file, self.code)
        self.symbols: SymbolTable = symbols_of(file.metadata)

    @property
    def name(self) -> str:
        """What messages call it."""
        return str(self.file.path)

    def how_far(self) -> str:
        """How far somebody who reads it is."""
        return f"{self.name}: at instruction {self.file.last_read:,} of {self.file.end:,}"


@contextmanager
def opened(name: str) -> Iterator[OpenedTrace]:
    """The trace in the file *name*, while it lasts; standard error is told if its end is missing.

    :raises TraceError: naming it, if it is none.
    """
    with TraceFile(Path(name)) as file:
        if file.is_cut_off:
            print(f"essa: {name}: cut off, and read up to instruction {file.end:,}", file=sys.stderr)
        yield OpenedTrace(file)
