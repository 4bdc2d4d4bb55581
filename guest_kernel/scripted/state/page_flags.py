# SPDX-License-Identifier: GPL-2.0-or-later
"""The flags of struct page (page-flags.h of Linux 2.6.29, with those that the patches add)."""

from __future__ import annotations

from enum import IntFlag


class PageFlag(IntFlag):
    """The flags of a page."""

    LOCKED = 1 << 0
    UPTODATE = 1 << 1
    DIRTY = 1 << 2
    LRU = 1 << 3
    ACTIVE = 1 << 4
    REFERENCED = 1 << 5
    RESERVED = 1 << 6
    PRIVATE = 1 << 7
    """Has buffer heads or the like."""
    WRITEBACK = 1 << 8
    SWAP_CACHE = 1 << 9
    ANON = 1 << 10
    """Linux keeps this in the mapping pointer."""
    BUDDY = 1 << 11
    STATE_CHANGE = 1 << 12
    """PG_arch_1, the state-change lock of s390 (patch 6)."""
    DISCARDED = 1 << 13
    """PG_discarded (patch 1)."""
    WRITABLE = 1 << 14
    """PG_writable (patch 4)."""
    SWAP_BACKED = 1 << 15
    """Goes to the swap device rather than to a file."""


# Plain integers: an operation of IntFlag takes ten times as long.
LOCKED = int(PageFlag.LOCKED)
UPTODATE = int(PageFlag.UPTODATE)
DIRTY = int(PageFlag.DIRTY)
LRU = int(PageFlag.LRU)
ACTIVE = int(PageFlag.ACTIVE)
REFERENCED = int(PageFlag.REFERENCED)
RESERVED = int(PageFlag.RESERVED)
PRIVATE = int(PageFlag.PRIVATE)
WRITEBACK = int(PageFlag.WRITEBACK)
SWAP_CACHE = int(PageFlag.SWAP_CACHE)
ANON = int(PageFlag.ANON)
BUDDY = int(PageFlag.BUDDY)
STATE_CHANGE = int(PageFlag.STATE_CHANGE)
DISCARDED = int(PageFlag.DISCARDED)
WRITABLE = int(PageFlag.WRITABLE)
SWAP_BACKED = int(PageFlag.SWAP_BACKED)
