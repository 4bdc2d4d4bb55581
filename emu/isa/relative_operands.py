# SPDX-License-Identifier: GPL-2.0-or-later
"""Which instructions designate an operand relative to their own address, and which address that is (PoP 5, "Formats").

The number of halfwords stands from bit 16 on in all of them: 16 bits in the formats RI, RSI and RIE, 32 in RIL.
"""

from __future__ import annotations

from typing import Final

from emu.bits import MASK_64, signed
from emu.instruction_length import instruction_length

_WITH_EXTENSION: Final = {
    0xA7: frozenset({0x4, 0x5, 0x6, 0x7}),  # BRC, BRAS, BRCT, BRCTG
    0xC0: frozenset({0x0, 0x4, 0x5}),  # LARL, BRCL, BRASL
    0xC4: frozenset(range(16)),  # LOAD and STORE RELATIVE LONG
    0xC6: frozenset(range(16)),  # EXRL, PFDRL, COMPARE RELATIVE LONG
    0xCC: frozenset({0x6}),  # BRCTH
}
"""By the first byte, the four bits from bit 12 on that are the rest of the opcode."""
_INDEXED: Final = frozenset({0x84, 0x85})
"""BRXH, BRXLE"""
_COMPARE_AND_BRANCH: Final = frozenset({0x44, 0x45, 0x64, 0x65, 0x76, 0x77, 0x7C, 0x7D, 0x7E, 0x7F})
"""The last bytes of those that begin with EC: BRXHG, BRXLG, CGRJ, CLGRJ, CRJ, CLRJ, CGIJ, CLGIJ, CIJ, CLIJ."""


def relative_operand(instruction: bytes, address: int) -> int | None:
    """The address that the *instruction* found at *address* means by its relative operand; None if it has none."""
    if not instruction or len(instruction) != instruction_length(instruction[0]):
        return None
    first = instruction[0]
    has_one = (
        instruction[1] & 0x0F in _WITH_EXTENSION.get(first, ())
        or first in _INDEXED
        or (first == 0xEC and instruction[5] in _COMPARE_AND_BRANCH)
    )
    if not has_one:
        return None
    width = 32 if len(instruction) == 6 and first != 0xEC else 16
    halfwords = signed(int.from_bytes(instruction[2 : 2 + width // 8], "big"), width)
    return address + 2 * halfwords & MASK_64
