# SPDX-License-Identifier: GPL-2.0-or-later
"""The command as a user meets it: exit statuses, outputs, and one line for all wrong use."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.elf import ENTRY, ESSA_PROGRAM, FAILED, LOOP, PASSED, Elf, ending_program
from tools import __version__
from tools.command.cli import main

ROOT = Path(__file__).parents[3]


@pytest.fixture
def program(tmp_path: Path) -> str:
    """A program that executes ESSA twice and passes."""
    return write(tmp_path, ending_program(ESSA_PROGRAM))


def write(directory: Path, elf: Elf | bytes, name: str = "program.elf") -> str:
    path = directory / name
    path.write_bytes(elf if isinstance(elf, bytes) else elf.to_bytes())
    return str(path)


def essa(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own."""
    command = [sys.executable, "-m", "tools.command.cli", *arguments]
    return subprocess.run(command, cwd=ROOT, input=stdin, capture_output=True, text=True, check=False)


def test_passing_program_is_quiet(program: str) -> None:
    done = essa("run", program)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_missing_instruction_is_named_once(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    # INSERT REFERENCE BITS MULTIPLE, of a facility that the machine does not have.
    assert main(["run", write(tmp_path, ending_program(bytes.fromhex("b9ac0012")))]) == 0
    assert capfd.readouterr().err == "essa: not modelled: IRBM (met 1 times)\n"


def test_summary_on_a_terminal(
    program: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert main(["run", program, "--memory", "2M"]) == 0
    text = re.sub(r"\x1b\[[0-9;]*m", "", capfd.readouterr().err)
    lines = [line.split(maxsplit=1) for line in text.splitlines() if line.strip()]
    assert [label for label, _ in lines] == ["stopped", "machine", "instructions", "interruptions", "ESSA"]
    assert lines[1][1].strip() == "2M, 1 CPU, profile zvm"
    assert lines[3][1].strip() == "program 0x0001 operation: 1"
    assert lines[4][1].strip() == "set stable: 1, set unused: 1"


def test_failing_program(tmp_path: Path) -> None:
    assert main(["run", write(tmp_path, ending_program(b"", FAILED))]) == 1


def test_unasked_stop_is_named(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["run", write(tmp_path, ending_program(b"", 0x1000))]) == 3
    assert capfd.readouterr().err.splitlines()[0] == (
        "essa: disabled wait at 0x1000 (CPU 0, PSW 0002000180000000 0000000000001000)"
    )


def test_program_interruption_loop(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    # Without a low core the program-new PSW is zero, which is 24-bit mode at address 0: nothing but zeros there.
    assert main(["run", write(tmp_path, Elf(((ENTRY, bytes(4)),)))]) == 3
    assert "program-interruption loop" in capfd.readouterr().err


def test_budget(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["run", write(tmp_path, ending_program(LOOP)), "--max-instructions", "12345"]) == 4
    assert "instruction budget used up" in capfd.readouterr().err


def test_json(program: str, tmp_path: Path) -> None:
    output = tmp_path / "summary.json"
    assert main(["run", program, "--memory", "2M", "--json", str(output)]) == 0
    summary = json.loads(output.read_text())
    assert summary["exit_status"] == 0
    assert summary["verdict"] == "passed"
    assert summary["stop"] == {
        "kind": "disabled wait",
        "text": f"disabled wait at {PASSED:#x}",
        "cpu": 0,
        "psw_mask": "0002000180000000",
        "psw_address": "0000000000000fff",
    }
    # LLILF and two ESSA; the illegal instruction is suppressed.
    assert summary["instructions"] == 3
    assert summary["interruptions"] == [{"class": "program", "code": 1, "count": 1, "name": "operation"}]
    assert summary["essa"] == [
        {"request": 1, "name": "set stable", "count": 1},
        {"request": 2, "name": "set unused", "count": 1},
    ]
    assert summary["instruction_counts"] == {"ESSA": 2}
    assert summary["not_modelled"] == {"opcode 0000": 1}
    # The low core and the program have been touched, and nothing else.
    assert summary["page_states"]["sum"] == {"total": 512, "r": 2, "p": 0, "z": 510}
    assert summary["console"] == ""


def test_json_on_standard_output(program: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["run", program, "--json", "-"]) == 0
    assert json.loads(capfd.readouterr().out)["exit_status"] == 0


def test_table(program: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["run", program, "--memory", "2M", "--table"]) == 0
    assert capfd.readouterr().out.splitlines() == [
        "<state>|--tot--|---r---|---p---|---z---|",
        "    S  |    512|      2|      0|    510|",
        "    U  |      0|      0|      0|      0|",
        "    P  |      0|      0|      0|      0|",
        "    V  |      0|      0|      0|      0|",
        "tot->  |    512|      2|      0|    510|",
    ]


def test_trace_file(program: str, tmp_path: Path) -> None:
    output = tmp_path / "trace"
    assert main(["run", program, "--trace", str(output)]) == 0
    lines = output.read_text().splitlines()
    assert len(lines) == 5
    assert "ESSA 3,2,2" in lines[1]
    assert "old PSW" in lines[4]


def test_trace_on_standard_error(program: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["run", program, "--trace", "-"]) == 0
    assert "ESSA 3,2,2" in capfd.readouterr().err


@pytest.mark.parametrize("arguments", ((), ("--trace", os.devnull)))
def test_profile_off_makes_essa_an_operation_exception(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    output = tmp_path / "summary.json"
    program = write(tmp_path, ending_program(ESSA_PROGRAM))
    assert main(["run", program, "--profile", "off", "--json", str(output), *arguments]) == 0
    assert json.loads(output.read_text())["instructions"] == 1


def test_facility_147_can_be_taken_away(tmp_path: Path) -> None:
    output = tmp_path / "summary.json"
    # Request 7 is a specification exception without the facility.
    program = write(tmp_path, ending_program(ESSA_PROGRAM[:6] + bytes.fromhex("b9ab7032")))
    assert main(["run", program, "--no-facility", "147", "--json", str(output)]) == 0
    assert [each["name"] for each in json.loads(output.read_text())["interruptions"]] == ["specification"]


def test_ctrl_c_is_a_named_stop(tmp_path: Path) -> None:
    output = tmp_path / "summary.json"
    program = write(tmp_path, ending_program(LOOP))
    command = [sys.executable, "-m", "tools.command.cli", "run", program, "--trace", "-", "--json", str(output)]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("cpu 0: S")
        process.send_signal(signal.SIGINT)
        lines = process.stderr.read().splitlines()
    assert process.returncode == 3
    assert lines[-1].startswith("essa: stopped by Ctrl-C (CPU 0, PSW ")
    assert json.loads(output.read_text())["stop"]["kind"] == "stop requested"


def test_reader_that_goes_away(program: str) -> None:
    command = f"{sys.executable} -m tools.command.cli run {program} --table --json - | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    assert done.returncode == 3


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
    command = f"{sys.executable} -m tools.command.cli step {program} {closed}"
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, input="g\n", capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (status, error)


# Wrong use: exit status 2 and one line.


def wrong(capfd: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The line that wrong use with *arguments* gives."""
    assert main(list(arguments)) == 2
    captured = capfd.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    assert line.startswith("essa: ")
    return line.removeprefix("essa: ")


@pytest.mark.parametrize(
    ("options", "message"),
    (
        (("--memory", "1000K"), "--memory: expected a multiple of 1M, not 1000K"),
        (("--memory", "0"), "--memory: expected a multiple of 1M, not 0"),
        (("--memory", "big"), "--memory: expected a size such as 256M, not 'big'"),
        (("--memory", "99T"), "--memory: expected at most 1T, not 99T"),
        (("--profile", "vm"), "--profile: expected zvm, kvm, off, not 'vm'"),
        (("--cpus", "0"), "--cpus: expected 1 to 248, not 0"),
        (("--cpus", "249"), "--cpus: expected 1 to 248, not 249"),
        (("--cmdline", "é"), "--cmdline: the command line must be ASCII without zero bytes"),
        (("--facility", "147", "--no-facility", "147"), "--facility and --no-facility: both name 147"),
        (("--trace", "/nowhere/trace"), "--trace: /nowhere/trace cannot be written: No such file or directory"),
        (("--json", "/"), "--json: / cannot be written: Is a directory"),
        (("--frob",), "No such option: --frob"),
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


def test_wrong_image(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    elf = ending_program(b"")
    text = write(tmp_path, b"#!/bin/sh\n", "text")
    foreign = write(tmp_path, elf.changed(machine=62), "foreign")
    cut = write(tmp_path, elf.to_bytes()[:-1], "cut")
    large = write(tmp_path, elf.changed(extra_memory=1 << 30), "large")
    assert "text: expected an ELF file" in wrong(capfd, "run", text)
    assert "foreign: e_machine is EM_X86_64, not EM_S390" in wrong(capfd, "run", foreign)
    assert "cut: truncated" in wrong(capfd, "run", cut)
    assert "large: loadable segment 0 at 0x1d0-" in wrong(capfd, "run", large)
    assert "none: cannot be read: No such file or directory" in wrong(capfd, "step", str(tmp_path / "none"))


def test_wrong_command(capfd: pytest.CaptureFixture[str]) -> None:
    assert wrong(capfd) == "Missing command."
    assert wrong(capfd, "frob") == "No such command 'frob'."
    assert wrong(capfd, "run") == "Missing argument 'IMAGE'."


def test_version_and_help(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capfd.readouterr().out == f"essa {__version__}\n"
    assert main(["run", "--help"]) == 0
    assert "--max-instructions" in capfd.readouterr().out


# essa step


def test_script(program: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    script = write(tmp_path, b"s\n\npage 100000\nq\nfrob\n", "script")
    assert main(["step", program, "--script", script]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith("essa>")] == ["essa> s", "essa>", "essa> page 100000", "essa> q"]
    assert lines[-2] == "page 100 (100000): Uz"


def test_script_to_the_end_has_the_status_of_the_run(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    script = write(tmp_path, b"g\n", "script")
    for ending, status in ((PASSED, 0), (FAILED, 1), (0x2000, 3)):
        assert main(["step", write(tmp_path, ending_program(b"", ending)), "--script", script]) == status


def test_wrong_script(program: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    script = write(tmp_path, b"psw\ns x\n", "script")
    assert main(["step", program, "--script", script]) == 2
    assert capfd.readouterr().err == f"essa: {script}, line 2: s: expected a number of instructions, not 'x'\n"
    assert "cannot be read" in wrong(capfd, "step", program, "--script", str(tmp_path / "none"))
    assert "is not text" in wrong(capfd, "step", program, "--script", write(tmp_path, b"\xff", "binary"))


def test_commands_from_standard_input(program: str) -> None:
    done = essa("step", program, stdin="s\nfrob\npsw\n")
    assert done.returncode == 0
    first, second, third = done.stdout.splitlines()
    assert "LLILF" in first
    assert second.startswith("expected one of")
    assert third.startswith("cpu 0: 00000001")


@pytest.mark.parametrize("option", ("--json", "--trace"))
def test_an_output_that_cannot_be_written_in_the_end_is_named(
    program: str, capfd: pytest.CaptureFixture[str], option: str
) -> None:
    assert main(["run", program, option, "/dev/full"]) == 2
    assert capfd.readouterr().err == f"essa: {option}: /dev/full cannot be written: No space left on device\n"


@pytest.mark.parametrize(
    ("content", "message"),
    (
        (None, "cannot be opened: No such file or directory"),
        (b"", "expected a multiple of 512 bytes, not 0"),
        (b"x" * 513, "expected a multiple of 512 bytes, not 513"),
    ),
)
def test_a_disk_that_is_none(
    program: str, tmp_path: Path, capfd: pytest.CaptureFixture[str], content: bytes | None, message: str
) -> None:
    image = tmp_path / "image"
    if content is not None:
        image.write_bytes(content)
    assert main(["run", program, "--disk", str(image)]) == 2
    error = capfd.readouterr().err
    assert error.startswith(f"essa: --disk: {image}")
    assert message in error


def test_guests_do_not_write_the_same_disk(program: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    image = tmp_path / "image"
    image.write_bytes(bytes(512))
    assert main(["run", program, "--disk", f"{image}:rw", "--guests", "2"]) == 2
    assert "--disk: several guests cannot write the same image" in capfd.readouterr().err
