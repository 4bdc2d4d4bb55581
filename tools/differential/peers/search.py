# SPDX-License-Identifier: GPL-2.0-or-later
"""Streams tried batch by batch; what differs is located, held against what is known, and made small if it is new."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from emu.isa.disassembler import disassemble
from tools.differential.peers.simplifying import simplified

if TYPE_CHECKING:
    from tools.differential.peers.known import KnownDifferences, WhoIsWrong
    from tools.differential.peers.stream import Stream
    from tools.differential.peers.trial import Divergence, Trial

_NUMBER: Final = re.compile(r" (?:\d+|[0-9a-f]{4,})$")
_MOST_PARTS: Final = 8

Kind = tuple[str, tuple[str, ...]]
"""What differences of one kind have in common: the opcode, and the parts without the numbers of registers and pages."""


@dataclass(frozen=True, slots=True)
class NewDifference:
    """A difference that the table does not know, as small as it could be made."""

    found: Divergence

    def lines(self) -> list[str]:
        """What is printed of it."""
        found = self.found
        parts = [f"  {part}" for part in found.parts[:_MOST_PARTS]]
        more = len(found.parts) - _MOST_PARTS
        return [
            f"{found.opcode} {disassemble(found.instruction)}",
            *(f"  {each}" for each in found.stream.listing()),
            *parts,
            *([f"  and {more} more"] if more > 0 else []),
            f"  {found.stream.to_line()}",
        ]


@dataclass(slots=True)
class SearchResult:
    """What has come of a search so far."""

    streams: int = 0
    instructions: int = 0
    """In these streams."""
    cut_off: int = 0
    """Streams that differ as a whole, but no part of them."""
    known: Counter[WhoIsWrong] = field(default_factory=Counter)
    new: dict[Kind, NewDifference] = field(default_factory=dict)
    repeated: int = 0
    """Differences of a kind that was found to be new before."""


class StreamSearch:
    """Tries streams.

    :param known: what is known of the other machine.
    """

    def __init__(self, trial: Trial, known: KnownDifferences) -> None:
        self._trial = trial
        self._known = known
        self.result = SearchResult()

    def go_on(self, streams: Sequence[Stream]) -> list[NewDifference]:
        """Try *streams*; what is new in them."""
        result = self.result
        result.streams += len(streams)
        result.instructions += sum(len(each.instructions) for each in streams)
        found: list[NewDifference] = []
        pending = list(streams)
        while pending:
            differing = [
                stream for stream, parts in zip(pending, self._trial.differences(pending), strict=True) if parts
            ]
            pending = []
            for stream, each in zip(differing, self._trial.locate(differing), strict=True):
                if each is None:
                    result.cut_off += 1
                    continue
                found += self._judge(each)
                rest = _without(stream, each)
                if rest is not None:
                    pending.append(rest)
        return found

    def _judge(self, each: Divergence) -> list[NewDifference]:
        """Count *each* if it is known, or else make it small."""
        known = self._known.verdict(each)
        if known is not None:
            self.result.known[known.verdict] += 1
            return []
        kind = kind_of(each)
        if kind in self.result.new:
            self.result.repeated += 1
            return []

        def still_differ(streams: Sequence[Stream]) -> list[bool]:
            return [
                bool(parts) and kind_of(replace(each, stream=stream, parts=parts)) == kind
                for stream, parts in zip(streams, self._trial.differences(streams), strict=True)
            ]

        smallest = simplified(each.stream, still_differ)
        parts = self._trial.differences([smallest])[0]
        new = NewDifference(replace(each, stream=smallest, parts=parts or each.parts))
        self.result.new[kind] = new
        return [new]


def kind_of(found: Divergence) -> Kind:
    """The kind of difference that *found* is."""
    parts = {
        f"{part.name}: {part.here} here, {part.there} there"
        if part.name == "interruption"
        else _NUMBER.sub("", part.name)
        for part in found.parts
    }
    return str(found.opcode), tuple(sorted(parts))


def _without(stream: Stream, found: Divergence) -> Stream | None:
    """*stream* without the instruction that makes the difference, so that what is behind it is tried as well."""
    length = len(found.stream.instructions)
    begin = length - 1 - found.stream.ends_in_branch_back
    rest = stream.instructions[:begin] + stream.instructions[length:]
    return replace(stream, instructions=rest) if stream.instructions[length:] else None
