# SPDX-License-Identifier: GPL-2.0-or-later
"""The length of an instruction, which its first two bits tell (PoP chapter 5, "Instruction Formats")."""

from __future__ import annotations


def instruction_length(first_byte: int) -> int:
    """The length in bytes of the instruction that begins with *first_byte*: 2 for 00, 4 for 01 and 10, 6 for 11."""
    return ((first_byte >> 6) + 1 & 6) + 2
