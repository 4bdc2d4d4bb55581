# SPDX-License-Identifier: GPL-2.0-or-later
"""Where two runs part: instructions are held against each other, and interruptions that only one has taken passed over.

An interruption is passed over if whoever handles it comes back to where it was taken.  So what timers and devices, or
pages that the host has discarded, do to one of the two is no difference; what they make its program do otherwise is.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Callable

    from tools.traces.steps import Steps

_AT_ONCE: Final = 1 << 20
_FACTOR: Final = 0x9E37_79B9_7F4A_7C15
"""Odd, and without a pattern in its bits."""


@dataclass(slots=True)
class Side:
    """One of the two."""

    steps: Steps
    index: int
    """Which instruction comes next."""
    passed: Counter[str] = field(default_factory=Counter)
    """How often interruptions were passed over, by their names."""
    passed_instructions: int = 0
    stays_away: str = ""
    """The interruption that was taken where they part, after which it did not come back."""


def compare(first: Side, second: Side, *, strict: bool, same: Callable[[int, int, int], None]) -> int:
    """Go on with both until they part or one ends; give how many instructions were the same.

    :param strict: nothing is passed over.
    :param same: told where equal instructions begin on either side, and how many they are.
    """
    equal = 0
    while True:
        one = first.steps.keys(first.index, _AT_ONCE)
        other = second.steps.keys(second.index, _AT_ONCE)
        length = min(one.size, other.size)
        different = np.flatnonzero(one[:length] != other[:length])
        count = int(different[0]) if different.size else length
        if count:
            same(first.index, second.index, count)
        equal, first.index, second.index = equal + count, first.index + count, second.index + count
        if different.size:
            if strict or not (_pass_over(first) or _pass_over(second)):
                return equal
        elif not length:
            return equal


def _pass_over(side: Side) -> bool:
    """Pass over the interruption by which the next instruction was reached; give whether there was one."""
    taken = side.steps.taken_before(side.index)
    if taken is None:
        return False
    back = side.steps.find_return(side.index, taken.back_to)
    if back is None:
        side.stays_away = taken.name
        return False
    side.passed[taken.name] += 1
    side.passed_instructions += back - side.index
    side.index = back
    return True


def synchronise(first: Side, second: Side, most: int) -> bool:
    """Let the one that begins earlier go on to where the other begins, if that is among its next *most* steps."""
    for side, other in ((first, second), (second, first)):
        wanted = side.steps.keys(side.index, 1)
        index = other.index
        while wanted.size and index < other.index + most:
            keys = other.steps.keys(index, _AT_ONCE)
            if not keys.size:
                break
            found = np.flatnonzero(keys == wanted[0])
            if found.size:
                other.index = index + int(found[0])
                return True
            index += keys.size
    return False


def come_together(first: Side, second: Side, most: int, length: int) -> bool:
    """Let both go on, as little as possible, to where the next *length* instructions are the same.

    Give whether that is among the next *most* of each; if not, they stay where they are.
    """
    marks = [_marks(side, most, length) for side in (first, second)]
    places: dict[int, int] = {}
    for place, mark in enumerate(marks[1].tolist()):
        places.setdefault(mark, place)
    best: tuple[int, int] | None = None
    for place, mark in enumerate(marks[0].tolist()):
        other = places.get(mark)
        if other is not None and (best is None or place + other < sum(best)):
            best = place, other
    if best is None:
        return False
    first.index, second.index = first.index + best[0], second.index + best[1]
    first.stays_away = second.stays_away = ""
    return True


def _marks(side: Side, most: int, length: int) -> npt.NDArray[np.uint64]:
    """For each of the next *most* instructions a number that is the same where *length* from there on are."""
    pieces: list[npt.NDArray[np.int64]] = []
    size = 0
    while size < most and (piece := side.steps.keys(side.index + size, most - size)).size:
        pieces.append(piece)
        size += piece.size
    if size < length:
        return np.empty(0, dtype=np.uint64)
    windows = np.lib.stride_tricks.sliding_window_view(np.concatenate(pieces).astype(np.uint64), length)
    factors = np.cumprod(np.full(length, _FACTOR, dtype=np.uint64), dtype=np.uint64)
    found: npt.NDArray[np.uint64] = windows @ factors
    return found
