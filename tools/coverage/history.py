# SPDX-License-Identifier: GPL-2.0-or-later
"""What a register of a CPU has held, as the chunk of a recording says it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from emu.traces import schema
from emu.traces.schema import Register

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emu.traces.prediction import Rows


@dataclass(frozen=True, slots=True)
class RegisterHistory:
    """What it has held: from each of these moments on, what."""

    moments: npt.NDArray[np.uint64]
    values: npt.NDArray[np.uint64]

    def at(self, moments: npt.NDArray[np.uint64], *, side: str) -> npt.NDArray[np.uint64]:
        """What it held after the instructions at these *moments* ("right"), or before them ("left")."""
        index = np.searchsorted(self.moments, moments, side="right" if side == "right" else "left") - 1
        return self.values[np.maximum(index, 0)]


def history(streams: Mapping[str, Rows], cpu: int, register: int) -> RegisterHistory:
    """What *register* of *cpu* has held."""
    heads = streams["states"]
    head = heads[(heads["cpu"] == cpu) & (heads["register"] == register)]
    rows = streams.get("registers", schema.empty("registers"))
    rows = rows[(rows["cpu"] == cpu) & (rows["register"] == register)]
    moments = [np.zeros(head.size, dtype=np.uint64), schema.moments(rows)]
    values = [head["value"], rows["new"]]
    if register == Register.PSW_MASK:
        taken = streams.get("interruptions", schema.empty("interruptions"))
        taken = taken[taken["cpu"] == cpu]
        moments.append(schema.moments(taken))
        values.append(taken["new_mask"])
    moment, value = np.concatenate(moments), np.concatenate(values)
    order = np.argsort(moment, kind="stable")
    return RegisterHistory(moment[order], value[order])
