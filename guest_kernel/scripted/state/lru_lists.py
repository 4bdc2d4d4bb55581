# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernel's own LRU lists, and the pagevecs through which pages get there (mmzone.h, pagevec.h)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guest_kernel.scripted.cpu.bug import KernelBug
from guest_kernel.scripted.state.page_flags import ACTIVE, LRU, SWAP_BACKED

if TYPE_CHECKING:
    from guest_kernel.scripted.state.mm_types import Page


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
