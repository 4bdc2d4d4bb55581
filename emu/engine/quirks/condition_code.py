# SPDX-License-Identifier: GPL-2.0-or-later
"""Which instructions leave the condition code alone.

Unicorn executes COMPARE LOGICAL (CLC) of 1, 2, 4 and 8 bytes in line, and has lost the condition code by the time the
second operand meets an access exception (seen in 2.1.4).  Where only the instructions below stand between the start of
the block and such a CLC, the condition code at the start, which the block callback can save, is still the current one.
The list need not be complete: a CLC behind anything else is executed in Python.
"""

from __future__ import annotations

from typing import Final

COMPARE_LOGICAL: Final = 0xD5

# Loads, stores, moves, logical shifts and address arithmetic.
_ONE_BYTE: Final = frozenset(
    (
        0x18,
        0x38,
        0x28,
        0x40,
        0x41,
        0x42,
        0x43,
        0x48,
        0x50,
        0x58,
        0x60,
        0x68,
        0x70,
        0x78,
        0x88,
        0x89,
        0x90,
        0x92,
        0x98,
        0xD2,
    )
)
_TWO_BYTES: Final = frozenset(
    (
        *(0xB904, 0xB906, 0xB907, 0xB914, 0xB916, 0xB917, 0xB926, 0xB927, 0xB984, 0xB985, 0xB994, 0xB995),
        *(0xB3C1, 0xB3CD, 0xE544, 0xE548, 0xE54C),
    )
)
_SPLIT: Final = frozenset(
    (
        *(
            0xE304,
            0xE314,
            0xE315,
            0xE316,
            0xE317,
            0xE324,
            0xE350,
            0xE358,
            0xE370,
            0xE371,
            0xE372,
            0xE373,
            0xE376,
            0xE377,
        ),
        *(0xE378, 0xE390, 0xE391, 0xE394, 0xE395),
        *(0xEB04, 0xEB0C, 0xEB0D, 0xEB24, 0xEB52, 0xEBDE, 0xEBDF, 0xEC59),
    )
)
_NIBBLE: Final = frozenset(
    (0xA5C, 0xA5D, 0xA5E, 0xA5F, 0xA78, 0xA79, 0xC00, 0xC01, 0xC08, 0xC09, 0xC0E, 0xC0F)
    + (0xC42, 0xC44, 0xC45, 0xC46, 0xC47, 0xC48, 0xC4B, 0xC4C, 0xC4D, 0xC4E, 0xC4F)
)


def keeps_condition_code(instruction: bytes) -> bool:
    """Whether *instruction* surely leaves the condition code as it was."""
    first = instruction[0]
    return (
        first in _ONE_BYTE
        or first << 8 | instruction[1] in _TWO_BYTES
        or first << 8 | instruction[-1] in _SPLIT
        or first << 4 | instruction[1] & 0x0F in _NIBBLE
    )
