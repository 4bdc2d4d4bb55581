# SPDX-License-Identifier: GPL-2.0-or-later
"""What compiled code notes of accesses to storage while a machine is traced.

Before an instruction that runs natively its operands are found by :mod:`emu.isa.storage_operands`, and what will be
stored into is kept; after it has ended what is there then is noted.  An instruction of which the operands are not
described, or are in a page that nobody has asked for yet, is executed alone, where Python notes the same.

Python meets this file only through :mod:`emu.engine.compiled`.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import carray, njit  # type: ignore[attr-defined]

from emu.addresses import PAGE_SHIFT, PAGE_SIZE
from emu.engine import trace_ring
from emu.engine.blocks import FILL_READ, FILL_STORE, NO_FILL
from emu.engine.compiled_parts import address_limit, find_fill, pointer
from emu.engine.record_limits import NO_CONTEXT
from emu.engine.rules.access_rules import ask_byte
from emu.engine.rules.frames import NO_FRAME, locate_frame
from emu.engine.rules.primitives import condition_code
from emu.engine.rules.pure import rule
from emu.engine.rules.words import load_code, move_bytes
from emu.engine.trace_emission import append, ring_of
from emu.engine.trace_ring import RowKind
from emu.engine.units import NOTHING, unit
from emu.engine.updates import address_register, executed_instruction
from emu.isa import storage_operands
from emu.isa.storage_operands import OperandPlace, Use
from emu.traces import schema

# numba takes plain integers for constants.
_ZERO: Final = np.uint64(0)
_ONE: Final = np.uint64(1)
_BYTE: Final = np.uint64(0xFF)
_TABLE: Final = storage_operands.TABLE
_LAST_BYTE_SAYS: Final = storage_operands.LAST_BYTE_SAYS
_UNDESCRIBED: Final = np.uint64(storage_operands.UNDESCRIBED_BIT)
_PARTLY_DESCRIBED: Final = np.uint64(storage_operands.PARTLY_DESCRIBED_BIT)
_OPERAND: Final = np.uint64(storage_operands.OPERAND_MASK)
_OPERAND_BITS: Final = np.uint64(storage_operands.OPERAND_BITS)
_USE: Final = np.uint64((1 << storage_operands.USE_BITS) - 1)
_PLACE: Final = np.uint64(storage_operands.PLACE_SHIFT)
_RULE: Final = np.uint64(storage_operands.RULE_SHIFT)
_SIZE: Final = np.uint64(storage_operands.SIZE_SHIFT)
_THREE_BITS: Final = np.uint64(7)
_FETCHED: Final = np.uint64(Use.FETCH)
_STORED: Final = np.uint64(Use.STORE)
_COMPARED: Final = np.uint64(Use.COMPARE)
_base_of: Any = rule(storage_operands.base_of)
_index_of: Any = rule(storage_operands.index_of)
_displacement_of: Any = rule(storage_operands.displacement_of)
_length_of: Any = rule(storage_operands.length_of)
_RELATIVE: Final = np.uint64(OperandPlace.RELATIVE)
_PAGE_BYTES: Final = np.uint64(PAGE_SIZE)
_PAGE_OFFSET: Final = np.uint64(PAGE_SIZE - 1)
_PAGE_BITS: Final = np.uint64(PAGE_SHIFT)
_NO_FILL: Final = np.uint64(NO_FILL)
_NO_CONTEXT: Final = np.uint64(NO_CONTEXT)
_READ_FILL: Final = np.uint64(FILL_READ)
_STORE_FILL: Final = np.uint64(FILL_STORE)
_ACCESS: Final = np.uint64(RowKind.ACCESS)
_ACCESS_BYTES: Final = np.uint64(RowKind.ACCESS_BYTES)
_FIRST: Final = np.uint64(trace_ring.FIRST_SHIFT)
_SECOND: Final = np.uint64(trace_ring.SECOND_SHIFT)
_NOTHING: Final = np.uint64(schema.NOTHING)
_FETCH_ROW: Final = np.uint64(schema.AccessKind.FETCH)
_STORE_ROW: Final = np.uint64(schema.AccessKind.STORE)
_REGISTERS: Final = trace_ring.TRACED_REGISTERS_TYPE
_MOST_PARTS: Final = np.uint64(trace_ring.MOST_PARTS)


@njit
def _traced(record: Any) -> Any:
    return carray(pointer(record.traced_registers_address), (1,), dtype=_REGISTERS)[0]


@njit
def _operand_address(record: Any, word: Any, place: Any, at: Any) -> Any:
    """The address of the operand at *place* of the instruction left-aligned in *word*, which lies *at* this address."""
    address = _displacement_of(word, place)
    if place == _RELATIVE:
        address += at
    else:
        address += address_register(record, _base_of(word, place))
        address += address_register(record, _index_of(word, place))
    return address & address_limit(record)


@njit
def _place_of(record: Any, address: Any, fill: Any) -> Any:
    """Where in this process the byte at *address* is; zero if nobody has asked for its page, or may not."""
    index = find_fill(record, address, fill, record.context)
    if index != _NO_FILL:
        return ((record.fill_answers[index] & ~_PAGE_OFFSET) | address & _PAGE_OFFSET) + record.frame_distance
    if record.context == _NO_CONTEXT or not ask_byte(record, address, fill):
        return _ZERO
    absolute = record.resolved
    frame = locate_frame(record, absolute >> _PAGE_BITS)
    return _ZERO if frame == NO_FRAME else record.pool_address + frame + (absolute & _PAGE_OFFSET)


@njit
def _begin_part(record: Any, use: Any, address: Any, length: Any) -> Any:
    """Note a part of an operand that is in one page, and give whether that can be done."""
    traced = _traced(record)
    place = _place_of(record, address, _READ_FILL if use == _FETCHED else _STORE_FILL)
    if place == _ZERO or traced.part_count == _MOST_PARTS:
        return False
    part = traced.parts[traced.part_count]
    part.use, part.address, part.length, part.place = use, address, length, place
    ring = ring_of(record)
    part.before = ring.octet_count
    move_bytes(ring.octets_address + ring.octet_count, place, length)
    ring.octet_count += length
    traced.part_count += _ONE
    return True


@njit
def _begin_operand(record: Any, word: Any, packed: Any, at: Any) -> Any:
    use = packed & _USE
    if use == _FETCHED and not ring_of(record).follows_fetches:
        return True
    address = _operand_address(record, word, packed >> _PLACE & _THREE_BITS, at)
    length = _length_of(word, packed >> _RULE & _THREE_BITS, packed >> _SIZE)
    if length == _ZERO:
        return True
    first = min(length, _PAGE_BYTES - (address & _PAGE_OFFSET))
    if not _begin_part(record, use, address, first):
        return False
    return first == length or _begin_part(record, use, address + first & address_limit(record), length - first)


@unit(words=1)
def begin_accesses(record: Any, at: Any) -> Any:
    """Find what the instruction *at* this address will access, before it is executed.

    Zero if it must be executed alone.
    """
    traced = _traced(record)
    traced.part_count = traced.given_up = _ZERO
    word = executed_instruction(record)
    if word == _ZERO:
        return _ZERO
    first = word >> np.uint64(56)
    rest = word >> np.uint64(16) if first in _LAST_BYTE_SAYS else word >> np.uint64(48)
    packed = np.uint64(_TABLE[first << np.uint64(8) | rest & _BYTE])
    if packed == _ZERO:
        return _ONE
    octets = ring_of(record).octet_count
    if packed & _UNDESCRIBED or (packed & _PARTLY_DESCRIBED and ring_of(record).follows_fetches):
        return _ZERO
    is_known = _begin_operand(record, word, packed & _OPERAND, at)
    second = packed >> _OPERAND_BITS & _OPERAND
    if is_known and second:
        is_known = _begin_operand(record, word, second, at)
    if not is_known:
        traced.part_count = _ZERO
        ring_of(record).octet_count = octets
        return _ZERO
    return _ONE


@unit(words=1, result=NOTHING)
def finish_accesses(record: Any, has_ended: Any) -> None:
    """Note what the instruction has accessed that began last, if it *has ended*."""
    traced = _traced(record)
    ring = ring_of(record)
    count = traced.part_count
    traced.part_count = _ZERO
    if not has_ended:
        if count:
            traced.given_up = count
        return
    traced.given_up = _ZERO
    for number in range(count):
        part = traced.parts[number]
        use, length = part.use, part.length
        offset = part.place - record.pool_address
        page = offset >> _PAGE_BITS
        if record.frame_pages_address:
            page = load_code(record.frame_pages_address + (page << np.uint64(2)))
        absolute = page << _PAGE_BITS | offset & _PAGE_OFFSET
        if use & _FETCHED and ring.follows_fetches:
            append(record, _ACCESS | _FETCH_ROW << _FIRST | length << _SECOND, traced.number, part.address, absolute)
            append(record, _ACCESS_BYTES, _NOTHING, part.before, _ZERO)
        if use & _STORED and (use != _COMPARED or condition_code(record) == _ZERO):
            place = ring.octet_count
            move_bytes(ring.octets_address + place, part.place, length)
            ring.octet_count += length
            append(record, _ACCESS | _STORE_ROW << _FIRST | length << _SECOND, traced.number, part.address, absolute)
            append(record, _ACCESS_BYTES, part.before, place, _ZERO)
