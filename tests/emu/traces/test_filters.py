# SPDX-License-Identifier: GPL-2.0-or-later
"""Filters, held against loops over the rows of a recorded program."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emu.traces.filters import EVERYTHING, Filter
from emu.traces.instructions import CodeTable
from emu.traces.schema import STREAMS, FlowKind, Mode

Streams = dict[str, np.ndarray]


def make(random: np.random.Generator) -> tuple[Streams, CodeTable]:
    """Rows of forty blocks of one to four instructions that 2 CPUs execute in two states, and events in them."""
    code = CodeTable()
    blocks = np.zeros(40, dtype=STREAMS["blocks"])
    lengths = random.integers(1, 5, 40)
    blocks["id"] = np.arange(40)
    blocks["address"] = np.arange(40) * 16
    blocks["mode"] = np.where(np.arange(40) % 3 == 0, int(Mode.PROBLEM_STATE), 0)
    blocks["length"] = 2 * lengths
    code.add(blocks, bytes(8))
    flow = np.zeros(20, dtype=STREAMS["flow"])
    flow["block"] = random.integers(0, 40, 20)
    flow["kind"] = random.choice([0, 0, 0, 2], 20)
    flow["count"] = np.where(flow["kind"] == 0, lengths[flow["block"]], 0)
    flow["number"] = np.concatenate(([0], np.cumsum(flow["count"])[:-1]))
    flow["time"] = 3 * flow["number"]
    flow["cpu"] = random.integers(0, 2, 20)
    end = int(flow["number"][-1] + flow["count"][-1])
    streams = {"flow": flow, "blocks": blocks}
    for name in ("registers", "accesses", "interruptions", "page_states", "keys", "host", "devices"):
        rows = np.zeros(12, dtype=STREAMS[name])
        rows["number"] = np.sort(random.integers(0, end, 12))
        for column, most in (("cpu", 2), ("address", 640), ("old_address", 640)):
            if column in (rows.dtype.names or ()):
                rows[column] = random.integers(0, most, 12)
        if name == "interruptions":
            rows["old_mask"] = random.choice([0, 1 << 48], 12)
        if "time" in (rows.dtype.names or ()):
            rows["time"] = 3 * rows["number"]
        streams[name] = rows
    return streams, code


def slowly(wanted: Filter, streams: Streams, code: CodeTable) -> dict[str, list[Any]]:
    """What is wanted, row by row."""
    kept, numbers = [], set()
    for row in streams["flow"]:
        place = int(code.places(row["block"], row["start"]))
        for index in range(max(1, int(row["count"]))):
            number, time = int(row["number"]) + index, int(row["time"]) + index
            address, is_problem = int(code.addresses[place + index]), bool(code.modes[place] & Mode.PROBLEM_STATE)
            if is_within(wanted, number, time) and is_meant(wanted, int(row["cpu"]), address, is_problem):
                kept.append((number, time, int(row["cpu"]), int(row["kind"]), address))
                numbers.add(number)
    found: dict[str, list[Any]] = {"flow": kept}
    for name in ("registers", "accesses", "keys", "page_states"):
        found[name] = [
            row.tolist() for row in streams[name]
            if is_within(wanted, int(row["number"]), int(row["time"]) if name == "page_states" else None)
            and (int(row["number"]) in numbers or (not wanted.is_of_instructions and wanted.times is None)
                 or (name == "page_states" and not wanted.is_of_instructions))
        ]  # fmt: skip
    found["interruptions"] = [
        row.tolist() for row in streams["interruptions"]
        if is_within(wanted, int(row["number"]), int(row["time"]))
        and is_meant(wanted, int(row["cpu"]), int(row["old_address"]), bool(int(row["old_mask"]) >> 48 & 1))
    ]  # fmt: skip
    for name in ("host", "devices"):
        found[name] = [
            row.tolist() for row in streams[name]
            if is_within(wanted, int(row["number"]), int(row["time"])) and not wanted.is_of_instructions
        ]  # fmt: skip
    return {name: rows for name, rows in found.items() if wanted.streams is None or name in wanted.streams}


def is_within(wanted: Filter, number: int, time: int | None) -> bool:
    numbers, times = wanted.numbers or (0, 1 << 60), wanted.times or (0, 1 << 60)
    return numbers[0] <= number <= numbers[1] and (time is None or times[0] <= time <= times[1])


def is_meant(wanted: Filter, cpu: int, address: int, is_problem: bool) -> bool:
    return (
        (wanted.cpus is None or cpu in wanted.cpus)
        and (wanted.addresses is None or any(first <= address <= last for first, last in wanted.addresses))
        and wanted.problem_state in (None, is_problem)
    )


def ranges(most: int) -> st.SearchStrategy[tuple[int, int]]:
    return st.tuples(st.integers(0, most), st.integers(0, most)).map(lambda pair: (min(pair), max(pair)))


@given(
    seed=st.integers(0, 1 << 30),
    wanted=st.builds(
        Filter,
        numbers=st.none() | ranges(50),
        times=st.none() | ranges(150),
        cpus=st.none() | st.frozensets(st.integers(0, 2), max_size=2),
        addresses=st.none() | st.lists(ranges(700), max_size=3).map(tuple),
        problem_state=st.none() | st.booleans(),
        streams=st.none() | st.frozensets(st.sampled_from(["flow", "registers", "host", "interruptions"])),
    ),
)
def test_a_filter_leaves_what_loops_over_the_rows_leave(seed: int, wanted: Filter) -> None:
    streams, code = make(np.random.default_rng(seed))
    found = wanted.apply(streams, code)
    flow = code.expand(found["flow"]) if "flow" in found else None
    rows: dict[str, Any] = {name: each.tolist() for name, each in found.items() if name not in ("blocks", "flow")}
    if flow is not None:
        rows["flow"] = flow[["number", "time", "cpu", "kind", "address"]].tolist()
    assert rows == slowly(wanted, streams, code)
    assert found["blocks"] is streams["blocks"]


def test_everything_is_wanted() -> None:
    streams, code = make(np.random.default_rng(1))
    found = EVERYTHING.apply(streams, code)
    assert all(np.array_equal(found[name], rows) for name, rows in streams.items())


@pytest.mark.parametrize("wanted", (Filter(addresses=((0x100, 0x1FF),)), Filter(cpus=frozenset({1}))))
def test_the_target_of_an_execute_goes_with_it(wanted: Filter) -> None:
    _, code = make(np.random.default_rng(1))
    flow = np.zeros(3, dtype=STREAMS["flow"])
    flow["block"], flow["count"], flow["kind"] = [16, 2, 2], [1, 0, 0], [0, FlowKind.TARGET, FlowKind.NOT_EXECUTED]
    flow["cpu"] = [1, 1, 0]
    found = wanted.apply({"flow": flow}, code)["flow"]
    assert found["block"].tolist() == [16, 2]
