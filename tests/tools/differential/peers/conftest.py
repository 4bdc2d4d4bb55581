# SPDX-License-Identifier: GPL-2.0-or-later
"""Streams, and another machine that gets one instruction wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from emu.psw import ADDRESSING_MODE, DAT, EXTERNAL_MASK
from tools.differential.peers.generator import CONTROL_0
from tools.differential.peers.here import Here
from tools.differential.peers.outcome import StreamOutcome
from tools.differential.peers.stream import Stream

MASK = DAT | EXTERNAL_MASK | ADDRESSING_MODE


def stream(*instructions: str, seed: int = 1, **given: object) -> Stream:
    """A stream of *instructions*, in the 64-bit mode if nothing else is *given*."""
    return Stream(**{"seed": seed, "instructions": instructions, "mask": MASK, "cr0": CONTROL_0, **given})  # type: ignore[arg-type]


class WrongPeer:
    """This machine in the place of another one: it subtracts where it should add, or gets wrong what is said."""

    has_vectors = True
    has_signals = False
    left_out: tuple[str, ...] = ()

    def __init__(self, here: Here, **wrong: str) -> None:
        self._here = here
        self._wrong = wrong or {"b908": "b909"}
        self._streams: Sequence[Stream] = ()

    def adapted(self, stream: Stream) -> Stream:
        return stream

    def begin(self, streams: Sequence[Stream]) -> None:
        self._streams = [
            replace(each, instructions=tuple(self._changed(code) for code in each.instructions)) for each in streams
        ]

    def outcomes(self) -> list[StreamOutcome]:
        return self._here.run(self._streams)

    def close(self) -> None:
        """It is nothing that must be ended."""

    def _changed(self, code: str) -> str:
        return self._wrong.get(code[:4], code[:4]) + code[4:]


@pytest.fixture(scope="session")
def here() -> Here:
    return Here(has_vectors=True)


@pytest.fixture
def wrong_peer(here: Here) -> WrongPeer:
    return WrongPeer(here)


@pytest.fixture
def one(here: Here) -> Callable[..., StreamOutcome]:
    """Executes a stream of instructions here."""

    def run(*instructions: str, **given: object) -> StreamOutcome:
        made = stream(*instructions, **given)
        return replace(here.run([made])[0], end=made.end)

    return run
