"""The compiled block callback: it counts instructions, keeps to the budget, and finds what must be intercepted.

Unicorn calls it at the start of every block.  In the steady state that costs a few nanoseconds: the number of
instructions of a block is remembered.  A block that is new is walked once, instruction by instruction, through the
code page that the engine executes from; if it holds an instruction that must not run natively, the callback stops the
engine before the block, and Python puts a trap in its place (see :mod:`emu.engine.code`).

A callback that stops the engine has not let the block begin, so the PSW is right and the block is not counted.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from numba import carray, cfunc, njit, types  # type: ignore[attr-defined]
from numba.core import cgutils
from numba.extending import intrinsic

from emu.engine.library import STOP_FUNCTION


class StopReason(IntEnum):
    """Why the callback stopped the engine."""

    NONE = 0
    LIMIT = 1
    """The goal is reached, or the block does not fit under the limit."""
    CANDIDATE = 2
    """The block holds an instruction that may have to be intercepted."""
    UNKNOWN_CODE = 3
    """The block lies in a page whose code the callback cannot see."""
    ODD_ADDRESS = 4
    """The instruction address is odd, or the address of an EXECUTE's target."""
    EXECUTE_TARGET = 5
    """The target of an EXECUTE, about to be executed, may have to be intercepted."""


# The words of the state that Python and the callback share.
EXECUTED: Final = 0
LIMIT: Final = 1
"""Instructions that must not be exceeded."""
REASON: Final = 2
BLOCK_ADDRESS: Final = 3
BLOCK_SIZE: Final = 4
BLOCK_COUNT: Final = 5
BLOCK_KEY: Final = 6
MODE: Final = 7
"""Which space instructions come from: 0 real, 1 primary, 3 home; it distinguishes equal addresses."""
STOP: Final = 8
EXECUTE_VALUE: Final = 9
"""Address of Unicorn's word that holds the pending target of an EXECUTE."""
CANDIDATES: Final = 10
"""Address of the table of candidate instructions."""
ALLOWED_TARGET: Final = 11
"""The pending EXECUTE target that Python has looked at and lets through."""
GOAL: Final = 12
"""Instructions after which the engine stops at the next block."""
GENERAL_REGISTERS: Final = 13
"""Address of the general registers."""
_TABLES: Final = 16

_MEMO: Final = 1 << 14
_MEMO_KEYS: Final = _TABLES
_MEMO_SIZES: Final = _MEMO_KEYS + _MEMO
_MEMO_COUNTS: Final = _MEMO_SIZES + _MEMO
_PAGES: Final = 1 << 12
_PAGE_KEYS: Final = _MEMO_COUNTS + _MEMO
_PAGE_PLACES: Final = _PAGE_KEYS + _PAGES
STATE_WORDS: Final = _PAGE_PLACES + _PAGES

EXECUTE_OPCODE: Final = 0x44
_INVISIBLE: Final = 256
"""Not a byte: the page is not one that the callback can read."""

CANDIDATE: Final = 1
"""In the table: an instruction with this first halfword may have to be intercepted."""
SPLIT: Final = 2
"""In the table: look at the first and the sixth byte."""
TARGET: Final = 4
"""In the table: to be looked at when it is the target of an EXECUTE."""
SPLIT_TABLE: Final = 1 << 16
TABLE_BYTES: Final = 2 << 16


# numba takes plain integers for the callback's constants.
LIMIT_REASON: Final = int(StopReason.LIMIT)
CANDIDATE_REASON: Final = int(StopReason.CANDIDATE)
UNKNOWN_REASON: Final = int(StopReason.UNKNOWN_CODE)
ODD_REASON: Final = int(StopReason.ODD_ADDRESS)
EXECUTE_TARGET_REASON: Final = int(StopReason.EXECUTE_TARGET)


def _generate_pointer(typing_context: Any, address: Any) -> Any:  # noqa: ARG001 - numba's signature
    """An integer as an address."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
        return builder.inttoptr(arguments[0], cgutils.voidptr_t)

    return types.voidptr(address), generate


def _generate_call(typing_context: Any, function: Any, argument: Any) -> Any:  # noqa: ARG001
    """Call the C function at the address *function* with one 64-bit argument."""
    from llvmlite import ir

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
        kind = ir.FunctionType(ir.IntType(32), [ir.IntType(64)])
        return builder.call(builder.inttoptr(arguments[0], kind.as_pointer()), [arguments[1]])

    return types.int32(function, argument), generate


_pointer: Any = intrinsic(_generate_pointer)
_call: Any = intrinsic(_generate_call)


@njit(cache=True)
def _kind(state: Any, first: Any, last: Any) -> Any:
    """What the table says of an instruction with this first halfword and sixth byte."""
    table = carray(_pointer(state[CANDIDATES]), (TABLE_BYTES,), dtype=np.uint8)
    kind = table[first]
    if kind & SPLIT:
        kind |= table[np.uint64(SPLIT_TABLE) + ((first & np.uint64(0xFF00)) | last)]
    return kind


@njit(cache=True)
def _code_byte(state: Any, address: Any) -> Any:
    """The byte of code at *address*, or _INVISIBLE."""
    page = address >> np.uint64(12)
    index = (page ^ (page >> np.uint64(12))) & np.uint64(_PAGES - 1)
    if state[_PAGE_KEYS + index] != (page << np.uint64(2)) | state[MODE]:
        return np.uint64(_INVISIBLE)
    code = carray(_pointer(state[_PAGE_PLACES + index]), (4096,), dtype=np.uint8)
    return np.uint64(code[address & np.uint64(4095)])


@njit(cache=True)
def _walk(state: Any, address: Any, size: Any) -> Any:
    """The number of instructions in a block that is new, or zero, with the reason set, if it must not run yet."""
    count = np.uint64(0)
    end = address + size
    while address < end:
        first = _code_byte(state, address)
        top = first >> np.uint64(6)
        length = np.uint64(2) if top == 0 else (np.uint64(6) if top == np.uint64(3) else np.uint64(4))
        second = _code_byte(state, address + np.uint64(1))
        last = _code_byte(state, address + length - np.uint64(1))
        if max(first, second, last) == _INVISIBLE:
            state[REASON] = UNKNOWN_REASON
            return np.uint64(0)
        if _kind(state, (first << np.uint64(8)) | second, last) & CANDIDATE:
            state[REASON] = CANDIDATE_REASON
            return np.uint64(0)
        address += length
        count += np.uint64(1)
    return count


@njit(cache=True)
def _count(state: Any, key: Any, address: Any, size: Any) -> Any:
    """The number of instructions in the block, remembered from before if it is not new."""
    slot = ((address >> np.uint64(1)) ^ (address >> np.uint64(15))) & np.uint64(_MEMO - 1)
    if state[_MEMO_KEYS + slot] == key and state[_MEMO_SIZES + slot] == size:
        return state[_MEMO_COUNTS + slot]
    count = _walk(state, address, size)
    if state[REASON] == np.uint64(0):
        state[_MEMO_KEYS + slot] = key
        state[_MEMO_SIZES + slot] = size
        state[_MEMO_COUNTS + slot] = count
    return count


@cfunc(types.void(types.uint64, types.uint64, types.uint32, types.voidptr), cache=True)
def _block_callback(engine: Any, address: Any, size: Any, data: Any) -> None:
    state = carray(data, (STATE_WORDS,), dtype=np.uint64)
    pending = carray(_pointer(state[EXECUTE_VALUE]), (1,), dtype=np.uint64)[0]
    if pending != 0:
        # The target of an EXECUTE: the EXECUTE itself has been counted.
        if pending != state[ALLOWED_TARGET]:
            kind = _kind(state, pending >> np.uint64(48), (pending >> np.uint64(16)) & np.uint64(0xFF))
            if kind & (CANDIDATE | TARGET):
                state[REASON] = EXECUTE_TARGET_REASON
                _call(state[STOP], engine)
        return
    key = (address << np.uint64(2)) | state[MODE]
    if state[BLOCK_KEY] == key and state[BLOCK_SIZE] == size:
        count = state[BLOCK_COUNT]
    else:
        if address & np.uint64(1):
            state[REASON] = ODD_REASON
            _call(state[STOP], engine)
            return
        count = _count(state, key, address, np.uint64(size))
        state[BLOCK_KEY] = key
        state[BLOCK_ADDRESS] = address
        state[BLOCK_SIZE] = size
        state[BLOCK_COUNT] = count
        if state[REASON] != np.uint64(0):
            state[BLOCK_KEY] = ~key
            _call(state[STOP], engine)
            return
    if state[EXECUTED] >= state[GOAL] or state[EXECUTED] + count > state[LIMIT]:
        state[REASON] = LIMIT_REASON
        _call(state[STOP], engine)
    else:
        state[EXECUTED] += count


@cfunc(types.void(types.uint64, types.uint64, types.uint32, types.voidptr), cache=True)
def _execute_callback(engine: Any, address: Any, size: Any, data: Any) -> None:  # noqa: ARG001
    state = carray(data, (STATE_WORDS,), dtype=np.uint64)
    if _code_byte(state, address) != EXECUTE_OPCODE:
        return
    registers = carray(_pointer(state[GENERAL_REGISTERS]), (16,), dtype=np.uint64)
    index = _code_byte(state, address + np.uint64(1)) & np.uint64(15)
    base = _code_byte(state, address + np.uint64(2)) >> np.uint64(4)
    target = _code_byte(state, address + np.uint64(3))
    if index:
        target += registers[index]
    if base:
        target += registers[base]
    if target & np.uint64(1):
        state[REASON] = ODD_REASON
        _call(state[STOP], engine)


EXECUTE_CALLBACK_ADDRESS: Final = int(_execute_callback.address or 0)
"""The address of the compiled callback for an EXECUTE, which Unicorn would let have an odd target address."""
CALLBACK_ADDRESS: Final = int(_block_callback.address or 0)
"""The address of the compiled callback."""


class BlockState:
    """The state that one engine's block callback works on."""

    def __init__(self, registers_address: int, execute_value_address: int, candidates: npt.NDArray[np.uint8]) -> None:
        self._words = np.zeros(STATE_WORDS, dtype=np.uint64)
        self._candidates = candidates
        self.words: memoryview[int] = self._words.data
        self.words[STOP] = STOP_FUNCTION
        self.words[GENERAL_REGISTERS] = registers_address
        self.words[EXECUTE_VALUE] = execute_value_address
        self.words[CANDIDATES] = candidates.ctypes.data
        self._words[_PAGE_KEYS : _PAGE_KEYS + _PAGES] = np.uint64(0xFFFF_FFFF_FFFF_FFFF)

    @property
    def address(self) -> int:
        """Where the state lies, for the callback."""
        return int(self._words.ctypes.data)

    def show_page(self, virtual_page: int, mode: int, place: int) -> None:
        """Let the callback read the code of *virtual_page* at the address *place*."""
        index = (virtual_page ^ (virtual_page >> 12)) & (_PAGES - 1)
        key = (virtual_page << 2 | mode) & 0xFFFF_FFFF_FFFF_FFFF
        self.words[_PAGE_KEYS + index] = key
        self.words[_PAGE_PLACES + index] = place

    def forget_blocks(self) -> None:
        """Forget all instruction counts: some code is not what it was."""
        self._words[_MEMO_KEYS : _MEMO_KEYS + _MEMO] = 0
        self._words[_MEMO_SIZES : _MEMO_SIZES + _MEMO] = 0
        self.words[BLOCK_KEY] = 0
        self.words[BLOCK_SIZE] = 0

    def remember_block(self, address: int, size: int, count: int) -> None:
        """Let the block at *address* run: it has *count* instructions and nothing to intercept."""
        slot = (address >> 1 ^ address >> 15) & (_MEMO - 1)
        self.words[_MEMO_KEYS + slot] = (address << 2 | self.words[MODE]) & 0xFFFF_FFFF_FFFF_FFFF
        self.words[_MEMO_SIZES + slot] = size
        self.words[_MEMO_COUNTS + slot] = count
