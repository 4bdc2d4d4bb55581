# SPDX-License-Identifier: GPL-2.0-or-later
"""The compiled callbacks: they count instructions, keep to the budget, and find what to intercept.

Unicorn calls the one for blocks at the start of every block, or the other one of them where translated code has not
let the block begin (:mod:`emu.engine.quirks.block_starts`).  The number of instructions of a block is remembered.  A
block that is new is walked once, instruction by instruction, in the code page that the engine executes from; if it
holds an instruction that must not run natively, the callback stops the engine before the block, and Python has the
block translated so that it traps (see :mod:`emu.engine.new_blocks`).

Python meets this file only through :mod:`emu.engine.compiled`.

A callback that stops the engine has not let the block begin, so the PSW is right and the block is not counted.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import carray, njit, types  # type: ignore[attr-defined]

from emu.addresses import PAGE_SIZE
from emu.engine.blocks import (
    BY_FORM,
    CANDIDATE,
    EXECUTE_OPCODE,
    EXECUTE_RELATIVE_OPCODE,
    INVISIBLE,
    INVISIBLE_WORD,
    SIZE_SHIFT,
    SPLIT,
    SPLIT_TABLE,
    TABLE_BYTES,
    TARGET,
)
from emu.engine.compiled_parts import (
    address_limit,
    block_epoch,
    block_key,
    call,
    callback,
    code_byte,
    computed_condition_code,
    instruction_length,
    may_be_stop_place,
    memo_index,
    pointer,
    relative_target,
    settle_block,
)
from emu.engine.record import RECORD_TYPE
from emu.engine.record_limits import MOST_LEFT, StopReason
from emu.engine.rules.native_forms import is_form_for_model
from emu.engine.trace_emission import is_flow_followed
from emu.engine.trace_rows import note_target
from emu.engine.units import NOTHING, unit
from emu.engine.updates import address_register

# numba takes plain integers for the callback's constants.
TRANSLATE_OPCODE: Final = 0xDC
TRANSLATE_AND_TEST_REVERSE_OPCODE: Final = 0xD0
LIMIT_REASON: Final = int(StopReason.LIMIT)
CANDIDATE_REASON: Final = int(StopReason.CANDIDATE)
UNKNOWN_REASON: Final = int(StopReason.UNKNOWN_CODE)
ODD_REASON: Final = int(StopReason.ODD_ADDRESS)
INTERCEPTED_TARGET: Final = CANDIDATE | TARGET | BY_FORM
MOST_LEFT_AT_ONCE: Final = np.uint64(MOST_LEFT)
PAGE_OFFSET: Final = np.uint64(PAGE_SIZE - 1)
EXECUTE_TARGET_REASON: Final = int(StopReason.EXECUTE_TARGET)


@njit
def kind_of(record: Any, first: Any, last: Any) -> Any:
    """What the table says of an instruction with this first halfword and sixth byte."""
    table = carray(pointer(record.candidates_address), (TABLE_BYTES,), dtype=np.uint8)
    kind = table[first]
    if kind & SPLIT:
        kind |= table[np.uint64(SPLIT_TABLE) + ((first & np.uint64(0xFF00)) | last)]
    return kind


@njit
def _code_word(record: Any, address: Any) -> Any:
    """The four bytes of code at *address*, or INVISIBLE_WORD."""
    word = np.uint64(0)
    for number in range(4):
        byte = code_byte(record, address + np.uint64(number))
        if byte == INVISIBLE:
            return np.uint64(INVISIBLE_WORD)
        word = word << np.uint64(8) | byte
    return word


@njit
def _is_plain_target(record: Any, target: Any) -> Any:
    """Whether what lies at *target* can be seen, and is nothing that Unicorn executes at once and wrongly."""
    opcode = code_byte(record, target)
    # These two are for the model, and are executed without a block of their own there.
    if opcode in (INVISIBLE, TRANSLATE_OPCODE, TRANSLATE_AND_TEST_REVERSE_OPCODE):
        return False
    if opcode >> np.uint64(4) != np.uint64(0xD):
        return True
    operands = _code_word(record, target + np.uint64(2))
    has_bases = operands >> np.uint64(28) != 0 and operands >> np.uint64(12) & np.uint64(0x0F) != 0
    return has_bases and operands != INVISIBLE_WORD


@njit
def _must_be_looked_at(record: Any, address: Any, first: Any) -> Any:
    """Whether Python must look at the instruction at *address*, whose form or whose target decides."""
    if first != EXECUTE_RELATIVE_OPCODE or code_byte(record, address + np.uint64(1)) & np.uint64(0x0F):
        return is_form_for_model(record, address) != np.uint64(0)
    if is_flow_followed(record):
        return True
    target = relative_target(address, _code_word(record, address + np.uint64(2))) & address_limit(record)
    ends = max(target + np.uint64(5), address + np.uint64(5)), min(target, address)
    if (ends[0] ^ ends[1]) > PAGE_OFFSET:
        return True
    kind = kind_of(
        record,
        code_byte(record, target) << np.uint64(8) | code_byte(record, target + np.uint64(1)),
        code_byte(record, target + np.uint64(5)),
    )
    return kind & INTERCEPTED_TARGET != 0 or not _is_plain_target(record, target)


@njit
def _walk(record: Any, address: Any, size: Any) -> Any:
    """The number of instructions in a block that is new, or zero, with the reason set, if it must not run yet."""
    count = np.uint64(0)
    end = address + size
    while address < end:
        first = code_byte(record, address)
        length = instruction_length(first)
        second = code_byte(record, address + np.uint64(1))
        last = code_byte(record, address + length - np.uint64(1))
        if max(first, second, last) == INVISIBLE:
            record.reason = UNKNOWN_REASON
            return np.uint64(0)
        kind = kind_of(record, (first << np.uint64(8)) | second, last)
        is_candidate = kind & CANDIDATE or (kind & BY_FORM and _must_be_looked_at(record, address, first))
        if is_candidate or may_be_stop_place(record, address):
            record.reason = CANDIDATE_REASON
            return np.uint64(0)
        address += length
        count += np.uint64(1)
    return count


@njit
def _fits(record: Any, count: Any) -> Any:
    """Whether a block of *count* instructions ends before the goal, and within the limit."""
    work = record.bound - record.left + count
    return work <= record.goal and work - record.extra_work <= record.limit


@njit
def _renew(record: Any) -> None:
    """Let what is left be what it is; compiled instructions have taken more of it than they count for the limit."""
    work = record.bound - record.left
    record.left = min(record.goal - work, record.limit - (work - record.extra_work), MOST_LEFT_AT_ONCE)
    record.bound = work + record.left


@njit
def _is_known(record: Any, entry: Any, key: Any, address: Any, size: Any) -> Any:
    """Whether *entry* of the memo is the block of *size* bytes at *address*, which has this *key*."""
    is_same = entry.key == key and entry.known >> np.uint64(SIZE_SHIFT) == size
    return is_same and entry.epoch == block_epoch(record, address, size)


@unit(words=3, result=NOTHING)
def _begin_rare_block(record: Any, engine: Any, address: Any, size: Any) -> None:
    """Let a block begin that is new, or not all of which may be executed now, or that has something to be saved; or
    that is the target of an EXECUTE, which itself has been counted."""
    pending = carray(pointer(record.execute_value_address), (1,), dtype=np.uint64)[0]
    if pending != 0:
        if pending != record.allowed_target:
            kind = kind_of(record, pending >> np.uint64(48), (pending >> np.uint64(16)) & np.uint64(0xFF))
            if kind & INTERCEPTED_TARGET:
                record.reason = EXECUTE_TARGET_REASON
                call(record.stop_function, engine)
        return
    if address & np.uint64(1):
        record.reason = ODD_REASON
        call(record.stop_function, engine)
        return
    key = block_key(address, record.mode)
    entry = record.memo[memo_index(key)]
    known = entry.known
    if not _is_known(record, entry, key, address, size):
        known = size << np.uint64(SIZE_SHIFT) | _walk(record, address, size)
        if record.reason == np.uint64(0):
            entry.key = key
            entry.known = known
            entry.epoch = block_epoch(record, address, size)
    count = known & np.uint64((1 << SIZE_SHIFT) - 1)
    record.block_address = address
    record.block_size = size
    if record.reason != np.uint64(0):
        call(record.stop_function, engine)
        return
    if _fits(record, count):
        if np.int64(record.left) < np.int64(count):
            _renew(record)
        record.left -= count
    else:
        record.reason = LIMIT_REASON
        call(record.stop_function, engine)


@njit
def begin_block(record: Any, engine: Any, address: Any, size: Any) -> None:
    """Let the block of *size* bytes at *address* begin, or stop the *engine* before it, with the reason set."""
    # Where the start of a block is not decided by translated code, every nanosecond counts here.
    key = block_key(address, record.mode)
    entry = record.memo[memo_index(key)]
    known = entry.known
    count = known & np.uint64((1 << SIZE_SHIFT) - 1)
    left = record.left
    is_known = _is_known(record, entry, key, address, size)
    is_target = carray(pointer(record.execute_value_address), (1,), dtype=np.uint64)[0] != 0
    if is_known and not is_target and np.int64(left) >= np.int64(count):
        record.block_address = address
        record.block_size = size
        record.left = left - count
    else:
        _begin_rare_block(record, engine, address, np.uint64(size))


@callback(types.void, types.uint64, types.uint64, types.uint32, types.voidptr)
def block_callback(engine: Any, address: Any, size: Any, data: Any) -> None:
    record = carray(data, (1,), dtype=RECORD_TYPE)[0]
    settle_block(record)
    begin_block(record, engine, address, np.uint64(size))


@callback(types.void, types.uint64, types.uint64, types.uint32, types.voidptr)
def other_block_callback(engine: Any, start: Any, nothing: Any, data: Any) -> None:  # noqa: ARG001
    record = carray(data, (1,), dtype=RECORD_TYPE)[0]
    record.left += record.starts[start] ^ record.block_tag
    settle_block(record)
    address, size = record.block_address, record.block_size
    begin_block(record, engine, address, size)
    key = block_key(address, record.mode)
    entry = record.memo[memo_index(key)]
    if record.reason == np.uint64(0) and _is_known(record, entry, key, address, size):
        record.starts[start] = entry.known & np.uint64((1 << SIZE_SHIFT) - 1) ^ record.block_tag


@njit
def _indexed_address(record: Any, word: Any) -> Any:
    """The address of the second operand of the RX instruction *word*, not cut to the addressing mode."""
    registers = carray(pointer(record.registers_address), (16,), dtype=np.uint64)
    index = word >> np.uint64(16) & np.uint64(0x0F)
    base = word >> np.uint64(12) & np.uint64(0x0F)
    address = word & np.uint64(0xFFF)
    if index:
        address += registers[index]
    if base:
        address += registers[base]
    return address


@njit
def _is_in_block(record: Any, address: Any) -> Any:
    """Whether the instruction at *address* is one of the block that began last."""
    return address - record.block_address < record.block_size


@njit
def _note_target(record: Any, target: Any, register: Any) -> None:
    """Note the *target* of the EXECUTE that is the last instruction of the block, as general *register* modifies it."""
    word = np.uint64(0)
    for number in range(instruction_length(code_byte(record, target))):
        octet = code_byte(record, target + np.uint64(number) & address_limit(record))
        if octet == INVISIBLE:
            return
        word |= octet << np.uint64(56 - 8 * number)
    word |= (address_register(record, register) & np.uint64(0xFF)) << np.uint64(48)
    note_target(record, target, word)


@njit
def check_execute(record: Any, engine: Any, address: Any) -> None:
    """Stop the *engine* before what lies at *address* if it is an EXECUTE of what Unicorn would execute wrongly.

    Otherwise its target is noted if the machine is traced.
    """
    first = code_byte(record, address)
    register = code_byte(record, address + np.uint64(1)) >> np.uint64(4)
    if first == EXECUTE_RELATIVE_OPCODE and not code_byte(record, address + np.uint64(1)) & np.uint64(0x0F):
        word = _code_word(record, address + np.uint64(2))
        target = relative_target(address, word)
    elif first in (EXECUTE_OPCODE, INVISIBLE):
        word = _code_word(record, address)
        target = _indexed_address(record, word)
    else:
        return
    target &= address_limit(record)
    if word == INVISIBLE_WORD or target & np.uint64(1) or not _is_plain_target(record, target):
        record.reason = ODD_REASON
        call(record.stop_function, engine)
    elif record.reason == np.uint64(0) and is_flow_followed(record) and _is_in_block(record, address):
        # One that traps is no part of the block.
        _note_target(record, target, register)


@callback(types.void, types.uint64, types.uint64, types.uint32, types.voidptr)
def execute_callback(engine: Any, address: Any, size: Any, data: Any) -> None:  # noqa: ARG001
    check_execute(carray(data, (1,), dtype=RECORD_TYPE)[0], engine, address)


@callback(types.uint32, types.uint64, types.uint32, types.uint64, types.uint64, types.uint64)
def condition_code_callback(environment: Any, operation: Any, first: Any, second: Any, result: Any) -> Any:
    return np.uint32(computed_condition_code(environment, operation, first, second, result))
