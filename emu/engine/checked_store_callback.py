# SPDX-License-Identifier: GPL-2.0-or-later
"""The compiled callback for stores that are checked one by one (:mod:`emu.engine.checked_stores`).

Python meets this file only through :mod:`emu.engine.compiled`.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from llvmlite import ir
from numba import carray, njit, types  # type: ignore[attr-defined]
from numba.core import cgutils
from numba.extending import intrinsic

from emu.addresses import PAGE_SHIFT, PAGE_SIZE
from emu.engine import checked_stores
from emu.engine.blocks import FILL_STORE
from emu.engine.compiled_parts import callback, settle_block
from emu.engine.library import PROGRAM_INTERRUPTION_FUNCTION
from emu.engine.quirks import single_stores
from emu.engine.record import RECORD_TYPE
from emu.engine.record_limits import StopReason
from emu.engine.rules.access_rules import resolve_byte
from emu.engine.rules.primitives import code_instruction
from emu.engine.rules.words import load_native, store_sized
from emu.engine.updates import first_address
from emu.program_interruption import ProgramInterruptionCode

# numba takes plain integers for the callback's constants.
REASON: Final = int(StopReason.REFUSED_STORE)
CHECKED_FRAMES: Final = np.uint64(checked_stores.CHECKED_FRAMES)
CHECKED_SHIFT: Final = np.uint64(checked_stores.CHECKED_SHIFT)
POOL_OFFSET: Final = np.uint64((1 << checked_stores.CHECKED_SHIFT) - 1)
STORE: Final = np.uint64(FILL_STORE)
PAGE_BITS: Final = np.uint64(PAGE_SHIFT)
PAGE_BYTES: Final = np.uint64(PAGE_SIZE)
PAGE_OFFSET: Final = np.uint64(PAGE_SIZE - 1)
STORES_ONCE: Final = single_stores.STORES_ONCE
LAST_BYTE_SAYS: Final = single_stores.LAST_BYTE_SAYS
_EXTENDED_STORES: Final = np.uint64(0xEB)
_BYTE: Final = np.uint64(0xFF)


def _generate_refusal(typing_context: Any, environment: Any) -> Any:  # noqa: ARG001
    """Leave translated code, and this function, with nothing of the instruction done."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
        word, half = ir.IntType(64), ir.IntType(32)
        called = ir.FunctionType(ir.VoidType(), [word, half, word])
        refuse = cgutils.get_or_insert_function(builder.module, called, PROGRAM_INTERRUPTION_FUNCTION)  # type: ignore[no-untyped-call]
        # The PSW and the condition code are right already, so there is no place in translated code to be given.
        builder.call(refuse, [arguments[0], half(int(ProgramInterruptionCode.PROTECTION)), word(0)])
        return context.get_dummy_value()

    return types.none(environment), generate


_refuse: Any = intrinsic(_generate_refusal)


@njit
def _stores_once(word: Any) -> Any:
    """Whether the instruction that is left-aligned in *word* stores once at most."""
    first = word >> np.uint64(56)
    has_last = first in LAST_BYTE_SAYS
    rest = word >> np.uint64(16) if has_last else word >> np.uint64(48)
    return STORES_ONCE[first << np.uint64(8) | rest & _BYTE] != 0


@njit
def _registers_from(word: Any) -> Any:
    """How many registers R1 to R3 are."""
    first, last = word >> np.uint64(52) & np.uint64(15), word >> np.uint64(48) & np.uint64(15)
    return ((last - first) & np.uint64(15)) + np.uint64(1)


@njit
def _stored_length(word: Any) -> Any:
    """How many bytes an instruction stores whose first operand is at D1(B1) or D2(B2); zero if that is not known.

    They are STM and STAM, STMG, STMH, STMY and STAMY, MVC, NC, OC and XC.
    """
    first, last = word >> np.uint64(56), word >> np.uint64(16) & _BYTE
    if first in (np.uint64(0xD2), np.uint64(0xD4), np.uint64(0xD6), np.uint64(0xD7)):
        return (word >> np.uint64(48) & _BYTE) + np.uint64(1)
    if first in (np.uint64(0x90), np.uint64(0x9B)):
        return _registers_from(word) << np.uint64(2)
    if first == _EXTENDED_STORES:
        if last in (np.uint64(0x26), np.uint64(0x90), np.uint64(0x9B)):
            return _registers_from(word) << np.uint64(2)
        if last == np.uint64(0x24):
            return _registers_from(word) << np.uint64(3)
    return np.uint64(0)


@njit
def _may_store(record: Any, offset: Any, size: Any) -> Any:
    """Whether the instruction at the PSW address, if it may store there now, will not be refused later.

    Each of these stores its first byte first, and no operand that ascends in one page comes to a protected byte later.
    One that reaches into another page is left to the engine that can undo it.
    """
    word = code_instruction(record, load_native(record.psw_address + np.uint64(8)))
    if word == np.uint64(0):
        return False
    if not _stores_once(word):
        size = _stored_length(word)
        if size == np.uint64(0):
            return False
        offset = first_address(record, word) & PAGE_OFFSET
    return offset + size <= PAGE_BYTES


@callback(types.uint8, types.uint64, types.int32, types.uint64, types.int32, types.int64, types.voidptr)
def checked_store_callback(engine: Any, kind: Any, place: Any, size: Any, value: Any, data: Any) -> Any:  # noqa: ARG001
    record = carray(data, (1,), dtype=RECORD_TYPE)[0]
    settle_block(record)
    shown = place - CHECKED_FRAMES
    offset = shown & PAGE_OFFSET
    address = shown >> CHECKED_SHIFT << PAGE_BITS | offset
    if not (_may_store(record, offset, np.uint64(size)) and resolve_byte(record, address, STORE)):
        record.reason = REASON
        _refuse(record.registers_address)
    store_sized(record.pool_address + (shown & POOL_OFFSET), np.uint64(size), np.uint64(value))
    return np.uint8(1)
