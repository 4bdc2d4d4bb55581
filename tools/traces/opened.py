# SPDX-License-Identifier: GPL-2.0-or-later
"""A trace that is read: the file, its code, its symbols."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from emu.traces.instructions import CodeTable
from emu.traces.reader import TraceFile
from emu.traces.schema import LEVELS
from emu.traces.search import Search
from tools.reports.trace_metadata import symbols_of
from tools.usage.errors import UsageError

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

    def require(self, flag: str, stream: str) -> None:
        """See to it that rows of *stream* were recorded.

        :raises UsageError: naming the option *flag* that needs them.
        """
        level = self.file.metadata.get("level")
        if level in LEVELS and stream not in LEVELS[level]:
            least = next(name for name, streams in LEVELS.items() if stream in streams)
            raise UsageError(f"{flag}: expected a trace recorded with --trace-level {least} or more, not {level}")

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
        if file.damage is not None:
            print(f"essa: {name}: damaged at {file.damage}, and read up to instruction {file.end:,}", file=sys.stderr)
        elif file.is_cut_off:
            print(f"essa: {name}: cut off, and read up to instruction {file.end:,}", file=sys.stderr)
        yield OpenedTrace(file)
