# SPDX-License-Identifier: GPL-2.0-or-later
"""COMPARE AND SWAP and its like: where the operands are not equal Unicorn stores what it has found (seen in 2.1.4).

Storage is the same then, but there was a store for whoever watches.  The manual stores only where they are equal
(PoP 7, "COMPARE AND SWAP"); it is no storage alteration otherwise.
"""

from __future__ import annotations

from typing import Final

from emu.isa.storage_operands import USE_BITS, Use, packed_operands

_USE: Final = (1 << USE_BITS) - 1


def compares_and_swaps(instruction: bytes) -> bool:
    """Whether *instruction* stores only if the condition code is 0 then."""
    return packed_operands(instruction) & _USE == Use.COMPARE
