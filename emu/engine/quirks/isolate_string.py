# SPDX-License-Identifier: GPL-2.0-or-later
"""VECTOR ISOLATE STRING takes the size of its elements from M4, which means nothing, instead of M3 (seen in 2.1.4).

What Unicorn calls M4 depends on the format in an instruction's entry of the translator's table.  In the format VRR-a it
is bits 28-31; in VRR-b, which VFEE has, it is bits 32-35, where VISTR has its M3, and M5 is in the same place.  So the
entry of VISTR gets the format of VFEE.
"""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Final

from emu.engine.quirks.translator_table import translator_table

_ISOLATE_STRING: Final = (0xE75C, "VISTR")
_FIND_ELEMENT_EQUAL: Final = (0xE780, "VFEE")
_FORMAT: Final = 4
"""Offset in an entry of the byte that says the format."""


@cache
def mend() -> None:
    """Mend the entry, once in a process.

    :raises EngineError: if the library is not as it is known.
    """
    table = translator_table()
    form = ctypes.c_uint8.from_address(table.entry(*_FIND_ELEMENT_EQUAL) + _FORMAT).value
    place = ctypes.c_uint8.from_address(table.entry(*_ISOLATE_STRING) + _FORMAT)
    with table.writable():
        place.value = form
