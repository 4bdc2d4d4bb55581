# SPDX-License-Identifier: GPL-2.0-or-later
"""Blocks of one instruction each, so that between any two the callback for blocks sees all that the first has changed.

The translator is told how many instructions a block may have at most, and ends it properly there: with the PSW address,
and what the condition code is computed from, in their places.  The function that is told so is called through a word of
the library's procedure linkage.
"""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Final

from emu.engine import compiled
from emu.engine.library import exported_address
from emu.engine.quirks.linkage import slot_of

_TRANSLATE: Final = "translator_loop_s390x"
_SOURCE: Final = f"""
declare void @{_TRANSLATE}(i64, i64, i64, i64, i32)
define void @translate_one(i64 %operators, i64 %base, i64 %cpu, i64 %block, i32 %most) {{
    call void @{_TRANSLATE}(i64 %operators, i64 %base, i64 %cpu, i64 %block, i32 1)
    ret void
}}
"""
_wanted: Final[list[object]] = []
"""Who wants it; it holds for all engines of the process while there is anybody."""


@cache
def _places() -> tuple[int, int, int]:
    """The word that leads to the function, the function, and ours."""
    [ours] = compiled.functions("one_by_one", _SOURCE, [_TRANSLATE], ["translate_one"])
    return slot_of(_TRANSLATE), exported_address(_TRANSLATE), ours


def begin(who: object) -> None:
    """Let blocks that are translated from now on be of one instruction, for *who* wants it.

    :raises EngineError: if the library is not as it is known.
    """
    _wanted.append(who)
    slot, _, ours = _places()
    ctypes.c_uint64.from_address(slot).value = ours


def end(who: object) -> None:
    """The same is wanted by *who* no more."""
    _wanted.remove(who)
    if not _wanted:
        slot, original, _ = _places()
        ctypes.c_uint64.from_address(slot).value = original
