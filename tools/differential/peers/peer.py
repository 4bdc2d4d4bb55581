# SPDX-License-Identifier: GPL-2.0-or-later
"""Another machine that executes streams, and which there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from tools.differential.peers.outcome import StreamOutcome
    from tools.differential.peers.stream import Stream


class PeerError(Exception):
    """Another machine cannot be had; the message is one line."""


class Peer(Protocol):
    """Another machine."""

    @property
    def has_vectors(self) -> bool:
        """Whether there are vector registers."""

    @property
    def has_signals(self) -> bool:
        """Whether streams are parts of a Linux process, which has signals and not interruptions."""

    @property
    def left_out(self) -> tuple[str, ...]:
        """Parts of an outcome that it does not show."""

    def adapted(self, stream: Stream) -> Stream:
        """*stream* with a state that it can make."""

    def begin(self, streams: Sequence[Stream]) -> None:
        """Begin to execute *streams*."""

    def outcomes(self) -> list[StreamOutcome]:
        """Wait for their end: what came of each of them.

        :raises PeerError: if the machine cannot be had any more.
        """

    def close(self) -> None:
        """End it."""
