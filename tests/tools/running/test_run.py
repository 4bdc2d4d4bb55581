# SPDX-License-Identifier: GPL-2.0-or-later
"""``essa run`` of a program: its exit status, its trace, and Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from emu.cpu import CpuState
from tests.support.command import ESSA, ROOT, SQUEEZED, essa, write_program
from tests.support.elf import ENTRY, ESSA_PROGRAM, FAILED, LOOP, Elf, ending_program
from tests.support.progress import told_progress
from tools.command.cli import main
from tools.running import run as module
from tools.running.run import how_far


def test_passing_program_is_quiet(program: str) -> None:
    done = essa("run", program)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_missing_instruction_is_named_once(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    # INSERT REFERENCE BITS MULTIPLE, of a facility that the machine does not have.
    assert main(["run", write_program(tmp_path, ending_program(bytes.fromhex("b9ac0012")))]) == 0
    assert capfd.readouterr().err == "essa: not modelled: IRBM (met 1 time)\n"


def test_failing_program(tmp_path: Path) -> None:
    assert main(["run", write_program(tmp_path, ending_program(b"", FAILED))]) == 1


def test_unasked_stop_is_named(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["run", write_program(tmp_path, ending_program(b"", 0x1000))]) == 3
    assert capfd.readouterr().err.splitlines()[0] == (
        "essa: disabled wait at 0x1000 (CPU 0, PSW 0002000180000000 0000000000001000)"
    )


def test_program_interruption_loop(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    # Without a low core the program-new PSW is zero, which is 24-bit mode at address 0: nothing but zeros there.
    assert main(["run", write_program(tmp_path, Elf(((ENTRY, bytes(4)),)))]) == 3
    assert "program-interruption loop" in capfd.readouterr().err


def test_budget(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["run", write_program(tmp_path, ending_program(LOOP)), "--max-instructions", "12345"]) == 4
    assert "instruction budget used up" in capfd.readouterr().err


def test_it_is_told_how_far_a_run_is(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = told_progress(monkeypatch, module)
    looping = write_program(tmp_path, ending_program(LOOP))
    assert main(["run", looping, "--max-instructions", "12345"]) == 4
    # Between the lines of a trace, or those of a guest's console at a terminal, there is no place for it.
    assert main(["run", looping, "--max-instructions", "12", "--trace", "-"]) == 4
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert main(["run", looping, "--max-instructions", "12"]) == 4
    assert [stream for _, stream in told] == [sys.stderr, None, None]
    assert told[0][0]() == "12,345 instructions so far"


@pytest.mark.parametrize(
    ("reads", "waits", "operator", "is_told"),
    ((True, True, None, True), (False, True, None, False), (True, False, None, False), (True, True, object(), False)),
)
def test_it_is_told_that_a_guest_waits_for_what_nobody_types(
    reads: bool, waits: bool, operator: object, is_told: bool
) -> None:
    cpus = [SimpleNamespace(state=CpuState.OPERATING, is_waiting=waits), SimpleNamespace(state=CpuState.STOPPED)]
    machine: Any = SimpleNamespace(executed=0, cpus=cpus, sclp=SimpleNamespace(reads_input=reads), operator=operator)
    told = "; a guest waits for what nobody types (--input does)" if is_told else ""
    assert how_far([machine]) == f"0 instructions so far{told}"


def test_a_comparison_tells_which_run_it_is(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    told = told_progress(monkeypatch, module)
    assert main(["compare", *SQUEEZED[1:]]) == 0
    assert [describe().split(":")[0] for describe, _ in told] == ["hints", "none", "balloon"]


def test_trace_on_standard_error(program: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["run", program, "--trace", "-"]) == 0
    assert "ESSA 3,2,2" in capfd.readouterr().err


@pytest.mark.parametrize("arguments", ((), ("--trace", os.devnull)))
def test_profile_off_makes_essa_an_operation_exception(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    output = tmp_path / "summary.json"
    program = write_program(tmp_path, ending_program(ESSA_PROGRAM))
    assert main(["run", program, "--profile", "off", "--json", str(output), *arguments]) == 0
    assert json.loads(output.read_text())["instructions"] == 1


def test_facility_147_can_be_taken_away(tmp_path: Path) -> None:
    output = tmp_path / "summary.json"
    # Request 7 is a specification exception without the facility.
    program = write_program(tmp_path, ending_program(ESSA_PROGRAM[:6] + bytes.fromhex("b9ab7032")))
    assert main(["run", program, "--no-facility", "147", "--json", str(output)]) == 0
    assert [each["name"] for each in json.loads(output.read_text())["interruptions"]] == ["specification"]


def test_ctrl_c_is_a_named_stop(tmp_path: Path) -> None:
    output = tmp_path / "summary.json"
    program = write_program(tmp_path, ending_program(LOOP))
    command = [*ESSA, "run", program, "--trace", "-", "--json", str(output)]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("cpu 0: S")
        process.send_signal(signal.SIGINT)
        lines = process.stderr.read().splitlines()
    assert process.returncode == 3
    assert lines[-1].startswith("essa: stopped by Ctrl-C (CPU 0, PSW ")
    assert json.loads(output.read_text())["stop"]["kind"] == "stop requested"
