# SPDX-License-Identifier: GPL-2.0-or-later
"""The callback before each instruction that looks whether a register has been changed (:mod:`emu.engine.following`).

While it is there, it is the only one before instructions: Unicorn calls a single one without searching for it.

Python meets this file only through :mod:`emu.engine.compiled`.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import carray, types  # type: ignore[attr-defined]

from emu.engine.callbacks import check_execute
from emu.engine.compiled_parts import callback, pointer
from emu.engine.record import RECORD_TYPE
from emu.engine.record_limits import FOLLOWED_CHANGES

_LAST_CHANGE: Final = np.uint64(FOLLOWED_CHANGES - 1)


@callback(types.void, types.uint64, types.uint64, types.uint32, types.voidptr)
def following_callback(engine: Any, address: Any, size: Any, data: Any) -> None:  # noqa: ARG001
    record = carray(data, (1,), dtype=RECORD_TYPE)[0]
    check_execute(record, engine, address)
    has_changed = False
    for number in range(record.followed_count):
        value = np.uint64(carray(pointer(record.followed_places[number]), (1,), dtype=np.uint32)[0])
        if value != record.followed_values[number]:
            record.followed_values[number] = value
            has_changed = True
    if has_changed:
        executed = record.executed + record.bound - record.left - record.extra_work
        record.changes[record.change_count & _LAST_CHANGE] = executed
        record.change_count += np.uint64(1)
