# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernel's own LRU lists, and the pagevecs through which pages get there (mm/swap.c)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from guest_kernel.scripted.hinting.volatile import page_make_volatile
from guest_kernel.scripted.mm.page_alloc import get_page, put_page
from guest_kernel.scripted.state.page_flags import ACTIVE, DISCARDED, LRU, REFERENCED

if TYPE_CHECKING:
    from guest_kernel.scripted.cpu.script import Script
    from guest_kernel.scripted.state.kernel import Kernel
    from guest_kernel.scripted.state.mm_types import Page

PAGEVEC_SIZE: Final = 14


def mark_page_accessed(kernel: Kernel, page: Page) -> None:
    """Note that *page* was used: the second time it becomes active."""
    if page.flags & REFERENCED and page.flags & (LRU | ACTIVE) == LRU:
        page.flags &= ~REFERENCED
        kernel.lru.remove(page)
        page.flags |= ACTIVE
        kernel.lru.add(page)
    else:
        page.flags |= REFERENCED


def lru_cache_add(kernel: Kernel, page: Page) -> Script[None]:
    """Let *page* get on the inactive list, with a batch of others and a reference until then."""
    get_page(page)
    pagevec = kernel.lru.pagevecs[kernel.smp_processor_id]
    pagevec.append(page)
    if len(pagevec) == PAGEVEC_SIZE:
        yield from pagevec_lru_add(kernel)


def lru_cache_add_active(kernel: Kernel, page: Page) -> Script[None]:
    """The same, on the active list: where anonymous pages begin."""
    page.flags |= ACTIVE
    yield from lru_cache_add(kernel, page)


def pagevec_lru_add(kernel: Kernel) -> Script[None]:
    """____pagevec_lru_add: the pages of this CPU's pagevec get on the list now.

    From now on each may be volatile: it has the reference of the pagevec besides that of the page cache (offset 2).
    """
    pagevec = kernel.lru.pagevecs[kernel.smp_processor_id]
    pages = pagevec.copy()
    pagevec.clear()
    for page in pages:
        if not (page.flags & DISCARDED and kernel.rules.discarded_before_lru):
            kernel.lru.add(page)
            yield from page_make_volatile(kernel, page, 2)
    for page in pages:
        yield from put_page(kernel, page)
