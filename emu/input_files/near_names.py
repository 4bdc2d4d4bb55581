# SPDX-License-Identifier: GPL-2.0-or-later
"""Names that somebody may have meant."""

from __future__ import annotations

import difflib
import heapq
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_MOST: Final = 5
_ALIKE: Final = 0.6
"""Of 1, as :mod:`difflib` measures it."""
_CANDIDATES: Final = 200
"""How many of the names that share most with the wanted one are compared letter by letter."""


def near_names(wanted: str, names: Iterable[str]) -> list[str]:
    """Up to five of *names* that are like *wanted*, the likest first; a name of which it is a part is like it, too."""
    wanted = wanted[:_CANDIDATES]
    pairs = _pairs(wanted)
    if not pairs:
        return []
    scored = ((len(pairs & _pairs(name)) / max(len(pairs), len(name) - 1), name) for name in set(names))
    candidates = [name for _, name in heapq.nlargest(_CANDIDATES, scored)]
    lower = wanted.lower()
    alike = difflib.get_close_matches(wanted, candidates, _MOST, _ALIKE)
    parts = sorted((name for name in candidates if lower in name.lower() and name not in alike), key=_length_first)
    return [*alike, *parts][:_MOST]


def did_you_mean(wanted: str, names: Iterable[str]) -> str:
    """What is put behind a message that *wanted* is none of *names*: a colon and those that are near, or nothing."""
    near = near_names(wanted, names)
    if not near:
        return ""
    *others, last = near
    return f": did you mean {', '.join(others)} or {last}?" if others else f": did you mean {last}?"


def _pairs(name: str) -> set[str]:
    """The pairs of letters in *name*."""
    lower = name.lower()
    return {lower[start : start + 2] for start in range(len(lower) - 1)}


def _length_first(name: str) -> tuple[int, str]:
    return len(name), name
