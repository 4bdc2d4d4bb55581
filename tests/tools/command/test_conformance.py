# SPDX-License-Identifier: GPL-2.0-or-later
"""``essa conform`` where nobody reads what it prints, or where that is lost: files and exit status are the same."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.support.command import ESSA, ROOT
from tests.support.suite import FAILING, PASSING, build_directory


@pytest.fixture
def suite(tmp_path: Path) -> list[str]:
    """The command that runs a suite with a program that passes and one that fails, and writes a report."""
    configuration = "[failing]\nfile = failing.elf\n[passing]\nfile = passing.elf\n"
    build_directory(tmp_path, configuration, passing=PASSING, failing=FAILING)
    return [*ESSA, "conform", "kvm-unit-tests", str(tmp_path), "--jobs", "1", "--json", str(tmp_path / "out")]


def outcomes(directory: Path) -> list[str]:
    return [each["outcome"] for each in json.loads((directory / "out").read_text())["programs"]]


def run_unread(command: list[str]) -> tuple[int, str]:
    """The exit status of *command*, whose standard output nobody reads, and what it writes on standard error."""
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        assert run.stderr is not None
        run.stdout.close()
        error = run.stderr.read()
    return run.returncode, error


def test_who_reads_no_more_does_not_make_it_pass(suite: list[str], tmp_path: Path) -> None:
    assert run_unread(suite) == (1, "")
    assert outcomes(tmp_path) == ["failed", "passed"]


@pytest.mark.parametrize(("only", "status"), (("failing", 1), ("passing", 2)))
def test_a_full_standard_output_takes_no_report_with_it(
    suite: list[str], tmp_path: Path, only: str, status: int
) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*suite, "--only", only], cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    said = {1: "", 2: "essa: standard output cannot be written: No space left on device\n"}[status]
    assert (done.returncode, done.stderr) == (status, said)
    assert outcomes(tmp_path) == ["failed" if only == "failing" else "passed"]


def test_a_saved_report_is_written_although_nobody_reads(suite: list[str], tmp_path: Path) -> None:
    subprocess.run(suite, cwd=ROOT, stdout=subprocess.DEVNULL, check=False)
    command = [*ESSA, "conform", "report", str(tmp_path / "out"), "--tap", str(tmp_path / "tap")]
    assert run_unread(command) == (0, "")
    assert "not ok 1 - failing\n" in (tmp_path / "tap").read_text()


def test_sigterm_while_a_suite_is_loaded() -> None:
    pressed = """
import os, signal, sys

class Press:
    def find_spec(self, name, path=None, target=None):
        if name == "tools.conform.architecture.suite":
            os.kill(os.getpid(), signal.SIGTERM)

from tools.command import start
sys.meta_path.insert(0, Press())
sys.exit(start.main())
"""
    command = [ESSA[0], "-c", pressed, "conform", "architecture"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (3, "", "essa: stopped by SIGTERM\n")
