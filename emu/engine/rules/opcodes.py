# SPDX-License-Identifier: GPL-2.0-or-later
"""From an instruction in storage to its number, and to whether it is compiled; what the prefix area holds.

Python meets this file only through :mod:`emu.engine.compiled`.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit

from emu.addresses import PAGE_SHIFT, PAGE_SIZE
from emu.engine.record_limits import MOST_INSTRUCTIONS
from emu.engine.rules.access_rules import ask_byte, must_be_noticed
from emu.engine.rules.dispatch import NO_INSTRUCTION, SPLIT
from emu.engine.rules.frames import locate_frame
from emu.engine.rules.instructions import numbered, opcodes
from emu.engine.rules.words import load64
from emu.lowcore import PREFIX_AREA_SIZE
from emu.teid import Access

NONE: Final = np.uint64(NO_INSTRUCTION)
_TABLES: Final = opcodes()
_HALFWORDS: Final = _TABLES.halfwords
_ROWS: Final = _TABLES.rows
_SPLIT: Final = np.uint64(SPLIT)
_IS_COMPILED: Final = np.zeros(MOST_INSTRUCTIONS, dtype=np.uint8)
_IS_COMPILED[[number for number, _ in numbered()]] = 1
_ZERO: Final = np.uint64(0)
_PAGE_BITS: Final = np.uint64(PAGE_SHIFT)
_PAGE_OFFSET: Final = np.uint64(PAGE_SIZE - 1)
_LAST_WHOLE: Final = np.uint64(PAGE_SIZE - 8)
_PREFIX_PAGES: Final = np.uint64(PREFIX_AREA_SIZE >> PAGE_SHIFT)
_FETCH: Final = np.uint64(Access.INSTRUCTION_FETCH)


@njit
def instruction_number(word: Any) -> Any:
    """The number of the declared instruction that is left-aligned in *word*, or NONE."""
    found = np.uint64(_HALFWORDS[word >> np.uint64(48)])
    if found & _SPLIT:
        row = (found & ~_SPLIT) << np.uint64(8)
        return np.uint64(_ROWS[row | ((word >> np.uint64(16)) & np.uint64(0xFF))])
    return found


@njit
def is_in_prefix_area(record: Any, page: Any) -> Any:
    """Whether absolute *page* is of the CPU's prefix area."""
    return page - (record.prefix >> _PAGE_BITS) < _PREFIX_PAGES


@njit
def is_hidden(record: Any, page: Any, address: Any) -> Any:
    """Whether the instruction at *address*, in absolute *page* of the prefix area, is executed compiled."""
    if address & _PAGE_OFFSET > _LAST_WHOLE:
        return False
    word = load64(record.pool_address + locate_frame(record, page) + (address & _PAGE_OFFSET))
    number = instruction_number(word)
    return number != NONE and _IS_COMPILED[number] != 0


@njit
def hidden_instruction(record: Any, address: Any) -> Any:
    """The instruction at *address*, left-aligned in a word, if it is in the prefix area; zero if it is not."""
    if address & _PAGE_OFFSET > _LAST_WHOLE or not ask_byte(record, address, _FETCH):
        return _ZERO
    page = record.resolved >> _PAGE_BITS
    if not is_in_prefix_area(record, page) or must_be_noticed(record, page, address >> _PAGE_BITS, _FETCH):
        return _ZERO
    return load64(record.pool_address + locate_frame(record, page) + (address & _PAGE_OFFSET))
