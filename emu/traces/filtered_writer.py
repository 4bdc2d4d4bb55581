# SPDX-License-Identifier: GPL-2.0-or-later
"""A filter between who records and the file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from emu.traces import schema
from emu.traces.instructions import CodeTable
from emu.traces.parts import compact

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emu.traces.filters import Filter
    from emu.traces.prediction import Rows
    from emu.traces.writer import ChunkWriter

_NEEDED: Final = frozenset({"blocks", "states"})


class FilteredWriter:
    """Takes chunks, and gives what is wanted of them to a writer, which takes all blocks, whoever executes them."""

    def __init__(self, writer: ChunkWriter, wanted: Filter) -> None:
        self._writer = writer
        self._wanted = wanted
        self._code = CodeTable()
        self._has_gap = False

    def chunk(
        self,
        first: int,
        end: int,
        streams: Mapping[str, Rows],
        blob: bytes | bytearray | memoryview = b"",
        *,
        time: int,
        end_time: int,
        has_gap: bool = False,
    ) -> None:
        """See :meth:`emu.traces.writer.TraceWriter.chunk`; a chunk of which nothing is wanted is left out."""
        self._code.add(streams.get("blocks", schema.empty("blocks")), blob)
        found = self._wanted.apply(streams, self._code)
        is_less = any(name not in found or _size(found[name]) < _size(rows) for name, rows in streams.items())
        self._has_gap = self._has_gap or has_gap or is_less
        is_wanted = any(rows.size for name, rows in found.items() if name not in _NEEDED)
        if not is_wanted:
            found.pop("states", None)
        if any(rows.size for rows in found.values()):
            if is_less:
                found, blob = compact(found, blob)
            self._writer.chunk(first, end, found, blob, time=time, end_time=end_time, has_gap=self._has_gap)
            self._has_gap = False


def _size(rows: Rows) -> int:
    """How many rows there are; of flow how many instructions, since a filter may make several rows of one."""
    if "count" not in (rows.dtype.names or ()):
        return rows.size
    return int(np.maximum(rows["count"], 1).sum())
