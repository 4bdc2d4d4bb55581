# SPDX-License-Identifier: GPL-2.0-or-later
"""Parts of chunks have all that the whole has, once."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from emu import open_program
from emu.debugging.stepped_trace import SteppedTrace
from emu.traces import schema
from emu.traces.parts import ChunkPart, compact, divided
from emu.traces.reader import TraceFile
from emu.traces.writer import TraceWriter

PROGRAM = Path(__file__).parents[3] / "guest_kernel" / "native" / "images" / "essa-table.elf"


@pytest.fixture(scope="module", params=("flow", "registers"))
def trace(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TraceFile]:
    path = tmp_path_factory.mktemp("traces") / "t"
    machine = open_program(PROGRAM, history=0).machine
    with TraceWriter(path, {}) as writer:
        recorder = SteppedTrace(machine, writer, request.param)
        machine.observers.append(recorder)
        machine.run(2500)
        recorder.finish()
    with TraceFile(path) as opened:
        yield opened


def pieces(streams: dict[str, np.ndarray], blob: bytes) -> list[bytes | None]:
    """What all rows lead to."""
    return [
        None if row[name] == schema.NOTHING else bytes(blob[int(row[name]) :][: int(length)])
        for stream, names in schema.PIECES.items()
        for row, length in zip(streams[stream], schema.piece_lengths(stream, streams[stream]), strict=True)
        for name in names
    ]


def test_a_blob_has_nothing_else_than_what_rows_lead_to(trace: TraceFile) -> None:
    for chunk in trace.chunks:
        streams = {name: chunk.rows(name)[::3] for name in schema.STREAMS}
        found, blob = compact(streams, chunk.blob)
        assert pieces(found, blob) == pieces(streams, chunk.blob)
        assert len(blob) == sum(len(piece) for piece in pieces(found, blob) if piece is not None)
        assert found["flow"] is streams["flow"]


@pytest.mark.parametrize("size", (100, 333, 1250, 2000))
def test_a_chunk_is_divided(trace: TraceFile, size: int) -> None:
    chunk = trace.chunks[0]
    streams = {name: chunk.rows(name) for name in schema.STREAMS if chunk.count(name)}
    whole = ChunkPart(chunk.first, chunk.end, streams, chunk.blob, chunk.head.time, chunk.head.end_time)
    parts = list(divided(whole, size))
    if "states" in streams or size > 1250:
        assert parts == [whole]
        return
    assert len(parts) > 1
    assert (parts[0].first, parts[-1].end) == (whole.first, whole.end)
    for one, other in pairwise(parts):
        assert (one.end, one.end_time) == (other.first, other.time)
        assert one.end - one.first <= 1.5 * size + 64
        assert other.streams["flow"]["kind"][0] != schema.FlowKind.TARGET
        assert int(other.streams["flow"]["number"][0]) == other.first
    for name, rows in streams.items():
        names = [each for each in rows.dtype.names or () if each not in schema.PIECES.get(name, ())]
        found = np.concatenate([part.streams[name][names] for part in parts])
        assert found.tolist() == rows[names].tolist()
    every = {name: schema.empty(name) for name in schema.STREAMS} | streams
    found_pieces = [
        pieces({name: part.streams.get(name, schema.empty(name)) for name in schema.STREAMS}, bytes(part.blob))
        for part in parts
    ]
    assert sorted(piece or b"" for each in found_pieces for piece in each) == sorted(
        piece or b"" for piece in pieces(every, chunk.blob)
    )


def test_many_instructions_become_several_chunks(tmp_path: Path) -> None:
    flow = np.zeros(1000, dtype=schema.STREAMS["flow"])
    flow["number"], flow["time"], flow["count"] = np.arange(1000) * 1000, np.arange(1000) * 2000, 1000
    block = np.zeros(1, dtype=schema.STREAMS["blocks"])
    block["length"] = 2000
    with TraceWriter(tmp_path / "t", {}) as writer:
        writer.chunk(
            0, 1_000_000, {"flow": flow, "blocks": block}, bytes(2000), time=0, end_time=2_000_000, has_gap=True
        )
    with TraceFile(tmp_path / "t") as trace:
        assert [(chunk.first, chunk.end) for chunk in trace.chunks] == [
            (0, 263_000),
            (263_000, 525_000),
            (525_000, 787_000),
            (787_000, 1_000_000),
        ]
        assert [chunk.head.has_gap for chunk in trace.chunks] == [True, False, False, False]
        assert trace.chunks[1].head.time == 526_000
