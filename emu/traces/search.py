# SPDX-License-Identifier: GPL-2.0-or-later
"""Finding something in a trace: the next, the one before, or all.

Chunks whose summary says that it is not there are not looked into.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from emu.addresses import PAGE_SHIFT
from emu.traces import summary
from emu.traces.schema import AccessKind, FlowKind, InterruptionClass

if TYPE_CHECKING:
    from emu.traces.filters import Mask
    from emu.traces.instructions import CodeTable
    from emu.traces.prediction import Rows
    from emu.traces.reader import Chunk, TraceFile

INSTRUCTIONS: Final = "instructions"
"""Instead of the name of a stream: what was executed, as :data:`emu.traces.instructions.EXECUTED`."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for."""

    stream: str
    matches: Callable[[Rows], Mask]
    """Which of these rows are it."""
    may_be_in: Callable[[Chunk], bool]
    """Whether it may be in this chunk: this is quick."""
    blocks: npt.NDArray[np.int64] | None = None
    """Of instructions, the blocks that they are in."""


@dataclass(frozen=True, slots=True)
class Found:
    """A row that was found, its stream, and its chunk."""

    stream: str
    row: np.void
    chunk: Chunk

    @property
    def number(self) -> int:
        """The number that the row has."""
        return int(self.row["number"])


class Search:
    """Looks for things in one trace."""

    def __init__(self, trace: TraceFile, code: CodeTable) -> None:
        self._trace = trace
        self._code = code

    def all(self, wanted: Wanted, first: int = 0, last: int | None = None) -> Iterator[Found]:
        """All that have numbers from *first* to *last*, in order."""
        for chunk in self._trace.chunks:
            if chunk.end < first or (last is not None and chunk.first > last) or not wanted.may_be_in(chunk):
                continue
            for row in self._in(chunk, wanted):
                number = int(row["number"])
                if number >= first and (last is None or number <= last):
                    yield Found(wanted.stream, row, chunk)

    def next(self, wanted: Wanted, number: int = 0) -> Found | None:
        """The first one from *number* on; None if there is none."""
        return next(self.all(wanted, number), None)

    def last(self, wanted: Wanted, number: int | None = None) -> Found | None:
        """The last one before *number*, or of all; None if there is none."""
        for chunk in reversed(self._trace.chunks):
            if (number is not None and chunk.first >= number) or not wanted.may_be_in(chunk):
                continue
            rows = self._in(chunk, wanted)
            if number is not None:
                rows = rows[rows["number"] < np.uint64(number)]
            if rows.size:
                return Found(wanted.stream, rows[-1], chunk)
        return None

    def _in(self, chunk: Chunk, wanted: Wanted) -> Rows:
        if wanted.stream == INSTRUCTIONS:
            flow = chunk.rows("flow")
            if wanted.blocks is not None:
                flow = flow[np.isin(flow["block"], wanted.blocks)]
            rows = self._code.expand(flow)
        else:
            rows = chunk.rows(wanted.stream)
        return rows[wanted.matches(rows)]

    def number_at(self, time: int) -> int:
        """The number of the first instruction, or of the first row of another stream, that begins at *time* or later.

        The end of the trace if there is none.
        """
        for chunk in self._trace.chunks:
            if chunk.head.end_time < time:
                continue
            streams = ["flow"] if chunk.count("flow") else _TIMED
            found = [number for name in streams if (number := _number_at(chunk.rows(name), time)) is not None]
            if found:
                return min(found)
        return self._trace.end

    # What can be wanted

    def executed(self, first: int, last: int) -> Wanted:
        """An instruction at an address from *first* to *last*, which need not have ended; no target of an EXECUTE."""
        wanted = self._code.within(first, last)
        blocks = np.unique(self._code.blocks[wanted])

        def matches(rows: Rows) -> Mask:
            found: Mask = wanted[rows["place"]] & (rows["kind"] != FlowKind.TARGET)
            return found

        def may_be_in(chunk: Chunk) -> bool:
            return bool(np.isin(blocks, chunk.set_of(summary.BLOCKS), assume_unique=True).any())

        return Wanted(INSTRUCTIONS, matches, may_be_in, blocks)


_TIMED: Final = ("interruptions", "page_states", "host", "devices")


def _number_at(rows: Rows, time: int) -> int | None:
    """The number of the first row at *time* or later, of flow that of the instruction; None if there is none."""
    has_several = "count" in (rows.dtype.names or ())
    lasts = rows["time"] + np.maximum(rows["count"], 1) - np.uint64(1) if has_several else rows["time"]
    index = int(np.searchsorted(lasts, np.uint64(time)))
    if index == rows.size:
        return None
    within = max(time - int(rows["time"][index]), 0) if has_several else 0
    return int(rows["number"][index]) + within


def accessed(kind: AccessKind, first: int, last: int, address: str = "logical") -> Wanted:
    """An access to a byte from *first* to *last*; *address* is "logical" or "absolute"."""

    def matches(rows: Rows) -> Mask:
        end = rows[address] + rows["length"]
        found: Mask = (rows["kind"] == kind) & (rows[address] <= np.uint64(last)) & (end > np.uint64(first))
        return found

    def may_be_in(chunk: Chunk) -> bool:
        pages = chunk.set_of(summary.pages_accessed(kind, address))
        # Each row is of one page.
        index = int(np.searchsorted(pages, np.uint64(first >> PAGE_SHIFT)))
        return index < pages.size and int(pages[index]) <= last >> PAGE_SHIFT

    return Wanted("accesses", matches, may_be_in)


def hinted(request: int | None = None, page: int | None = None) -> Wanted:
    """An ESSA, with this *request* or any, of this absolute *page* or any."""

    def matches(rows: Rows) -> Mask:
        found = np.ones(rows.size, dtype=bool)
        if request is not None:
            found &= rows["request"] == request
        if page is not None:
            found &= rows["page"] == np.uint64(page)
        return found

    def may_be_in(chunk: Chunk) -> bool:
        counts = chunk.head.counts.get(summary.REQUESTS, {})
        return bool(counts) if request is None else request in counts

    return Wanted("page_states", matches, may_be_in)


def interrupted(kind: InterruptionClass | None = None, code: int | None = None) -> Wanted:
    """An interruption of this class or any, with this *code* or any."""

    def is_wanted(key: int) -> bool:
        return (kind is None or key >> 32 == kind) and (code is None or key & 0xFFFF_FFFF == code)

    def matches(rows: Rows) -> Mask:
        found = np.ones(rows.size, dtype=bool)
        if kind is not None:
            found &= rows["class"] == kind
        if code is not None:
            found &= rows["code"] == code
        return found

    def may_be_in(chunk: Chunk) -> bool:
        return any(map(is_wanted, chunk.head.counts.get(summary.INTERRUPTIONS, {})))

    return Wanted("interruptions", matches, may_be_in)


def of_page(stream: str, page: int | None = None) -> Wanted:
    """A row of *stream*, "host" or "keys", of this absolute *page* or any."""

    def matches(rows: Rows) -> Mask:
        found: Mask = np.ones(rows.size, dtype=bool) if page is None else rows["page"] == np.uint64(page)
        return found

    def may_be_in(chunk: Chunk) -> bool:
        return chunk.count(stream) > 0

    return Wanted(stream, matches, may_be_in)


def changed(register: int, cpu: int = 0) -> Wanted:
    """A change of a register (:class:`emu.traces.schema.Register`) of *cpu*."""

    def matches(rows: Rows) -> Mask:
        found: Mask = (rows["register"] == register) & (rows["cpu"] == cpu)
        return found

    def may_be_in(chunk: Chunk) -> bool:
        return chunk.count("registers") > 0

    return Wanted("registers", matches, may_be_in)
