# SPDX-License-Identifier: GPL-2.0-or-later
"""``essa trace diff``: it finds the instruction with which two runs part, and passes over what is no difference."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from emu import assemble, open_bytes
from emu.control_registers import CR0_CLOCK_COMPARATOR
from emu.cpu import CpuState
from emu.debugging.stepped_trace import SteppedTrace
from emu.machine import Machine
from emu.psw import ADDRESSING_MODE, EXTERNAL_MASK, Psw
from emu.symbols.symbol import Symbol
from emu.symbols.symbol_file import SymbolFile
from emu.symbols.table import SymbolTable
from emu.traces.filters import Filter
from emu.traces.schema import FlowKind
from emu.traces.writer import TraceWriter
from emu.tracing.recorder import TraceRecorder
from tests.support.command import wrong
from tests.tools.traces.conftest import Recorded
from tests.tools.traces.conftest import record as record_example
from tools.command.cli import main
from tools.machines.options import MachineOptions
from tools.machines.setup import set_up
from tools.reports.trace_metadata import describe
from tools.traces.opened import opened
from tools.usage.options import read_options

ADDRESS = 0x10000
HANDLER = 0x20000
LOOP = bytes.fromhex(
    "a7390000"  # LGHI 3,0
    "a7290064"  # LGHI 2,100
    "a73b0001"  # AGHI 3,1
    "a727fffe"  # BRCTG 2,*-4
    "a74b0007"  # AGHI 4,7
    "a7f40000"  # BRC 15,*
)
HANDLED = bytes.fromhex("a75b0001 a75bffff") + assemble("LPSWE 0x130")


def record(
    path: Path, code: bytes = LOOP, change: Callable[[Machine], None] | None = None, symbols: SymbolTable | None = None
) -> str:
    """Record 260 instructions of *code*, whose external interruptions are handled; give the file's name."""
    address = ADDRESS if symbols is None else symbols.address("start")
    machine = open_bytes(code, address=address, history=0).machine
    machine.load_storage(HANDLER, HANDLED)
    machine.load_storage(0x1B0, Psw(ADDRESSING_MODE, HANDLER).to_bytes())
    if change is not None:
        change(machine)
    with TraceWriter(path, describe(machine, "x", "registers", symbols or SymbolTable())) as writer:
        recorder = SteppedTrace(machine, writer, chunk=64)
        machine.observers.append(recorder)
        machine.run(260)
        recorder.finish()
    return str(path)


def compared(capsys: pytest.CaptureFixture[str], *arguments: str, status: int) -> list[str]:
    assert main(["trace", "diff", *arguments]) == status
    return capsys.readouterr().out.splitlines()


def test_a_trace_is_the_same_as_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = record(tmp_path / "a")
    assert compared(capsys, name, name, status=0) == [
        f"then comes the end of {name}",
        "the same: 260 instructions",
    ]


@pytest.mark.parametrize("place", (4, 16))
def test_the_instruction_that_was_patched_is_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], place: int
) -> None:
    patched = bytearray(LOOP)
    patched[place + 3] ^= 0x10
    one, other = record(tmp_path / "a"), record(tmp_path / "b", bytes(patched))
    number = 1 if place == 4 else 202
    lines = compared(capsys, one, other, "--context", "1", status=1)
    assert lines[0] == f"they part: instruction {number} of {one}, instruction {number} of {other}"
    assert [line[:2] for line in lines[1:6]] == ["  ", "- ", "- ", "+ ", "+ "]
    assert f"({LOOP[place : place + 4].hex()})" in lines[2]
    assert f"({patched[place : place + 4].hex()})" in lines[4]
    assert lines[6] == f"the same: {number} instructions"


def test_the_first_different_result_is_told_where_the_way_is_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def change(machine: Machine) -> None:
        machine.cpus[0].gr[4] = 5

    one, other = record(tmp_path / "a"), record(tmp_path / "b", change=change)
    lines = compared(capsys, one, other, status=1)
    assert lines[:3] == [
        f"then comes the end of {one}",
        "the same: 260 instructions",
        f"first different result: instruction 202 of {one}, instruction 202 of {other}: gr4=7, and gr4=c",
    ]


def once(machine: Machine) -> None:
    """The clock comparator interrupts the loop once: whoever handles it turns that off."""
    cpu = machine.cpus[0]
    cpu.load_psw(Psw(ADDRESSING_MODE | EXTERNAL_MASK, ADDRESS))
    cpu.psw_loaded = False
    cpu.set_control_register(0, CR0_CLOCK_COMPARATOR)
    cpu.clock_comparator = machine.timing.tod + 4 * 77
    # Control register 0 is loaded with zeros.
    machine.load_storage(HANDLER, assemble("LCTLG 0,0,0x708\nLPSWE 0x130"))


def enabled(machine: Machine) -> None:
    cpu = machine.cpus[0]
    cpu.load_psw(Psw(ADDRESSING_MODE | EXTERNAL_MASK, ADDRESS))
    cpu.psw_loaded = False


def test_an_interruption_that_comes_back_is_passed_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, other = record(tmp_path / "a", change=enabled), record(tmp_path / "b", change=once)
    lines = compared(capsys, one, other, status=0)
    assert lines[1:] == [
        "the same: 258 instructions",
        f"passed over in {other}: 1 x external interruption 0x1004",
        f"passed over in {other}: 2 instructions in all",
    ]
    lines = compared(capsys, other, one, status=0)
    assert f"passed over in {other}: 2 instructions in all" in lines
    strict = compared(capsys, one, other, "--strict", "--context", "0", status=1)
    assert strict[0].startswith("they part: instruction ")
    assert "LCTLG" in strict[2]


def test_an_interruption_that_does_not_come_back_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def change(machine: Machine) -> None:
        once(machine)
        machine.load_storage(HANDLER, bytes.fromhex("a7f40000"))

    one, other = record(tmp_path / "a", change=enabled), record(tmp_path / "b", change=change)
    lines = compared(capsys, one, other, "--context", "0", status=1)
    assert lines[1] == f"in {other} after external interruption 0x1004, from which it does not come back"


def test_it_goes_on_where_they_come_together_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    patched = LOOP[:16] + bytes.fromhex("a74b0008") + LOOP[20:]
    one, other = record(tmp_path / "a"), record(tmp_path / "b", patched)
    lines = compared(capsys, one, other, "--count", "3", "--context", "0", status=1)
    assert lines[3] == f"they come together again: instruction 203 of {one} and instruction 203 of {other}"
    assert lines[4].startswith("then comes the end of ")
    assert "the same: 259 instructions" in lines


def test_two_kernels_are_compared_by_their_functions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def symbols(address: int, second: int) -> SymbolTable:
        return SymbolTable(
            [SymbolFile("k", [Symbol(address, "start", 20), Symbol(address + second, "stop", 4)], is_kernel=True)]
        )

    moved = LOOP[:16] + bytes.fromhex("a74b0007 a7f40000")
    one = record(tmp_path / "a", symbols=symbols(ADDRESS, 20))
    other = record(tmp_path / "b", moved, symbols=symbols(ADDRESS + 0x800, 20))
    assert "the same: 260 instructions" in compared(capsys, one, other, "--by", "symbol", status=0)
    patched = record(
        tmp_path / "c", LOOP[:16] + bytes.fromhex("a74b0009 a7f40000"), symbols=symbols(ADDRESS + 0x800, 20)
    )
    lines = compared(capsys, one, patched, "--by", "symbol", status=1)
    assert lines[0] == f"they part: instruction 202 of {one}, instruction 202 of {patched}"


def record_two(path: Path, code: bytes = LOOP) -> str:
    """Record two CPUs, of which the second executes *code*."""
    machine = open_bytes(LOOP, address=ADDRESS, cpus=2, history=0).machine
    machine.load_storage(HANDLER, code)
    second = machine.cpus[1]
    second.load_psw(Psw(ADDRESSING_MODE, HANDLER))
    second.psw_loaded = False
    second.state = CpuState.OPERATING
    machine.configuration.turns.end = 100_000
    with TraceWriter(path, describe(machine, "x", "registers", SymbolTable())) as writer:
        recorder = TraceRecorder(machine, writer, "registers")
        machine.run(150_000)
        recorder.end()
    return str(path)


def test_each_cpu_is_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    patched = LOOP[:16] + bytes.fromhex("a74b0008") + LOOP[20:]
    one, other = record_two(tmp_path / "a"), record_two(tmp_path / "b", patched)
    lines = compared(capsys, one, other, "--context", "0", status=1)
    assert lines[:4] == ["cpu 0", f"then comes the end of {one}", "the same: 100,000 instructions", "cpu 1"]
    assert lines[4].startswith("they part: instruction 100,202 of ")
    assert [line[:35] for line in lines[5:7]] == [f"{mark} cpu 1: S {HANDLER + 16:016x} (a74b00" for mark in "-+"]
    assert lines[7] == "the same: 202 instructions"
    assert "the same: 100,000 instructions" in compared(capsys, one, other, "--cpu", "0", status=0)


def record_pressed(path: Path, **host: str) -> str:
    """Record 30,000 instructions of a guest whose memory is larger than its host's, or not."""
    options = read_options(MachineOptions, {"image": "pressure", "memory": "4M", **host})
    machine = set_up(options).machines[0]
    machine.run(1_060_000)
    with TraceWriter(path, describe(machine, "pressure", "registers", SymbolTable())) as writer:
        recorder = TraceRecorder(machine, writer, "registers")
        machine.run(30_000)
        recorder.end()
    return str(path)


def test_on_a_host_that_pages_the_guest_goes_another_way_where_it_is_told_of_a_discarded_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, other = record_pressed(tmp_path / "a"), record_pressed(tmp_path / "b", host_memory="2M")
    lines = compared(capsys, one, other, status=1)
    result = next(line for line in lines if line.startswith("first different result: "))
    assert lines[lines.index(result) + 1].split(") ")[1].lstrip().startswith("ESSA 1,4,6 ")
    # The state is what it returns: potentially volatile and resident, or discarded.
    assert result.endswith(": gr1=8, and gr1=f")
    assert "- " in lines[9][:2]
    assert sum(line.startswith("+ ") for line in lines) == 9


def qemu_log(name: str, path: Path, *, has_flow: bool) -> str:
    """The log that QEMU would have written of the trace *name*: each block shown once, and named when it is entered."""
    lines, shown = [], set()
    with opened(name) as trace:
        for chunk in trace.file.chunks:
            for row in chunk.rows("flow"):
                executed = trace.code.expand(row.reshape(1))
                executed = executed[executed["kind"] == FlowKind.EXECUTED]
                key = tuple(executed["place"].tolist())
                if key not in shown:
                    shown.add(key)
                    lines += ["-" * 16, "IN: "]
                    for each in executed:
                        code = trace.code.bytes_at(int(each["place"]))
                        halfwords = " ".join(code[at : at + 2].hex() for at in range(0, len(code), 2))
                        lines.append(f"0x{int(each['address']):08x}:  {halfwords:15}  xyz      %r1")
                    lines.append("")
                if has_flow:
                    lines.append(
                        f"Trace 0: 0x7f00 [0000000000000000/{int(executed['address'][0]):016x}/00000003/ff00] "
                    )
    path.write_text("\n".join(lines) + "\n")
    return str(path)


@pytest.mark.parametrize("has_flow", (True, False))
def test_a_log_of_qemu_of_the_same_run_is_the_same(
    recorded: Recorded, tmp_path: Path, capsys: pytest.CaptureFixture[str], *, has_flow: bool
) -> None:
    name = record(tmp_path / "a")
    log = qemu_log(name, tmp_path / "log", has_flow=has_flow)
    executed = 260 if has_flow else 6
    assert f"the same: {executed} instructions" in compared(capsys, name, log, status=0)
    text = Path(log).read_text().replace("a74b 0007", "a74b 0008")
    (tmp_path / "other").write_text(text)
    lines = compared(capsys, name, str(tmp_path / "other"), "--context", "0", status=1)
    number = 202 if has_flow else 4
    assert lines[0] == f"they part: instruction 202 of {name}, instruction {number} in {tmp_path / 'other'}"
    assert lines[2] == f"+ {ADDRESS + 16:016x} (a74b0008)     AGHI 4,8"


def test_what_was_cut_short_by_an_interruption_is_not_in_a_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = record(tmp_path / "a")
    log = qemu_log(name, tmp_path / "log", has_flow=True)
    cut = (
        "Trace 0: 0x7f00 [0/10000/3/ff00] \n"
        "do_program_interrupt: code=0x11 ilen=4 psw: 180000000 10004\n"
        "s390_cpu_do_interrupt: 3 at psw=180000000:10004\n"
        "IN: \n0x00020000:  b2b2 0130        lpswe 304\n\nTrace 0: 0x7f00 [0/20000/3/ff00] \n"
        "IN: \n0x00010004:  a729 0064        lghi\n0x00010008:  a73b 0001        aghi\n"
        "0x0001000c:  a727 fffe        brctg\n\nTrace 0: 0x7f00 [0/10004/3/ff00] \n"
    )
    text = Path(log).read_text()
    first = next(line for line in text.splitlines() if line.startswith("Trace"))
    (tmp_path / "other").write_text(text.replace(first + "\n", cut, 1))
    lines = compared(capsys, name, str(tmp_path / "other"), status=0)
    assert f"passed over in {tmp_path / 'other'}: 1 x interruption of class 3" in lines


def test_what_was_left_out_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = record(tmp_path / "a")
    machine = open_bytes(LOOP, address=ADDRESS, history=0).machine
    with TraceWriter(tmp_path / "b", describe(machine, "x", "flow", SymbolTable())) as writer:
        recorder = TraceRecorder(machine, writer, "flow", Filter(addresses=((ADDRESS, ADDRESS + 11),)))
        machine.run(260)
        recorder.end()
    assert main(["trace", "diff", name, str(tmp_path / "b")]) == 1
    captured = capsys.readouterr()
    assert captured.err == f"essa: {tmp_path / 'b'}: parts of the run were left out when it was recorded\n"
    assert captured.out.startswith("they part: instruction 3 of ")


def test_a_trace_without_instructions_is_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    name = record(tmp_path / "a")
    record_example(tmp_path / "events", instructions=100, level="events")
    message = wrong(capfd, "trace", "diff", name, str(tmp_path / "events"))
    assert (
        message == f"{tmp_path / 'events'}: expected a trace of instructions, recorded with --trace-level flow or more"
    )


def test_wrong_use(recorded: Recorded, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    name = record(tmp_path / "a")
    (tmp_path / "text").write_text("nothing\n")
    assert "expected a trace, or a log of QEMU" in wrong(capfd, "trace", "diff", name, str(tmp_path / "text"))
    assert "no: cannot be read" in wrong(capfd, "trace", "diff", name, str(tmp_path / "no"))
    elsewhere = record(tmp_path / "b", symbols=SymbolTable([SymbolFile("k", [Symbol(0x40000, "start", 20)])]))
    assert "or --other-from" in wrong(capfd, "trace", "diff", name, elsewhere)
    log = qemu_log(name, tmp_path / "log", has_flow=True)
    assert "only one of the two may be a log" in wrong(capfd, "trace", "diff", log, log)
    assert "--cpu: both have 1, counted from 0; not 3" in wrong(capfd, "trace", "diff", name, name, "--cpu", "3")
    assert "--from: nothing was executed there or later" in wrong(capfd, "trace", "diff", name, name, "--from", "99999")
    message = wrong(capfd, "trace", "diff", name, log, "--other-from", "x")
    assert message.startswith("--other-from: expected the number")
