# SPDX-License-Identifier: GPL-2.0-or-later
"""What the translated functions are made of besides operators: words and bytes at addresses, and the record's tables.

Like the callbacks, only a compilation imports it.  The names are those that :mod:`emu.engine.rules.model` writes.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit

from emu import psw as psw_bits
from emu.addresses import PAGE_SHIFT, PAGE_SIZE
from emu.control_registers import CR0_AFP, CR0_SERVICE_SIGNAL, CR0_TRANSLATION, CR0_VECTOR
from emu.engine import tables
from emu.engine.blocks import NO_FILL
from emu.engine.compiled_parts import (
    computed_condition_code,
    find_fill,
    instruction_length,
    is_storage_watched,
    page_index,
    page_key,
)
from emu.engine.flushing import flush_buffer
from emu.engine.quirks.overflow import FIXED_POINT_OVERFLOW_MASK
from emu.engine.record_limits import NO_CONTEXT, SHORT_ADDRESSES
from emu.engine.rules import pure
from emu.engine.rules.frames import NO_FRAME, ask_frame, find_frame, is_host_asked, locate_frame, note_change
from emu.engine.rules.pure import rule
from emu.engine.rules.reached_pages import forget_all_reached, forget_reached, is_page_reached
from emu.engine.rules.words import (
    load8,
    load16,
    load32,
    load64,
    load_code,
    load_native,
    move_bytes,
    store8,
    store16,
    store32,
    store64,
    store_code,
    store_native,
)
from emu.engine.tables import CONTEXT_STEP, LAST_MARK
from emu.engine.trace_emission import are_accesses_followed, trace_key, trace_state
from emu.engine.units import unit
from emu.teid import Access

ZERO: Final = np.uint64(0)
_PAGE_OFFSET: Final = np.uint64(PAGE_SIZE - 1)
_PAGE_SHIFT: Final = np.uint64(PAGE_SHIFT)
_NO_FILL: Final = np.uint64(NO_FILL)
_PAGE_BYTES: Final = np.uint64(PAGE_SIZE)
_FETCH: Final = np.uint64(Access.FETCH)
_STORE: Final = np.uint64(Access.STORE)
_LAST_WHOLE: Final = np.uint64(PAGE_SIZE - 8)
_INTERRUPTIONS: Final = np.uint64(psw_bits.ANY_INTERRUPTION)
_LEFT_TO_PYTHON: Final = np.uint64(psw_bits.PER | psw_bits.WAIT)
"""PSW bits that the run loop must know of at once if they change."""
_TRANSLATION: Final = np.uint64(psw_bits.DAT | psw_bits.ADDRESS_SPACE_CONTROL)
_ADDRESSING_MODE: Final = np.uint64(psw_bits.ADDRESSING_MODE)
_OVERFLOW: Final = np.uint64(FIXED_POINT_OVERFLOW_MASK)
_SHORT_ADDRESSES: Final = np.uint64(SHORT_ADDRESSES)
_NO_CONTEXT: Final = np.uint64(NO_CONTEXT)
_LAST_CONSTANT_CODE: Final = np.uint64(3)
_EXTERNAL: Final = np.uint64(psw_bits.EXTERNAL_MASK)


_ENABLING: Final = np.uint64(1 << 6 | 1 << 14)
"""By their bits, counted from the right: control registers 6 and 14."""
_OF_UNICORN: Final = np.uint64(CR0_AFP | CR0_VECTOR)
_SERVICE_SIGNAL: Final = np.uint64(CR0_SERVICE_SIGNAL)
_OF_TRANSLATION: Final = np.uint64(CR0_TRANSLATION)
_CONTEXT_STEP: Final = np.uint64(CONTEXT_STEP)
_LAST_MARK: Final = np.uint64(LAST_MARK)
_CONTEXT_MODE: Final = np.uint64(CONTEXT_STEP - 1)

_context_index: Any = rule(tables.context_index)
_context_rest: Any = rule(tables.context_rest)
compiled_real_context = rule(tables.real_context)
full_context = rule(tables.full_context)
_block_tag = rule(tables.block_tag)
_fetch_mode = rule(tables.fetch_mode)
_followed_index: Any = rule(tables.followed_index)
_are_operands_apart = rule(psw_bits.are_operands_apart)


@njit
def code_instruction(record: Any, address: Any) -> Any:
    """The instruction at *address*, left-aligned in a word; zero, which is none, if it is not visible.

    Nor is one that reaches into the next page: Unicorn need not have asked for that again since it translated it.
    """
    page = address >> np.uint64(12)
    offset = address & _PAGE_OFFSET
    index = page_index(page)
    if record.shown[index].key != page_key(page, record.mode):
        return np.uint64(0)
    place = record.shown[index].place
    if offset <= _LAST_WHOLE:
        return load64(place + offset)
    # The last bytes of the page, and zeros.
    word = load64(place + _LAST_WHOLE) << ((offset - _LAST_WHOLE) << np.uint64(3))
    length = instruction_length(word >> np.uint64(56))
    return word if offset + length <= _PAGE_BYTES else np.uint64(0)


@njit
def find_operand(record: Any, address: Any, length: Any, kind: Any, context: Any) -> Any:
    """Where in this process the *length* bytes at *address* are; zero if it is not known, or they are in two pages."""
    index = find_fill(record, address, kind, context)
    offset = address & _PAGE_OFFSET
    if index == _NO_FILL or offset + length > _PAGE_BYTES:
        return ZERO
    return ((record.fill_answers[index] & ~_PAGE_OFFSET) | offset) + record.frame_distance


@njit
def note_resolved(record: Any, address: Any) -> None:
    """Leave the absolute *address* that an access leads to."""
    record.resolved = address


@njit
def note_condition(
    record: Any, code: Any, ending: Any, is_identified: Any, identification: Any, has_access: Any
) -> None:
    """Note a program-interruption condition: see the fields of the record."""
    record.condition_code = code
    record.condition_ending = ending
    record.is_condition_identified = is_identified
    record.condition_identification = identification
    record.has_condition_access = has_access


@njit
def compare_bytes(first: Any, second: Any, length: Any) -> Any:
    """Whether the *length* bytes at *first* are lower than those at *second* (0), equal (1) or higher (2)."""
    done = ZERO
    while done < length:
        one, other = load8(first + done), load8(second + done)
        if one != other:
            return ZERO if one < other else np.uint64(2)
        done += np.uint64(1)
    return np.uint64(1)


@njit
def condition_code(record: Any) -> Any:
    """The condition code; Unicorn may have left it to be computed from operands."""
    operation = load_code(record.cc_operation_address)
    return operation if operation <= _LAST_CONSTANT_CODE else _code_of_operands(record, operation)


@unit(words=1)
def _code_of_operands(record: Any, operation: Any) -> Any:
    """The condition code that an *operation* of Unicorn's makes of the operands that it has kept."""
    operands = record.cc_operands_address
    first, second = load_native(operands), load_native(operands + np.uint64(8))
    # Unicorn's environment begins with the general registers.
    environment = record.registers_address
    return computed_condition_code(
        environment, np.uint32(operation), first, second, load_native(operands + np.uint64(16))
    )


@njit
def set_condition_code(record: Any, value: Any) -> None:
    """Let *value* be the condition code."""
    store_code(record.cc_operation_address, value)


@njit
def work_done(record: Any) -> Any:
    """Units of work done on the machine."""
    return record.work + record.bound - record.left


@njit
def executed(record: Any) -> Any:
    """Instructions that the CPU has executed."""
    return record.executed + record.bound - record.left - record.extra_work


@njit
def may_change_system_mask(record: Any, mask: Any, extra: Any) -> Any:
    """Whether nothing follows from the PSW mask *mask* but what :func:`change_system_mask` does.

    *extra* is the work of this instruction beyond one unit.  No interruption that it enables for may be possible yet,
    as a service signal is that has come meanwhile.
    """
    enabled = mask & ~record.system_mask & _INTERRUPTIONS
    changed = mask ^ record.system_mask
    if changed & _LEFT_TO_PYTHON:
        return False
    if changed & _TRANSLATION and _are_operands_apart(mask) != _are_operands_apart(record.system_mask):
        # Other instructions are intercepted then.
        return False
    if enabled == ZERO:
        return True
    is_quiet = load_native(record.completed_call_address) == ZERO
    return is_quiet and record.bound - record.left + extra + np.uint64(1) < record.quiet


@njit
def may_change_psw_mask(record: Any, mask: Any) -> Any:
    """Whether Unicorn may go on with *mask* as its PSW mask.

    Not in another addressing mode, in which other instructions are intercepted, nor where each sum is to be looked at.
    """
    changed = mask ^ load_native(record.psw_address)
    return changed & _ADDRESSING_MODE == ZERO and mask & _OVERFLOW == ZERO


@njit
def change_system_mask(record: Any, mask: Any) -> None:
    """Let *mask* be the PSW mask; newly enabled for external interruptions, go no further than to the next of them."""
    enabled = mask & ~record.system_mask
    if (mask ^ record.system_mask) & _TRANSLATION:
        record.mode = _fetch_mode(record.mode & _SHORT_ADDRESSES, mask)
        record.block_tag = _block_tag(record.generation, record.mode)
        if record.context != _NO_CONTEXT:
            record.context = full_context(compiled_real_context(record.context), mask)
    record.system_mask = mask
    if enabled & _EXTERNAL:
        record.goal = min(record.goal, record.quiet)
        if record.quiet < record.bound:
            record.left -= record.bound - record.quiet
            record.bound = record.quiet


@njit
def may_change_control_register(record: Any, number: Any, value: Any) -> Any:
    """Whether nothing follows from *value* in control register *number* but for translations.

    It enables for no interruption that is pending or will be.
    """
    before = load_native(record.control_registers_address + (number << np.uint64(3)))
    if number == ZERO:
        expected = record.expected_subclasses
        if load_native(record.completed_call_address) != ZERO:
            expected |= _SERVICE_SIGNAL
        return (value ^ before) & _OF_UNICORN == ZERO and value & ~before & expected == ZERO
    return value == before or (_ENABLING >> number) & np.uint64(1) == ZERO


@njit
def complete_service_call(record: Any, block: Any) -> None:
    """Let the command of the SCCB at absolute address *block* be the one whose end is to be announced; 0: none is."""
    if block != ZERO and block != load_native(record.completed_call_address):
        # Another CPU may be waiting for it.
        record.idle_until = ZERO
    store_native(record.completed_call_address, block)


@njit
def find_context(record: Any, is_changed: Any, cr0: Any, primary: Any, secondary: Any, home: Any, key: Any) -> Any:
    """The context of these controls and spaces and of *key* if it *is changed*, a new one if need be.

    Otherwise the present one.  Zero if Python must find the present one first.
    """
    if is_changed == ZERO:
        return record.known_context
    if record.known_context == ZERO or record.context == _NO_CONTEXT:
        return ZERO
    rest = _context_rest(cr0 & _OF_TRANSLATION, key, record.uses_access_registers)
    entry = record.contexts[_context_index(primary, secondary, home, rest)]
    is_same = (entry.primary == primary) & (entry.secondary == secondary) & (entry.home == home) & (entry.rest == rest)
    if not is_same or entry.number <= record.forgotten_context:
        record.last_context += _CONTEXT_STEP
        entry.primary, entry.secondary, entry.home, entry.rest = primary, secondary, home, rest
        entry.number = record.last_context
    return entry.number


@njit
def change_context(record: Any, context: Any) -> None:
    """Use no translation but those of *context* from now on."""
    if context != record.known_context:
        record.context = context | (record.context & _CONTEXT_MODE)
        record.known_context = context
        record.has_changed_context = np.uint64(1)
        flush_buffer(record)


@njit
def may_forget_translations(record: Any) -> Any:
    """Whether all translations can be forgotten in compiled code."""
    return record.held_mark < _LAST_MARK and record.known_context != ZERO and record.context != _NO_CONTEXT


@njit
def forget_translations(record: Any, whose: Any) -> None:
    """Forget every translation of this CPU if *whose* is 1, of all if it is 2; none if it is 0."""
    if whose == ZERO:
        return
    record.has_changed_context = np.uint64(1)
    if record.is_holding:
        record.is_holding = ZERO
        record.held_mark += np.uint64(1)
        record.forgotten_context = record.last_context
        record.last_context += _CONTEXT_STEP
        record.known_context = record.last_context
        record.context = record.last_context | (record.context & _CONTEXT_MODE)
        flush_buffer(record)
    if whose == np.uint64(2):
        forget_all_reached(record)


@njit
def retire(record: Any, extra: Any) -> None:
    """Count an instruction that has ended, and work of *extra* units beyond the one that it is."""
    record.left -= extra + np.uint64(1)
    record.extra_work += extra
    # Of the block that began last, nothing is left to be executed, even if it has led into itself.
    record.block_size = ZERO


@njit
def is_state_followed(record: Any, page: Any) -> Any:
    """Whether somebody is to be told of what ESSA does to absolute *page*, or may be, and only the model can."""
    if record.is_alone:
        return False
    index = _followed_index(page)
    return record.followed_states[index >> np.uint64(6)] >> (index & np.uint64(63)) & np.uint64(1) != ZERO


@njit
def is_area_watched(record: Any, address: Any, length: Any) -> Any:
    """Whether an access to one of these bytes, at least one, may be watched; the address is of whatever kind."""
    if not record.watches_storage:
        return False
    first, last = address >> _PAGE_SHIFT, address + length - np.uint64(1) >> _PAGE_SHIFT
    is_fetch_watched = is_storage_watched(record, first, _FETCH) or is_storage_watched(record, last, _FETCH)
    is_store_watched = is_storage_watched(record, first, _STORE) or is_storage_watched(record, last, _STORE)
    return length > _PAGE_BYTES or is_fetch_watched or is_store_watched


@njit
def interrupted(record: Any, extra: Any) -> None:
    """Count work of *extra* units, by which no instruction has ended."""
    record.left -= extra
    record.extra_work += extra
    record.block_size = ZERO


NAMES: Final[dict[str, Any]] = {
    **pure.NAMES,
    **{
        f"load{bits}": function for bits, function in zip((8, 16, 32, 64), (load8, load16, load32, load64), strict=True)
    },
    **{f"store{bits}": each for bits, each in zip((8, 16, 32, 64), (store8, store16, store32, store64), strict=True)},
    "load_native": load_native,
    "store_native": store_native,
    "find_operand": find_operand,
    "NO_FRAME": NO_FRAME,
    "find_frame": find_frame,
    "locate_frame": locate_frame,
    "ask_frame": ask_frame,
    "note_change": note_change,
    "note_resolved": note_resolved,
    "note_condition": note_condition,
    "is_host_asked": is_host_asked,
    "executed": executed,
    "interrupted": interrupted,
    "real_context": compiled_real_context,
    "compare_bytes": compare_bytes,
    "move_bytes": move_bytes,
    "condition_code": condition_code,
    "set_condition_code": set_condition_code,
    "work_done": work_done,
    "may_change_system_mask": may_change_system_mask,
    "may_change_psw_mask": may_change_psw_mask,
    "change_system_mask": change_system_mask,
    "may_change_control_register": may_change_control_register,
    "complete_service_call": complete_service_call,
    "find_context": find_context,
    "change_context": change_context,
    "may_forget_translations": may_forget_translations,
    "is_page_reached": is_page_reached,
    "forget_reached": forget_reached,
    "forget_translations": forget_translations,
    "retire": retire,
    "is_state_followed": is_state_followed,
    "is_storage_watched": is_storage_watched,
    "is_area_watched": is_area_watched,
    "are_accesses_followed": are_accesses_followed,
    "trace_state": trace_state,
    "trace_key": trace_key,
}
"""What translated instructions call."""
