# SPDX-License-Identifier: GPL-2.0-or-later
"""The compiled callback for blocks while the machine is traced: that of :mod:`emu.engine.callbacks`, and what it notes.

Python meets this file only through :mod:`emu.engine.compiled`.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import carray, types  # type: ignore[attr-defined]

from emu.engine.callbacks import begin_block
from emu.engine.compiled_parts import block_key, call, callback, memo_index, pointer
from emu.engine.record import RECORD_TYPE
from emu.engine.record_limits import StopReason
from emu.engine.trace_accesses import begin_accesses
from emu.engine.trace_emission import is_trace_full, number_now, ring_of, time_now
from emu.engine.trace_rows import follow_instruction, note_block

# numba takes plain integers for the callback's constants.
TRACE_FULL_REASON: Final = int(StopReason.TRACE_FULL)
ALONE_REASON: Final = int(StopReason.TRACED_ALONE)


@callback(types.void, types.uint64, types.uint64, types.uint32, types.voidptr)
def traced_block_callback(engine: Any, address: Any, size: Any, data: Any) -> None:
    record = carray(data, (1,), dtype=RECORD_TYPE)[0]
    pending = carray(pointer(record.execute_value_address), (1,), dtype=np.uint64)[0]
    # An EXECUTE is not left before its target: there is room for that.
    if pending == np.uint64(0) and is_trace_full(record):
        record.reason = TRACE_FULL_REASON
        call(record.stop_function, engine)
        return
    number, time = number_now(record), time_now(record)
    follows = ring_of(record).follows_registers != np.uint64(0) and pending == np.uint64(0)
    if follows:
        follow_instruction(record, number)
    begin_block(record, engine, address, size)
    if record.reason == np.uint64(0) and pending == np.uint64(0) and number_now(record) != number:
        if follows and not begin_accesses(record, address):
            # It is not counted yet.
            record.left += np.uint64(1)
            record.reason = ALONE_REASON
            call(record.stop_function, engine)
            return
        note_block(record, address, record.memo[memo_index(block_key(address, record.mode))].known, number, time)


@callback(types.void, types.voidptr, types.uint64)
def follow_callback(data: Any, number: Any) -> None:
    follow_instruction(carray(data, (1,), dtype=RECORD_TYPE)[0], number)
