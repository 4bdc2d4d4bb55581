# SPDX-License-Identifier: GPL-2.0-or-later
"""Signed binary integers, for the expected values of cases (PoP 7, "Binary-Integer Representation")."""

from __future__ import annotations

from typing import Final

PARTS: Final = {"HH": (48, 16), "HL": (32, 16), "LH": (16, 16), "LL": (0, 16), "HF": (32, 32), "LF": (0, 32)}
"""The part of a register that an immediate operand goes to, by the end of the mnemonic: how far from the right, and how
wide."""


def integer_code(exact: int, width: int) -> int:
    """The condition code of a result whose exact value is so: zero, less, greater; 3 if it has not room in *width*."""
    if not -(1 << width - 1) <= exact < 1 << width - 1:
        return 3
    return 0 if exact == 0 else 1 if exact < 0 else 2
