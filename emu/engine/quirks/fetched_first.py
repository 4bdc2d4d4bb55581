# SPDX-License-Identifier: GPL-2.0-or-later
"""Operands that are fetched and stored: whether they may be stored is to be known before they are fetched.

Unicorn 2.1.4 fetches such an operand, and asks only then whether it may be stored.  But low-address protection of a
store has priority over what translating the address gives (PoP 6, "Priority of Access Exceptions"), and a store that
protection prohibits leaves no trace in the page.  So where the page of such an operand is asked for to be fetched from,
the store is resolved first: by :mod:`emu.engine.fetched_operands`, and in compiled code by :mod:`emu.engine.updates`.
If Unicorn does not ask, the page has been fetched from before, and fetching once more is seen nowhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

_CHARACTERS: Final = (0xD1, 0xD3, 0xD4, 0xD6, 0xD7)
"""First bytes of MVN, MVZ, NC, OC and XC, whose second byte is a length code."""
FIRST_WITH_LENGTH: Final = min(_CHARACTERS)
MOVE_WITH_OFFSET: Final = 0xF1
"""The first byte of MVO: half of the second one is a length code."""
_OTHERS: Final = (0x93, 0x94, 0x96, 0x97, 0xBA, 0xBB)
"""First bytes of TS, NI, OI, XI, CS and CDS."""
EXTENDED: Final = 0xEB
_EXTENDED: Final = (
    *(0x14, 0x30, 0x31, 0x3E),
    *(0x54, 0x56, 0x57),
    *(0x6A, 0x6E, 0x7A, 0x7E),
    *(0xE4, 0xE6, 0xE7, 0xE8, 0xEA),
    *(0xF4, 0xF6, 0xF7, 0xF8, 0xFA),
)
"""Last bytes of CSY, CSG, CDSY, CDSG, of NIY, OIY, XIY, of ASI to ALGSI, and of LANG to LAAL, whose first is EB."""
LONGEST: Final = 16
"""Bytes of the longest operand of those that have no length code; an operand that must be aligned lies in one page."""


def _by_opcode() -> npt.NDArray[np.uint8]:
    updates = np.zeros(512, dtype=np.uint8)
    updates[[*_CHARACTERS, MOVE_WITH_OFFSET, *_OTHERS]] = 1
    updates[[256 + last for last in _EXTENDED]] = 1
    return updates


UPDATES: Final = _by_opcode()
"""By the first byte, or 256 and the last byte where the first is EB: one for an instruction that fetches and stores the
operand at the address in bits 16-31, and in bits 32-39 if the first byte is EB."""
