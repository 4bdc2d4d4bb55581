# SPDX-License-Identifier: GPL-2.0-or-later
"""In what outcomes differ, on bare machines and where one of them has signals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tools.differential.peers.comparing import differing
from tools.differential.peers.outcome import OutcomeFields, StreamEnding, StreamOutcome
from tools.differential.peers.signals import signal_of

One = Callable[..., StreamOutcome]


def signalled(outcome: StreamOutcome, number: int) -> StreamOutcome:
    """*outcome* as a process has it that got the signal *number*."""
    content = bytearray(outcome.content)
    content[OutcomeFields.ENDING : OutcomeFields.ENDING + 8] = int(StreamEnding.SIGNAL).to_bytes(8, "big")
    content[OutcomeFields.LOW_CORE : OutcomeFields.LOW_CORE + 8] = number.to_bytes(8, "big")
    return replace(outcome, content=bytes(content))


def test_the_same(one: One) -> None:
    assert differing(one("0700"), one("0700")) == ()


def test_registers_and_pages(one: One) -> None:
    names = [part.name for part in differing(one("a7f90001"), one("a7f90002"))]
    assert names == ["general register 15"]
    names = [part.name for part in differing(one("92010000"), one("92020000"))]
    assert names == ["page 0"]
    part = differing(one("1b11"), one("1f11"))[0]
    assert str(part) == "condition code: 0 here, 2 there"
    assert part.interruption == "none"


def test_the_interruption_alone_if_that_differs(one: One) -> None:
    (part,) = differing(one("1d10"), one("a7f90002"))
    assert (part.name, part.here, part.there) == ("interruption", "0006 specification", "none")


def test_what_is_left_out(one: One) -> None:
    assert differing(one("a7f90001"), one("a7f90002"), left_out=["general register 15"]) == ()


def test_a_lost_stream(one: One) -> None:
    (part,) = differing(one("0700"), StreamOutcome(b"", "it ended"))
    assert part.there == "it ended"


def test_nothing_can_be_said_of_what_was_cut_off(one: One) -> None:
    assert differing(one("a7f40000"), one("0700")) == ()
    assert differing(one("0700"), one("a7f40000")) == ()


@pytest.mark.parametrize(
    ("code", "signal", "name"),
    (
        ("1d10", 4, "SIGILL"),
        ("58f0f000", 11, "SIGSEGV"),
        ("b99700e0", 8, "SIGFPE"),
        ("b3cd0000", 4, ""),
    ),
)
def test_signals(one: One, code: str, signal: int, name: str) -> None:
    outcome = one(code, registers=(0,) * 15 + (0x23000,))
    assert signal_of(outcome) == name
    if name:
        assert signal_of(signalled(outcome, signal)) == name
        assert differing(outcome, signalled(outcome, signal), signals=True) == ()
        assert differing(outcome, signalled(outcome, 5), signals=True)[0].there == "SIGTRAP"
