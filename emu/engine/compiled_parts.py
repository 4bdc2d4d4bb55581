# SPDX-License-Identifier: GPL-2.0-or-later
"""What the compiled callbacks are made of: addresses as pointers, calls of C functions, and looks at the shared record.

Like the callbacks, only a compilation imports it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from llvmlite import ir
from numba import carray, cfunc, njit, types  # type: ignore[attr-defined]
from numba.core import cgutils
from numba.extending import intrinsic

from emu import instruction_length as instructions
from emu.bits import MASK_32, MASK_64
from emu.engine import tables
from emu.engine.blocks import INVISIBLE, NO_FILL
from emu.engine.quirks import sums
from emu.engine.rules.pure import rule
from emu.psw import ADDRESS_24, ADDRESS_31, ADDRESS_64, BASIC_ADDRESSING, EXTENDED_ADDRESSING


@dataclass(frozen=True, slots=True)
class Callback:
    """A function that Unicorn or Python calls, not compiled yet: that is not to happen on import."""

    signature: Any
    function: Callable[..., Any]

    def compiled(self) -> Any:
        """The function as numba compiles it, which takes seconds."""
        return cfunc(self.signature)(self.function)


def callback(result: Any, *arguments: Any) -> Callable[[Callable[..., Any]], Callback]:
    """Declare a function with arguments of these types to be one that Unicorn or Python calls."""
    return lambda function: Callback(result(*arguments), function)


def _generate_pointer(typing_context: Any, address: Any) -> Any:  # noqa: ARG001 - numba's signature
    """An integer as an address."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
        return builder.inttoptr(arguments[0], cgutils.voidptr_t)

    return types.voidptr(address), generate


def _generate_fill_call(
    typing_context: Any,  # noqa: ARG001
    function: Any,
    engine: Any,
    address: Any,
    kind: Any,
    entry: Any,
    data: Any,
) -> Any:
    """Call the TLB-fill callback at the address *function* with the arguments that this one was called with."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
        word = ir.IntType(64)
        called = ir.FunctionType(ir.IntType(8), [word, word, ir.IntType(32), word, word])
        return builder.call(builder.inttoptr(arguments[0], called.as_pointer()), arguments[1:])

    return types.uint8(function, engine, address, kind, entry, data), generate


def _generate_call(typing_context: Any, function: Any, argument: Any) -> Any:  # noqa: ARG001
    """Call the C function at the address *function* with one 64-bit argument."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
        kind = ir.FunctionType(ir.IntType(32), [ir.IntType(64)])
        return builder.call(builder.inttoptr(arguments[0], kind.as_pointer()), [arguments[1]])

    return types.int32(function, argument), generate


def _generate_control_call(typing_context: Any, function: Any, engine: Any, control: Any) -> Any:  # noqa: ARG001
    """Call uc_ctl at the address *function* for *engine*, with a *control* that takes no more."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
        word = ir.IntType(64)
        called = ir.FunctionType(ir.IntType(32), [word, ir.IntType(32)], var_arg=True)
        control = builder.trunc(arguments[2], ir.IntType(32))
        return builder.call(builder.inttoptr(arguments[0], called.as_pointer()), [arguments[1], control])

    return types.int32(function, engine, control), generate


def _generate_condition_code(
    typing_context: Any,  # noqa: ARG001
    environment: Any,
    operation: Any,
    first: Any,
    second: Any,
    result: Any,
) -> Any:
    """Unicorn's own condition code for *operation*, with what it called for it with."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
        word, half = ir.IntType(64), ir.IntType(32)
        called = ir.FunctionType(half, [word, half, word, word, word])
        helper = cgutils.get_or_insert_function(builder.module, called, sums.HELPER)  # type: ignore[no-untyped-call]
        return builder.call(helper, arguments)

    return types.uint32(environment, operation, first, second, result), generate


pointer: Any = intrinsic(_generate_pointer)
call: Any = intrinsic(_generate_call)
call_control: Any = intrinsic(_generate_control_call)
call_fill: Any = intrinsic(_generate_fill_call)
_original_condition_code: Any = intrinsic(_generate_condition_code)


# Rules for compiled code: the length of an instruction, and those of tables.py.
instruction_length: Any = rule(instructions.instruction_length)
page_index: Any = rule(tables.page_index)
page_key: Any = rule(tables.page_key)
_epoch_index: Any = rule(tables.epoch_index)
block_key: Any = rule(tables.block_key)
memo_index: Any = rule(tables.memo_index)
fill_key: Any = rule(tables.fill_key)
fill_index: Any = rule(tables.fill_index)
held_index: Any = rule(tables.held_index)
held_word: Any = rule(tables.held_word)
is_other_held: Any = rule(tables.is_other_held)
_watched_index: Any = rule(tables.watched_index)
_stop_index: Any = rule(tables.stop_index)

# The rules of quirks/sums.py.
_code_of_sum: Any = rule(sums.code_of_sum)
_code_of_difference: Any = rule(sums.code_of_difference)
_ADD_64: Final = sums.ADD_64
_SUBTRACT_64: Final = sums.SUBTRACT_64
_ADD_32: Final = sums.ADD_32
_SUBTRACT_32: Final = sums.SUBTRACT_32
_SIGN_64: Final = np.uint64(sums.SIGN_64)
_SIGN_32: Final = np.uint64(sums.SIGN_32)
_WORD_MASK: Final = np.uint64(MASK_64)
_HALF_MASK: Final = np.uint64(MASK_32)


@njit
def computed_condition_code(environment: Any, operation: Any, first: Any, second: Any, result: Any) -> Any:
    """The condition code that Unicorn has left to be computed; see :mod:`emu.engine.quirks.sums`."""
    if operation == _ADD_64:
        code = _code_of_sum(first, second, result, _SIGN_64, _WORD_MASK)
    elif operation == _SUBTRACT_64:
        code = _code_of_difference(first, second, result, _SIGN_64, _WORD_MASK)
    elif operation == _ADD_32:
        code = _code_of_sum(first, second, result, _SIGN_32, _HALF_MASK)
    elif operation == _SUBTRACT_32:
        code = _code_of_difference(first, second, result, _SIGN_32, _HALF_MASK)
    else:
        code = np.uint64(_original_condition_code(environment, operation, first, second, result))
    return code


@njit
def settle_block(record: Any) -> None:
    """Let the record say which block began last, where translated code has put its number only."""
    number = record.block_start
    if number != np.uint64(0):
        record.block_start = np.uint64(0)
        record.block_address = record.start_addresses[number - np.uint64(1)]
        record.block_size = record.start_sizes[number - np.uint64(1)]


@njit
def block_epoch(record: Any, address: Any, size: Any) -> Any:
    """What the epochs of the first and the last byte of a block of *size* bytes at *address* come to."""
    last = address + size - np.uint64(1)
    return record.epochs[_epoch_index(address >> np.uint64(12))] + record.epochs[_epoch_index(last >> np.uint64(12))]


@njit
def code_byte(record: Any, address: Any) -> Any:
    """The byte of code at *address*, or INVISIBLE."""
    page = address >> np.uint64(12)
    index = page_index(page)
    if record.shown[index].key != page_key(page, record.mode):
        return np.uint64(INVISIBLE)
    code = carray(pointer(record.shown[index].place), (4096,), dtype=np.uint8)
    return np.uint64(code[address & np.uint64(4095)])


@njit
def instructions_from(record: Any, address: Any) -> Any:
    """How many instructions of the block that began last are at *address* and behind it; zero if that is not seen."""
    count, end = np.uint64(0), record.block_address + record.block_size
    while address < end:
        first = code_byte(record, address)
        if first == INVISIBLE:
            return np.uint64(0)
        address += instruction_length(first)
        count += np.uint64(1)
    return count


@njit
def find_fill(record: Any, address: Any, access: Any, context: Any) -> Any:
    """Where in the tables the remembered fill for *address* is; NO_FILL if there is none.

    *access* is the kind of access, counted from the first.
    """
    key = fill_key(address, access)
    index = fill_index(key, context)
    is_found = record.fill_keys[index] == key and record.fill_contexts[index] == context
    return index if is_found else np.uint64(NO_FILL)


@njit
def address_limit(record: Any) -> Any:
    """The last address of the addressing mode."""
    mask = carray(pointer(record.psw_address), (1,), dtype=np.uint64)[0]
    if mask & np.uint64(EXTENDED_ADDRESSING):
        return np.uint64(ADDRESS_64)
    return np.uint64(ADDRESS_31) if mask & np.uint64(BASIC_ADDRESSING) else np.uint64(ADDRESS_24)


@njit
def relative_target(address: Any, word: Any) -> Any:
    """Where the operand of an instruction at *address* lies, not cut to the addressing mode.

    *word* is the signed number of halfwords between them.
    """
    return address + (word << np.uint64(1)) - (word >> np.uint64(31) << np.uint64(33))


@njit
def is_storage_watched(record: Any, page: Any, access: Any) -> Any:
    """Whether this kind of *access* to *page*, a logical or an absolute one, may be watched."""
    if not record.watches_storage:
        return False
    index = _watched_index(page, access)
    return record.watched_pages[index >> np.uint64(6)] >> (index & np.uint64(63)) & np.uint64(1) != np.uint64(0)


@njit
def may_be_stop_place(record: Any, address: Any) -> Any:
    """Whether a stop may wait for the instruction at *address*."""
    index = _stop_index(address)
    return record.stop_places[index >> np.uint64(6)] >> (index & np.uint64(63)) & np.uint64(1) != np.uint64(0)
