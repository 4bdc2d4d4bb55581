# SPDX-License-Identifier: GPL-2.0-or-later
"""Flushing Unicorn's own buffer in compiled code: only what has been filled since the last time.

See :mod:`emu.engine.quirks.small_buffer`.  Python flushes it as a whole; what is noted here then stays noted, which
costs no more than setting what is empty already.

Like the callbacks, only a compilation imports it.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit

from emu.bits import MASK_64
from emu.engine.compiled_parts import call_control
from emu.engine.library import FLUSH_TLB
from emu.engine.quirks import small_buffer
from emu.engine.record_limits import MOST_FILLED
from emu.engine.rules.pure import rule
from emu.engine.rules.words import load_native, store_native
from emu.engine.units import NOTHING, unit

# numba takes plain integers for constants.
_ZERO: Final = np.uint64(0)
_ONE: Final = np.uint64(1)
_EMPTY: Final = np.uint64(MASK_64)
_MOST_FILLED: Final = np.uint64(MOST_FILLED)
_FLUSH_TLB: Final = np.uint64(FLUSH_TLB)
_ENTRY_SHIFT: Final = np.uint64(small_buffer.ENTRY_SHIFT)
_ENTRY_WORDS: Final = 1 << small_buffer.ENTRY_SHIFT - 3
_VICTIM_WORDS: Final = small_buffer.VICTIM_ENTRIES * _ENTRY_WORDS
_SPACES: Final = small_buffer.SPACES
_TABLE_BYTES: Final = np.uint64(small_buffer.TABLE_BYTES)
_DESCRIPTION_BYTES: Final = np.uint64(small_buffer.DESCRIPTION_BYTES)
_COUNT: Final = np.uint64(small_buffer.COUNT)
_VICTIM_COUNT: Final = np.uint64(small_buffer.VICTIM_COUNT)
_VICTIMS: Final = np.uint64(small_buffer.VICTIMS)
_WORDS_OF_PAGE: Final = small_buffer.WORDS_OF_PAGE

_first_word_of_page: Any = rule(small_buffer.first_word_of_page)


@njit
def note_fill(record: Any, page: Any, is_code: Any) -> None:
    """Note that there may be an entry for *page* from now on, and blocks of it if it *is code*."""
    count = record.filled_count
    if count < _MOST_FILLED:
        record.filled[count] = page << _ONE | np.uint64(is_code)
    record.filled_count = min(count, _MOST_FILLED) + _ONE


@njit
def _set_words(address: Any, count: Any, value: Any) -> None:
    """Set so many words from *address* on to *value*."""
    for number in range(count):
        store_native(address + np.uint64(8 * number), value)


@njit
def _empty_buffer(record: Any, count: Any, space: Any) -> None:
    """Empty those entries of the buffer of *space* that the last *count* fills may have filled."""
    table = record.buffer_tables_address + space * _TABLE_BYTES
    last, entries = load_native(table), load_native(table + np.uint64(8))
    for number in range(count):
        page = record.filled[number] >> _ONE
        _set_words(entries + (page << _ENTRY_SHIFT & last), _ENTRY_WORDS, _EMPTY)
    description = record.buffer_descriptions_address + space * _DESCRIPTION_BYTES
    store_native(description + _COUNT, _ZERO)
    if load_native(description + _VICTIM_COUNT) != _ZERO:
        store_native(description + _VICTIM_COUNT, _ZERO)
        _set_words(description + _VICTIMS, _VICTIM_WORDS, _EMPTY)


@unit(words=0, result=NOTHING)
def flush_buffer(record: Any) -> None:
    """Have Unicorn ask again for every page, and look for every block."""
    count = record.filled_count
    record.filled_count = _ZERO
    if count > _MOST_FILLED:
        call_control(record.control_function, record.engine_address, _FLUSH_TLB)
        return
    used = load_native(record.buffers_used_address)
    for space in range(_SPACES):
        if used >> np.uint64(space) & _ONE:
            _empty_buffer(record, count, np.uint64(space))
    store_native(record.buffers_used_address, _ZERO)
    for number in range(count):
        filled = record.filled[number]
        if filled & _ONE:
            words = record.blocks_address + (_first_word_of_page(filled >> _ONE) << np.uint64(3))
            _set_words(words, _WORDS_OF_PAGE, _ZERO)
