# SPDX-License-Identifier: GPL-2.0-or-later
"""How columns are made small: a value is kept as what it differs by from what one would expect it to be.

What is expected follows from the rows before it and from other columns of its own row, so that it can be made again.
Differences are of 64 bits, and wrap.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from emu.traces.schema import LOW_CORE_LENGTH, NOTHING, PIECES, STREAMS

Values: TypeAlias = npt.NDArray[np.unsignedinteger]
Wide: TypeAlias = npt.NDArray[np.uint64]
Rows: TypeAlias = npt.NDArray[np.void]
Columns: TypeAlias = Mapping[str, Values]

_1: Final = np.uint64(1)


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a column is expected to be."""

    name: str
    """What the file says of it, for who reads it without this."""
    keep: Callable[[Columns, str], Values]
    """From the columns, and the name of this one, to what is kept of it."""
    make: Callable[[Columns, Columns, str], Values]
    """And back: it is given all that is kept, the columns that are made already, and the name."""


def folded(differences: Wide) -> Wide:
    """Small numbers of small *differences*, negative ones too: of 0, -1, 1, -2 ... they are 0, 1, 2, 3 ..."""
    signed = differences.view(np.int64)
    return ((signed << 1) ^ (signed >> 63)).view(np.uint64)


def unfolded(kept: Values) -> Wide:
    """The differences of which :func:`folded` has made *kept*."""
    wide = kept.astype(np.uint64)
    return (wide >> _1) ^ -(wide & _1)


def _wide(values: Values) -> Wide:
    return values.astype(np.uint64)


def _steps(values: Values) -> Wide:
    wide = _wide(values)
    wide[1:] -= wide[:-1].copy()
    return wide


def _keep_steps(columns: Columns, name: str) -> Values:
    return folded(_steps(columns[name]))


def _sum_of_steps(kept: Columns, _: Columns, name: str) -> Values:
    return np.cumsum(unfolded(kept[name]), dtype=np.uint64)


BEFORE: Final = Prediction("the row before", _keep_steps, _sum_of_steps)


def after(length: str) -> Prediction:
    """The value in the row before, and what column *length* has there."""

    def keep_steps(columns: Columns, name: str) -> Values:
        steps = _steps(columns[name])
        steps[1:] -= _wide(columns[length][:-1])
        return folded(steps)

    def make(kept: Columns, made: Columns, name: str) -> Values:
        steps = unfolded(kept[name])
        steps[1:] += _wide(made[length][:-1])
        return np.cumsum(steps, dtype=np.uint64)

    return Prediction(f"the row before, and its {length}", keep_steps, make)


def beside(other: str) -> Prediction:
    """What column *other* has in this row."""

    def keep_difference(columns: Columns, name: str) -> Values:
        return folded(_wide(columns[name]) - _wide(columns[other]))

    def make(kept: Columns, made: Columns, name: str) -> Values:
        return _wide(made[other]) + unfolded(kept[name])

    return Prediction(f"{other} of this row", keep_difference, make)


def last_of_same(key: Callable[[Columns], Values], name: str, value: str) -> Prediction:
    """What column *value* has in the last row before that has the same *key*, which is called *name*, or zero.

    If it is another column, this must be kept as its difference from the present one.
    """

    def keep_steps(columns: Columns, own: str) -> Values:
        return folded(_wide(columns[own]) - _last(key(columns), _wide(columns[value])))

    def make(kept: Columns, made: Columns, own: str) -> Values:
        steps = unfolded(kept[own])
        if own == value:
            return _chained(key(made), steps)
        change = unfolded(kept[value])
        return _chained(key(made), steps + change) - change

    return Prediction(f"{value} of the last row with the same {name}", keep_steps, make)


def _last(key: Values, values: Wide) -> Wide:
    order, starts = _in_groups(key)
    last = np.empty_like(values)
    last[1:] = values[order[:-1]]
    last[starts] = 0
    found = np.empty_like(values)
    found[order] = last
    return found


def _chained(key: Values, steps: Wide) -> Wide:
    """For each row the sum of *steps* of all rows up to it that have the same *key*."""
    if not key.size:
        return steps
    order, starts = _in_groups(key)
    sums = np.cumsum(steps[order], dtype=np.uint64)
    before = np.where(starts > 0, sums[starts - 1], np.uint64(0))
    sums -= np.repeat(before, np.diff(starts, append=key.size))
    made = np.empty_like(sums)
    made[order] = sums
    return made


def _in_groups(key: Values) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The rows in an order in which those with the same *key* stand together, and where there each of these begins."""
    if key.size and int(key.max()) < 1 << 16:
        # numpy sorts these many times faster.
        key = key.astype(np.uint16)
    order = np.argsort(key, kind="stable")
    in_order = key[order]
    return order, np.flatnonzero(np.concatenate(([key.size > 0], in_order[1:] != in_order[:-1])))


def pieces(stream: str) -> Prediction:
    """The end of the last piece in the blob, of those that rows of *stream* lead to (:data:`emu.traces.schema.PIECES`).

    Nothing is kept as 0, and all else is one more.
    """
    names = PIECES[stream]

    def lengths(columns: Columns) -> Wide:
        if stream == "interruptions":
            return np.full(columns["number"].size, LOW_CORE_LENGTH, dtype=np.uint64)
        return np.repeat(_wide(columns["length"]), len(names))

    def keep_steps(columns: Columns, name: str) -> Values:
        offsets = np.stack([_wide(columns[each]) for each in names], axis=1).ravel()
        there = np.flatnonzero(offsets != NOTHING)
        steps = np.zeros_like(offsets)
        distances = offsets[there]
        distances[1:] -= (offsets + lengths(columns))[there[:-1]]
        steps[there] = folded(distances) + _1
        return steps[names.index(name) :: len(names)]

    def make(kept: Columns, made: Columns, name: str) -> Values:
        steps = np.stack([_wide(kept[each]) for each in names], axis=1).ravel()
        there = np.flatnonzero(steps)
        distances = unfolded(steps[there] - _1)
        distances[1:] += lengths(made)[there[:-1]]
        offsets = np.full(steps.size, NOTHING, dtype=np.uint64)
        offsets[there] = np.cumsum(distances, dtype=np.uint64)
        return offsets[names.index(name) :: len(names)]

    return Prediction("the end of the piece before in the blob; one more, 0 for nothing", keep_steps, make)


def _register_key(columns: Columns) -> Values:
    return columns["cpu"].astype(np.uint16) << np.uint16(8) | columns["register"]


_OLD_AND_NEW: Final = pieces("accesses")

PREDICTIONS: Final[dict[str, dict[str, Prediction]]] = {
    "blocks": {"id": BEFORE, "address": BEFORE, "code": pieces("blocks")},
    "flow": {
        "count": last_of_same(lambda columns: columns["block"], "block", "count"),
        "number": after("count"),
        "time": after("count"),
    },
    "registers": {
        "number": BEFORE,
        "old": last_of_same(_register_key, "cpu and register", "new"),
        "new": beside("old"),
    },
    "accesses": {
        "number": BEFORE,
        "logical": BEFORE,
        "absolute": beside("logical"),
        "old": _OLD_AND_NEW,
        "new": _OLD_AND_NEW,
    },
    "interruptions": {"number": BEFORE, "time": BEFORE, "old_address": BEFORE, "low_core": pieces("interruptions")},
    "page_states": {"number": BEFORE, "time": BEFORE, "page": BEFORE},
    "keys": {"number": BEFORE, "page": BEFORE},
    "host": {"number": BEFORE, "time": BEFORE, "page": BEFORE},
    "translations": {"number": BEFORE, "logical": BEFORE, "absolute": beside("logical")},
    "devices": {"number": BEFORE, "time": BEFORE, "data": pieces("devices")},
    "states": {},
}
"""What is expected of which column, in the order in which they are made; of one that is not here, zero."""


def keep(stream: str, rows: Rows) -> dict[str, Values]:
    """What is kept of the *rows* of *stream*, column by column."""
    columns = {name: np.ascontiguousarray(rows[name]) for name in STREAMS[stream].names or ()}
    predictions = PREDICTIONS[stream]
    return {
        name: predictions[name].keep(columns, name) if name in predictions else column
        for name, column in columns.items()
    }


def make(stream: str, kept: Columns) -> Rows:
    """The rows of which :func:`keep` has kept that."""
    dtype, predictions = STREAMS[stream], PREDICTIONS[stream]
    made = {name: column for name, column in kept.items() if name not in predictions}
    for name, prediction in predictions.items():
        made[name] = prediction.make(kept, made, name)
    rows = np.empty(next(iter(kept.values())).size, dtype=dtype)
    for name in dtype.names or ():
        rows[name] = made[name]
    return rows
