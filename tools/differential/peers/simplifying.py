# SPDX-License-Identifier: GPL-2.0-or-later
"""Making a stream that differs as small and as plain as it can be, many tries in each batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from emu.psw import ADDRESSING_MODE, PROBLEM_STATE
from tools.differential.peers.stream import Stream

StillDiffer = Callable[[Sequence[Stream]], list[bool]]
"""Tells of each stream whether it still differs."""
_PLAINER: Final[tuple[dict[str, Any], ...]] = (
    {"vectors": (0,) * 32},
    {"access": (0,) * 16},
    {"data": {}},
    {"targets": ()},
    {"fpc": 0},
    {"start": 0x10000},
)
_CONDITION_CODES: Final = (1 << 44, 2 << 44)
_PROGRAM_MASKS: Final = tuple(1 << 40 + number for number in range(4))


def simplified(stream: Stream, still_differ: StillDiffer) -> Stream:
    """The smallest stream found that still differs; *stream* does."""
    while True:
        candidates = [each for each in _simpler(stream) if each != stream]
        kept = [each for each, differs in zip(candidates, still_differ(candidates), strict=True) if differs]
        if not kept:
            return stream
        together = _together(stream, kept)
        stream = together if together != stream and still_differ([together])[0] else kept[0]


def _simpler(stream: Stream) -> Iterator[Stream]:
    """Streams that are a little simpler; the last instruction, which makes the difference, stays."""
    count = len(stream.instructions) - stream.ends_in_branch_back
    for size in sorted({count - 1, count // 2, 1} - {0}, reverse=True):
        for at in range(count - size):
            yield replace(stream, instructions=stream.instructions[:at] + stream.instructions[at + size :])
    for plainer in _PLAINER:
        yield replace(stream, **plainer)
    for name in ("registers", "access", "vectors"):
        values = getattr(stream, name)
        for number, value in enumerate(values):
            if value:
                yield replace(stream, **{name: values[:number] + (0,) + values[number + 1 :]})
    for address in stream.data:
        yield replace(stream, data={place: value for place, value in stream.data.items() if place != address})
    for bit in (PROBLEM_STATE, *_CONDITION_CODES, *_PROGRAM_MASKS):
        yield replace(stream, mask=stream.mask & ~bit)
    yield replace(stream, mask=stream.mask | ADDRESSING_MODE)


def _together(stream: Stream, simpler: Sequence[Stream]) -> Stream:
    """*stream* with all that each of *simpler* leaves out of the values that it starts from."""
    registers = {
        name: tuple(min(values) for values in zip(getattr(stream, name), *(getattr(each, name) for each in simpler)))  # noqa: B905 - all have as many
        for name in ("registers", "access", "vectors")
    }
    mask, data, fpc = stream.mask, dict(stream.data), stream.fpc
    for each in simpler:
        if each.mask & ADDRESSING_MODE == stream.mask & ADDRESSING_MODE:
            mask &= each.mask
        data = {place: value for place, value in data.items() if place in each.data}
        fpc = min(fpc, each.fpc)
    return replace(stream, mask=mask, data=data, fpc=fpc, **registers)  # type: ignore[arg-type]
