# SPDX-License-Identifier: GPL-2.0-or-later
"""Recording a machine that runs freely: what is in the trace, and what is not changed by it."""

from __future__ import annotations

from pathlib import Path

import pytest

from emu.cpu import CpuState
from emu.debugging.opening import open_bytes, open_program
from emu.debugging.stepped_trace import SteppedTrace
from emu.isa.assembler import assemble
from emu.machine import MEGABYTE, Machine
from emu.psw import ADDRESSING_MODE, DAT, MACHINE_CHECK_MASK, WAIT, AddressSpaceControl, Psw
from emu.snapshot import differences, take
from emu.traces.instructions import CodeTable
from emu.traces.reader import TraceFile
from emu.traces.schema import LEVELS, LOW_CORE, LOW_CORE_LENGTH, DeviceEvent, FlowKind, InterruptionClass
from emu.traces.writer import TraceWriter
from emu.tracing import recorder as recording
from emu.tracing.recorder import TraceRecorder
from guest_kernel.native.shipped import image_path

_EVENTS = ("interruptions", "page_states", "keys", "host")


def machine(name: str = "essa-table", cpus: int = 1) -> Machine:
    return open_program(image_path(name), memory="16M", cpus=cpus, history=0).machine


def record(traced: Machine, path: Path, level: str, *limits: int | None) -> TraceFile:
    """Run *traced* so far, one limit after the other, and give its trace."""
    with TraceWriter(path, {"devices": ["console"]}) as writer:
        recorder = TraceRecorder(traced, writer, level)
        for limit in limits or (None,):
            traced.run(limit)
        recorder.end()
    return TraceFile(path)


def make_rings_small(monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    """Let rings be emptied when they have so many *rows*."""
    real = recording.SharedRing

    def small() -> recording.SharedRing:
        ring = real()
        ring.fields.row_limit = rows
        return ring

    monkeypatch.setattr(recording, "SharedRing", small)


def executed(trace: TraceFile) -> list[tuple[int, int, bytes]]:
    """Number, address and bytes of each instruction that ended."""
    table = CodeTable.of(trace)
    return [
        (int(row["number"]), int(row["address"]), table.bytes_at(int(row["place"])))
        for chunk in trace.chunks
        for row in table.expand(chunk.rows("flow"))
        if row["kind"] == FlowKind.EXECUTED
    ]


def rows(trace: TraceFile, stream: str, *left_out: str) -> list[tuple[int, ...]]:
    """All rows of a stream but for some columns."""
    found = []
    for chunk in trace.chunks:
        of_chunk = chunk.rows(stream)
        names = [name for name in of_chunk.dtype.names or () if name not in left_out]
        found += of_chunk[names].tolist()
    return found


@pytest.fixture(scope="module")
def stepped(tmp_path_factory: pytest.TempPathFactory) -> tuple[TraceFile, Machine]:
    """The trace of every step, and the machine that made them."""
    path = tmp_path_factory.mktemp("traces") / "stepped.trace"
    watched = machine()
    with TraceWriter(path, {"devices": ["console"]}) as writer:
        observer = SteppedTrace(watched, writer)
        watched.observers.append(observer)
        watched.run(60_000)
        watched.observers.remove(observer)
        observer.finish()
    return TraceFile(path), watched


@pytest.mark.parametrize("level", LEVELS)
def test_machine_is_the_same_and_the_trace_is_that_of_every_step(
    level: str, stepped: tuple[TraceFile, Machine], tmp_path: Path
) -> None:
    expected, watched = stepped
    traced = machine()
    found = record(traced, tmp_path / "free.trace", level, 60_000)
    assert not differences(take(watched), take(traced))
    for stream in _EVENTS:
        assert rows(found, stream, "low_core") == rows(expected, stream, "low_core")
    if level != "events":
        assert executed(found) == executed(expected)
    if level == "registers":
        assert rows(found, "registers") == rows(expected, "registers")
        assert rows(found, "accesses", "old", "new") == rows(expected, "accesses", "old", "new")


def test_slices_change_nothing(tmp_path: Path) -> None:
    whole = record(machine(), tmp_path / "whole.trace", "registers", 20_000)
    traced = machine()
    sliced = record(traced, tmp_path / "sliced.trace", "registers", *[777] * 25, 575)
    assert traced.executed == 20_000
    assert executed(sliced) == executed(whole)
    for stream in ("registers", *_EVENTS):
        assert rows(sliced, stream, "low_core") == rows(whole, stream, "low_core")


def test_full_ring_becomes_a_chunk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = record(machine(), tmp_path / "whole.trace", "registers", 60_000)
    make_rings_small(monkeypatch, 10_000)
    traced = machine()
    chunked = record(traced, tmp_path / "chunked.trace", "registers", 60_000)
    assert len(chunked.chunks) > 5
    assert executed(chunked) == executed(whole)
    for stream in ("registers", *_EVENTS):
        assert rows(chunked, stream, "low_core") == rows(whole, stream, "low_core")


def test_states_at_the_head_of_a_chunk_are_what_changes_begin_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_rings_small(monkeypatch, 10_000)
    trace = record(machine(), tmp_path / "chunked.trace", "registers", 60_000)
    assert len(trace.chunks) > 2
    for chunk in trace.chunks:
        holds = {(int(row["cpu"]), int(row["register"])): int(row["value"]) for row in chunk.rows("states")}
        for row in chunk.rows("registers"):
            register = int(row["cpu"]), int(row["register"])
            if register[1] < recording.Register.PSW_MASK:
                assert int(row["old"]) == holds[register]
            holds[register] = int(row["new"])


def test_console_is_in_the_trace(tmp_path: Path) -> None:
    trace = record(machine("hello"), tmp_path / "hello.trace", "events")
    said = b""
    for chunk in trace.chunks:
        for row in chunk.rows("devices"):
            said += bytes(chunk.blob[int(row["data"]) : int(row["data"]) + int(row["length"])])
    assert b"ello" in said


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    traced = machine("hello")
    before = [*traced.observers]
    record(traced, tmp_path / "hello.trace", "registers", 100)
    assert traced.configuration.follower is None
    assert traced.observers == before
    traced.run()
    untraced = machine("hello")
    untraced.run()
    assert not differences(take(untraced), take(traced))


def test_what_devices_do_is_in_the_trace(tmp_path: Path) -> None:
    traced = machine("hello")
    with TraceWriter(tmp_path / "io.trace", {"devices": ["console", "subchannel 0000"]}) as writer:
        recorder = TraceRecorder(traced, writer, "events")
        traced.run(5)
        for observer in traced.observers:
            observer.io_begins(0, "start function")
            observer.io_ended(0, "nothing wrong")
        recorder.end()
    [chunk] = TraceFile(tmp_path / "io.trace").chunks
    told = [
        (int(row["number"]), int(row["device"]), row["kind"], bytes(chunk.blob[row["data"] :][: row["length"]]))
        for row in chunk.rows("devices")
    ]
    assert told == [(5, 1, DeviceEvent.STARTED, b"start function"), (5, 1, DeviceEvent.ENDED, b"nothing wrong")]


@pytest.mark.parametrize("level", ("flow", "registers"))
@pytest.mark.parametrize("limit", (1, 2, 3, 7))
def test_full_ring_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, level: str, limit: int) -> None:
    """Targets of EXECUTE, and blocks that reach into the next page, in runs that end in the middle of blocks."""
    code = bytes.fromhex("4410f200 1b11") + 30 * bytes.fromhex("1823") + bytes.fromhex("a7f4ffdf")
    code = code.ljust(0x200, b"\0") + bytes.fromhex("41505001")
    machines = []
    for _ in range(2):
        loop = open_bytes(code, address=0x11FE0, memory="1M", history=0).machine
        loop.cpus[0].gr[15] = 0x11FE0
        machines.append(loop)
    make_rings_small(monkeypatch, limit)
    record(machines[0], tmp_path / "loop.trace", level, *[17] * 12)
    for _ in range(12):
        machines[1].run(17)
    assert machines[1].cpus[0].gr[5] > 3
    assert not differences(take(machines[0]), take(machines[1]))


def test_access_registers_are_left_to_the_instruction(tmp_path: Path) -> None:
    traced = open_bytes(bytes.fromhex("50102000"), memory="1M", history=0).machine
    cpu = traced.cpus[0]
    cpu.load_psw(Psw(ADDRESSING_MODE | DAT | AddressSpaceControl.ACCESS_REGISTER << 46, cpu.instruction_address))
    cpu.psw_loaded = False
    untraced = open_bytes(bytes.fromhex("50102000"), memory="1M", history=0).machine
    untraced.cpus[0].load_psw(cpu.psw)
    untraced.cpus[0].psw_loaded = False
    record(traced, tmp_path / "ar.trace", "registers", 5)
    untraced.run(5)
    assert not differences(take(traced), take(untraced))


@pytest.mark.parametrize("is_stepped", (False, True))
def test_the_conditions_of_a_machine_check_are_the_code(tmp_path: Path, *, is_stepped: bool) -> None:
    """Bits 0-31 of them (schema.py): here a channel report, bit 9 (PoP 11), whatever is valid."""
    traced = open_bytes(bytes.fromhex("a7f40000"), address=0x10000, history=0).machine
    traced.load_storage(0x1E0, Psw(ADDRESSING_MODE, 0x10000).to_bytes())
    traced.cpus[0].load_psw(Psw(ADDRESSING_MODE | MACHINE_CHECK_MASK, 0x10000))
    traced.cpus[0].set_control_register(14, 1 << 28)
    traced.report_machine_check(1 << 54)
    with TraceWriter(tmp_path / "t", {}) as writer:
        if is_stepped:
            stepped = SteppedTrace(traced, writer, "registers")
            traced.observers.append(stepped)
            traced.step()
            stepped.finish()
        else:
            recorder = TraceRecorder(traced, writer, "registers")
            traced.run(1)
            recorder.end()
    (chunk,) = TraceFile(tmp_path / "t").chunks
    (row,) = chunk.rows("interruptions")
    assert (row["class"], row["code"]) == (InterruptionClass.MACHINE_CHECK, 1 << 31 - 9)
    low_core = chunk.blob[int(row["low_core"]) :][:LOW_CORE_LENGTH]
    assert low_core[0xE8 - LOW_CORE : 0xF0 - LOW_CORE].hex() == "00400f1d40330000"


@pytest.mark.parametrize("limit", (1, 100))
def test_a_supervisor_call_is_taken_when_it_has_ended(limit: int, tmp_path: Path) -> None:
    """Of AHI and SVC each is a unit of work, and the interruption is 64."""
    traced = Machine(MEGABYTE)
    traced.storage.write(0x10000, assemble("AHI 1,1") + assemble("SVC 5"))
    traced.storage.write(0x1C0, Psw(ADDRESSING_MODE | WAIT, 0x999).to_bytes())
    cpu = traced.cpus[0]
    cpu.load_psw(Psw(ADDRESSING_MODE, 0x10000))
    cpu.psw_loaded, cpu.state = False, CpuState.OPERATING
    trace = record(traced, tmp_path / "trace", "events", *[limit] * 3)
    found = [(int(row["number"]), int(row["time"])) for chunk in trace.chunks for row in chunk.rows("interruptions")]
    assert found == [(2, 66)]
    assert traced.timing.work == 66
