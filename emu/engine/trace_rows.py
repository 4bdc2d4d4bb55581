# SPDX-License-Identifier: GPL-2.0-or-later
"""What compiled code notes of blocks, registers and interruptions while a machine is traced.

Python meets this file only through :mod:`emu.engine.compiled`.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import carray, njit  # type: ignore[attr-defined]

from emu import psw as psw_bits
from emu.addresses import PAGE_SHIFT
from emu.engine import trace_ring
from emu.engine.blocks import INVISIBLE, SIZE_SHIFT
from emu.engine.compiled_parts import block_epoch, block_key, code_byte, memo_index, pointer
from emu.engine.record_limits import MEMO_BLOCKS
from emu.engine.rules.frames import NO_FRAME, locate_frame
from emu.engine.rules.primitives import condition_code
from emu.engine.rules.words import load_code, load_native, move_bytes, store8, store64
from emu.engine.trace_accesses import finish_accesses
from emu.engine.trace_emission import append, number_now, ring_of, time_now
from emu.engine.trace_ring import RowKind, TracedRegister
from emu.engine.units import NOTHING, unit
from emu.lowcore import PROGRAM_OLD_PSW, SVC_OLD_PSW
from emu.traces.schema import FlowKind, InterruptionClass

# numba takes plain integers for constants.
_ZERO: Final = np.uint64(0)
_ONE: Final = np.uint64(1)
_WORD: Final = np.uint64(8)
_FIRST: Final = np.uint64(trace_ring.FIRST_SHIFT)
_SECOND: Final = np.uint64(trace_ring.SECOND_SHIFT)
_THIRD: Final = np.uint64(trace_ring.THIRD_SHIFT)
_LOW_CORE: Final = np.uint64(trace_ring.LOW_CORE_FIRST)
_LOW_CORE_BYTES: Final = np.uint64(trace_ring.LOW_CORE_BYTES)
_PSW_BYTES: Final = np.uint64(trace_ring.PSW_BYTES)
_TARGET_BYTES: Final = np.uint64(trace_ring.TARGET_BYTES)
_BLOCK_ENTRY: Final = trace_ring.TRACED_BLOCK_TYPE
_REGISTERS: Final = trace_ring.TRACED_REGISTERS_TYPE
_SIZE: Final = np.uint64(SIZE_SHIFT)
_PAGE: Final = np.uint64(PAGE_SHIFT)
_BLOCK: Final = np.uint64(RowKind.BLOCK)
_NEW_BLOCK: Final = np.uint64(RowKind.NEW_BLOCK)
_ALONE: Final = np.uint64(RowKind.ALONE)
_ALONE_MASK: Final = np.uint64(RowKind.ALONE_MASK)
_REGISTER: Final = np.uint64(RowKind.REGISTER)
_EXECUTED: Final = np.uint64(FlowKind.EXECUTED)
_TARGET: Final = np.uint64(FlowKind.TARGET)
_SVC: Final = np.uint64(InterruptionClass.SVC)
_SVC_OLD_PSW: Final = np.uint64(SVC_OLD_PSW)
_PROGRAM_OLD_PSW: Final = np.uint64(PROGRAM_OLD_PSW)
_INTERRUPTION: Final = np.uint64(RowKind.INTERRUPTION)
_ACCESS_REGISTERS: Final = np.uint64(TracedRegister.ACCESS)
_CONTROL_REGISTERS: Final = np.uint64(TracedRegister.CONTROL)
_VECTOR_REGISTERS: Final = np.uint64(TracedRegister.VECTOR)
_FPC: Final = np.uint64(TracedRegister.FLOATING_POINT_CONTROL)
_PSW_MASK: Final = np.uint64(TracedRegister.PSW_MASK)
_PREFIX: Final = np.uint64(TracedRegister.PREFIX)
_OF_STATE: Final = np.uint64(
    psw_bits.DAT | psw_bits.ADDRESS_SPACE_CONTROL | psw_bits.PROBLEM_STATE | psw_bits.ADDRESSING_MODE
)
"""What of the PSW mask tells equal blocks apart."""
_OF_ENGINE: Final = np.uint64(psw_bits.ADDRESSING_MODE | psw_bits.PROGRAM_MASK)
"""What of it the engine keeps."""
_CONDITION_CODE: Final = np.uint64(44)
"""Bits to the right of it."""


@njit
def _keep_code(record: Any, address: Any, size: Any) -> Any:
    """Write *size* bytes of code at *address*, and give their place."""
    ring = ring_of(record)
    place = ring.octet_count
    for number in range(size):
        octet = code_byte(record, address + np.uint64(number))
        store8(ring.octets_address + place + np.uint64(number), _ZERO if octet == INVISIBLE else octet)
    ring.octet_count += size
    return place


@unit(words=1)
def traced_mask(record: Any, code: Any) -> Any:
    """The PSW mask, with the condition code if *code* is not zero."""
    mask = record.system_mask & ~_OF_ENGINE | load_native(record.psw_address) & _OF_ENGINE
    if code:
        mask |= condition_code(record) << _CONDITION_CODE
    return mask


@unit(words=2)
def _identified_block(record: Any, address: Any, known: Any) -> Any:
    """The identification of the block at *address*, of which this is *known*; it is given one if it has none."""
    key = block_key(address, record.mode)
    table = carray(pointer(record.traced_blocks_address), (MEMO_BLOCKS,), dtype=_BLOCK_ENTRY)
    entry = table[memo_index(key)]
    state = traced_mask(record, _ZERO) & _OF_STATE
    size = known >> _SIZE
    epoch = block_epoch(record, address, size)
    if entry.key != key or entry.known != known or entry.epoch != epoch or entry.state != state:
        ring = ring_of(record)
        entry.key, entry.known, entry.epoch, entry.state, entry.number = key, known, epoch, state, ring.next_block
        ring.next_block += _ONE
        place = _keep_code(record, address, size)
        append(record, _NEW_BLOCK | entry.number << _FIRST, address, size << _THIRD | place, state)
    return entry.number


@unit(words=4, result=NOTHING)
def note_block(record: Any, address: Any, known: Any, number: Any, time: Any) -> None:
    """Note that a block begins, of which this is *known*."""
    append(record, _BLOCK | _identified_block(record, address, known) << _FIRST, number, time, _ZERO)


@njit
def _note_single(record: Any, address: Any, instruction: Any, kind: Any, last: Any) -> None:
    """Note an *instruction*, left-aligned in a word, at *address*, which is one of *last* that are counted already."""
    ring = ring_of(record)
    place = ring.octet_count
    store64(ring.octets_address + place, instruction)
    ring.octet_count += _TARGET_BYTES
    first = instruction >> np.uint64(62)
    length = np.uint64(6) if first == np.uint64(3) else np.uint64(4) if first else np.uint64(2)
    word = _ALONE | length << _FIRST | kind << _SECOND | place << _THIRD
    append(record, word, number_now(record) - last, time_now(record) - last, address)
    append(record, _ALONE_MASK, traced_mask(record, _ZERO), _ZERO, _ZERO)


@unit(words=2, result=NOTHING)
def note_alone(record: Any, address: Any, instruction: Any) -> None:
    """Note an *instruction*, left-aligned in a word, at *address*, that is executed, and no part of a block."""
    _note_single(record, address, instruction, _EXECUTED, _ZERO)


@unit(words=2, result=NOTHING)
def note_target(record: Any, address: Any, instruction: Any) -> None:
    """Note the *instruction*, left-aligned in a word, at *address*, that the last one of the block executes."""
    _note_single(record, address, instruction, _TARGET, _ONE)


@njit
def _compare(record: Any, registers: Any, register: Any, value: Any) -> None:
    before = registers.words[register]
    if value != before:
        append(record, _REGISTER | register << _FIRST, registers.number, before, value)
        registers.words[register] = value


@unit(words=0, result=NOTHING)
def compare_registers(record: Any) -> None:
    """Note what registers have changed since they were compared last."""
    registers = carray(pointer(record.traced_registers_address), (1,), dtype=_REGISTERS)[0]
    for number in range(16):
        place = np.uint64(number)
        _compare(record, registers, place, load_native(record.registers_address + (place << np.uint64(3))))
    for number in range(16):
        place = np.uint64(number)
        value = load_code(registers.access_address + (place << np.uint64(2)))
        _compare(record, registers, _ACCESS_REGISTERS + place, value)
    for number in range(16):
        place = np.uint64(number)
        value = load_native(record.control_registers_address + (place << np.uint64(3)))
        _compare(record, registers, _CONTROL_REGISTERS + place, value)
    for number in range(64):
        place = np.uint64(number)
        value = load_native(record.vector_registers_address + (place << np.uint64(3)))
        _compare(record, registers, _VECTOR_REGISTERS + place, value)
    _compare(record, registers, _FPC, load_code(registers.fpc_address))
    _compare(record, registers, _PSW_MASK, traced_mask(record, _ONE))
    _compare(record, registers, _PREFIX, record.prefix)


@unit(words=1, result=NOTHING)
def follow_instruction(record: Any, number: Any) -> None:
    """Before instruction *number*: note what the one before has accessed and changed."""
    registers = carray(pointer(record.traced_registers_address), (1,), dtype=_REGISTERS)[0]
    finish_accesses(record, _ONE if number > registers.number else _ZERO)
    compare_registers(record)
    registers.number = number


@unit(words=3, result=NOTHING)
def note_interruption(record: Any, kind: Any, code: Any, length: Any) -> None:
    """Note that an interruption of the class *kind* was taken, whose old PSW is at its place in the prefix area."""
    ring = ring_of(record)
    frame = locate_frame(record, record.prefix >> _PAGE)
    place = ring.octet_count
    into = ring.octets_address + place
    mask = traced_mask(record, _ONE)
    if frame != NO_FRAME:
        low = record.pool_address + frame
        move_bytes(into, low + (_SVC_OLD_PSW if kind == _SVC else _PROGRAM_OLD_PSW), _PSW_BYTES)
        move_bytes(into + _PSW_BYTES + _PSW_BYTES, low + _LOW_CORE, _LOW_CORE_BYTES)
    store64(into + _PSW_BYTES, mask)
    store64(into + _PSW_BYTES + _WORD, load_native(record.psw_address + _WORD))
    ring.octet_count += _PSW_BYTES + _PSW_BYTES + _LOW_CORE_BYTES
    word = _INTERRUPTION | kind << _FIRST | length << _SECOND | code << _THIRD
    append(record, word, number_now(record), time_now(record), place)
    if ring.follows_registers:
        registers = carray(pointer(record.traced_registers_address), (1,), dtype=_REGISTERS)[0]
        registers.words[_PSW_MASK] = mask
