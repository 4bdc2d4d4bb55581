# SPDX-License-Identifier: GPL-2.0-or-later
"""``essa step``: commands from a file and from standard input, and what is wrong with them."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from emu.debugging.session import Session
from emu.machine import MEGABYTE, Machine
from host.page_manager import PageManager
from host.paging_device import PagingDevice
from tests.support.at_terminal import AtTerminal
from tests.support.command import essa, write_program, wrong
from tests.support.elf import FAILED, LOOP, PASSED, ending_program
from tools.command.cli import main
from tools.stepping import conversation
from tools.stepping.conversation import converse
from tools.stepping.lines import execute
from tools.stepping.stepper import Stepper


def test_script(program: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    script = write_program(tmp_path, b"s\n\npage 100000\nq\nfrob\n", "script")
    assert main(["step", program, "--script", script]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith("essa>")] == ["essa> s", "essa>", "essa> page 100000", "essa> q"]
    assert lines[-4] == "page 100 (100000): Uz"


def test_script_to_the_end_has_the_status_of_the_run(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    script = write_program(tmp_path, b"g\n", "script")
    for ending, status in ((PASSED, 0), (FAILED, 1), (0x2000, 3)):
        assert main(["step", write_program(tmp_path, ending_program(b"", ending)), "--script", script]) == status


def test_wrong_script(program: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    script = write_program(tmp_path, b"psw\ns x\n", "script")
    assert main(["step", program, "--script", script]) == 2
    assert capfd.readouterr().err == f"essa: {script}, line 2: s: expected a number of instructions, not 'x'\n"
    assert "cannot be read" in wrong(capfd, "step", program, "--script", str(tmp_path / "none"))
    assert "is not text" in wrong(capfd, "step", program, "--script", write_program(tmp_path, b"\xff", "binary"))


def test_a_script_goes_on_after_an_error_if_told_to(
    program: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    script = write_program(tmp_path, b"frob\ns x\ns\n", "script")
    assert main(["step", program, "--script", script, "--keep-going"]) == 2
    shown = capfd.readouterr()
    assert [line.split(": ")[1] for line in shown.err.splitlines()] == [f"{script}, line {number}" for number in (1, 2)]
    assert "LLILF" in shown.out.splitlines()[-1]
    assert "expected --script or --commands" in wrong(capfd, "step", program, "--keep-going")


def test_commands_on_the_command_line(program: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["step", program, "--commands", "s; frob; psw", "--keep-going"]) == 2
    shown = capfd.readouterr()
    assert [line for line in shown.out.splitlines() if line.startswith("essa>")] == [
        "essa> s",
        "essa> frob",
        "essa> psw",
    ]
    assert shown.err.startswith("essa: --commands, line 2: there is no command 'frob'")
    assert main(["step", program, "--commands", "s"]) == 0
    capfd.readouterr()
    script = write_program(tmp_path, b"s\n", "script")
    assert "--commands: expected no --script" in wrong(capfd, "step", program, "--commands", "s", "--script", script)


def test_commands_from_standard_input(program: str) -> None:
    done = essa("step", program, stdin="s\nfrob\npsw\n")
    assert done.returncode == 0
    first, second, third, fourth = done.stdout.splitlines()
    assert "LLILF" in first
    assert second.startswith("there is no command 'frob'")
    assert third.startswith("cpu 0: 00000001")
    assert fourth.startswith("  64-bit")


def test_the_stepper_evicts_a_page(program: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "script"
    script.write_text("page 11000\nevict 10000\nr 10000.4\ns\npage 10000\nevict 0\ntable\n")
    assert main(["step", program, "--memory", "2M", "--host-memory", "2M", "--script", str(script)]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert lines[5] == "page 10 (10000): Sp"
    assert lines[8].endswith("(Sp: preserved by the host)")
    # The instruction fetch brings the page back.
    assert lines[10] == "host: page[0x10]=Sp->Sr"
    assert "page 10 (10000): Sr" in lines
    assert "page 0: has no frame, must stay, or cannot be written" in lines
    assert lines[-6] == "<state>|--tot--|---r---|---p---|---z---|"


def test_the_stepper_needs_a_host_to_evict(program: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "script"
    script.write_text("evict 10000\n")
    assert main(["step", program, "--script", str(script)]) == 2
    assert "expected --host-memory" in capfd.readouterr().err
    assert main(["step", program, "--guests", "2", "--script", str(script)]) == 2
    assert "--guests: one guest is stepped at a time" in capfd.readouterr().err


def test_looking_at_a_resident_page_is_no_reference_for_the_host() -> None:
    lines: list[str] = []
    with PagingDevice(None, 16) as device:
        manager = PageManager(256, device=device)
        machine = Machine(MEGABYTE, hypervisor=manager.guest())
        machine.load_storage(0x20000, b"\x5a" * 4096)
        pool = manager.pool
        manager.lists.sweep(pool.referenced)
        execute(Stepper(Session(machine, host=manager), lines.append, manager=manager), "r 20000.4")
        assert lines == ["0000000000020000  5a5a5a5a"]
        assert not pool.referenced[int(manager.guests[0].locations[0x20]) - 1]


def test_ctrl_c_ends_a_search_and_not_the_console(tmp_path: Path) -> None:
    terminal = AtTerminal("step", write_program(tmp_path, ending_program(LOOP)), "--memory", "2M")
    try:
        terminal.expect(b"essa>")
        terminal.type(b"goto 3000000\r")
        terminal.expect(b"cpu 0: ")
        for _ in range(2):
            terminal.type(b"back 2000000\r")
            terminal.expect(b" (Ctrl-C ends it)")
            terminal.process.send_signal(signal.SIGINT)
            terminal.expect(b"; the machine is where it was")
        terminal.type(b"history\r")
        terminal.expect(b"instruction 3,000,000 of 0 to 3,000,000")
        terminal.type(b"q\r")
        assert terminal.end() == 0
    finally:
        terminal.close()


def test_ctrl_c_elsewhere_does_not_end_the_console(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the machine does not run, there is nothing to be ended; without a terminal nobody would go on."""
    stepper = Stepper(Session(Machine(MEGABYTE)), lambda _: os.kill(os.getpid(), signal.SIGINT))
    monkeypatch.setattr(conversation, "_typed_lines", lambda _: iter(["t on", "q"]))
    monkeypatch.setattr(conversation, "_is_at_terminal", lambda: True)
    assert not converse(stepper)
    monkeypatch.setattr(conversation, "_is_at_terminal", lambda: False)
    with pytest.raises(KeyboardInterrupt):
        converse(stepper)
