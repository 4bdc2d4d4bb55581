# SPDX-License-Identifier: GPL-2.0-or-later
"""Guest page hinting proper: when a page may be volatile, and how it becomes that and stable again (patch 1).

Reference 4.2.2 (conditions) and 4.2.3 (state-change protocol); conditions 5, 5b and 12 also of patches 2 and 3.
"""

from __future__ import annotations

from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Final

from guest_kernel.scripted.cpu.script import Place, Relax
from guest_kernel.scripted.hinting import page_states
from guest_kernel.scripted.state.page_flags import (
    ANON,
    DIRTY,
    DISCARDED,
    LOCKED,
    LRU,
    PRIVATE,
    RESERVED,
    SWAP_CACHE,
    UPTODATE,
    WRITABLE,
    WRITEBACK,
)

if TYPE_CHECKING:
    from guest_kernel.scripted.cpu.script import Script
    from guest_kernel.scripted.state.kernel import Kernel
    from guest_kernel.scripted.state.mm_types import Page


class StableReason(Enum):
    """What keeps a page from becoming volatile, by the numbers of reference 4.2.2, with the reason."""

    RESERVED = ("1", "special page")
    DIRTY = ("2", "newer than its backing store")
    WRITEBACK = ("3", "its content is needed for I/O")
    LOCKED = ("4", "somebody has it for himself")
    NO_BACKING = ("5", "anonymous and not in the swap cache")
    SHARED_MEMORY = ("5b", "in the swap cache and not anonymous")
    NO_MAPPING = ("6", "it cannot be made again")
    NOT_UPTODATE = ("7", "it has no valid content")
    PRIVATE = ("8", "its buffers may refuse to be released")
    DISCARDED = ("9", "it has gone already")
    NOT_ON_LRU = ("10", "isolated, somebody works on it")
    REFERENCED = ("11", "somebody unknown uses it")
    MLOCKED = ("12", "its mapping is or was locked in memory")

    def __init__(self, number: str, reason: str) -> None:
        self.number = number
        self.reason = reason


_HAS_LOCK: Final = Place("page_make_volatile: has the lock")


_LOOKED_AT: Final = RESERVED | DIRTY | WRITEBACK | LOCKED | PRIVATE | DISCARDED | ANON | SWAP_CACHE | UPTODATE | LRU


# There are a few dozen cases, and a scenario asks half a million times.
@cache
def _flag_condition(flags: int, has_mapping: bool, has_patch_2: bool) -> StableReason | None:
    """The first condition about *flags*, of those that are looked at, and the mapping that keeps a page stable."""
    in_swap_cache = bool(flags & SWAP_CACHE)
    conditions = {
        StableReason.RESERVED: flags & RESERVED,
        StableReason.DIRTY: flags & DIRTY,
        StableReason.WRITEBACK: flags & WRITEBACK,
        StableReason.LOCKED: flags & LOCKED,
        StableReason.NO_BACKING: flags & ANON and not (in_swap_cache and has_patch_2),
        StableReason.SHARED_MEMORY: in_swap_cache and not flags & ANON,
        StableReason.NO_MAPPING: not has_mapping and not in_swap_cache,
        StableReason.NOT_UPTODATE: not flags & UPTODATE,
        StableReason.PRIVATE: flags & PRIVATE,
        StableReason.DISCARDED: flags & DISCARDED,
        StableReason.NOT_ON_LRU: not flags & LRU,
    }
    return next((condition for condition, holds in conditions.items() if holds), None)


def check_state_change(kernel: Kernel, page: Page, offset: int) -> StableReason | None:
    """What keeps *page* from becoming volatile, or None.

    :param offset: the references that are known and are no mappings: 1 for the page cache, 2 if the caller has one.
    """
    mapping, patches = page.mapping, kernel.patches
    condition = _flag_condition(page.flags & _LOOKED_AT, mapping is not None, 2 in patches)
    if condition is not None:
        return condition
    if mapping is not None and mapping.mlocked and 3 in patches:
        return StableReason.MLOCKED
    return StableReason.REFERENCED if page.mapcount + offset != page.count else None


def page_make_volatile(kernel: Kernel, page: Page, offset: int) -> Script[None]:
    """Try to make *page* volatile; it merely stays stable if a condition forbids it or its state is being changed.

    It never waits, so it may be called from interruption handlers.
    """
    if 1 not in kernel.patches or not page_states.page_host_discards(kernel):
        return
    if not page_states.page_test_set_state_change(page):
        return
    if not kernel.runs_alone:
        yield _HAS_LOCK
    if check_state_change(kernel, page, offset) is None:
        yield from page_states.page_set_volatile(kernel, page, writable=bool(page.flags & WRITABLE))
    page_states.page_clear_state_change(page)


def page_make_stable(kernel: Kernel, page: Page) -> Script[bool]:
    """Make *page* stable unless it has been discarded; False if it has.

    The caller holds a reference or has the page locked, so that whoever tries to make it volatile from now on fails.
    """
    if 1 not in kernel.patches:
        return True
    while page_states.page_state_change(page) and kernel.rules.state_change_lock:
        # Somebody is between check and set volatile.
        yield Relax("page_make_stable")
    return (yield from page_states.page_set_stable_if_present(kernel, page))
