# SPDX-License-Identifier: GPL-2.0-or-later
"""The page allocator: buddy blocks, and for single pages a list of each CPU (mm/page_alloc.c).

A page on these lists is unused, every other page begins stable (patch 1, reference 4.2.6).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from guest_kernel.scripted.cpu.bug import KernelBug
from guest_kernel.scripted.hinting import delayed_free, page_states
from guest_kernel.scripted.hinting.volatile import page_make_volatile
from guest_kernel.scripted.state.history import Event
from guest_kernel.scripted.state.page_flags import (
    ACTIVE,
    ANON,
    BUDDY,
    DIRTY,
    DISCARDED,
    LOCKED,
    LRU,
    PRIVATE,
    REFERENCED,
    RESERVED,
    STATE_CHANGE,
    SWAP_BACKED,
    SWAP_CACHE,
    UPTODATE,
    WRITABLE,
    WRITEBACK,
)
from guest_kernel.scripted.state.zone import MAX_ORDER

if TYPE_CHECKING:
    from guest_kernel.scripted.cpu.script import Script
    from guest_kernel.scripted.state.kernel import Kernel
    from guest_kernel.scripted.state.mm_types import Page

_ATTEMPTS: Final = 16
"""Rounds of reclaim that free nothing before an allocation fails."""
PCP_BATCH: Final = 31
PCP_HIGH: Final = 6 * PCP_BATCH
_BAD_AT_FREE: Final = LOCKED | DIRTY | WRITEBACK | LRU | ACTIVE | PRIVATE | SWAP_CACHE | RESERVED | BUDDY | STATE_CHANGE

_CLEARED_AT_PREP: Final = UPTODATE | REFERENCED | ANON | SWAP_BACKED


class OutOfMemory(Exception):  # noqa: N818 - what Linux calls it
    """No page is free, and reclaim did not help."""


def _free_one_page(kernel: Kernel, page: Page, order: int) -> None:
    """Put a block on its list, joined with its buddy as long as that is free, too."""
    zone, frame = kernel.zone, page.frame
    zone.free_pages += 1 << order
    while order < MAX_ORDER - 1:
        buddy = zone.free_area[order].pop(frame ^ 1 << order, None)
        if buddy is None:
            break
        buddy.flags &= ~BUDDY
        frame &= ~(1 << order)
        order += 1
    block = kernel.mem_map[frame]
    block.flags |= BUDDY
    block.order = order
    zone.free_area[order][frame] = block


def _rmqueue(kernel: Kernel, order: int) -> Page | None:
    """Take a block of the free areas, split off a larger one if need be."""
    zone = kernel.zone
    for larger in range(order, MAX_ORDER):
        if zone.free_area[larger]:
            frame, page = zone.free_area[larger].popitem()
            page.flags &= ~BUDDY
            zone.free_pages -= 1 << order
            for smaller in range(larger - 1, order - 1, -1):
                half = kernel.mem_map[frame + (1 << smaller)]
                half.flags |= BUDDY
                half.order = smaller
                zone.free_area[smaller][half.frame] = half
            return page
    return None


def _bad_page(page: Page, what: str) -> KernelBug:
    return KernelBug(f"bad page {what}: {page!r}")


def _free_pages_check(page: Page) -> None:
    if page.flags & SWAP_BACKED:
        # Nobody will want it again, so it need not be written.
        page.flags &= ~DIRTY
    if page.mapcount or page.mapping is not None or page.count or page.flags & _BAD_AT_FREE:
        raise _bad_page(page, "at free")


def free_pages_ok(kernel: Kernel, page: Page, order: int) -> Script[None]:
    """__free_pages_ok: give a block back that nobody references any more."""
    for frame in range(page.frame, page.frame + (1 << order)):
        _free_pages_check(kernel.mem_map[frame])
        kernel.note(kernel.mem_map[frame], Event.FREED, order)
    if 1 in kernel.patches:
        yield from page_states.page_set_unused(kernel, page, order)
    _free_one_page(kernel, page, order)


def free_hot_cold_page(kernel: Kernel, page: Page, *, cold: bool = False) -> Script[None]:
    """Give a single page back to the list of this CPU; a discarded one goes to the architecture first."""
    _free_pages_check(page)
    kernel.note(page, Event.FREED)
    if page.flags & DISCARDED and delayed_free.page_free_discarded(kernel, page):
        return
    page.flags &= ~(DISCARDED | WRITABLE)
    if 1 in kernel.patches:
        yield from page_states.page_set_unused(kernel, page, 0)
    pages = kernel.zone.per_cpu[kernel.smp_processor_id]
    if cold:
        pages.append(page)
    else:
        pages.appendleft(page)
    if len(pages) >= PCP_HIGH:
        for _ in range(PCP_BATCH):
            _free_one_page(kernel, pages.pop(), 0)


def page_shrink_discard_list(kernel: Kernel) -> Script[None]:
    """What each CPU does where it is enabled, in the idle loop and in the timer interruption (patch 6).

    A CPU without a script to run is idle without a tick: it cannot be in the middle of a discard fault.
    """
    for page in kernel.discard_lists.sign(kernel.smp_processor_id, kernel.busy_cpus):
        page.flags &= ~DISCARDED
        yield from free_hot_cold_page(kernel, page, cold=True)


def alloc_pages(kernel: Kernel, order: int = 0, *, cold: bool = False, may_fail: bool = False) -> Script[Page]:
    """buffered_rmqueue: a block with a reference on its first page, stable, of any content.

    :param may_fail: one round of reclaim is enough, and nobody gives up memory for it (__GFP_NORETRY).
    :raises OutOfMemory: if there is none.
    """
    page = _take(kernel, order, cold=cold)
    attempts = 0
    while page is None:
        from guest_kernel.scripted.mm.vmscan import try_to_free_pages

        if attempts == (1 if may_fail else _ATTEMPTS):
            if may_fail or not (yield from _out_of_memory(kernel)):
                raise OutOfMemory(f"no block of {1 << order} pages is free; {kernel.zone.free_pages} pages are")
            attempts = 0
        attempts += 1
        yield from try_to_free_pages(kernel)
        # congestion_wait: this CPU sleeps and is enabled, so that discarded pages get free as well.
        yield from page_shrink_discard_list(kernel)
        page = _take(kernel, order, cold=cold)
    if 1 in kernel.patches:
        yield from page_states.page_set_stable(kernel, page, order)
    for frame in range(page.frame, page.frame + (1 << order)):
        each = kernel.mem_map[frame]
        kernel.note(each, Event.ALLOCATED, order)
        each.flags &= ~_CLEARED_AT_PREP
        if each.flags or each.count or each.mapcount or each.mapping is not None:
            raise _bad_page(each, "at allocation")
    page.count = 1
    return page


def _out_of_memory(kernel: Kernel) -> Script[int]:
    """out_of_memory: ask those who can help; return how many pages they have freed.  No process is killed."""
    freed = 0
    for notifier in kernel.oom_notifiers:
        freed += yield from notifier(kernel)
    return freed


def _take(kernel: Kernel, order: int, *, cold: bool) -> Page | None:
    if order:
        return _rmqueue(kernel, order)
    pages = kernel.zone.per_cpu[kernel.smp_processor_id]
    if not pages:
        for _ in range(PCP_BATCH):
            page = _rmqueue(kernel, 0)
            if page is None:
                break
            pages.append(page)
    if not pages:
        return None
    return pages.pop() if cold else pages.popleft()


def get_page(page: Page) -> None:
    """Take one more reference on a page that has one."""
    if page.count <= 0:
        raise _bad_page(page, "at get_page: it is free")
    page.count += 1


def get_page_unless_zero(page: Page) -> bool:
    """Take a reference unless the page is being freed."""
    if page.count == 0:
        return False
    page.count += 1
    return True


def put_page(kernel: Kernel, page: Page) -> Script[None]:
    """Give up a reference; with the last one the page is freed."""
    if page.count <= 0:
        raise _bad_page(page, "at put_page: it is free")
    page.count -= 1
    if not page.count:
        yield from _put_page_last(kernel, page)


def free_pages(kernel: Kernel, page: Page, order: int) -> Script[None]:
    """__free_pages: give up a reference to a block; if others remain the page may be volatile now (offset 2)."""
    if page.count > 1:
        yield from page_make_volatile(kernel, page, 2)
    page.count -= 1
    if page.count:
        return
    if order:
        yield from free_pages_ok(kernel, page, order)
    else:
        yield from free_hot_cold_page(kernel, page)


def put_page_check(kernel: Kernel, page: Page) -> Script[None]:
    """page_cache_release: give up a reference; if others remain the page may be volatile now (offset 2)."""
    if page.count > 1:
        # The caller's reference is given up only afterwards: offset 2.
        yield from page_make_volatile(kernel, page, 2)
    yield from put_page(kernel, page)


def _put_page_last(kernel: Kernel, page: Page) -> Script[None]:
    """__page_cache_release: the last reference has gone."""
    if page.flags & LRU:
        kernel.lru.remove(page)
    yield from free_hot_cold_page(kernel, page)
