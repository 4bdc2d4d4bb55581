# SPDX-License-Identifier: GPL-2.0-or-later
"""Numbers of things, in words."""

from __future__ import annotations


def how_many(count: int, noun: str) -> str:
    """*count* and the *noun*, which takes an s if there are several."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
