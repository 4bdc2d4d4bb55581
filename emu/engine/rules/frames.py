# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the frames of absolute pages are: what the host's tables say, and free frames for pages that are nowhere."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import carray, njit  # type: ignore[attr-defined]

from emu.addresses import PAGE_SHIFT, PAGE_SIZE
from emu.bits import MASK_64
from emu.engine.compiled_parts import pointer
from emu.engine.rules.words import load8, load_code, load_native, store8, store_code
from emu.engine.trace_emission import trace_host
from emu.engine.units import unit
from emu.page_states import NO_TRANSITION, NOT_RESIDENT_STABLE, STATE_BITS

NO_FRAME: Final = np.uint64(MASK_64)
_ZERO: Final = np.uint64(0)
_SET: Final = np.uint64(1)
_TOUCHED: Final = np.uint64(NOT_RESIDENT_STABLE)
_STATE_BITS: Final = np.uint64(STATE_BITS)
_STATE_BYTE: Final = np.uint64(8)
_NO_TRANSITION: Final = np.uint64(NO_TRANSITION)
_PAGE_SHIFT: Final = np.uint64(PAGE_SHIFT)
_WORD_SHIFT: Final = np.uint64(2)
_PAGE_WORDS: Final = PAGE_SIZE // 8


@njit
def is_host_asked(record: Any) -> Any:
    """Whether the host wants to be asked for pages, whatever their states."""
    return record.asks_host or (record.host_watch_address and load_native(record.host_watch_address))


@unit(words=1)
def locate_frame(record: Any, page: Any) -> Any:
    """The offset in the pool of the frame of absolute *page*; NO_FRAME if the host must be asked."""
    state = load8(record.states_address + page)
    if is_host_asked(record) or (state & _TOUCHED and load8(record.touches_address + (state & _STATE_BITS)) != state):
        return NO_FRAME
    if not record.locations_address:
        return page << _PAGE_SHIFT
    return (load_code(record.locations_address + (page << _WORD_SHIFT)) - np.uint64(1)) << _PAGE_SHIFT


@njit
def _can_be_supplied(record: Any, page: Any, after: Any) -> Any:
    """Whether *page*, in whose state an access would leave *after*, can be given a frame without the host."""
    if is_host_asked(record) or record.host_followed or after == _NO_TRANSITION:
        return False
    if record.is_alone and record.supplied_change:
        # Only of one can Python tell the observers.
        return False
    if not record.locations_address:
        return True
    return not load_code(record.locations_address + (page << _WORD_SHIFT)) and (
        record.supplied_count < record.supplied_limit
    )


@unit(words=1)
def ask_frame(record: Any, page: Any) -> Any:
    """What :func:`locate_frame` gives; also another offset than NO_FRAME if a frame could be supplied."""
    frame = locate_frame(record, page)
    state = load8(record.states_address + page)
    if frame == NO_FRAME and _can_be_supplied(record, page, load8(record.touches_address + (state & _STATE_BITS))):
        return _ZERO
    return frame


@unit(words=1)
def supplied_frame(record: Any, page: Any) -> Any:
    """The offset of a frame of zeros for *page*, which is nowhere; NO_FRAME if the host must be asked.

    It is taken from the host's free ones in the host's order, and noted for the host.
    """
    state = load8(record.states_address + page)
    after = load8(record.touches_address + (state & _STATE_BITS))
    if not _can_be_supplied(record, page, after):
        return NO_FRAME
    if record.is_alone:
        record.supplied_page, record.supplied_change = page, state | after << _STATE_BYTE
    frame = page
    if record.locations_address:
        place = record.locations_address + (page << _WORD_SHIFT)
        frame = load_code(record.free_frames_address - (record.supplied_count << np.uint64(2)))
        record.supplied_pages[record.supplied_count] = page
        record.supplied_count += np.uint64(1)
        store_code(place, frame + np.uint64(1))
        store8(record.referenced_address + frame, _SET)
        store8(record.changed_address + frame, _ZERO)
        store_code(record.frame_pages_address + (frame << _WORD_SHIFT), page)
    offset = frame << _PAGE_SHIFT
    carray(pointer(record.pool_address + offset), (_PAGE_WORDS,), dtype=np.uint64)[:] = _ZERO
    store8(record.states_address + page, after)
    trace_host(record, page, state, after)
    return offset


@unit(words=1)
def find_frame(record: Any, page: Any) -> Any:
    """What :func:`locate_frame` or else :func:`supplied_frame` gives, having noted that the page is accessed.

    Whatever the instruction comes to, the model would have accessed the page here, too.
    """
    frame = locate_frame(record, page)
    if frame == NO_FRAME:
        return supplied_frame(record, page)
    if record.locations_address and record.referenced_address:
        store8(record.referenced_address + (frame >> _PAGE_SHIFT), _SET)
    return frame


@njit
def note_change(record: Any, frame: Any) -> None:
    """Note that the page whose frame is at the offset *frame* in the pool may be stored into."""
    if record.changed_address:
        store8(record.changed_address + (frame >> _PAGE_SHIFT), _SET)
