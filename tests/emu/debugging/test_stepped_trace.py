# SPDX-License-Identifier: GPL-2.0-or-later
"""A trace recorded step by step: what is in it of a program that does a little of everything."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emu import assemble, open_bytes
from emu.debugging.stepped_trace import SteppedTrace
from emu.machine import Machine
from emu.psw import ADDRESSING_MODE, Psw
from emu.traces import schema
from emu.traces.instructions import CodeTable
from emu.traces.reader import TraceFile
from emu.traces.schema import AccessKind, FlowKind, InterruptionClass, Register
from emu.traces.writer import TraceWriter

ADDRESS = 0x10000
DATA = 0x100000
HANDLER = 0x20000
WAIT = 0x30000
PROGRAM = [
    bytes.fromhex("c02f00100000"),  # LLILF 2,0x100000
    bytes.fromhex("c03f00001234"),  # LLILF 3,0x1234
    bytes.fromhex("e3302ffc0024"),  # STG 3,0xFFC(2)
    bytes.fromhex("e3402ffc0004"),  # LG 4,0xFFC(2)
    bytes.fromhex("d20f20202010"),  # MVC 0x20(16,2),0x10(2)
    bytes.fromhex("44302100"),  # EX 3,0x100(2)
    bytes.fromhex("0a07"),  # SVC 7
    assemble("ESSA 5,2,2"),
    bytes.fromhex("e36020000004"),  # LG 6,0(2)
]
# The EXECUTE has the target MVC 0x80(5,2),0xFFC(2), modified by 0x34.
TARGET = bytes.fromhex("d204 2080 2ffc")


def make() -> Machine:
    """A machine with the program, whose supervisor call comes back; it ends at the last load, of an unused page."""
    session = open_bytes(b"".join(PROGRAM), address=ADDRESS, history=0)
    machine = session.machine
    machine.load_storage(DATA + 0x100, TARGET)
    machine.load_storage(HANDLER, assemble("LPSWE 0x140"))
    machine.load_storage(0x1C0, Psw(ADDRESSING_MODE, HANDLER).to_bytes())
    machine.load_storage(0x1D0, Psw(1 << 49 | ADDRESSING_MODE, WAIT).to_bytes())
    return machine


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TraceFile]:
    """The trace of it, with everything."""
    path = tmp_path_factory.mktemp("traces") / "t"
    machine = make()
    with TraceWriter(path, {}) as writer:
        recorder = SteppedTrace(machine, writer, "all")
        machine.observers.append(recorder)
        machine.run(100)
        recorder.finish()
    with TraceFile(path) as trace:
        yield trace


def rows(trace: TraceFile, stream: str, *columns: str) -> list[Any]:
    return [row[list(columns)].tolist() for chunk in trace.chunks for row in chunk.rows(stream)]


def test_every_instruction_is_there(recorded: TraceFile) -> None:
    code = CodeTable.of(recorded)
    executed = np.concatenate([code.expand(chunk.rows("flow")) for chunk in recorded.chunks])
    found = [(int(row["number"]), int(row["kind"]), code.bytes_at(int(row["place"]))) for row in executed]
    expected = [(number, FlowKind.EXECUTED, each) for number, each in enumerate(PROGRAM[:7])]
    expected.insert(6, (5, FlowKind.TARGET, bytes.fromhex("d23420802ffc")))
    expected.append((7, FlowKind.EXECUTED, assemble("LPSWE 0x140")))
    expected.append((8, FlowKind.EXECUTED, PROGRAM[7]))
    expected.append((9, FlowKind.NOT_EXECUTED, PROGRAM[8]))
    assert found == expected
    assert set(executed["mode"].tolist()) == {schema.Mode.ADDRESSING_64}
    assert recorded.end == 9


def test_time_is_that_before_each_instruction(recorded: TraceFile) -> None:
    code = CodeTable.of(recorded)
    executed = np.concatenate([code.expand(chunk.rows("flow")) for chunk in recorded.chunks])
    times, machine = [], make()
    for _ in executed[1:]:
        times.append(machine.timing.work)
        machine.step()
    # The target of the EXECUTE is no instruction of its own.
    assert np.delete(executed["time"], 6).tolist() == times


def test_changed_registers(recorded: TraceFile) -> None:
    found = rows(recorded, "registers", "number", "register", "old", "new")
    general = [row for row in found if row[1] < 16]
    assert general == [(0, 2, 0, DATA), (1, 3, 0, 0x1234), (3, 4, 0, 0x1234)]
    assert not [row for row in found if row[1] in (Register.BREAKING_EVENT_ADDRESS, Register.INSTRUCTION_ADDRESS)]


def test_stores_with_what_was_there_before(recorded: TraceFile) -> None:
    found = []
    for chunk in recorded.chunks:
        for row in chunk.rows("accesses"):
            if row["kind"] == AccessKind.STORE:
                old, new, length = int(row["old"]), int(row["new"]), int(row["length"])
                pair = chunk.blob[old : old + length].hex(), chunk.blob[new : new + length].hex()
                found.append((int(row["number"]), int(row["logical"]), int(row["absolute"]), *pair))
    moved = "00001234" + "00" * 49
    assert found == [
        (2, DATA + 0xFFC, DATA + 0xFFC, "00000000", "00000000"),
        (2, DATA + 0x1000, DATA + 0x1000, "00000000", "00001234"),
        (4, DATA + 0x20, DATA + 0x20, "00" * 16, "00" * 16),
        (5, DATA + 0x80, DATA + 0x80, "00" * 53, "00000000" + moved[:98]),
    ]


def test_fetches_with_what_they_gave(recorded: TraceFile) -> None:
    found = [
        (int(row["number"]), int(row["logical"]), chunk.blob[int(row["new"]) :][: int(row["length"])].hex())
        for chunk in recorded.chunks
        for row in chunk.rows("accesses")
        if row["kind"] == AccessKind.FETCH and row["number"] == 3
    ]
    assert found == [(3, DATA + 0xFFC, "00000000"), (3, DATA + 0x1000, "00001234")]


def test_interruptions(recorded: TraceFile) -> None:
    names = "number", "class", "code", "length", "old_address", "new_address"
    assert rows(recorded, "interruptions", *names) == [
        (7, InterruptionClass.SVC, 7, 2, ADDRESS + 36, HANDLER),
        (9, InterruptionClass.PROGRAM, 5, 6, ADDRESS + 46, WAIT),
    ]
    chunk = recorded.chunks[0]
    second = int(chunk.rows("interruptions")["low_core"][1])
    low_core = chunk.blob[second : second + schema.LOW_CORE_LENGTH]
    assert low_core[0x8C - 0x80 : 0x90 - 0x80].hex() == "00060005"


def test_page_states(recorded: TraceFile) -> None:
    names = "number", "request", "before", "after", "page", "address"
    assert rows(recorded, "page_states", *names) == [(8, 2, 0, 4, DATA >> 12, ADDRESS + 36)]


def test_states_at_the_head_are_what_the_registers_held(recorded: TraceFile) -> None:
    states = recorded.chunks[0].rows("states")
    assert states["register"].tolist() == list(range(schema.REGISTERS))
    held = dict(zip(states["register"].tolist(), states["value"].tolist(), strict=True))
    assert (held[Register.INSTRUCTION_ADDRESS], held[Register.PSW_MASK], held[2]) == (ADDRESS, ADDRESSING_MODE, 0)


def test_chunks_are_as_long_as_wanted_and_say_the_same(tmp_path: Path, recorded: TraceFile) -> None:
    machine = make()
    with TraceWriter(tmp_path / "t", {}) as writer:
        recorder = SteppedTrace(machine, writer, "all", chunk=3)
        machine.observers.append(recorder)
        machine.run(100)
        recorder.finish()
    with TraceFile(tmp_path / "t") as trace:
        assert [(chunk.first, chunk.end) for chunk in trace.chunks] == [(0, 3), (3, 6), (6, 9), (9, 9)]
        for stream in ("registers", "interruptions", "page_states", "host"):
            names = [name for name in schema.STREAMS[stream].names or () if name != "low_core"]
            assert rows(trace, stream, *names) == rows(recorded, stream, *names)
        states = trace.chunks[1].rows("states")
        assert states["value"][3] == 0x1234


@pytest.mark.parametrize("level", schema.LEVELS)
def test_a_level_has_its_streams_and_changes_nothing(tmp_path: Path, level: str) -> None:
    machine, other = make(), make()
    with TraceWriter(tmp_path / "t", {}) as writer:
        recorder = SteppedTrace(machine, writer, level)
        machine.observers.append(recorder)
        stop = machine.run(100)
        recorder.finish()
    assert stop.text == other.run(100).text
    assert (machine.executed, machine.timing.work) == (other.executed, other.timing.work)
    assert machine.cpus[0].gr.tolist() == other.cpus[0].gr.tolist()
    assert machine.keys.bytes == other.keys.bytes
    with TraceFile(tmp_path / "t") as trace:
        there = {name for name in schema.STREAMS if any(chunk.count(name) for chunk in trace.chunks)}
        # Nothing here changes a key or writes on the console; translations are not recorded.
        assert there == set(schema.LEVELS[level]) - {"keys", "devices", "translations"}
