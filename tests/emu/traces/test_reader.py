# SPDX-License-Identifier: GPL-2.0-or-later
"""Traces are read as they were written; also what is left of one, and what is damaged is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from emu.errors import TraceError
from emu.traces import schema
from emu.traces.layout import RECORD, START, TRAILER
from emu.traces.reader import TraceFile

Written = tuple[Path, list[tuple[dict[str, np.ndarray], bytes]]]


def test_all_rows_come_back(written: Written) -> None:
    path, chunks = written
    with TraceFile(path) as trace:
        assert not trace.is_cut_off
        assert trace.metadata["program"] == "x"
        assert trace.ending == {"stop": "done"}
        assert (trace.first, trace.end) == (0, 400)
        for chunk, (streams, blob) in zip(trace.chunks, chunks, strict=True):
            assert chunk.blob == blob
            assert all(np.array_equal(chunk.rows(name), rows) for name, rows in streams.items())
            assert (chunk.head.time, chunk.head.end_time) == (7 * chunk.index, 7 * chunk.index + 7)
            assert chunk.head.has_gap is (chunk.index == 2)


def test_the_chunk_of_an_instruction(written: Written) -> None:
    with TraceFile(written[0]) as trace:
        found = [trace.chunk_of(number) for number in (0, 99, 100, 399, 400)]
        assert [chunk and chunk.index for chunk in found] == [0, 0, 1, 3, None]
        assert [chunk.index for chunk in trace.chunks_between(100, 250)] == [0, 1, 2]


def places(path: Path) -> list[int]:
    """Where the body of each chunk ends, and the index begins."""
    with TraceFile(path) as trace:
        return [chunk.place + chunk.length for chunk in trace.chunks]


def test_a_file_that_is_cut_off_anywhere_is_read_up_to_there(written: Written, tmp_path: Path) -> None:
    path, chunks = written
    content, ends = path.read_bytes(), places(path)
    with TraceFile(path) as trace:
        begin = trace.chunks[0].place
    first = content.index(b"CHNK")
    cuts = {first, first + 1, first + RECORD.size, begin, *ends, *(end - 1 for end in ends), *(end + 1 for end in ends)}
    cuts |= {len(content) - 1, len(content) - TRAILER.size, *range(first, len(content), 997)}
    for cut in sorted(cuts):
        (tmp_path / "cut").write_bytes(content[:cut])
        with TraceFile(tmp_path / "cut") as trace:
            assert trace.is_cut_off
            assert len(trace.chunks) == sum(end <= cut for end in ends)
            for chunk, (streams, blob) in zip(trace.chunks, chunks, strict=False):
                assert np.array_equal(chunk.rows("flow"), streams["flow"])
                assert chunk.blob == blob


def test_a_file_without_a_whole_beginning_is_said_to_have_none(written: Written, tmp_path: Path) -> None:
    content = written[0].read_bytes()
    for cut in range(11, content.index(b"CHNK"), 29):
        (tmp_path / "cut").write_bytes(content[:cut])
        with pytest.raises(TraceError, match="cut: cut off before its first chunk"):
            TraceFile(tmp_path / "cut")


def change(path: Path, place: int) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 0x10
    path.write_bytes(content)


def test_a_damaged_stream_is_found_when_it_is_read_and_the_others_are_whole(written: Written) -> None:
    path, chunks = written
    with TraceFile(path) as trace:
        where = trace.chunks[1].head.streams[1].columns["number"].offset + trace.chunks[1].place
    change(path, where)
    with TraceFile(path) as trace:
        with pytest.raises(TraceError, match=r"a\.trace: damaged in chunk 1, of instructions 100 to 200: its content"):
            trace.chunks[1].rows("flow")
        assert np.array_equal(trace.chunks[1].rows("host"), chunks[1][0]["host"])
        assert np.array_equal(trace.chunks[2].rows("flow"), chunks[2][0]["flow"])


def test_where_a_head_is_damaged_the_other_chunks_are_read(written: Written) -> None:
    path, chunks = written
    head = places(path)[0]
    path.write_bytes(path.read_bytes()[: places(path)[2]])
    for place in (head, head + RECORD.size):
        change(path, place)
        with TraceFile(path) as trace:
            assert trace.damage == f"byte {head}"
            assert [chunk.first for chunk in trace.chunks] == [0, 200]
            assert np.array_equal(trace.chunks[1].rows("flow"), chunks[2][0]["flow"])
        change(path, place)
    with TraceFile(path) as trace:
        assert trace.damage is None


def test_a_damaged_index_is_not_needed(written: Written) -> None:
    path, chunks = written
    change(path, places(path)[3] + RECORD.size + 5)
    with TraceFile(path) as trace:
        assert trace.damage == "its index"
        assert len(trace.chunks) == len(chunks)


def test_what_was_zeroed_ends_the_trace(written: Written) -> None:
    path, _ = written
    end = places(path)[1]
    path.write_bytes(path.read_bytes()[:end] + bytes(len(path.read_bytes()) - end))
    with TraceFile(path) as trace:
        assert trace.damage == f"byte {end}"
        assert len(trace.chunks) == 2


def test_metadata_of_no_bytes(written: Written) -> None:
    content = bytearray(written[0].read_bytes())
    # Of length and checksum: nothing has the checksum zero.
    content[START.size - 12 : START.size] = bytes(12)
    written[0].write_bytes(content)
    with pytest.raises(TraceError, match="damaged: its metadata cannot be read"):
        TraceFile(written[0])


def test_damaged_metadata_are_found(written: Written) -> None:
    change(written[0], 40)
    with pytest.raises(TraceError, match="its metadata do not fit their checksum"):
        TraceFile(written[0])


@pytest.mark.parametrize("content", (b"", b"ELF", b"cpu 0: S 0000\n" * 9))
def test_what_is_no_trace_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(TraceError, match="x: expected a trace, which begins with 'essa trace'"):
        TraceFile(tmp_path / "x")


def test_another_version_is_refused(written: Written) -> None:
    change(written[0], 11)
    other = schema.VERSION ^ 0x10
    with pytest.raises(TraceError, match=f"expected a trace of version {schema.VERSION}, not {other}"):
        TraceFile(written[0])


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match="no: cannot be read: No such file"):
        TraceFile(tmp_path / "no")


def test_whatever_is_changed_in_a_file_it_is_read_or_refused(written: Written, tmp_path: Path) -> None:
    path, chunks = written
    content = path.read_bytes()
    random = np.random.default_rng(5)
    for place in random.integers(0, len(content), 300).tolist():
        changed = bytearray(content)
        changed[place] ^= int(random.integers(1, 256))
        (tmp_path / "changed").write_bytes(changed)
        try:
            with TraceFile(tmp_path / "changed") as trace:
                for chunk, (streams, blob) in zip(trace.chunks, chunks, strict=False):
                    assert chunk.blob == blob
                    assert all(np.array_equal(chunk.rows(name), rows) for name, rows in streams.items())
                    assert all(chunk.set_of(name).size for name in chunk.head.sets)
        except TraceError:
            continue
