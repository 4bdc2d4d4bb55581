# SPDX-License-Identifier: GPL-2.0-or-later
"""essa run --trace FILE: what is in the file, from where to where, and what of it is left out."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from emu.errors import TraceError
from emu.traces.reader import TraceFile
from emu.traces.schema import STREAMS
from emu.traces.writer import TraceWriter
from guest_kernel.native.shipped import image_path
from tests.support.command import ESSA, ROOT
from tools.command.cli import main

_PROGRAM = "essa-table"
_SYMBOL = "print_list"


def traced(tmp_path: Path, *arguments: str, status: int = 0) -> TraceFile:
    """The trace of a run of the program with these arguments."""
    path = tmp_path / "run.trace"
    assert main(["run", _PROGRAM, "--memory", "16M", "--trace", str(path), *arguments]) == status
    return TraceFile(path)


def streams_of(trace: TraceFile) -> set[str]:
    return {name for chunk in trace.chunks for name in STREAMS if chunk.count(name)}


def numbers(trace: TraceFile, stream: str = "flow") -> list[int]:
    return [int(number) for chunk in trace.chunks for number in chunk.rows(stream)["number"]]


@pytest.mark.parametrize(
    ("level", "streams"),
    (
        ("events", {"interruptions", "page_states", "keys", "host", "devices"}),
        ("flow", {"interruptions", "page_states", "keys", "host", "devices", "blocks", "flow"}),
    ),
)
def test_a_level_says_how_much(tmp_path: Path, level: str, streams: set[str]) -> None:
    trace = traced(tmp_path, "--trace-level", level)
    assert streams_of(trace) == streams
    assert trace.metadata["level"] == level
    assert trace.metadata["program"] == f"{_PROGRAM}.elf"


def test_from_and_to_are_numbers_of_instructions(tmp_path: Path) -> None:
    trace = traced(tmp_path, "--trace-from", "1,000", "--trace-to", "2000")
    assert (trace.first, trace.end) == (1000, 2000)


def test_from_and_to_are_what_a_stop_waits_for(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    trace = traced(tmp_path, "--trace-from", "essa", "--trace-to", "program 1a")
    assert trace.first > 0
    assert numbers(trace, "page_states")[0] == trace.first
    # Behind the discard fault, whose interruption is the last one.
    last = trace.chunks[-1].rows("interruptions")[-1]
    assert (int(last["code"]), int(last["number"])) == (0x1A, trace.end)
    assert "0 failed" in capfd.readouterr().out


def test_from_a_text_of_the_console(tmp_path: Path) -> None:
    trace = traced(tmp_path, "--trace-level", "events", "--trace-from", "console:before")
    assert 0 < trace.first < trace.end


def test_the_last_instructions_are_kept(tmp_path: Path) -> None:
    whole = traced(tmp_path)
    trace = traced(tmp_path, "--trace-last", "1000")
    assert trace.end == whole.end
    assert 1000 <= len(numbers(trace)) < 4000


def test_kinds_places_and_states_are_left_out(tmp_path: Path) -> None:
    trace = traced(tmp_path, "--trace-kinds", "essa,instructions", "--trace-at", _SYMBOL)
    assert streams_of(trace) <= {"blocks", "flow", "states", "page_states"}
    assert 0 < len(numbers(trace)) < trace.end
    problem, supervisor = (numbers(traced(tmp_path, "--trace-state", each)) for each in ("problem", "supervisor"))
    whole = numbers(traced(tmp_path, "--trace-cpu", "0"))
    assert 0 < len(problem) < len(supervisor)
    assert sorted(problem + supervisor) == sorted(whole)


def test_a_run_that_ends_before_it_is_recorded_says_so(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    trace = traced(tmp_path, "--trace-from", "console:never said")
    assert not trace.chunks
    assert "--trace-from: the run has ended before, and nothing was recorded" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    (
        (("--trace-level", "much"), "--trace-level: expected events, flow, registers, all, not 'much'"),
        (("--trace-kinds", "essa,all"), "--trace-kinds: expected some of instructions,registers"),
        (("--trace-at", "no_such_place"), "--trace-at: there is no symbol 'no_such_place'"),
        (("--trace-from", "sometimes"), "--trace-from: "),
        (("--trace-level", "events", "--trace-state", "problem"), "--trace-level: expected flow or more"),
        (("--guests", "2", "--host-memory", "16M"), "--trace: expected one guest, which is recorded"),
        (("--json", "t"), "--trace: expected a file of its own, not that of --json: t"),
        (("--save-at", "5", "./t"), "--trace: expected a file of its own, not that of --save-at: t"),
    ),
)
def test_what_means_nothing_is_said(
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["run", _PROGRAM, "--memory", "16M", "--trace", "t", *arguments]) == 2
    assert capfd.readouterr().err.startswith(f"essa: {message}")


def test_what_is_recorded_is_of_a_trace(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["run", _PROGRAM, "--trace-cpu", "0"]) == 2
    assert capfd.readouterr().err == "essa: --trace-cpu: expected --trace FILE, which is recorded\n"


def test_a_program_is_not_written_over(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    program = tmp_path / "hello.elf"
    program.write_bytes(image_path("hello").read_bytes())
    assert main(["run", str(program), "--trace", str(program)]) == 2
    assert "expected a file of its own, not that of the program" in capfd.readouterr().err
    assert program.read_bytes() == image_path("hello").read_bytes()


def test_what_cannot_be_written_in_the_middle_is_one_line(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: TraceWriter, *_: object, **__: object) -> None:
        self.close()
        raise TraceError(f"{self.path}: cannot be written: No space left on device")

    monkeypatch.setattr(TraceWriter, "chunk", fail)
    path = tmp_path / "t"
    assert main(["run", "hello", "--trace", str(path)]) == 2
    assert capfd.readouterr().err == f"essa: --trace: {path} cannot be written: No space left on device\n"


@pytest.mark.parametrize(("kind", "stream"), (("keys", "keys"), ("registers", "registers"), ("accesses", "accesses")))
def test_what_instructions_do_comes_with_them(tmp_path: Path, kind: str, stream: str) -> None:
    trace = traced(tmp_path, "--trace-kinds", kind)
    assert numbers(trace, stream)
    assert numbers(trace)


def test_killed_run_leaves_what_was_recorded(tmp_path: Path) -> None:
    path = tmp_path / "killed.trace"
    command = [*ESSA, "run", "loops", "--cmdline", "storage=100000000", "--trace", str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None and (not path.exists() or path.stat().st_size < 1 << 18):
            os.sched_yield()
        process.send_signal(signal.SIGKILL)
    trace = TraceFile(path)
    assert trace.end > 100_000
    assert len(numbers(trace)) > 1000
