# SPDX-License-Identifier: GPL-2.0-or-later
"""A line on the terminal while something takes long, and lines elsewhere."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import signal
import struct
import termios
import threading
import time

import pytest

from tools.processes import progress as module
from tools.processes.progress import progress

CLEARED = "\r\x1b[K"


class Told(io.StringIO):
    """A terminal of another's making, and what was written on it."""

    def __init__(self, *, is_terminal: bool = True) -> None:
        super().__init__()
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal

    def wait_for(self, text: str) -> None:
        """Wait until *text* has been written."""
        end = time.monotonic() + 60
        while text not in self.getvalue():
            assert time.monotonic() < end
            time.sleep(0.01)


def test_it_is_shown_anew_and_gone_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_EVERY", 0.01)
    numbers = iter(range(1, 1 << 30))
    terminal = Told()
    with progress(lambda: f"instruction {next(numbers)}", terminal):
        terminal.wait_for("instruction 2")
    shown = terminal.getvalue()
    assert shown.startswith(f"{CLEARED}instruction 1{CLEARED}instruction 2{CLEARED}")
    assert shown.endswith(CLEARED)


def test_what_is_over_soon_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_EVERY", 600)
    terminal = Told()
    with progress(lambda: "never", terminal):
        pass
    assert terminal.getvalue() == ""


def test_it_ends_with_what_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_EVERY", 0.01)
    terminal = Told()
    with pytest.raises(ValueError, match="so"), progress(lambda: "far", terminal):  # noqa: PT012 - shown before it fails
        terminal.wait_for("far")
        raise ValueError("so")
    assert terminal.getvalue().endswith(CLEARED)


def test_a_line_is_no_longer_than_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_EVERY", 0.01)
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
    seen = ""
    with os.fdopen(theirs, "w") as terminal, progress(lambda: "x" * 100, terminal):
        while seen.count(CLEARED) < 2:
            seen += os.read(ours, 4096).decode()
    os.close(ours)
    assert seen.split(CLEARED)[1] == "x" * 59


def test_elsewhere_it_is_told_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LINE_EVERY", 0.01)
    numbers = iter(range(1, 1 << 30))
    stream = Told(is_terminal=False)
    with progress(lambda: f"instruction {next(numbers)}", stream):
        stream.wait_for("instruction 2")
    assert stream.getvalue().startswith("essa: instruction 1\nessa: instruction 2\n")
    assert stream.getvalue().endswith("\n")


def test_a_reader_that_has_gone_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LINE_EVERY", 0.01)
    asked = threading.Event()

    def describe() -> str:
        asked.set()
        return "far"

    ours, theirs = os.pipe()
    os.close(ours)
    with os.fdopen(theirs, "w") as stream:
        with progress(describe, stream):
            assert asked.wait(60)
        # What could not be written would be in the way of closing it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def test_ctrl_c_is_not_for_the_thread_that_tells() -> None:
    blocked: list[set[int]] = []
    stream = Told()

    def describe() -> str:
        blocked.append(signal.pthread_sigmask(signal.SIG_BLOCK, ()))
        return "far"

    with progress(describe, stream):
        stream.wait_for("far")
    assert signal.SIGINT in blocked[0]
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())
