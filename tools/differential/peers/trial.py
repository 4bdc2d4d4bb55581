# SPDX-License-Identifier: GPL-2.0-or-later
"""Streams tried on both machines, and where one of them begins to differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Protocol, TypeVar

from emu.isa.opcodes import Opcode
from tools.differential.peers import layout
from tools.differential.peers.comparing import differing
from tools.differential.peers.outcome import Part, StreamOutcome
from tools.differential.peers.stream import BRANCH_BACK, EXECUTE, EXECUTE_RELATIVE

if TYPE_CHECKING:
    from tools.differential.peers.peer import Peer
    from tools.differential.peers.stream import Stream

_T = TypeVar("_T")


class _Local(Protocol):
    def run(self, streams: Sequence[Stream]) -> list[StreamOutcome]: ...


@dataclass(frozen=True, slots=True)
class Divergence:
    """A stream that comes to something else there; all but its last instruction come to the same."""

    stream: Stream
    parts: tuple[Part, ...]

    @property
    def instruction(self) -> bytes:
        """The instruction that makes the difference; if it is an EXECUTE, the target as it is modified.

        That is right for registers that the stream has not changed.
        """
        instructions = self.stream.instructions
        # A branch back belongs to what it repeats.
        code = bytes.fromhex(instructions[-1 - self.stream.ends_in_branch_back])
        opcode = Opcode.of(code)
        if opcode == EXECUTE:
            number = (int.from_bytes(code[2:4], "big") & 0xFFF) // 8
        elif opcode == EXECUTE_RELATIVE:
            place = self.stream.start + sum(map(len, self.stream.instructions[:-1])) // 2
            number = (place + 2 * int.from_bytes(code[2:6], "big", signed=True) - layout.TARGETS) // 8
        else:
            return code
        targets = self.stream.targets
        if not 0 <= number < len(targets):
            return code
        target = bytearray.fromhex(targets[number])
        register = code[1] >> 4
        target[1] |= self.stream.registers[register] & 0xFF if register else 0
        return bytes(target)

    @property
    def opcode(self) -> Opcode:
        """Its opcode."""
        return Opcode.of(self.instruction)


class Trial:
    """This machine and another one, which execute the same streams at the same time."""

    def __init__(self, here: _Local, there: Peer) -> None:
        self._here = here
        self._there = there
        self.tried = 0
        """How many streams have been executed, those that only look closer at others included."""

    def differences(self, streams: Sequence[Stream]) -> list[tuple[Part, ...]]:
        """In what each of *streams* differs."""
        found: list[tuple[Part, ...]] = []
        for batch in batches(streams, layout.MOST_STREAMS):
            self._there.begin(batch)
            here = self._here.run(batch)
            found += [
                differing(
                    replace(ours, end=stream.end),
                    replace(theirs, end=stream.end),
                    left_out=self._there.left_out,
                    signals=self._there.has_signals,
                )
                for stream, ours, theirs in zip(batch, here, self._there.outcomes(), strict=True)
            ]
            self.tried += len(batch)
        return found

    def locate(self, streams: Sequence[Stream]) -> list[Divergence | None]:
        """The instruction of each of *streams*, which differ, that makes the difference.

        None: no part of that stream differs by itself, as when the timer of one machine has ended it.
        """
        prefixes = [
            (number, replace(stream, instructions=stream.instructions[:length]))
            for number, stream in enumerate(streams)
            for length in _lengths(stream)
        ]
        differences = self.differences([each for _, each in prefixes])
        found: dict[int, Divergence] = {}
        for (number, prefix), parts in zip(prefixes, differences, strict=True):
            if parts and number not in found:
                found[number] = Divergence(prefix, parts)
        return [found.get(number) for number in range(len(streams))]


def _lengths(stream: Stream) -> list[int]:
    """How many instructions prefixes of *stream* have: a branch back is not parted from what it repeats."""
    instructions = stream.instructions
    return [
        length
        for length in range(1, len(instructions) + 1)
        if length == len(instructions) or not instructions[length].startswith(BRANCH_BACK)
    ]


def batches(items: Iterable[_T], size: int) -> Iterator[list[_T]]:
    """*items* in lists of *size*, the last of which may be shorter."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
