# SPDX-License-Identifier: GPL-2.0-or-later
"""Which instructions Unicorn stores for at most once, so that there is nothing to be undone if a store is refused.

A store of 1, 2, 4 or 8 bytes asks for both pages that it reaches into before it changes anything (seen in 2.1.4).
Others are made of several stores: of more registers or bytes, of 16 bytes, of strings.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

_SEVERAL_STORES: Final = frozenset(
    (0x0E, 0x90, 0x9B, 0xA8, 0xB2, 0xBE, 0xC8, 0xEB, *range(0xD0, 0xE3), *range(0xE4, 0xEB), *range(0xED, 0x100))
)
"""First bytes of instructions that may be made of several: MVCL, STM, STAM, MVCLE, STCM, those of strings ..."""
_STORE_PAIR: Final = (0xE3, 0x8E)
"""STPQ, by its first and last byte."""


_OF_REGISTERS: Final = 0xB9
_STORING_OF_REGISTERS: Final = range(0x80, 0xC0)
"""Second bytes of the instructions that begin so and may store: TRTT, CU14 and their like are among them."""


@lru_cache(maxsize=1 << 16)
def stores_at_most_once(instruction: bytes) -> bool:
    """Whether *instruction* is none of those."""
    if instruction[0] == _OF_REGISTERS:
        return instruction[1] not in _STORING_OF_REGISTERS
    return instruction[0] not in _SEVERAL_STORES and (instruction[0], instruction[-1]) != _STORE_PAIR
