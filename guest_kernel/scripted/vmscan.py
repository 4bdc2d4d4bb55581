# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernel's own reclaim (mm/vmscan.c): the oldest inactive pages of files that nobody else uses."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from guest_kernel.scripted import filemap
from guest_kernel.scripted.lru import pagevec_lru_add
from guest_kernel.scripted.page import ACTIVE, DIRTY, DISCARDED, LOCKED, WRITEBACK
from guest_kernel.scripted.page_alloc import get_page_unless_zero, put_page

if TYPE_CHECKING:
    from guest_kernel.scripted.kernel import Kernel
    from guest_kernel.scripted.page import Page
    from guest_kernel.scripted.script import Script

SWAP_CLUSTER_MAX: Final = 32
"""Pages that one allocation which finds none makes free."""


def try_to_free_pages(kernel: Kernel, wanted: int = SWAP_CLUSTER_MAX) -> Script[int]:
    """Free up to *wanted* pages; give how many were freed."""
    yield from pagevec_lru_add(kernel)
    freed = 0
    for _ in range(2):
        if len(kernel.lru.inactive) < wanted:
            _shrink_active_list(kernel, wanted)
        freed += yield from _shrink_inactive_list(kernel, wanted - freed)
        if freed >= wanted:
            break
    return freed


def _shrink_active_list(kernel: Kernel, wanted: int) -> None:
    """Make the oldest active pages inactive."""
    for page in list(islice(kernel.lru.active, wanted)):
        kernel.lru.remove(page)
        page.flags &= ~ACTIVE
        kernel.lru.add(page)


def _shrink_inactive_list(kernel: Kernel, wanted: int) -> Script[int]:
    """Isolate the oldest inactive pages with a reference each, free what can be freed and put the others back."""
    isolated = []
    for page in list(islice(kernel.lru.inactive, wanted)):
        if get_page_unless_zero(page):
            kernel.lru.remove(page)
            isolated.append(page)
    freed = 0
    for page in isolated:
        if (yield from _shrink_page(kernel, page)):
            freed += 1
        elif not page.flags & DISCARDED:
            kernel.lru.add(page)
        yield from put_page(kernel, page)
    return freed


def _shrink_page(kernel: Kernel, page: Page) -> Script[bool]:
    """Take the isolated *page* out of its cache; False if it must stay."""
    if page.flags & LOCKED:
        return False
    page.flags |= LOCKED
    removed = False
    # The references of the cache and of the isolation, and no other.
    is_alone = page.count == 2 and not page.mapcount and page.mapping is not None
    if page.flags & DISCARDED:
        removed = True
    elif is_alone and not page.flags & (DIRTY | WRITEBACK):
        removed = yield from filemap.remove_from_page_cache(kernel, page)
        if removed:
            yield from put_page(kernel, page)
    if page.mapping is None:
        page.flags &= ~LOCKED
    else:
        yield from filemap.unlock_page(kernel, page)
    return removed
