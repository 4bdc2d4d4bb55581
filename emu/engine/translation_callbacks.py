# SPDX-License-Identifier: GPL-2.0-or-later
"""Compiled functions that Unicorn calls while it translates: see :mod:`emu.engine.quirks.addressing_mode`.

Each has the arguments of the function that it stands for: the translator's structure, and that of the operands.

Python meets this file only through :mod:`emu.engine.compiled`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from llvmlite import ir
from numba import carray, njit, types  # type: ignore[attr-defined]
from numba.core import cgutils
from numba.extending import intrinsic

from emu.engine.compiled_parts import callback, pointer
from emu.engine.quirks import addressing_mode
from emu.psw import ADDRESS_24, ADDRESS_31

# numba takes plain integers for constants.
FLAGS: Final = np.uint64(addressing_mode.FLAGS)
MODE_64: Final = np.uint32(addressing_mode.MODE_64)
MODE_31: Final = np.uint32(addressing_mode.MODE_31)
ADDRESS: Final = np.uint64(addressing_mode.ADDRESS)
RELATIVE_OPERAND: Final = np.uint64(addressing_mode.RELATIVE_OPERAND)
SECOND_OPERAND: Final = np.uint64(addressing_mode.SECOND_OPERAND)
LIMIT_24: Final = np.int64(ADDRESS_24)
LIMIT_31: Final = np.int64(ADDRESS_31)


def _original(name: str) -> Any:
    """The function of Unicorn's that is called *name* in :data:`addressing_mode.ORIGINALS`."""

    def generate_call(typing_context: Any, translator: Any, operands: Any) -> tuple[Any, Callable[..., Any]]:  # noqa: ARG001
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
            called = ir.FunctionType(ir.VoidType(), [ir.IntType(64), ir.IntType(64)])
            builder.call(cgutils.get_or_insert_function(builder.module, called, name), arguments)  # type: ignore[no-untyped-call]
            return context.get_dummy_value()

        return types.none(translator, operands), generate

    return intrinsic(generate_call)


translate_register_2: Any = _original("translate_register_2")
translate_address_in_register_2: Any = _original("translate_address_in_register_2")
translate_relative_2: Any = _original("translate_relative_2")
translate_result_64: Any = _original("translate_result_64")
translate_result_32: Any = _original("translate_result_32")


@njit
def _word(address: Any) -> Any:
    return carray(pointer(address), (1,), dtype=np.uint64)[0]


@njit
def _mode(translator: Any) -> Any:
    """The flags of the addressing mode."""
    return carray(pointer(_word(translator) + FLAGS), (1,), dtype=np.uint32)[0] & (MODE_64 | MODE_31)


@callback(types.void, types.uint64, types.uint64)
def branch_operand(translator: Any, operands: Any) -> None:
    # Register 0 means no branch: then there is no operand.
    translate_register_2(translator, operands)
    if not _mode(translator) & MODE_64 and _word(operands + SECOND_OPERAND) != np.uint64(0):
        translate_address_in_register_2(translator, operands)


@callback(types.void, types.uint64, types.uint64)
def relative_operand(translator: Any, operands: Any) -> None:
    mode = _mode(translator)
    if not mode & MODE_64:
        limit = LIMIT_31 if mode & MODE_31 else LIMIT_24
        halfwords = carray(pointer(translator + RELATIVE_OPERAND), (1,), dtype=np.int32)
        address = np.int64(_word(translator + ADDRESS))
        halfwords[0] = np.int32((((address + np.int64(2) * halfwords[0]) & limit) - address) >> np.int64(1))
    translate_relative_2(translator, operands)


@callback(types.void, types.uint64, types.uint64)
def address_result(translator: Any, operands: Any) -> None:
    if _mode(translator) & MODE_64:
        translate_result_64(translator, operands)
    else:
        translate_result_32(translator, operands)
