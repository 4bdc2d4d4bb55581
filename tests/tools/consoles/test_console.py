# SPDX-License-Identifier: GPL-2.0-or-later
"""The guest's console on standard output."""

from __future__ import annotations

import pytest

from emu.state import sections
from tools.consoles.console import GuestConsole


def test_what_is_written_is_shown_at_once_and_kept(capfd: pytest.CaptureFixture[str]) -> None:
    console = GuestConsole()
    console.write(b"one\ntw")
    assert capfd.readouterr().out == "one\ntw"
    console.write(b"o")
    assert (console.text, console.size) == ("one\ntwo", 7)


def test_an_unfinished_line_is_ended_once(capfd: pytest.CaptureFixture[str]) -> None:
    console = GuestConsole()
    console.write(b"one")
    console.end_line()
    console.end_line()
    assert capfd.readouterr().out == "one\n"
    assert console.text == "one"


def test_lines_of_several_guests_are_shown_when_they_are_complete(capfd: pytest.CaptureFixture[str]) -> None:
    first, second = GuestConsole("guest 0"), GuestConsole("guest 1")
    first.write(b"a")
    second.write(b"b\nc")
    first.write(b"d\n")
    second.end_line()
    assert capfd.readouterr().out == "guest 1: b\nguest 0: ad\nguest 1: c\n"


def test_one_that_is_not_shown_keeps_everything(capfd: pytest.CaptureFixture[str]) -> None:
    console = GuestConsole(is_shown=False)
    console.write(b"\xff")
    console.end_line()
    assert capfd.readouterr().out == ""
    assert console.text == "\ufffd"


def test_find() -> None:
    console = GuestConsole(is_shown=False)
    console.write(b"name? name?")
    assert [console.find(b"name?", start) for start in (0, 1, 7)] == [5, 11, -1]


def test_a_line_is_open_on_the_terminal_whatever_is_written_again(capfd: pytest.CaptureFixture[str]) -> None:
    """What is put back, or written again, is not shown, and so leaves no line unfinished."""
    console = GuestConsole()
    console.write(b"# ")
    (section,) = sections(console)
    before = [(field, field.get(console)) for field in section.fields]
    console.end_line()
    for field, value in before:
        field.put(console, value)
    console.write_again(b"$ ")
    console.end_line()
    assert capfd.readouterr().out == "# \n"
    assert console.text == "# $ "
