# SPDX-License-Identifier: GPL-2.0-or-later
"""Writing a trace."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from emu.errors import TraceError
from emu.traces import schema
from emu.traces.reader import TraceFile
from emu.traces.writer import TraceWriter


def flow(first: int, blocks: list[int]) -> np.ndarray:
    rows = np.zeros(len(blocks), dtype=schema.STREAMS["flow"])
    rows["number"] = first + np.arange(len(blocks))
    rows["block"] = blocks
    rows["count"] = 1
    return rows


def block(number: int, code: int) -> np.ndarray:
    rows = np.zeros(1, dtype=schema.STREAMS["blocks"])
    rows[0] = number, 0x1000 * number, schema.Mode.ADDRESSING_64, code, 2
    return rows


def test_a_chunk_is_in_the_file_when_it_was_written(tmp_path: Path) -> None:
    writer = TraceWriter(tmp_path / "t", {})
    writer.chunk(0, 3, {"flow": flow(0, [0, 0, 0])}, time=0, end_time=3)
    with TraceFile(tmp_path / "t") as trace:
        assert trace.is_cut_off
        assert trace.end == 3
    writer.close()
    writer.close()
    with TraceFile(tmp_path / "t") as trace:
        assert not trace.is_cut_off


def test_the_last_instructions_are_kept_with_all_blocks_that_they_need(tmp_path: Path) -> None:
    with TraceWriter(tmp_path / "t", {}, last=4) as writer:
        for number in range(5):
            streams = {"flow": flow(2 * number, [0, number]), "blocks": block(number, 1)}
            writer.chunk(2 * number, 2 * number + 2, streams, bytes([0, number, number]), time=0, end_time=0)
    with TraceFile(tmp_path / "t") as trace:
        assert [(chunk.first, chunk.end) for chunk in trace.chunks] == [(6, 6), (6, 8), (8, 10)]
        found = [(row, chunk.blob) for chunk in trace.chunks for row in chunk.rows("blocks")]
        assert [int(row["id"]) for row, _ in found] == [0, 1, 2, 3, 4]
        for row, blob in found:
            assert blob[row["code"] :][: row["length"]] == bytes([row["id"]] * 2)
        assert trace.chunks[0].head.has_gap


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match=r"no/t: cannot be written: No such file"):
        TraceWriter(tmp_path / "no" / "t", {})


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has it")
def test_a_full_disk_is_named() -> None:
    with pytest.raises(TraceError, match="/dev/full: cannot be written: No space left on device"):
        TraceWriter(Path("/dev/full"), {})


def test_the_file_describes_itself(tmp_path: Path) -> None:
    TraceWriter(tmp_path / "t", {"program": "x"}).close()
    with TraceFile(tmp_path / "t") as trace:
        described = trace.metadata["schema"]
        assert described["version"] == schema.VERSION
        assert described["streams"]["flow"]["number"] == {"type": "uint64", "kept": "the row before, and its count"}
        assert set(described["streams"]) == set(schema.STREAMS)
