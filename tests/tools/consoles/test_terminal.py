# SPDX-License-Identifier: GPL-2.0-or-later
"""``essa run`` at a pseudo-terminal: keys reach the guest, Ctrl-A the machine, and the terminal comes back."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.at_terminal import AtTerminal
from tests.support.command import write_program
from tests.support.elf import LOOP, Elf, ending_program
from tests.support.suite import KEY, program

HINT = b"Ctrl-A h shows"
READING = program("ready", KEY, "PASS: a key", KEY)


def started(directory: Path, elf: Elf) -> AtTerminal:
    """``essa run`` of *elf*."""
    return AtTerminal("run", write_program(directory, elf), "--memory", "2M")


@pytest.fixture
def session(tmp_path: Path) -> Iterator[AtTerminal]:
    session = started(tmp_path, READING)
    yield session
    session.close()


def test_a_key_reaches_the_guest_at_once_and_the_terminal_comes_back(session: AtTerminal) -> None:
    session.expect(b"ready")
    session.expect(HINT)
    assert session.attributes() != session.before
    session.type(b"k")
    session.expect(b"PASS: a key")
    session.type(b"\x03")  # Ctrl-C is a key like any other
    assert session.end() == 0
    assert session.attributes() == session.before


@pytest.mark.parametrize(
    ("keys", "shown"), ((b"\x01h", b"Ctrl-A x  end"), (b"\x01?", b"Ctrl-A x  end"), (b"\x01t", b"tot->"))
)
def test_ctrl_a_shows_something_and_the_guest_sees_nothing_of_it(
    session: AtTerminal, keys: bytes, shown: bytes
) -> None:
    session.expect(b"ready")
    session.type(keys)
    session.expect(shown)
    session.type(b"\x01")
    session.type(b"x")
    session.expect(b"stopped by Ctrl-A x")
    assert session.end() == 3
    assert session.attributes() == session.before


def test_ctrl_a_twice_is_a_key(session: AtTerminal) -> None:
    session.expect(b"ready")
    session.type(b"\x01\x01")
    session.expect(b"PASS: a key")


def test_the_stepper_and_back(session: AtTerminal) -> None:
    session.expect(b"ready")
    session.type(b"\x01s")
    session.expect(b"essa>")
    session.type(b"psw\n")
    session.expect(b"cpu 0")
    session.type(b"g\n")
    # What is typed before the prompt has gone is for the prompt.
    time.sleep(2)
    session.type(b"k")
    session.expect(b"PASS: a key")
    session.type(b"\x01s")
    session.expect(b"essa>")
    session.type(b"q\n")
    assert session.end() == 3
    assert session.attributes() == session.before


@pytest.mark.parametrize("number", (signal.SIGTERM, signal.SIGHUP))
def test_a_signal_that_ends_the_process_gives_the_terminal_back(session: AtTerminal, number: signal.Signals) -> None:
    session.expect(b"ready")
    session.process.send_signal(number)
    assert session.end() == -number
    assert session.attributes() == session.before


def test_a_program_that_reads_nothing_leaves_the_terminal_alone(tmp_path: Path) -> None:
    session = started(tmp_path, ending_program(LOOP))
    try:
        time.sleep(2)
        assert session.attributes() == session.before
        session.process.send_signal(signal.SIGINT)
        session.expect(b"stopped by Ctrl-C")
        assert session.end() == 3
    finally:
        session.close()
