# SPDX-License-Identifier: GPL-2.0-or-later
"""What the guest writes again, on the way through what was, is not shown again."""

from __future__ import annotations

from emu.debugging.recorded_console import RecordedConsole
from emu.devices.console import ConsoleBuffer
from emu.state import restore_state, state_of
from tools.consoles.console import GuestConsole


def test_what_is_written_again_is_not_passed_on() -> None:
    inner = ConsoleBuffer()
    console = RecordedConsole(inner)
    console.write(b"one ")
    at_one = state_of(console)
    console.write(b"two ")
    restore_state(console, at_one)
    console.write(b"tw")
    assert inner.data == b"one two "
    console.write(b"o three ")
    assert inner.data == b"one two three "


def test_another_future_is_shown() -> None:
    inner = ConsoleBuffer()
    console = RecordedConsole(inner)
    start = state_of(console)
    console.write(b"one ")
    restore_state(console, start)
    console.forget_later()
    console.write(b"other")
    assert inner.data == b"one other"


def test_a_console_that_keeps_what_was_written_goes_back_with_it() -> None:
    inner = GuestConsole(is_shown=False)
    console = RecordedConsole(inner)
    console.write(b"one ")
    at_one = state_of(console)
    console.write(b"two ")
    restore_state(console, at_one)
    assert inner.text == "one "
    console.write(b"two three")
    assert inner.text == "one two three"
