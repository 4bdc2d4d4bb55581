# SPDX-License-Identifier: GPL-2.0-or-later
"""The compiled callbacks of the device that the first pages are (:mod:`emu.engine.low_storage`).

A block that was checked for the kind of access is accessed here; for another the function in Python is called.

Python meets this file only through :mod:`emu.engine.compiled`.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from llvmlite import ir
from numba import carray, types  # type: ignore[attr-defined]
from numba.extending import intrinsic

from emu.engine import blocks_of_low_storage as low_storage
from emu.engine.compiled_parts import callback
from emu.engine.rules.words import load8, load16, load32, load64, store_sized

# numba takes plain integers for constants.
WORDS: Final = low_storage.WORDS
REFUSED: Final = low_storage.REFUSED
STORES: Final = np.uint64(low_storage.STORES)
FETCH_FUNCTION: Final = low_storage.FETCH_FUNCTION
STORE_FUNCTION: Final = low_storage.STORE_FUNCTION
BLOCK_SHIFT: Final = np.uint64(low_storage.BLOCK_SHIFT)
BLOCK_OFFSET: Final = np.uint64(low_storage.BLOCK_OFFSET)


def _generate_fetch(typing_context: Any, function: Any, engine: Any, place: Any, size: Any) -> Any:  # noqa: ARG001
    """Call the function for fetching at the address *function*."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
        word = ir.IntType(64)
        called = ir.FunctionType(word, [word, word, ir.IntType(32), word])
        return builder.call(builder.inttoptr(arguments[0], called.as_pointer()), [*arguments[1:], word(0)])

    return types.uint64(function, engine, place, size), generate


def _generate_store(typing_context: Any, function: Any, engine: Any, place: Any, size: Any, value: Any) -> Any:  # noqa: ARG001
    """Call the function for storing at the address *function*."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
        word = ir.IntType(64)
        called = ir.FunctionType(ir.VoidType(), [word, word, ir.IntType(32), word, word])
        builder.call(builder.inttoptr(arguments[0], called.as_pointer()), [*arguments[1:], word(0)])
        return context.get_dummy_value()

    return types.none(function, engine, place, size, value), generate


_call_fetch: Any = intrinsic(_generate_fetch)
_call_store: Any = intrinsic(_generate_store)


@callback(types.uint64, types.uint64, types.uint64, types.uint32, types.voidptr)
def low_fetch_callback(engine: Any, place: Any, size: Any, data: Any) -> Any:
    words = carray(data, (WORDS,), dtype=np.uint64)
    block = words[place >> BLOCK_SHIFT]
    if block == np.uint64(0) or words[REFUSED] != np.uint64(0):
        return _call_fetch(words[FETCH_FUNCTION], engine, place, size)
    address = block + (place & BLOCK_OFFSET)
    if size == np.uint32(8):
        return load64(address)
    if size == np.uint32(4):
        return load32(address)
    return load16(address) if size == np.uint32(2) else load8(address)


@callback(types.void, types.uint64, types.uint64, types.uint32, types.uint64, types.voidptr)
def low_store_callback(engine: Any, place: Any, size: Any, value: Any, data: Any) -> None:
    words = carray(data, (WORDS,), dtype=np.uint64)
    block = words[STORES + (place >> BLOCK_SHIFT)]
    if block == np.uint64(0) or words[REFUSED] != np.uint64(0):
        _call_store(words[STORE_FUNCTION], engine, place, size, value)
        return
    address = block + (place & BLOCK_OFFSET)
    store_sized(address, np.uint64(size), value)
