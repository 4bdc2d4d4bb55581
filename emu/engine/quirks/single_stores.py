# SPDX-License-Identifier: GPL-2.0-or-later
"""Which instructions Unicorn stores for at most once, so that there is nothing to be undone if a store is refused.

A store of 1, 2, 4 or 8 bytes asks for both pages that it reaches into before it changes anything (seen in 2.1.4).
Others are made of several stores: of more registers or bytes, of 16 bytes, of strings.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

_SEVERAL_STORES: Final = (
    0x0E,
    0x90,
    0x9B,
    0xA8,
    0xB2,
    0xBE,
    0xC8,
    *range(0xD0, 0xE3),
    0xE4,
    *range(0xE6, 0xEB),
    *range(0xED, 0x100),
)
"""First bytes of instructions that may be made of several: MVCL, STM, STAM, MVCLE, STCM, those of strings ..."""
_STORING_OF_REGISTERS: Final = range(0xB980, 0xB9C0)
"""TRTT, CU14 and their like are among these."""
_STORES_OF_IMMEDIATES: Final = (0xE544, 0xE548, 0xE54C)
"""MVHHI, MVGHI and MVHI; others that begin so move strings."""
_STORE_PAIR: Final = 0xE38E
"""STPQ, by its first and last byte."""
_STORES_OF_LONG_DISPLACEMENT: Final = (
    *(0xEB14, 0xEB30, 0xEB52, 0xEB54, 0xEB56, 0xEB57),
    *(0xEB6A, 0xEB6E, 0xEB7A, 0xEB7E),
    *(0xEBE4, 0xEBE6, 0xEBE7, 0xEBE8, 0xEBEA, 0xEBF4, 0xEBF6, 0xEBF7, 0xEBF8, 0xEBFA),
)
"""CSY and CSG, MVIY to XIY, ASI to ALGSI, LAN to LAALG, by first and last byte; others that begin so are STMG, STCMH
and their like."""
LAST_BYTE_SAYS: Final = (0xE3, 0xEB)
"""First bytes of instructions of which the last byte is the rest of the opcode; of others it may be the second."""


def _by_opcode() -> npt.NDArray[np.uint8]:
    once = np.ones((256, 256), dtype=np.uint8)
    once[list(_SEVERAL_STORES)] = 0
    for first in (0xE5, 0xEB):
        once[first] = 0
    flat = once.reshape(-1)
    flat[[*_STORING_OF_REGISTERS, _STORE_PAIR]] = 0
    flat[[*_STORES_OF_IMMEDIATES, *_STORES_OF_LONG_DISPLACEMENT]] = 1
    return flat


STORES_ONCE: Final = _by_opcode()
"""By the first byte and the second, or the last where that says more: one for an instruction that is none of those."""
_STORES_ONCE: Final = STORES_ONCE.tobytes()


def stores_at_most_once(instruction: bytes) -> bool:
    """Whether *instruction* is none of those."""
    first = instruction[0]
    return bool(_STORES_ONCE[first << 8 | instruction[-1 if first in LAST_BYTE_SAYS else 1]])
