# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernel's own reclaim (mm/vmscan.c): the oldest inactive pages, to their files or to swap, that nobody uses."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from guest_kernel.scripted.cpu.instructions import ResetReferenceBit
from guest_kernel.scripted.hinting.volatile import page_make_volatile
from guest_kernel.scripted.mm import filemap, page_writeback, rmap, swap_state
from guest_kernel.scripted.mm.lru import pagevec_lru_add
from guest_kernel.scripted.mm.page_alloc import get_page_unless_zero, put_page
from guest_kernel.scripted.state.page_flags import (
    ACTIVE,
    ANON,
    DIRTY,
    DISCARDED,
    LOCKED,
    PRIVATE,
    SWAP_CACHE,
    WRITEBACK,
)

if TYPE_CHECKING:
    from guest_kernel.scripted.cpu.script import Script
    from guest_kernel.scripted.state.kernel import Kernel
    from guest_kernel.scripted.state.mm_types import Page

SWAP_CLUSTER_MAX: Final = 32
"""Pages that one allocation which finds none makes free, and that are isolated at a time."""
DEF_PRIORITY: Final = 12
"""The first scan looks at a 4096th of the pages, each further one at twice as many."""
SWAPPINESS: Final = 60
"""How many of 200 pages that are looked at are anonymous, if there is room to swap."""


def try_to_free_pages(kernel: Kernel, wanted: int = SWAP_CLUSTER_MAX) -> Script[int]:
    """Free at least *wanted* pages if it can be done; return how many were freed."""
    yield from pagevec_lru_add(kernel)
    freed = 0
    for priority in range(DEF_PRIORITY, -1, -1):
        # get_scan_ratio; without room to swap it is no use to look at anonymous pages.
        anon_share = SWAPPINESS if kernel.swap.free_slots else 0
        for anon, share in ((False, 200 - SWAPPINESS), (True, anon_share)):
            if share and freed < wanted:
                freed += yield from _shrink_list(kernel, wanted - freed, priority, share, anon=anon)
        if freed >= wanted:
            break
    return freed


def _shrink_list(kernel: Kernel, wanted: int, priority: int, share: int, *, anon: bool) -> Script[int]:
    """Look at some pages of two lists, until *wanted* are freed; return how many were."""
    lru = kernel.lru
    active, inactive = (lru.active_anon, lru.inactive_anon) if anon else (lru.active, lru.inactive)
    scan = max(wanted, (len(active) + len(inactive)) * share // 200 >> priority)
    freed = 0
    while scan > 0 and freed < wanted:
        batch = min(scan, SWAP_CLUSTER_MAX)
        if len(inactive) < max(batch, len(active)):
            yield from shrink_active_list(kernel, batch, anon=anon)
        freed += yield from _shrink_inactive_list(kernel, batch, anon=anon)
        scan -= batch
    return freed


def shrink_active_list(kernel: Kernel, wanted: int, *, anon: bool = False) -> Script[None]:
    """Make the oldest active pages inactive; their buffers go, and they are tried to be made volatile (offset 1).

    Each has the reference of the isolation still, so that offset 1 does not match (reference 4.2.5, inferred): they
    become volatile when somebody uses them the next time.
    """
    active = kernel.lru.active_anon if anon else kernel.lru.active
    isolated = [page for page in list(islice(active, wanted)) if get_page_unless_zero(page)]
    for page in isolated:
        kernel.lru.remove(page)
        page.flags &= ~ACTIVE
        try_to_release_page(page)
        kernel.lru.add(page)
    for page in isolated:
        yield from page_make_volatile(kernel, page, 1)
        yield from put_page(kernel, page)


def try_to_release_page(page: Page) -> bool:
    """Strip the buffer heads of *page*; False if it cannot be done now."""
    if page.flags & (LOCKED | DIRTY | WRITEBACK):
        return False
    page.flags &= ~PRIVATE
    return True


def _shrink_inactive_list(kernel: Kernel, wanted: int, *, anon: bool) -> Script[int]:
    """Isolate the oldest inactive pages with a reference each, free what can be freed and put the others back."""
    isolated = []
    for page in list(islice(kernel.lru.inactive_anon if anon else kernel.lru.inactive, wanted)):
        if get_page_unless_zero(page):
            kernel.lru.remove(page)
            isolated.append(page)
    freed = 0
    for page in isolated:
        if (yield from _shrink_page(kernel, page)):
            freed += 1
        elif not (page.flags & DISCARDED and kernel.rules.discarded_before_lru):
            kernel.lru.add(page)
        else:
            page.flags &= ~ACTIVE
        yield from put_page(kernel, page)
    return freed


def page_referenced(page: Page) -> Script[bool]:
    """Whether *page* has been used since it was asked the last time, by the reference bit of its key."""
    condition_code = yield ResetReferenceBit(page.address)
    return bool(condition_code & 2)


def _shrink_page(kernel: Kernel, page: Page) -> Script[bool]:
    """shrink_page_list, for one isolated page: take it out of its cache; False if it must stay."""
    if page.flags & WRITEBACK or not filemap.trylock_page(page):
        return False
    if page.flags & DISCARDED:
        page.flags &= ~LOCKED
        return True
    if page.flags & DIRTY or page.mapcount or page.flags & (ANON | SWAP_CACHE):
        if not (yield from _make_reclaimable(kernel, page)):
            # Somebody uses it.
            page.flags |= ACTIVE
            yield from filemap.unlock_page(kernel, page)
            return False
        if page.flags & DIRTY:
            yield from _pageout(kernel, page)
            if page.flags & (DIRTY | WRITEBACK) or not filemap.trylock_page(page):
                # Somebody was quicker while it was written.
                return False
    removed = False
    page.flags &= ~PRIVATE
    # The references of the cache and of the isolation, and no other.
    if page.count == 2 and not page.mapcount and not page.flags & (DIRTY | WRITEBACK):
        removed = yield from _remove_mapping(kernel, page)
    yield from filemap.unlock_page(kernel, page)
    return removed


def _make_reclaimable(kernel: Kernel, page: Page) -> Script[bool]:
    """See that no process uses the locked *page*, and that it can be written somewhere; False if it has to stay."""
    if page.mapping is not None and page.mapping.is_shmem:
        # There is nothing that it could be written to.
        return False
    if (page.mapcount or page.flags & SWAP_CACHE) and (yield from page_referenced(page)):
        return False
    if page.flags & ANON and not page.flags & SWAP_CACHE and not (yield from swap_state.add_to_swap(kernel, page)):
        return False
    return not page.mapcount or (yield from rmap.try_to_unmap(kernel, page))


def _pageout(kernel: Kernel, page: Page) -> Script[None]:
    """Write the locked, dirty *page*, which is unlocked then."""
    if page.flags & SWAP_CACHE:
        yield from swap_state.swap_writepage(kernel, page)
    elif page.mapping is not None:
        yield from page_writeback.write_locked_page(kernel, page.mapping, page)
    else:
        yield from filemap.unlock_page(kernel, page)


def _remove_mapping(kernel: Kernel, page: Page) -> Script[bool]:
    """Take the locked *page* out of the page cache or the swap cache; False if a discard got there first."""
    if page.flags & SWAP_CACHE:
        return (yield from swap_state.delete_from_swap_cache(kernel, page))
    if page.mapping is None:
        return False
    removed = yield from filemap.remove_from_page_cache(kernel, page)
    if removed:
        yield from put_page(kernel, page)
    return removed
