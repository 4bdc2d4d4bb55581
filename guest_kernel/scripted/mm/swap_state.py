# SPDX-License-Identifier: GPL-2.0-or-later
"""The swap cache (mm/swap_state.c, the functions of mm/swapfile.c about pages), with the hooks of patches 2 and 5.

A page in the swap cache that has been written can be made again as well as a page of a file: it may be volatile, and a
discarded one leaves entries that name its slot (reference 4.3).  Its slot must not be given up as long as it may be
discarded, so it is made stable before; if it has been discarded already, it keeps its slot.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guest_kernel.scripted.cpu.bug import KernelBug
from guest_kernel.scripted.cpu.script import Place
from guest_kernel.scripted.hinting import page_states
from guest_kernel.scripted.hinting.volatile import page_make_stable
from guest_kernel.scripted.mm import discard, filemap
from guest_kernel.scripted.mm.lru import lru_cache_add_active
from guest_kernel.scripted.mm.page_alloc import alloc_pages, get_page, get_page_unless_zero, put_page, put_page_check
from guest_kernel.scripted.mm.page_writeback import end_page_writeback
from guest_kernel.scripted.state.history import Event
from guest_kernel.scripted.state.page_flags import (
    DIRTY,
    DISCARDED,
    LOCKED,
    SWAP_BACKED,
    SWAP_CACHE,
    UPTODATE,
    WRITEBACK,
)

if TYPE_CHECKING:
    from guest_kernel.scripted.cpu.script import Script
    from guest_kernel.scripted.state.kernel import Kernel
    from guest_kernel.scripted.state.mm_types import Page


def add_to_swap(kernel: Kernel, page: Page) -> Script[bool]:
    """Give the locked anonymous *page* a slot, to which it has to be written; False if there is none."""
    if not page.flags & LOCKED or not page.flags & UPTODATE:
        raise KernelBug(f"add_to_swap: {page!r}")
    slot = kernel.swap.get_swap_page()
    if slot is None:
        return False
    _add_to_swap_cache(kernel, page, slot)
    page.flags |= DIRTY
    yield Place("add_to_swap: is in the swap cache")
    return True


def _add_to_swap_cache(kernel: Kernel, page: Page, slot: int) -> None:
    """Enter the locked *page* for *slot*, which the cache uses already."""
    get_page(page)
    page.flags |= SWAP_CACHE
    page.private = slot
    kernel.swap_cache[slot] = page
    kernel.note(page, Event.SWAP_CACHED, slot)


def delete_from_swap_cache_nocheck(kernel: Kernel, page: Page) -> Script[None]:
    """__delete_from_swap_cache and what follows: the cache gives up the locked *page* and its slot."""
    slot = page.private
    if not page.flags & SWAP_CACHE or kernel.swap_cache.get(slot) is not page:
        raise KernelBug(f"not in the swap cache: {page!r}")
    del kernel.swap_cache[slot]
    kernel.note(page, Event.SWAP_UNCACHED, slot)
    page.flags &= ~SWAP_CACHE
    kernel.swap.swap_free(slot)
    yield from put_page(kernel, page)


def delete_from_swap_cache(kernel: Kernel, page: Page) -> Script[bool]:
    """Take the locked *page*, to which the caller has a reference, out of the swap cache; False if a discard was first.

    As in :func:`~guest_kernel.scripted.mm.filemap.remove_from_page_cache`, PG_discarded keeps a discard fault away.
    """
    is_careful = 2 in kernel.patches and kernel.rules.discarded_before_removal
    if not is_careful or not page_states.page_host_discards(kernel):
        yield from delete_from_swap_cache_nocheck(kernel, page)
        return True
    if page.flags & DISCARDED:
        return False
    page.flags |= DISCARDED
    yield from delete_from_swap_cache_nocheck(kernel, page)
    yield Place("delete_from_swap_cache: removed")
    if not (yield from page_states.page_discarded(kernel, page)):
        page.flags &= ~DISCARDED
    return True


def lookup_swap_cache(kernel: Kernel, slot: int) -> Script[Page | None]:
    """The cached page of *slot* with a reference: in whatever state with patch 5, otherwise stable."""
    page = lookup_swap_cache_nodiscard(kernel, slot)
    if page is None or 5 in kernel.patches or (yield from _make_stable(kernel, page)):
        return page
    yield from discard.page_discard(kernel, page)
    return None


def lookup_swap_cache_nodiscard(kernel: Kernel, slot: int) -> Page | None:
    """The cached page of *slot* with a reference, in whatever state: for those who hold a page_table_lock."""
    page = kernel.swap_cache.get(slot)
    return page if page is not None and get_page_unless_zero(page) else None


def read_swap_cache(kernel: Kernel, slot: int) -> Script[Page | None]:
    """read_swap_cache_async: the page of *slot* with a reference, read in now; None if nobody uses the slot any more.

    One page at a time: there is no read-ahead.
    """
    while True:
        page = yield from lookup_swap_cache(kernel, slot)
        if page is not None:
            return page
        page = yield from alloc_pages(kernel)
        if slot in kernel.swap_cache:
            # Another CPU was quicker.
            yield from put_page(kernel, page)
            continue
        if not kernel.swap.swap_duplicate(slot):
            yield from put_page(kernel, page)
            return None
        page.flags |= LOCKED | SWAP_BACKED
        _add_to_swap_cache(kernel, page, slot)
        yield from lru_cache_add_active(kernel, page)
        kernel.swap.read(slot, page)
        yield from filemap.set_page_uptodate(page)
        yield from filemap.unlock_page(kernel, page)
        return page


def swap_writepage(kernel: Kernel, page: Page) -> Script[None]:
    """Write the locked, dirty *page* to its slot unless nobody wants that; it is unlocked when the I/O begins."""
    if (yield from try_to_free_swap(kernel, page)):
        yield from filemap.unlock_page(kernel, page)
        return
    page.flags &= ~DIRTY
    page.flags |= WRITEBACK
    yield from filemap.unlock_page(kernel, page)
    yield Place("swap_writepage: under I/O")
    kernel.swap.write(page.private, page)
    yield from end_page_writeback(kernel, page)


def try_to_free_swap(kernel: Kernel, page: Page) -> Script[bool]:
    """Take the locked *page* out of the swap cache if no entry names its slot; it has no other copy then."""
    if not page.flags & SWAP_CACHE or page.flags & WRITEBACK or kernel.swap.page_swapcount(page):
        return False
    return (yield from _give_slot_up(kernel, page))


def _give_slot_up(kernel: Kernel, page: Page) -> Script[bool]:
    """Make the locked *page* stable and the only copy of its content; False, with its slot kept, if it is discarded."""
    if kernel.rules.stable_before_slot_is_freed and not (yield from _make_stable(kernel, page)):
        return False
    if not (yield from delete_from_swap_cache(kernel, page)):
        return False
    page.flags |= DIRTY
    return True


def _make_stable(kernel: Kernel, page: Page) -> Script[bool]:
    # Before patch 2 no page of the swap cache is ever volatile.
    return 2 not in kernel.patches or (yield from page_make_stable(kernel, page))


def reuse_swap_page(kernel: Kernel, page: Page) -> Script[bool]:
    """Whether the process may store into the locked anonymous *page* itself: nobody else has it, nor its slot.

    A page that is being written stays in the swap cache.  Without patch 4 nobody would tell the host that it can be
    modified, so it becomes dirty at once (inferred).
    """
    count = page.mapcount
    if count <= 1 and page.flags & SWAP_CACHE:
        count += kernel.swap.page_swapcount(page)
        if count == 1:
            if not page.flags & WRITEBACK:
                return (yield from _give_slot_up(kernel, page))
            if 4 not in kernel.patches:
                page.flags |= DIRTY
    return count <= 1


def free_swap_and_cache(kernel: Kernel, slot: int) -> Script[None]:
    """An entry that named *slot* has gone; if only the swap cache uses the slot now, its page goes, too.

    The caller holds the page_table_lock, so that a discarded page must not be removed here.
    """
    if kernel.swap.swap_free(slot) != 1:
        return
    page = lookup_swap_cache_nodiscard(kernel, slot)
    if page is None:
        return
    if filemap.trylock_page(page):
        is_wanted = page.mapcount and not kernel.swap.is_full
        if page.flags & SWAP_CACHE and not page.flags & WRITEBACK and not is_wanted:
            yield from _give_slot_up(kernel, page)
        yield from filemap.unlock_page(kernel, page)
    yield from put_page(kernel, page)


def free_page_and_swap_cache(kernel: Kernel, page: Page) -> Script[None]:
    """An entry that led to *page* has gone: give up its slot if nobody wants it, and the entry's reference.

    With patch 5 nothing is tried then, for a page that was volatile is volatile.
    """
    if page.flags & SWAP_CACHE and filemap.trylock_page(page):
        yield from try_to_free_swap(kernel, page)
        yield from filemap.unlock_page(kernel, page)
    yield from (put_page if 5 in kernel.patches else put_page_check)(kernel, page)
