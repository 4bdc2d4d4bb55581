# SPDX-License-Identifier: GPL-2.0-or-later
"""Words and bytes at addresses of this process, for compiled code."""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic


def _load(bits: int, *, swapped: bool) -> Any:
    """A function that gives the integer of so many *bits* at an address, big-endian if it is to be *swapped*."""

    def generate_load(typing_context: Any, address: Any) -> Any:  # noqa: ARG001 - numba's signature
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
            kind = ir.IntType(bits)
            found = builder.load(builder.inttoptr(arguments[0], kind.as_pointer()), align=1)
            found = builder.bswap(found) if swapped and bits > 8 else found
            return builder.zext(found, ir.IntType(64)) if bits < 64 else found

        return types.uint64(types.uint64), generate

    return intrinsic(generate_load)


def _store(bits: int, *, swapped: bool) -> Any:
    """A function that stores so many *bits* of an integer at an address."""

    def generate_store(typing_context: Any, address: Any, value: Any) -> Any:  # noqa: ARG001
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
            kind = ir.IntType(bits)
            value = builder.trunc(arguments[1], kind) if bits < 64 else arguments[1]
            value = builder.bswap(value) if swapped and bits > 8 else value
            builder.store(value, builder.inttoptr(arguments[0], kind.as_pointer()), align=1)
            return context.get_dummy_value()

        return types.void(types.uint64, types.uint64), generate

    return intrinsic(generate_store)


def _generate_move(typing_context: Any, to: Any, source: Any, length: Any) -> Any:  # noqa: ARG001
    """Copy *length* bytes, which may overlap."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
        byte = ir.IntType(8).as_pointer()
        to, source = (builder.inttoptr(each, byte) for each in arguments[:2])
        cgutils.raw_memmove(builder, to, source, arguments[2], 1)  # type: ignore[no-untyped-call]
        return context.get_dummy_value()

    return types.void(to, source, length), generate


load8, load16, load32, load64 = (_load(bits, swapped=True) for bits in (8, 16, 32, 64))
store8, store16, store32, store64 = (_store(bits, swapped=True) for bits in (8, 16, 32, 64))
move_bytes: Any = intrinsic(_generate_move)
load_native, store_native = _load(64, swapped=False), _store(64, swapped=False)
load_code, store_code = _load(32, swapped=False), _store(32, swapped=False)


@njit
def store_sized(address: Any, size: Any, value: Any) -> None:
    """Store the *size* bytes of *value*, one, two, four or eight of them, big-endian."""
    if size == np.uint64(8):
        store64(address, value)
    elif size == np.uint64(4):
        store32(address, value)
    elif size == np.uint64(2):
        store16(address, value)
    else:
        store8(address, value)
