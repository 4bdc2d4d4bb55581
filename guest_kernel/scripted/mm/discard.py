# SPDX-License-Identifier: GPL-2.0-or-later
"""Removing a page that the host has discarded (patch 1, reference 3.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guest_kernel.scripted.cpu.bug import KernelBug
from guest_kernel.scripted.cpu.script import Place
from guest_kernel.scripted.mm.page_alloc import put_page
from guest_kernel.scripted.state.history import Event, told
from guest_kernel.scripted.state.page_flags import DIRTY, DISCARDED, LOCKED, LRU, PRIVATE, SWAP_CACHE, WRITEBACK

if TYPE_CHECKING:
    from guest_kernel.scripted.cpu.script import Script
    from guest_kernel.scripted.state.kernel import Kernel
    from guest_kernel.scripted.state.mm_types import Page


def page_discard(kernel: Kernel, page: Page) -> Script[None]:
    """Remove the discarded *page* from everywhere; the caller's reference is used up.

    Two CPUs may get here for the same page, and one may be removing it in another way: PG_discarded says who is first.
    """
    from guest_kernel.scripted.mm import rmap
    from guest_kernel.scripted.mm.filemap import lock_page, remove_from_page_cache_nocheck
    from guest_kernel.scripted.mm.swap_state import delete_from_swap_cache_nocheck

    yield from lock_page(page)
    if page.flags & (WRITEBACK | DIRTY | PRIVATE):
        raise KernelBug(f"the host has discarded a page that was not volatile: {told(kernel.history, page)}")
    if not (page.flags & DISCARDED and kernel.rules.discarded_test_and_set):
        page.flags |= DISCARDED
        kernel.discarded += 1
        kernel.note(page, Event.DISCARD)
        yield Place("page_discard: is the first")
        yield from rmap.page_unmap_all(kernel, page)
        if page.flags & LRU:
            kernel.lru.remove(page)
        yield Place("page_discard: off the LRU")
        if page.flags & SWAP_CACHE:
            yield from delete_from_swap_cache_nocheck(kernel, page)
        elif page.mapping is not None or not kernel.rules.discarded_test_and_set:
            remove_from_page_cache_nocheck(kernel, page)
            # The cache's reference.
            yield from put_page(kernel, page)
    page.flags &= ~LOCKED
    yield from put_page(kernel, page)
