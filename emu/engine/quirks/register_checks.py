# SPDX-License-Identifier: GPL-2.0-or-later
"""LOAD (extended) may have a second operand that is not there without the AFP-register control (seen in 2.1.4).

Flags in an instruction's entry of the translator's table say of which operands the register is checked.  LXR has that
of the first one alone, LDR those of both.  So the entry of LXR gets the flags of LDR.
"""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Final

from emu.engine.library import EngineError
from emu.engine.quirks.translator_table import translator_table

_LOAD_EXTENDED: Final = (0xB365, "LXR")
_LOAD_LONG: Final = (0x2800, "LDR")
_FLAGS: Final = 2
"""Offset in an entry of the flags."""
_FIRST_IS_CHECKED, _BOTH_ARE_CHECKED = 1, 3


@cache
def mend() -> None:
    """Mend the entry, once in a process.

    :raises EngineError: if the library is not as it is known.
    """
    table = translator_table()
    extended, long = (
        ctypes.c_uint16.from_address(table.entry(*known) + _FLAGS) for known in (_LOAD_EXTENDED, _LOAD_LONG)
    )
    if (extended.value, long.value) != (_FIRST_IS_CHECKED, _BOTH_ARE_CHECKED):
        raise EngineError("Unicorn checks other registers of LXR and LDR; this project needs Unicorn 2.1.4")
    with table.writable():
        extended.value = long.value
