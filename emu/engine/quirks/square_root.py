# SPDX-License-Identifier: GPL-2.0-or-later
"""Unicorn cannot translate SQXBR without crashing the process (seen in 2.1.4).

The translator's entry for SQXBR prepares one half of the result where two are needed.  So the entry gets the preparing
function that LXDBR has, which prepares both.
"""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Final

from emu.engine.quirks.translator_table import translator_table

_SQUARE_ROOT: Final = (0xB316, "SQXBR")
_LOAD_LENGTHENED: Final = (0xB305, "LXDBR")
_PREPARE: Final = 32
"""Offset in an entry of the address of the function that prepares the result."""


@cache
def mend() -> None:
    """Mend the entry, once in a process.

    :raises EngineError: if the library is not as it is known.
    """
    table = translator_table()
    prepare = ctypes.c_uint64.from_address(table.entry(*_LOAD_LENGTHENED) + _PREPARE).value
    place = ctypes.c_uint64.from_address(table.entry(*_SQUARE_ROOT) + _PREPARE)
    with table.writable():
        place.value = prepare
