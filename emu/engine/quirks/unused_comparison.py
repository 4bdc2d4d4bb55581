# SPDX-License-Identifier: GPL-2.0-or-later
"""Unicorn leaves a COMPARE of BFP data out if the next instructions set the condition code anew (seen in 2.1.4).

Its list of helpers says of those of CEBR, CDBR and CXBR (and CEB and CDB) that they have no side effects.  But a
signaling NaN is an IEEE invalid operation, which sets a flag or traps (PoP 19, "COMPARE").
"""

from __future__ import annotations

from functools import cache
from typing import Final

from emu.engine.quirks.helpers import keep_calls

HELPERS: Final = ("helper_ceb", "helper_cdb", "helper_cxb")


@cache
def mend() -> None:
    """Have these helpers called always; once in a process, before there is an instance of Unicorn.

    :raises EngineError: if the library is not as it is known.
    """
    for helper in HELPERS:
        keep_calls(helper)
