# SPDX-License-Identifier: GPL-2.0-or-later
"""The compiled callback for fills: answers Unicorn's question where a page is, if nobody else needs to be asked.

What has been answered before in the same context is remembered.  Else the model's own rules are asked, in their
compiled form (:mod:`emu.engine.rules.access_rules`), and the answer is noted as :mod:`emu.engine.tlb` notes it.  An
exception, a page that the host must be asked for, rules finer than a page, a page that is watched, and code that is
not shown yet are left to Python, with nothing changed that Python would not change as well.

Python meets this file only through :mod:`emu.engine.compiled`.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import carray, njit, types  # type: ignore[attr-defined]

from emu.addresses import LOW_PAGES_END, PAGE_SHIFT, PAGE_SIZE
from emu.engine.blocks import (
    EXECUTE_OPCODE,
    EXECUTE_RELATIVE_OPCODE,
    FILL_FETCH,
    FILL_READ,
    FILL_STORE,
    FIRST_FILL_ACCESS,
    NO_FILL,
)
from emu.engine.checked_stores import CHECKED_FRAMES, CHECKED_SHIFT, FIRST_UNPROTECTED
from emu.engine.code import FRAMES
from emu.engine.compiled_parts import (
    address_limit,
    call_fill,
    callback,
    fill_index,
    fill_key,
    find_fill,
    held_index,
    held_word,
    is_other_held,
    page_index,
    page_key,
    pointer,
    settle_block,
)
from emu.engine.flushing import note_fill
from emu.engine.hidden_code import TRAPPING_PAGE
from emu.engine.library import EXECUTABLE, READABLE, WRITABLE
from emu.engine.record import RECORD_TYPE
from emu.engine.record_limits import NO_CONTEXT
from emu.engine.reported import SINK_ADDRESS
from emu.engine.rules.access_rules import ask_byte, must_be_noticed, resolve
from emu.engine.rules.frames import locate_frame
from emu.engine.rules.opcodes import is_hidden, is_in_prefix_area
from emu.engine.rules.primitives import code_instruction, forget_translations, may_forget_translations
from emu.engine.rules.reached_pages import note_reached
from emu.engine.rules.taking import can_be_taken, leave_with
from emu.engine.rules.words import load8, load_native, store_native
from emu.engine.trace_emission import trace_fill
from emu.engine.updates import may_fetch
from emu.storage_keys import REFERENCE

# numba takes plain integers for the callback's constants.
_PAGE_SHIFT: Final = np.uint64(PAGE_SHIFT)
_PAGE_OFFSET: Final = np.uint64(PAGE_SIZE - 1)
_WORD_SHIFT: Final = np.uint64(3)
_NO_CONTEXT: Final = np.uint64(NO_CONTEXT)
_OF_THIS_CPU: Final = np.uint64(1)
_READ: Final = np.uint64(FILL_READ)
_STORE: Final = np.uint64(FILL_STORE)
_REFERENCE: Final = np.uint64(REFERENCE)
_FETCH: Final = np.uint64(FILL_FETCH)
_LOW_PAGES: Final = np.uint64(LOW_PAGES_END >> PAGE_SHIFT)
_FIRST_UNPROTECTED: Final = np.uint64(FIRST_UNPROTECTED)
_FRAMES: Final = np.uint64(FRAMES)
_CHECKED_FRAMES: Final = np.uint64(CHECKED_FRAMES)
_CHECKED_SHIFT: Final = np.uint64(CHECKED_SHIFT)
_PAGE_BYTES: Final = np.uint64(PAGE_SIZE)
_SINK: Final = np.uint64(SINK_ADDRESS | EXECUTABLE)
_INVISIBLE_OPCODE: Final = np.uint64(0)
_EXECUTE: Final = np.uint64(EXECUTE_OPCODE)
_EXECUTE_RELATIVE: Final = np.uint64(EXECUTE_RELATIVE_OPCODE)
_TRAPPING_PAGE: Final = np.uint64(TRAPPING_PAGE)
_READABLE: Final = np.uint64(READABLE)
_WRITABLE: Final = np.uint64(WRITABLE)
_EXECUTABLE: Final = np.uint64(EXECUTABLE)


@njit
def _is_shown(record: Any, page: Any, place: Any) -> Any:
    """Whether the code of virtual *page* that the block callback sees is that at engine-physical *place*."""
    index = page_index(page)
    is_right_page = record.shown[index].key == page_key(page, record.mode)
    return is_right_page and record.shown[index].place == place + record.frame_distance


@njit
def _leaves_no_trace(record: Any, address: Any) -> Any:
    """Whether a fetch from *address* would be seen nowhere: see :mod:`emu.looking_ahead`.

    Where the host has a reference flag for each frame, Python must look at those of the tables as well.
    """
    if record.referenced_address or not ask_byte(record, address, _FETCH):
        return False
    return load8(record.keys_address + (record.resolved >> _PAGE_SHIFT)) & _REFERENCE != np.uint64(0)


@njit
def _may_be_fetched(record: Any, address: Any) -> Any:
    """Whether the page of code at *address* is needed by the very next instruction, which begins a block; or by a later
    one of the block, and to fetch it now is seen nowhere.

    See :meth:`emu.engine.answers.FreeAnswers._is_not_due` and what is near it for the other cases.
    """
    now = load_native(record.psw_address + np.uint64(8))
    if now & np.uint64(1) or record.block_address <= now < record.block_address + record.block_size:
        return False
    work = record.bound - record.left
    if work >= record.goal or work - record.extra_work >= record.limit:
        return False
    return (now ^ address) <= _PAGE_OFFSET or _leaves_no_trace(record, address)


@njit
def _is_look_behind(record: Any, address: Any) -> Any:
    """Whether Unicorn asks for the page at *address* although the guest does not fetch from it.

    See :mod:`emu.engine.quirks.look_behind`; whether it is the target of an EXECUTE, Python must say.
    """
    now = load_native(record.psw_address + np.uint64(8))
    is_near = address - now == _PAGE_BYTES or now - address == _PAGE_BYTES
    if not is_near or now & _PAGE_OFFSET or load_native(record.execute_value_address):
        return False
    opcode = code_instruction(record, now) >> np.uint64(56)
    return opcode not in (_INVISIBLE_OPCODE, _EXECUTE, _EXECUTE_RELATIVE)


@njit
def _note(record: Any, address: Any, access: Any, is_checked: Any) -> Any:
    """Note that *address* leads where it was found to lead, and give the answer; zero if Python must give it.

    Where each store *is checked*, the answer is for Unicorn alone, and not remembered.
    """
    page = record.resolved >> _PAGE_SHIFT
    if must_be_noticed(record, page, address >> _PAGE_SHIFT, access):
        return np.uint64(0)
    frame = locate_frame(record, page)
    place = record.pool_address - record.frame_distance + frame
    permissions = _READABLE
    if access == _STORE:
        permissions = _WRITABLE
    elif access == _FETCH:
        if is_in_prefix_area(record, page):
            now = load_native(record.psw_address + np.uint64(8))
            is_next = (now ^ address) <= _PAGE_OFFSET and not load_native(record.execute_value_address)
            if not is_next or not is_hidden(record, page, now):
                return np.uint64(0)
            record.is_holding = np.uint64(1)
            note_reached(record, page)
            return _TRAPPING_PAGE | _EXECUTABLE
        if not _is_shown(record, address >> _PAGE_SHIFT, place):
            return np.uint64(0)
        permissions = _EXECUTABLE
    held = record.held_address + (held_index(page) << _WORD_SHIFT)
    before = load_native(held)
    if is_other_held(record.held_mark, page, before):
        # To forget all translations costs less than to look for those that lead to the other page.
        if not may_forget_translations(record):
            return np.uint64(0)
        forget_translations(record, _OF_THIS_CPU)
        note_fill(record, address >> _PAGE_SHIFT, access == _FETCH)
    store_native(held, held_word(record.held_mark, page, frame, before, np.uint64(access == _STORE)))
    record.is_holding = np.uint64(1)
    note_reached(record, page)
    trace_fill(record, address, access)
    if is_checked:
        if find_fill(record, address, _READ, record.context) == np.uint64(NO_FILL):
            # The store may be refused: then it is a later fetch by which the page is referenced.
            permissions &= ~_READABLE
        shown = _CHECKED_FRAMES + (address >> _PAGE_SHIFT << _CHECKED_SHIFT)
        return (place - _FRAMES + shown) | permissions
    key = fill_key(address, access)
    index = fill_index(key, record.context)
    record.fill_keys[index] = key
    record.fill_contexts[index] = record.context
    record.fill_answers[index] = place | permissions
    return place | permissions


@callback(types.uint8, types.uint64, types.uint64, types.int32, types.uint64, types.uint64)
def fill_callback(engine: Any, address: Any, kind: Any, entry: Any, data: Any) -> Any:
    record = carray(pointer(data), (1,), dtype=RECORD_TYPE)[0]
    page = address >> _PAGE_SHIFT
    access = np.uint64(kind - FIRST_FILL_ACCESS)
    found = np.uint64(0)
    note_fill(record, page, access == _FETCH)
    settle_block(record)
    # What is remembered may be of another addressing mode; of the last page of each, Python decides.
    if page < address_limit(record) >> _PAGE_SHIFT:
        index = find_fill(record, address, access, record.context)
        if index != np.uint64(NO_FILL):
            found = record.fill_answers[index]
            if access == _FETCH and not _is_shown(record, page, found & ~_PAGE_OFFSET):
                found = np.uint64(0)
        elif record.context != _NO_CONTEXT and (access != _FETCH or _may_be_fetched(record, address)):
            record.condition_code = np.uint64(0)
            if access == _READ and not may_fetch(record, address):
                found = np.uint64(0)
            elif resolve(record, address, access):
                found = _note(record, address, access, False)
            elif access == _STORE and page < _LOW_PAGES and ask_byte(record, address | _FIRST_UNPROTECTED, access):
                found = _note(record, address, access, True)
            elif access != _FETCH:
                length = carray(pointer(record.interruption_address), (4,), dtype=np.uint32)[1]
                if can_be_taken(record, np.uint64(length)):
                    leave_with(record.registers_address, record.condition_code)
                record.condition_code = np.uint64(0)
        if not found and access == _FETCH and _is_look_behind(record, address):
            found = _SINK
            record.has_shown_sink = np.uint64(1)
    if found:
        answer = carray(pointer(entry), (2,), dtype=np.uint64)
        answer[0] = found & ~_PAGE_OFFSET
        answer[1] = found & _PAGE_OFFSET
        # As after a fill by Python: a later exception must not take this length for its own.
        carray(pointer(record.interruption_address), (4,), dtype=np.uint32)[1] = np.uint32(0)
        return np.uint8(1)
    return call_fill(record.fill_function, engine, address, kind, entry, data)
