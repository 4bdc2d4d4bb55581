# SPDX-License-Identifier: GPL-2.0-or-later
"""What is recorded through a filter is what the filter leaves of all that is recorded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from emu import open_program
from emu.debugging.stepped_trace import SteppedTrace
from emu.traces import schema
from emu.traces.filtered_writer import FilteredWriter
from emu.traces.filters import EVERYTHING, Filter
from emu.traces.instructions import CodeTable
from emu.traces.reader import TraceFile
from emu.traces.writer import TraceWriter

PROGRAM = Path(__file__).parents[3] / "guest_kernel" / "native" / "images" / "essa-table.elf"


def record(path: Path, wanted: Filter) -> TraceFile:
    machine = open_program(PROGRAM, history=0).machine
    with TraceWriter(path, {}) as writer:
        recorder = SteppedTrace(machine, FilteredWriter(writer, wanted), chunk=300)
        machine.observers.append(recorder)
        machine.run(2000)
        recorder.finish()
    return TraceFile(path)


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> TraceFile:
    return record(tmp_path_factory.mktemp("traces") / "all", EVERYTHING)


@pytest.mark.parametrize(
    "wanted",
    (
        Filter(addresses=((0x13230, 0x1331F),)),
        Filter(numbers=(700, 1100)),
        Filter(streams=frozenset({"flow", "interruptions"})),
        Filter(cpus=frozenset({1})),
        EVERYTHING,
    ),
)
def test_a_filter_may_stand_before_the_file_or_behind_it(tmp_path: Path, everything: TraceFile, wanted: Filter) -> None:
    with record(tmp_path / "t", wanted) as trace:
        code, all_code = CodeTable.of(trace), CodeTable.of(everything)
        assert code.addresses.tolist() == all_code.addresses.tolist()
        for stream in ("flow", "registers", "accesses", "interruptions", "page_states", "host"):
            names = [name for name in schema.STREAMS[stream].names or () if name not in ("old", "new", "low_core")]
            found = [row for chunk in trace.chunks for row in chunk.rows(stream)[names].tolist()]
            expected = [
                row
                for chunk in everything.chunks
                for name, rows in wanted.apply(
                    {name: chunk.rows(name) for name in schema.STREAMS if chunk.count(name)}, all_code
                ).items()
                if name == stream
                for row in rows[names].tolist()
            ]
            assert found == expected


def test_what_was_left_out_is_a_gap(tmp_path: Path, everything: TraceFile) -> None:
    assert not any(chunk.head.has_gap for chunk in everything.chunks)
    with record(tmp_path / "t", Filter(numbers=(700, 1100))) as trace:
        gaps = {chunk.first: chunk.head.has_gap for chunk in trace.chunks if chunk.count("flow")}
        assert gaps == {600: True, 900: True}
        assert not any(chunk.count("states") for chunk in trace.chunks if not chunk.count("flow"))


def test_a_chunk_of_which_nothing_is_left_is_not_written(tmp_path: Path) -> None:
    host = np.zeros(1, dtype=schema.STREAMS["host"])
    with TraceWriter(tmp_path / "t", {}) as writer:
        filtered = FilteredWriter(writer, Filter(streams=frozenset({"devices"})))
        filtered.chunk(0, 5, {"host": host}, time=0, end_time=5)
        devices = np.zeros(1, dtype=schema.STREAMS["devices"])
        filtered.chunk(5, 9, {"devices": devices}, time=5, end_time=9)
        filtered.chunk(9, 12, {"devices": devices}, time=9, end_time=12)
    with TraceFile(tmp_path / "t") as trace:
        assert [(chunk.first, chunk.end, chunk.head.has_gap) for chunk in trace.chunks] == [
            (5, 9, True),
            (9, 12, False),
        ]


def test_what_rows_lead_to_is_there_behind_a_filter(tmp_path: Path, everything: TraceFile) -> None:
    with record(tmp_path / "t", Filter(addresses=((0x13230, 0x1331F),))) as trace:
        found = [
            chunk.blob[int(row["new"]) :][: int(row["length"])]
            for chunk in trace.chunks
            for row in chunk.rows("accesses")
        ]
        numbers = {int(row["number"]) for chunk in trace.chunks for row in chunk.rows("accesses")}
        assert found == [
            chunk.blob[int(row["new"]) :][: int(row["length"])]
            for chunk in everything.chunks
            for row in chunk.rows("accesses")
            if int(row["number"]) in numbers
        ]
