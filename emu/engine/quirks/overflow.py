# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixed-point overflow, which Unicorn never reports as a program interruption (seen in 2.1.4).

It does set condition code 3.  So while the fixed-point-overflow mask (PSW bit 20) is one, which few programs want, the
machine executes instruction by instruction and looks at the condition code after each that can overflow.
"""

from __future__ import annotations

from typing import Final

from emu.bits import bit

FIXED_POINT_OVERFLOW_MASK: Final = bit(20)

# ADD, SUBTRACT, LOAD POSITIVE, LOAD COMPLEMENT, SHIFT LEFT SINGLE and DOUBLE in all their formats; ADD and SUBTRACT
# HALFWORD, ADD IMMEDIATE, ADD HIGH and LOAD AND ADD with those; MULTIPLY SINGLE where it sets the condition code.
_ONE_BYTE: Final = frozenset((0x10, 0x13, 0x1A, 0x1B, 0x4A, 0x4B, 0x5A, 0x5B, 0x8B, 0x8F))
_TWO_BYTES: Final = frozenset(
    (
        *(0xB900, 0xB903, 0xB908, 0xB909, 0xB918, 0xB919, 0xB9C8, 0xB9C9, 0xB9D8, 0xB9D9, 0xB9E8, 0xB9E9),
        *(0xB9ED, 0xB9F8, 0xB9F9, 0xB9FD),
    )
)
_SPLIT: Final = frozenset(
    (
        *(0xE308, 0xE309, 0xE318, 0xE319, 0xE338, 0xE339, 0xE353, 0xE35A, 0xE35B, 0xE37A, 0xE37B, 0xE383),
        *(0xEB0B, 0xEB6A, 0xEB7A, 0xEBDD, 0xEBE8, 0xEBF8, 0xECD8, 0xECD9),
    )
)
_NIBBLE: Final = frozenset((0xA7A, 0xA7B, 0xC28, 0xC29, 0xCC8))


def can_overflow(instruction: bytes) -> bool:
    """Whether condition code 3 after *instruction* means fixed-point overflow."""
    first = instruction[0]
    if first in _ONE_BYTE:
        return True
    if len(instruction) == 2:
        return False
    return (
        first << 8 | instruction[1] in _TWO_BYTES
        or first << 8 | instruction[-1] in _SPLIT
        or first << 4 | instruction[1] & 0x0F in _NIBBLE
    )
