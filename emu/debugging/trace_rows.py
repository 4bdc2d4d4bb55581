# SPDX-License-Identifier: GPL-2.0-or-later
"""The rows of a chunk of a trace while it is being recorded in Python; see :mod:`emu.traces.schema`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from emu.traces import schema

if TYPE_CHECKING:
    from emu.traces.writer import ChunkWriter


class TraceRows:
    """Rows of all streams, and the blob."""

    def __init__(self, writer: ChunkWriter, number: int, time: int) -> None:
        """Have none, at the beginning of the trace: before instruction *number*, at *time*."""
        self._writer = writer
        self._blob = bytearray()
        self._rows: dict[str, list[tuple[Any, ...]]] = {name: [] for name in schema.STREAMS}
        self.first = number
        """The number of the first instruction of the present chunk."""
        self._time = time
        self._interrupted = [0, 0]
        """The number of the last interruption, and how many have had it."""

    def add(self, stream: str, *values: int) -> None:
        """Add a row of *stream*, whose columns but the turn have these *values*."""
        self._rows[stream].append(values)

    def add_event(self, stream: str, number: int, *values: int) -> None:
        """The same of a stream that has turns; *values* are those of the columns behind it."""
        self._rows[stream].append((number, self._turn(number), *values))
        if stream == "interruptions":
            self._interrupted = [number, self._turn(number) + 1]

    def _turn(self, number: int) -> int:
        last, count = self._interrupted
        return count if number == last else 0

    def piece(self, data: bytes) -> int:
        """Put *data* in the blob; give where."""
        offset = len(self._blob)
        self._blob += data
        return offset

    def write(self, end: int, time: int) -> None:
        """Write what there is as a chunk, which ends before instruction *end*, at *time*, and begin the next one."""
        streams = {name: np.array(rows, dtype=schema.STREAMS[name]) for name, rows in self._rows.items() if rows}
        self._writer.chunk(self.first, end, streams, self._blob, time=self._time, end_time=time)
        for rows in self._rows.values():
            rows.clear()
        self._blob.clear()
        self.first, self._time = end, time
