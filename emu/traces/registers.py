# SPDX-License-Identifier: GPL-2.0-or-later
"""What a register held at any instruction of a trace."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from emu.traces.schema import Register, moments

if TYPE_CHECKING:
    from emu.traces.reader import TraceFile


def value_before(trace: TraceFile, number: int, register: int, cpu: int = 0, turn: int = 0) -> int | None:
    """What a *register* (:class:`emu.traces.schema.Register`) of *cpu* held before instruction *number*, in its *turn*.

    None if registers were not recorded there.
    """
    chunk = trace.chunk_of(number) or (trace.chunks[-1] if trace.chunks and number == trace.end else None)
    if chunk is None:
        return None
    states = chunk.rows("states")
    found = states[(states["cpu"] == cpu) & (states["register"] == register)]
    if not found.size:
        return None
    value, at = int(found["value"][0]), -1
    rows, now = chunk.rows("registers"), number << 16 | turn
    rows = rows[: int(np.searchsorted(moments(rows), np.uint64(now)))]
    rows = rows[(rows["cpu"] == cpu) & (rows["register"] == register)]
    if rows.size:
        value, at = int(rows["new"][-1]), int(moments(rows[-1:])[0])
    if register == Register.PSW_MASK:
        taken = chunk.rows("interruptions")
        when = moments(taken)
        taken = taken[(taken["cpu"] == cpu) & (when < np.uint64(now)) & (when >= np.uint64(max(at, 0)))]
        if taken.size:
            value = int(taken["new_mask"][-1])
    return value
