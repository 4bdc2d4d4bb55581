# SPDX-License-Identifier: GPL-2.0-or-later
"""The command as a user meets it: one line for all wrong use, and streams that are closed."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys

import pytest

from tests.support.command import ESSA, ROOT, SQUEEZED, wrong
from tools import __version__
from tools.command.cli import main


def _in_a_pipe(command: str) -> subprocess.CompletedProcess[str]:
    """``essa`` with what follows it in the shell *command*, its output buffered as usual; gives its own exit status."""
    command = f"{shlex.join(ESSA)} {command}; exit ${{PIPESTATUS[0]}}"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    return subprocess.run(
        ["bash", "-c", command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    "command",
    (
        "| true",
        "--help | true",
        "run --help | head -1",
        "scenarios | true",
        "run hello --table --json - | true",
        "run hello --table | true",
        "run essa-table | head -1",
        "run essa-table --trace - 2>&1 | head -1",
        "step hello < /dev/null | true",
        f"compare {shlex.join(SQUEEZED[1:])} | true",
        "run life-of-a-page | head -3",
    ),
)
def test_a_reader_that_has_seen_enough_is_no_failure(command: str) -> None:
    done = _in_a_pipe(command)
    assert done.returncode == 0
    # With --json - the guest's console is there.
    assert [line for line in done.stderr.splitlines() if not line.startswith(("Hello", "<state>", "tot->", " "))] == []


def test_a_complaint_that_nobody_reads(program: str) -> None:
    done = _in_a_pipe(f"run {program} --memory 1 2>&1 | true")
    assert (done.returncode, done.stderr) == (2, "")


@pytest.mark.parametrize("command", ("scenarios", "run hello --table"))
def test_an_output_that_is_full(command: str) -> None:
    done = _in_a_pipe(f"{command} > /dev/full")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "No space left on device" in done.stderr


def test_ctrl_c_before_the_machine_runs(
    program: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tools.running.run.set_up", interrupted)
    assert main(["run", program]) == 3
    assert capfd.readouterr().err == "essa: stopped by Ctrl-C\n"


@pytest.mark.parametrize(
    ("closed", "status", "error"),
    (
        (">&-", 2, "essa: standard output: expected to be open\n"),
        ("2>&-", 0, ""),
        ("<&-", 0, ""),
    ),
)
def test_closed_streams(program: str, closed: str, status: int, error: str) -> None:
    command = f"{sys.executable} -m tools.command.start step {program} {closed}"
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, input="g\n", capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (status, error)


@pytest.mark.parametrize(
    ("options", "message"),
    (
        (("--memory", "1000K"), "--memory: expected a multiple of 1M, not 1000K"),
        (("--memory", "0"), "--memory: expected a multiple of 1M, not 0"),
        (("--memory", "big"), "--memory: expected a size such as 256M, not 'big'"),
        (("--memory", "99T"), "--memory: expected at most 1T, not 99T"),
        (("--profile", "vm"), "--profile: expected zvm, kvm, off, not 'vm': did you mean zvm or kvm?"),
        (("--cpus", "0"), "--cpus: expected 1 to 248, not 0"),
        (("--cpus", "249"), "--cpus: expected 1 to 248, not 249"),
        (("--cmdline", "é"), "--cmdline: the command line must be ASCII without zero bytes"),
        (("--facility", "147", "--no-facility", "147"), "--facility and --no-facility: both name 147"),
        (("--trace", "/nowhere/trace"), "--trace: /nowhere/trace cannot be written: No such file or directory"),
        (("--json", "/"), "--json: / cannot be written: Is a directory"),
        (("--zzyzx",), "No such option '--zzyzx'."),
    ),
)
def test_wrong_option(program: str, capfd: pytest.CaptureFixture[str], options: tuple[str, ...], message: str) -> None:
    assert wrong(capfd, "run", program, *options) == message


@pytest.mark.parametrize(
    ("options", "name"),
    (
        (("--cpus", "many"), "'--cpus'"),
        (("--max-instructions", "0"), "'--max-instructions'"),
        (("--facility", "1000"), "--facility"),
        (("--cmdline", 896 * "x"), "--cmdline"),
    ),
)
def test_wrong_option_is_named(
    program: str, capfd: pytest.CaptureFixture[str], options: tuple[str, ...], name: str
) -> None:
    assert name in wrong(capfd, "run", program, *options)


def test_wrong_command(capfd: pytest.CaptureFixture[str]) -> None:
    assert wrong(capfd, "frob") == "No such command 'frob'."
    assert wrong(capfd, "run") == "Missing argument 'IMAGE'."


def test_without_a_command_there_is_help(capfd: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert capfd.readouterr().out.startswith("Usage: essa [OPTIONS] COMMAND")


@pytest.mark.parametrize("number", (str((1 << 62) + 1), str(1 << 64), 5000 * "9", "-1"))
def test_a_budget_beyond_what_a_machine_counts(program: str, capfd: pytest.CaptureFixture[str], number: str) -> None:
    assert "'--max-instructions'" in wrong(capfd, "run", program, "--max-instructions", number)


def test_the_largest_budget(program: str) -> None:
    assert main(["run", program, "--max-instructions", str(1 << 62), "--sample-every", str(1 << 62)]) == 0


def test_a_profile_of_a_suite_is_checked(capfd: pytest.CaptureFixture[str]) -> None:
    message = wrong(capfd, "conform", "kvm-unit-tests", "/nowhere", "--profile", "x")
    assert message == "--profile: expected zvm, kvm, off, not 'x'"


def test_version_and_help(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capfd.readouterr().out == f"essa {__version__}\n"
    assert main(["run", "--help"]) == 0
    assert "--max-instructions" in capfd.readouterr().out


@pytest.mark.parametrize("option", ("--json", "--trace"))
def test_an_output_that_cannot_be_written_in_the_end_is_named(
    program: str, capfd: pytest.CaptureFixture[str], option: str
) -> None:
    assert main(["run", program, option, "/dev/full"]) == 2
    assert capfd.readouterr().err == f"essa: {option}: /dev/full cannot be written: No space left on device\n"
