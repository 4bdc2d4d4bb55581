# SPDX-License-Identifier: GPL-2.0-or-later
"""Compiled code that writes a row into the ring of a trace (:mod:`emu.engine.trace_ring`), and what any of it may note.

Nothing of it is executed while the machine is not traced.  Python meets this file only through
:mod:`emu.engine.compiled`.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import carray, njit  # type: ignore[attr-defined]

from emu import psw as psw_bits
from emu.addresses import PAGE_SHIFT
from emu.bits import MASK_64
from emu.engine import trace_ring
from emu.engine.blocks import FILL_FETCH
from emu.engine.compiled_parts import instructions_from, pointer
from emu.engine.rules.words import load_native, store_native
from emu.engine.trace_ring import RowKind
from emu.engine.units import NOTHING, unit
from emu.psw import AddressSpaceControl

# numba takes plain integers for constants.
_ZERO: Final = np.uint64(0)
_ONE: Final = np.uint64(1)
_WORD: Final = np.uint64(8)
_ROW_SHIFT: Final = np.uint64(trace_ring.ROW_SHIFT)
_CPU: Final = np.uint64(trace_ring.CPU_SHIFT)
_FIRST: Final = np.uint64(trace_ring.FIRST_SHIFT)
_SECOND: Final = np.uint64(trace_ring.SECOND_SHIFT)
_STATE: Final = np.uint64(RowKind.STATE)
_STATE_ADDRESS: Final = np.uint64(RowKind.STATE_ADDRESS)
_KEY: Final = np.uint64(RowKind.KEY)
_FILL: Final = np.uint64(RowKind.FILL)
_FILL_SPACE: Final = np.uint64(RowKind.FILL_SPACE)
_ALL: Final = np.uint64(MASK_64)
_PAGE: Final = np.uint64(PAGE_SHIFT)
_DAT: Final = np.uint64(psw_bits.DAT)
_ASC_SHIFT: Final = np.uint64(46)
_INSTRUCTIONS: Final = np.uint64(FILL_FETCH)
_PRIMARY: Final = np.uint64(AddressSpaceControl.PRIMARY)
_SECONDARY: Final = np.uint64(AddressSpaceControl.SECONDARY)
_HOME: Final = np.uint64(AddressSpaceControl.HOME)
_HOST: Final = np.uint64(RowKind.HOST)
RING: Final = trace_ring.RING_TYPE


@njit
def ring_of(record: Any) -> Any:
    """The ring of the trace, if there is one."""
    return carray(pointer(record.trace_address), (1,), dtype=RING)[0]


@njit
def are_accesses_followed(record: Any) -> Any:
    """Whether the machine is traced, and each access that is made to storage."""
    return record.trace_address != _ZERO and ring_of(record).follows_registers != _ZERO


@njit
def is_flow_followed(record: Any) -> Any:
    """Whether the machine is traced, and each instruction that it executes."""
    return record.trace_address != _ZERO and ring_of(record).follows_flow != _ZERO


@njit
def is_trace_full(record: Any) -> Any:
    """Whether the machine is traced, and what was written must be taken before anything else."""
    if record.trace_address == _ZERO:
        return False
    ring = ring_of(record)
    return ring.row_count >= ring.row_limit or ring.octet_count >= ring.octet_limit


@njit
def append(record: Any, first: Any, second: Any, third: Any, fourth: Any) -> None:
    """Write a row."""
    ring = ring_of(record)
    place = ring.rows_address + (ring.row_count << _ROW_SHIFT)
    store_native(place, first | record.cpu_address << _CPU)
    store_native(place + _WORD, second)
    store_native(place + _WORD + _WORD, third)
    store_native(place + _WORD + _WORD + _WORD, fourth)
    ring.row_count += _ONE


@njit
def mark(record: Any) -> Any:
    """Where the ring ends, for :func:`take_back`."""
    ring = ring_of(record)
    return ring.octet_count << np.uint64(32) | ring.row_count


@njit
def take_back(record: Any, marked: Any) -> None:
    """Take back what was written since it ended where it was *marked*."""
    ring = ring_of(record)
    ring.octet_count, ring.row_count = marked >> np.uint64(32), marked & np.uint64(0xFFFF_FFFF)


@njit
def number_now(record: Any) -> Any:
    """Instructions that all CPUs have executed, those of the block that began last among them."""
    return ring_of(record).others + record.executed + record.bound - record.left - record.extra_work


@njit
def time_now(record: Any) -> Any:
    """Units of work done, those of that block among them."""
    return record.work + record.bound - record.left


@njit
def not_ended(record: Any) -> Any:
    """Instructions of the block that began last, of an access of which it is asked, that have not ended."""
    return instructions_from(record, load_native(record.psw_address + _WORD))


@njit
def traced_space(record: Any, access: Any) -> Any:
    """The address-space-control element that translates for this kind of *access*; zero if nothing does."""
    if record.system_mask & _DAT == _ZERO:
        return _ZERO
    space = record.system_mask >> _ASC_SHIFT & np.uint64(3)
    if access == _INSTRUCTIONS and space != _HOME:
        space = _PRIMARY
    register = np.uint64(13) if space == _HOME else np.uint64(7) if space == _SECONDARY else np.uint64(1)
    return load_native(record.control_registers_address + (register << np.uint64(3)))


@unit(words=2, result=NOTHING)
def trace_state(record: Any, page: Any, what: Any) -> None:
    """Note what ESSA has done to *page*, if the machine is traced; and for Python if it is executed by itself.

    *what* is the request, and to the left of its byte the state before and the one after.
    """
    if record.is_alone:
        record.changed_page, record.state_change = page, what
    if record.trace_address:
        append(record, _STATE | what << _FIRST, number_now(record), time_now(record), page)
        append(record, _STATE_ADDRESS, load_native(record.psw_address + _WORD), _ZERO, _ZERO)


@unit(words=2, result=NOTHING)
def trace_key(record: Any, page: Any, what: Any) -> None:
    """Note that the storage key of *page* was changed, if the machine is traced.

    *what* is the key before, and to the left of its byte the one after.
    """
    if record.trace_address:
        append(record, _KEY | what << _FIRST, number_now(record), time_now(record), page)


@unit(words=3, result=NOTHING)
def trace_host(record: Any, page: Any, before: Any, after: Any) -> None:
    """Note that *page* has got a frame, if the machine is traced."""
    if record.trace_address and before != after:
        word = _HOST | before << _FIRST | after << _SECOND
        rest = not_ended(record)
        append(record, word, number_now(record) - rest, time_now(record) - rest + record.begun_work, page)


@unit(words=2, result=NOTHING)
def trace_fill(record: Any, address: Any, access: Any) -> None:
    """Note that logical *address* was found to lead where it was found to lead, if translations are traced."""
    if record.trace_address and ring_of(record).follows_fetches:
        page = _ALL << _PAGE
        append(
            record,
            _FILL | access << _FIRST,
            number_now(record) - not_ended(record),
            address & page,
            record.resolved & page,
        )
        append(record, _FILL_SPACE, traced_space(record, access), _ZERO, _ZERO)
