# SPDX-License-Identifier: GPL-2.0-or-later
"""A line on the terminal while something takes long."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import struct
import termios
import time

import pytest

from tools.stepping import progress as module
from tools.stepping.progress import progress

CLEARED = "\r\x1b[K"


class Told(io.StringIO):
    """A terminal of another's making, and what was written on it."""

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
