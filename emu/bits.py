# SPDX-License-Identifier: GPL-2.0-or-later
"""Bit fields in IBM numbering: bit 0 is the most significant bit of its word.

The Principles of Operation number the bits of a 64-bit register 0 to 63 from the left, and those of a
32-bit field 0 to 31.  Everything in :mod:`emu` that names a bit by number goes through this module.
"""

from __future__ import annotations

from typing import Final

MASK_64: Final = 0xFFFF_FFFF_FFFF_FFFF
MASK_32: Final = 0xFFFF_FFFF


def bit(number: int, width: int = 64) -> int:
    """The mask of one bit: ``bit(0)`` is 0x8000000000000000, ``bit(31, 32)`` is 1."""
    return 1 << (width - 1 - number)


def bits(first: int, last: int, width: int = 64) -> int:
    """The mask of the bits *first* to *last*, both included."""
    return ((1 << (last - first + 1)) - 1) << (width - 1 - last)


def field(value: int, first: int, last: int, width: int = 64) -> int:
    """The bits *first* to *last* of *value*, right-aligned."""
    return (value >> (width - 1 - last)) & ((1 << (last - first + 1)) - 1)


def insert(value: int, first: int, last: int, replacement: int, width: int = 64) -> int:
    """*value* with its bits *first* to *last* replaced by the low bits of *replacement*."""
    mask = bits(first, last, width)
    return (value & ~mask) | ((replacement << (width - 1 - last)) & mask)


def signed(value: int, width: int) -> int:
    """The two's-complement reading of the low *width* bits of *value*."""
    value &= (1 << width) - 1
    return value - (1 << width) if value >> (width - 1) else value
