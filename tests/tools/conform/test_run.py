# SPDX-License-Identifier: GPL-2.0-or-later
"""A suite run as a whole: its lines, its exit status, what is damaged, and what is interrupted."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import ROOT
from tests.support.elf import LOOP, ending_program
from tests.support.suite import PASSING, build_directory, conform, lines_of, run_one
from tools.conform.documents import Documents
from tools.conform.results import SuiteReport
from tools.usage.errors import LostRun


def test_each_program_has_a_line_and_the_failed_checks_are_named(
    suite: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert conform(suite) == 1
    assert lines_of(capfd.readouterr().out) == [
        "PASS    passing (2 tests)",
        "FAIL    failing (2 tests, 1 failed, three: it is 4)",
        "SKIP    leaving-out (1 test, 1 skipped, no such facility)",
        "1 passed, 1 skipped, 1 failed",
    ]


@pytest.mark.parametrize("content", (b"", b"rubbish", PASSING.to_bytes()[:100]))
def test_a_damaged_program_has_failed(suite: Path, capfd: pytest.CaptureFixture[str], content: bytes) -> None:
    (suite / "s390x" / "passing.elf").write_bytes(content)
    assert conform(suite) == 1
    captured = capfd.readouterr()
    first = next(line for line in captured.out.splitlines() if "passing" in line)
    assert first.startswith(f"FAIL    passing ({suite}/s390x/passing.elf: ")
    assert captured.err == ""


def test_a_program_that_does_not_fit_has_failed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_one(tmp_path, "test_args = " + "x" * 2000, PASSING) == 1
    assert lines_of(capfd.readouterr().out)[0].startswith(
        "FAIL    one (--cmdline: the command line must not be longer than"
    )


def test_a_program_that_takes_its_process_with_it_has_stopped(
    suite: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose_all(_: object, jobs: dict[str, object], *, ended: Any, lost: Any, **__: object) -> None:
        for name in jobs:
            ended(name, lost(LostRun(name, -11)))

    monkeypatch.setattr("tools.conform.run.run_side_by_side", lose_all)
    assert conform(suite, "--only", "passing") == 1
    assert lines_of(capfd.readouterr().out) == [
        "STOPPED passing (the process of 'passing' has ended with signal 11)",
        "1 stopped",
    ]


@pytest.mark.parametrize("number", (signal.SIGINT, signal.SIGTERM))
def test_what_was_done_is_reported_when_the_rest_is_given_up(tmp_path: Path, number: int) -> None:
    configuration = "[short]\nfile = short.elf\n[long]\nfile = long.elf\n"
    build_directory(tmp_path, configuration, short=PASSING, long=ending_program(LOOP))
    saved = tmp_path / "out.json"
    command = [sys.executable, "-m", "tools.command.start", "conform", "kvm-unit-tests", str(tmp_path)]
    command += ["--json", str(saved), "--jobs", "1"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as run:
        assert run.stdout is not None
        # The line comes as soon as the program ends, although nobody's terminal is there.
        assert run.stdout.readline().startswith("PASS    short (2 tests, ")
        os.kill(run.pid, number)
        rest = run.stdout.read()
    assert run.returncode == 3
    assert lines_of(rest) == ["1 passed", "interrupted: 1 program has not been run"]
    report = json.loads(saved.read_text())
    assert [each["entry"]["name"] for each in report["programs"]] == ["short"]
    assert report["not_run"] == ["long"]


@pytest.mark.parametrize("number", (signal.SIGINT, signal.SIGTERM))
def test_the_second_time_what_runs_is_lost_and_what_has_ended_is_told(tmp_path: Path, number: int) -> None:
    configuration = "[short]\nfile = short.elf\n[long]\nfile = long.elf\n"
    build_directory(tmp_path, configuration, short=PASSING, long=ending_program(LOOP))
    saved = tmp_path / "out.json"
    saved.write_text("before")
    command = [sys.executable, "-m", "tools.command.start", "conform", "kvm-unit-tests", str(tmp_path)]
    command += ["--json", str(saved), "--jobs", "1"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        assert run.stdout.readline().startswith("PASS    short (2 tests, ")
        os.kill(run.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            run.wait(0.02)
        os.kill(run.pid, number)
        _, error = run.communicate(timeout=60)
    assert (run.returncode, error) == (3, "")
    assert json.loads(saved.read_text())["not_run"] == ["long"]


def test_a_report_that_is_being_written_is_written_to_its_end(
    suite: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Documents.write

    def press_and_write(documents: Documents, report: SuiteReport) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        write(documents, report)

    monkeypatch.setattr(Documents, "write", press_and_write)
    saved = tmp_path / "out.json"
    assert conform(suite, "--json", str(saved)) == 3
    assert json.loads(saved.read_text())["totals"]["failed"] == 1


@pytest.mark.parametrize("wrong", ("--tap=/dev/full", "--logs={}/logs", "--coverage=/dev/full"))
def test_what_cannot_be_written_takes_nothing_else_with_it(
    suite: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], wrong: str
) -> None:
    (tmp_path / "logs" / "passing.log").mkdir(parents=True)
    saved = tmp_path / "out.json"
    assert conform(suite, "--json", str(saved), wrong.format(tmp_path)) == 2
    assert json.loads(saved.read_text())["totals"]["failed"] == 1
    error = capfd.readouterr().err
    assert error.startswith(f"essa: {wrong.partition('=')[0]}: ")
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "message"),
    (
        (("--only", "nothing"), "--only: expected a program or a group, not 'nothing'"),
        (("--baseline", "missing.json"), "--baseline: missing.json cannot be read: No such file or directory"),
        (("--coverage", "/nowhere/c"), "--coverage: /nowhere/c cannot be written: No such file or directory"),
        (("--json", "c", "--coverage", "c"), "--json: expected a file of its own, not that of --coverage: c"),
        (("--known", "{}/k", "--json", "{}/k"), "--json: expected a file of its own, not that of --known: "),
        (("--known", "{}/k", "--coverage", "{}/k"), "--coverage: expected a file of its own, not that of --known: "),
        (("--coverage", "-", "--json", "-"), "--coverage: expected a file; standard output has another document"),
        (("--json", "/nowhere/out.json"), "--json: /nowhere/out.json cannot be written: No such file or directory"),
        (("--logs", "/dev/null/logs"), "--logs: /dev/null/logs cannot be made: Not a directory"),
        (("--facility", "passing:4095"), "--facility: expected BIT or NAME:BIT, a bit one of 0, "),
        (("--facility", "pass:169"), "--facility: expected a program or a group, not 'pass'"),
        (("--no-facility", "nobody:129"), "--no-facility: expected a program or a group, not 'nobody'"),
        (("--nothing",), "No such option '--nothing'"),
    ),
)
def test_wrong_options(suite: Path, capfd: pytest.CaptureFixture[str], options: tuple[str, ...], message: str) -> None:
    (suite / "k").touch()
    assert conform(suite, *(each.format(suite) for each in options)) == 2
    captured = capfd.readouterr()
    assert message in captured.err
    assert captured.err.count("\n") == 1
