# SPDX-License-Identifier: GPL-2.0-or-later
"""What the head of a chunk says of its content, so that a search need not look into most of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from emu.addresses import PAGE_SHIFT
from emu.traces.schema import AccessKind, InterruptionClass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emu.traces.prediction import Rows, Values

BLOCKS: Final = "blocks"
"""The set of the blocks that are executed."""
REQUESTS: Final = "requests"
"""Counts of ESSA by operation request code."""
INTERRUPTIONS: Final = "interruptions"
"""Counts of interruptions by :func:`interruption_key`."""

_FEW: Final = 1 << 24
"""Numbers below are found by a table of flags, others by sorting."""


def pages_accessed(kind: AccessKind, address: str) -> str:
    """The name of the set of the pages that operands lie in, by the column *address*: "logical" or "absolute"."""
    return f"{address} pages of each {kind.name.lower()}"


def interruption_key(kind: InterruptionClass, code: int) -> int:
    """A number for each class and code."""
    return kind << 32 | code


def sets_of(streams: Mapping[str, Rows]) -> dict[str, Values]:
    """The sets that there are of a chunk of these *streams*."""
    sets = {}
    if "flow" in streams:
        sets[BLOCKS] = distinct(streams["flow"]["block"])
    if "accesses" in streams:
        accesses = streams["accesses"]
        for kind in (AccessKind.STORE, AccessKind.FETCH):
            of_kind = accesses[accesses["kind"] == kind]
            if of_kind.size:
                for address in ("logical", "absolute"):
                    sets[pages_accessed(kind, address)] = distinct(of_kind[address] >> np.uint64(PAGE_SHIFT))
    return sets


def counts_of(streams: Mapping[str, Rows]) -> dict[str, dict[int, int]]:
    """The counts that there are of a chunk of these *streams*."""
    counts = {}
    if "page_states" in streams:
        counts[REQUESTS] = _counted(streams["page_states"]["request"])
    if "interruptions" in streams:
        rows = streams["interruptions"]
        counts[INTERRUPTIONS] = _counted(rows["class"].astype(np.uint64) << np.uint64(32) | rows["code"])
    return counts


def distinct(values: Values) -> Values:
    """The numbers that are in *values*, in order."""
    if not values.size or int(values.max()) >= _FEW:
        return np.unique(values).astype(np.uint64)
    there = np.zeros(int(values.max()) + 1, dtype=bool)
    there[values] = True
    return np.flatnonzero(there).astype(np.uint64)


def _counted(values: Values) -> dict[int, int]:
    numbers, counts = np.unique(values, return_counts=True)
    return dict(zip(numbers.tolist(), counts.tolist(), strict=True))
