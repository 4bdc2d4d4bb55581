# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernel's own LRU lists, and the pagevecs through which pages get there (mm/swap.c)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from guest_kernel.scripted.cpu.script import KernelBug
from guest_kernel.scripted.hinting.volatile import page_make_volatile
from guest_kernel.scripted.mm.page_alloc import get_page, put_page
from guest_kernel.scripted.state.page import ACTIVE, DISCARDED, LRU, REFERENCED, SWAP_BACKED

if TYPE_CHECKING:
    from guest_kernel.scripted.cpu.script import Script
    from guest_kernel.scripted.state.kernel import Kernel
    from guest_kernel.scripted.state.page import Page

PAGEVEC_SIZE: Final = 14


class Lru:
    """An active and an inactive list of file pages, two more of anonymous ones, and the pagevec of each CPU.

    The oldest pages are first.
    """

    def __init__(self, cpus: int) -> None:
        self.active: dict[Page, None] = {}
        self.inactive: dict[Page, None] = {}
        self.active_anon: dict[Page, None] = {}
        self.inactive_anon: dict[Page, None] = {}
        self.pagevecs: list[list[Page]] = [[] for _ in range(cpus)]

    def add(self, page: Page) -> None:
        """Put *page* on the list that its flag says, as the youngest."""
        page.flags |= LRU
        self._list(page)[page] = None

    def remove(self, page: Page) -> None:
        """Take *page* off its list."""
        try:
            del self._list(page)[page]
        except KeyError:
            raise KernelBug(f"not on the LRU list: {page!r}") from None
        page.flags &= ~(LRU | ACTIVE)

    def _list(self, page: Page) -> dict[Page, None]:
        if page.flags & SWAP_BACKED:
            return self.active_anon if page.flags & ACTIVE else self.inactive_anon
        return self.active if page.flags & ACTIVE else self.inactive


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
