# SPDX-License-Identifier: GPL-2.0-or-later
"""Unicorn extends the immediate of CLFIT and CLGIT with its sign (seen in 2.1.4); it is unsigned (PoP 7).

The second function that an entry of the translator's table names makes the second operand.  So those two get the one of
CLGHSI, which makes 64 bits of an unsigned halfword.
"""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Final

from emu.engine.library import EngineError
from emu.engine.quirks.translator_table import translator_table

_TRAPS: Final = ((0xEC73, "CLFIT"), (0xEC71, "CLGIT"))
_UNSIGNED: Final = ((0xE559, "CLGHSI"), (0xE555, "CLHHSI"), (0xE55D, "CLFHSI"))
"""All of these compare with an unsigned halfword, so they must name the same function."""
_SECOND_OPERAND: Final = 24
"""Offset in an entry of the address of the function that makes the second operand."""


@cache
def mend() -> None:
    """Mend the entries, once in a process.

    :raises EngineError: if the library is not as it is known.
    """
    table = translator_table()
    functions = {_function(table.entry(*form)).value for form in _UNSIGNED}
    if len(functions) != 1 or functions == {0}:
        raise EngineError("Unicorn makes unsigned halfwords differently; this project needs Unicorn 2.1.4")
    places = [_function(table.entry(*form)) for form in _TRAPS]
    with table.writable():
        for place in places:
            place.value = min(functions)


def _function(entry: int) -> ctypes.c_uint64:
    return ctypes.c_uint64.from_address(entry + _SECOND_OPERAND)
