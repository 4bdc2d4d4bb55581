# SPDX-License-Identifier: GPL-2.0-or-later
"""The length of an instruction, which its first two bits tell (PoP chapter 5, "Instruction Formats")."""

from __future__ import annotations

from typing import Final

_LENGTHS: Final = (2, 4, 4, 6)


def instruction_length(first_byte: int) -> int:
    """The length in bytes of the instruction that begins with *first_byte*."""
    return _LENGTHS[first_byte >> 6]
