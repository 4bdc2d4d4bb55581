# SPDX-License-Identifier: GPL-2.0-or-later
"""The function that executes one instruction compiled, by itself, without Unicorn: Python calls it for a step.

Executed are those compiled instructions that look at nothing which only a burst of the engine is told, such as when the
next interruption is possible.  Python meets this file only through :mod:`emu.engine.compiled`.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import carray, types  # type: ignore[attr-defined]

from emu.engine.blocks import FILL_FETCH
from emu.engine.compiled_parts import callback
from emu.engine.record import RECORD_TYPE
from emu.engine.record_limits import (
    LONE_EXECUTED,
    LONE_HAS_OTHER_CPUS,
    LONE_KEYS_FOLLOWED,
    LONE_OTHER,
    LONE_SUPPLIED,
    LONE_WORK,
    MOST_INSTRUCTIONS,
)
from emu.engine.rules.executing import executing
from emu.engine.rules.instructions import lone
from emu.engine.rules.opcodes import NONE, instruction_number
from emu.engine.rules.primitives import find_operand, full_context
from emu.engine.rules.words import load64, load_native

# numba takes plain integers for the function's constants.
_LONE: Final = lone()
_IS_LONE: Final = np.zeros(MOST_INSTRUCTIONS, dtype=np.uint8)
_IS_LONE[[number for number, _ in _LONE]] = 1
_ZERO: Final = np.uint64(0)
_ONE: Final = np.uint64(1)
_LONGEST: Final = np.uint64(8)
"""Bytes that are looked at of the code, more than an instruction has."""
_INSTRUCTIONS: Final = np.uint64(FILL_FETCH)
_DOUBLEWORD: Final = np.uint64(8)
_WORK: Final = np.uint64(LONE_WORK)
_HAS_OTHER_CPUS: Final = np.uint64(LONE_HAS_OTHER_CPUS)
_KEYS_FOLLOWED: Final = np.uint64(LONE_KEYS_FOLLOWED)
_OTHER: Final = np.uint64(LONE_OTHER)
_SUPPLIED: Final = np.uint64(LONE_SUPPLIED)
_EXECUTED: Final = np.uint64(LONE_EXECUTED)

_execute_number: Any = executing(_LONE)


@callback(types.uint64, types.voidptr, types.uint64, types.uint64, types.uint64, types.uint64)
def lone_callback(data: Any, work: Any, system_mask: Any, prefix: Any, flags: Any) -> Any:
    """Execute the instruction at the PSW address, when so much *work* has been done.

    *flags*, and what it gives, are in emu.engine.record_limits.  Zero: it was not executed, and nothing has changed.
    If it was not, a page may have got a frame that the model is about to access.
    """
    record = carray(data, (1,), dtype=RECORD_TYPE)[0]
    if record.known_context == _ZERO:
        return _ZERO
    context = full_context(record.known_context, system_mask)
    address = load_native(record.psw_address + _DOUBLEWORD)
    place = find_operand(record, address, _LONGEST, _INSTRUCTIONS, context)
    if place == _ZERO or address & _ONE:
        return _ZERO
    word = load64(place)
    found = instruction_number(word)
    if found == NONE or _IS_LONE[found] == 0:
        return _OTHER
    record.context = context
    record.system_mask, record.prefix = system_mask, prefix
    record.work = work
    record.bound = record.left = record.extra_work = _ZERO
    record.has_other_cpus = np.uint64(flags & _HAS_OTHER_CPUS != _ZERO)
    record.keys_followed = np.uint64(flags & _KEYS_FOLLOWED != _ZERO)
    record.host_followed = record.supplied_change = _ZERO
    record.is_alone = _ONE
    is_executed = _execute_number(record, address, found, word)
    record.is_alone = _ZERO
    taken = _ZERO - record.left
    record.left = record.extra_work = _ZERO
    if record.supplied_change:
        found |= _SUPPLIED
    if is_executed:
        return taken << _WORK | _EXECUTED | found
    return found if record.supplied_change else _ZERO
