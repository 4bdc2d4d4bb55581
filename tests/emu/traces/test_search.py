# SPDX-License-Identifier: GPL-2.0-or-later
"""Searches, held against a look at every row of a trace."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from emu.traces import schema, search
from emu.traces.instructions import CodeTable
from emu.traces.reader import TraceFile
from emu.traces.schema import AccessKind, FlowKind, InterruptionClass
from emu.traces.search import Search, Wanted
from emu.traces.writer import TraceWriter

CHUNKS = 6
_SIZE = 40
"""Instructions of a chunk."""


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TraceFile]:
    """Chunks each of which executes a few of 12 blocks of four instructions, and has events of few kinds."""
    random = np.random.default_rng(7)
    path = tmp_path_factory.mktemp("traces") / "t"
    blocks = np.zeros(12, dtype=schema.STREAMS["blocks"])
    blocks["id"], blocks["address"], blocks["length"] = np.arange(12), np.arange(12) * 8, 8
    with TraceWriter(path, {}) as writer:
        for index in range(CHUNKS):
            first = index * _SIZE
            flow = np.zeros(10, dtype=schema.STREAMS["flow"])
            flow["number"] = first + np.arange(0, _SIZE, 4)
            flow["time"] = 10 * flow["number"]
            flow["block"], flow["count"] = random.choice(random.integers(0, 12, 3), 10), 4
            accesses = rows("accesses", first, random)
            accesses["kind"] = random.integers(0, 2, 8)
            accesses["logical"] = (random.integers(0, 6, 8) << 12) + random.integers(0, 4000, 8)
            accesses["absolute"], accesses["length"] = accesses["logical"] ^ 0x8000, random.integers(1, 90, 8)
            essa = rows("page_states", first, random)
            essa["request"], essa["page"] = random.choice(random.integers(0, 8, 2), 8), random.integers(0, 9, 8)
            taken = rows("interruptions", first, random)
            taken["class"], taken["code"] = random.integers(0, 3, 8), random.integers(0, 4, 8)
            host, registers = rows("host", first, random), rows("registers", first, random)
            host["page"], registers["register"] = random.integers(0, 5, 8), random.integers(0, 16, 8)
            streams = {
                "flow": flow, "accesses": accesses, "page_states": essa, "interruptions": taken, "registers": registers,
            }  # fmt: skip
            if index == 0:
                streams["blocks"] = blocks
            if index != 3:
                streams["host"] = host
            writer.chunk(first, first + _SIZE, streams, bytes(8), time=10 * first, end_time=10 * (first + _SIZE))
    with TraceFile(path) as opened:
        yield opened


def rows(stream: str, first: int, random: np.random.Generator) -> np.ndarray:
    made = np.zeros(8, dtype=schema.STREAMS[stream])
    made["number"] = first + np.sort(random.integers(0, _SIZE, 8))
    return made


def executed(trace: TraceFile) -> list[np.ndarray]:
    code = CodeTable.of(trace)
    return [code.expand(chunk.rows("flow")) for chunk in trace.chunks]


def is_any(row: np.void) -> bool:
    return True


def is_none(row: np.void) -> bool:
    return False


CASES: dict[str, tuple[Wanted | tuple[int, int], Callable[[np.void], bool]]] = {
    "executed": ((0x12, 0x24), lambda row: 0x12 <= row["address"] <= 0x24),
    "executed, but not here": ((0x1000, 0x2000), is_none),
    "stored into a page": (
        search.accessed(AccessKind.STORE, 0x2000, 0x2FFF),
        lambda row: row["kind"] == 1 and row["logical"] < 0x3000 and row["logical"] + row["length"] > 0x2000,
    ),
    "fetched by absolute address": (
        search.accessed(AccessKind.FETCH, 0x9400, 0x9AFF, "absolute"),
        lambda row: row["kind"] == 0 and row["absolute"] <= 0x9AFF and row["absolute"] + row["length"] > 0x9400,
    ),
    "ESSA": (search.hinted(), is_any),
    "ESSA 3": (search.hinted(3), lambda row: row["request"] == 3),
    "ESSA of a page": (search.hinted(page=4), lambda row: row["page"] == 4),
    "ESSA 2 of a page": (search.hinted(2, 4), lambda row: row["page"] == 4 and row["request"] == 2),
    "interruption": (search.interrupted(), is_any),
    "SVC": (search.interrupted(InterruptionClass.SVC), lambda row: row["class"] == 1),
    "interruption 3": (search.interrupted(code=3), lambda row: row["code"] == 3),
    "program interruption 2": (
        search.interrupted(InterruptionClass.PROGRAM, 2),
        lambda row: row["class"] == 0 and row["code"] == 2,
    ),
    "host": (search.of_page("host"), is_any),
    "host, of a page": (search.of_page("host", 3), lambda row: row["page"] == 3),
    "register": (search.changed(5), lambda row: row["register"] == 5),
    "register of a CPU that does not run": (search.changed(5, cpu=1), is_none),
}


def case(trace: TraceFile, name: str) -> tuple[Search, Wanted, list[list[np.void]]]:
    """Who looks, for what, and in each chunk the rows that are it."""
    looker = Search(trace, CodeTable.of(trace))
    wanted, is_it = CASES[name]
    if isinstance(wanted, tuple):
        wanted, chunks = looker.executed(*wanted), executed(trace)
    else:
        chunks = [chunk.rows(wanted.stream) for chunk in trace.chunks]
    return looker, wanted, [[row for row in chunk if is_it(row)] for chunk in chunks]


@pytest.mark.parametrize("name", CASES)
def test_what_is_found_is_what_a_look_at_every_row_finds(trace: TraceFile, name: str) -> None:
    looker, wanted, chunks = case(trace, name)
    every = [row for rows in chunks for row in rows]
    assert [found.row.tolist() for found in looker.all(wanted)] == [row.tolist() for row in every]
    for number in range(0, CHUNKS * _SIZE + 1, 7):
        after = [row for row in every if row["number"] >= number]
        before = [row for row in every if row["number"] < number]
        found = looker.next(wanted, number)
        assert (found and found.row.tolist()) == (after[0].tolist() if after else None)
        found = looker.last(wanted, number)
        assert (found and found.row.tolist()) == (before[-1].tolist() if before else None)
        between = [row.tolist() for row in after if row["number"] <= number + 50]
        assert [each.row.tolist() for each in looker.all(wanted, number, number + 50)] == between
    last = looker.last(wanted)
    assert (last and last.row.tolist()) == (every[-1].tolist() if every else None)


@pytest.mark.parametrize("name", CASES)
def test_no_chunk_that_has_it_is_left_out(trace: TraceFile, name: str) -> None:
    _, wanted, chunks = case(trace, name)
    assert all(wanted.may_be_in(trace.chunks[index]) for index, rows in enumerate(chunks) if rows)


def test_summaries_leave_chunks_out(trace: TraceFile) -> None:
    looker = Search(trace, CodeTable.of(trace))
    everything = [
        *(looker.executed(8 * block, 8 * block + 7) for block in range(12)),
        *(search.hinted(request) for request in range(8)),
        *(search.accessed(AccessKind.STORE, page << 12, page << 12) for page in range(6)),
    ]
    wanted = [sum(map(each.may_be_in, trace.chunks)) for each in everything]
    assert 0 < sum(wanted) < len(everything) * CHUNKS * 2 // 3
    for page in range(6):
        rows_of = [chunk.rows("accesses") for chunk in trace.chunks]
        has = [(rows["kind"] == 1) & (rows["logical"] >> 12 == page) for rows in rows_of]
        stored = search.accessed(AccessKind.STORE, page << 12, (page << 12) + 4095)
        assert [stored.may_be_in(chunk) for chunk in trace.chunks] == [bool(rows.any()) for rows in has]


def test_the_instruction_at_a_time(trace: TraceFile) -> None:
    looker = Search(trace, CodeTable.of(trace))
    times = [(int(row["time"]), int(row["number"])) for rows in executed(trace) for row in rows]
    for time in range(0, 2500, 13):
        later = [number for at, number in times if at >= time]
        assert looker.number_at(time) == (later[0] if later else trace.end)


def test_the_target_of_an_execute_is_not_what_is_executed_at_its_address(tmp_path: Path) -> None:
    flow = np.zeros(1, dtype=schema.STREAMS["flow"])
    flow["kind"] = FlowKind.TARGET
    block = np.zeros(1, dtype=schema.STREAMS["blocks"])
    block["length"] = 2
    with TraceWriter(tmp_path / "t", {}) as writer:
        writer.chunk(0, 1, {"flow": flow, "blocks": block}, bytes(2), time=0, end_time=1)
    with TraceFile(tmp_path / "t") as trace:
        looker = Search(trace, CodeTable.of(trace))
        assert looker.next(looker.executed(0, 0)) is None
