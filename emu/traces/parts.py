# SPDX-License-Identifier: GPL-2.0-or-later
"""Parts of chunks: rows of which some were left out, or that are divided among several chunks."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from emu.traces import schema
from emu.traces.schema import FlowKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from emu.traces.prediction import Rows


class ChunkPart(NamedTuple):
    """What a chunk is made of."""

    first: int
    end: int
    streams: Mapping[str, Rows]
    blob: bytes | bytearray | memoryview
    time: int
    end_time: int


def divided(whole: ChunkPart, size: int) -> Iterator[ChunkPart]:
    """The same as chunks of about *size* instructions, if they are twice as many or more.

    Where registers are recorded it is one: their states are known at its head only.
    """
    flow = whole.streams.get("flow")
    if flow is None or "states" in whole.streams or whole.end - whole.first < 2 * size:
        yield whole
        return
    wanted = np.arange(whole.first + size, whole.end - size // 2, size, dtype=np.uint64)
    cuts = np.unique(np.searchsorted(flow["number"], wanted))
    # The target of an EXECUTE stays with it.
    cuts = np.unique(np.where(flow["kind"][np.minimum(cuts, flow.size - 1)] == FlowKind.TARGET, cuts + 1, cuts))
    cuts = cuts[(cuts > 0) & (cuts < flow.size)]
    firsts = [whole.first, *flow["number"][cuts].tolist(), whole.end]
    times = [whole.time, *flow["time"][cuts].tolist(), whole.end_time]
    edges = [0, *cuts.tolist(), flow.size]
    for index in range(len(edges) - 1):
        streams = {}
        for name, rows in whole.streams.items():
            if name == "flow":
                streams[name] = rows[edges[index] : edges[index + 1]]
            elif name == "blocks":
                streams[name] = rows if not index else rows[:0]
            else:
                begin, end = np.searchsorted(rows["number"], np.array(firsts[index : index + 2], dtype=np.uint64))
                is_last = index == len(edges) - 2
                streams[name] = rows[begin:] if is_last else rows[begin:end]
        streams, blob = compact(streams, whole.blob)
        yield ChunkPart(firsts[index], firsts[index + 1], streams, blob, times[index], times[index + 1])


def compact(streams: Mapping[str, Rows], blob: bytes | bytearray | memoryview) -> tuple[dict[str, Rows], bytes]:
    """The same rows, and a blob that has nothing else than what they lead to."""
    content = np.frombuffer(blob, dtype=np.uint8)
    found, parts, size = dict(streams), [], 0
    for stream, names in schema.PIECES.items():
        rows = streams.get(stream)
        if rows is None or not rows.size:
            continue
        offsets = np.stack([rows[name].astype(np.int64) for name in names], axis=1).ravel()
        there = offsets != schema.NOTHING
        begins = offsets[there]
        lengths = np.repeat(schema.piece_lengths(stream, rows).astype(np.int64), len(names))[there]
        ends = np.cumsum(lengths)
        index = np.repeat(begins - (ends - lengths), lengths) + np.arange(int(ends[-1]) if ends.size else 0)
        parts.append(content[index].tobytes())
        offsets[there] = size + ends - lengths
        size += len(parts[-1])
        moved = rows.copy()
        for at, name in enumerate(names):
            moved[name] = offsets[at :: len(names)]
        found[stream] = moved
    return found, b"".join(parts)
