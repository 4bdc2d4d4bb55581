# SPDX-License-Identifier: GPL-2.0-or-later
"""The model's access rules, compiled (:mod:`emu.engine.rules.resolving`), and operands in low storage by them.

Each of the first three takes the record, an effective address and the kind of access, gives whether there is no
exception and nobody else needs to be asked, and leaves the absolute address in the record.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit

from emu.addresses import LOW_PAGES_END, PAGE_SHIFT, PAGE_SIZE
from emu.engine.blocks import FILL_STORE
from emu.engine.compiled_parts import is_storage_watched
from emu.engine.record_limits import NO_CONTEXT
from emu.engine.rules import primitives, resolving
from emu.engine.rules.frames import locate_frame
from emu.engine.rules.words import load8
from emu.engine.units import translated_unit

resolve: Any = translated_unit(resolving.source(), "resolve", primitives)
resolve_byte: Any = translated_unit(resolving.byte_source(), "resolve_byte", primitives)
ask_operand: Any = translated_unit(resolving.operand_question_source(), "ask_operand", primitives, words=5)
resolve_operand: Any = translated_unit(resolving.operand_source(), "resolve_operand", primitives, words=5)
ask_byte: Any = translated_unit(resolving.byte_question_source(), "ask_byte", primitives)

_ZERO: Final = np.uint64(0)
_NO_CONTEXT: Final = np.uint64(NO_CONTEXT)
_LOW_PAGES_END: Final = np.uint64(LOW_PAGES_END)
_PAGE_BYTES: Final = np.uint64(PAGE_SIZE)
_PAGE_OFFSET: Final = np.uint64(PAGE_SIZE - 1)
_PAGE_SHIFT: Final = np.uint64(PAGE_SHIFT)
_STORE: Final = np.uint64(FILL_STORE)


@njit
def must_be_noticed(record: Any, page: Any, logical_page: Any, kind: Any) -> Any:
    """Whether Python must hear of each access to absolute *page*, which is *logical_page*: it is watched, or a store
    into code."""
    if is_storage_watched(record, page, kind) or is_storage_watched(record, logical_page, kind):
        return True
    return kind == _STORE and load8(record.code_pages_address + page) != _ZERO


@njit
def find_low_operand(record: Any, address: Any, length: Any, kind: Any, context: Any) -> Any:
    """Where in this process the *length* bytes at *address* in low storage are, of which fills do not remember all.

    Zero if an exception is possible, or Python must be asked, or they are not in low storage or in two pages.  When the
    access is made, :func:`resolve_byte` must be called.
    """
    offset = address & _PAGE_OFFSET
    if address >= _LOW_PAGES_END or offset + length > _PAGE_BYTES or context == _NO_CONTEXT:
        return _ZERO
    # No operand that ascends in one page comes to a protected byte later.
    if not ask_byte(record, address, kind):
        return _ZERO
    page = record.resolved >> _PAGE_SHIFT
    if must_be_noticed(record, page, address >> _PAGE_SHIFT, kind):
        return _ZERO
    return record.pool_address + locate_frame(record, page) + offset


NAMES: Final[dict[str, Any]] = primitives.NAMES | {
    "find_low_operand": find_low_operand,
    "resolve_byte": resolve_byte,
    "ask_operand": ask_operand,
    "resolve_operand": resolve_operand,
    "must_be_noticed": must_be_noticed,
}
"""What translated instructions call."""
