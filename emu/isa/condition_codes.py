# SPDX-License-Identifier: GPL-2.0-or-later
"""Condition codes that many instructions set alike."""

from __future__ import annotations


def of_comparison(first: int, second: int) -> int:
    """The condition code of comparing two numbers (PoP 7, "COMPARE"): 0 equal, 1 first low, 2 first high."""
    return 0 if first == second else 1 if first < second else 2
