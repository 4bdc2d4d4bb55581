# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernel's own reclaim (mm/vmscan.c): the oldest inactive pages of files that nobody else uses."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from guest_kernel.scripted import file_write, filemap, rmap
from guest_kernel.scripted.instructions import ResetReferenceBit
from guest_kernel.scripted.lru import pagevec_lru_add
from guest_kernel.scripted.page import ACTIVE, DIRTY, DISCARDED, LOCKED, PRIVATE, WRITEBACK
from guest_kernel.scripted.page_alloc import get_page_unless_zero, put_page
from guest_kernel.scripted.volatile import page_make_volatile

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
            yield from shrink_active_list(kernel, wanted)
        freed += yield from _shrink_inactive_list(kernel, wanted - freed)
        if freed >= wanted:
            break
    return freed


def shrink_active_list(kernel: Kernel, wanted: int) -> Script[None]:
    """Make the oldest active pages inactive; their buffers go, and they are tried to be made volatile (offset 1).

    Each has the reference of the isolation still, so that offset 1 does not match (reference 4.2.5, inferred): they
    become volatile when somebody uses them the next time.
    """
    isolated = [page for page in list(islice(kernel.lru.active, wanted)) if get_page_unless_zero(page)]
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
        elif not (page.flags & DISCARDED and kernel.rules.discarded_before_lru):
            kernel.lru.add(page)
        yield from put_page(kernel, page)
    return freed


def page_referenced(page: Page) -> Script[bool]:
    """Whether *page* has been used since it was asked the last time, by the reference bit of its key."""
    condition_code = yield ResetReferenceBit(page.address)
    return bool(condition_code & 2)


def _shrink_page(kernel: Kernel, page: Page) -> Script[bool]:
    """Take the isolated *page* out of its cache; False if it must stay."""
    if page.flags & LOCKED:
        return False
    if page.mapcount and page.mapping is not None and not page.flags & WRITEBACK:
        page.flags |= LOCKED
        if (yield from page_referenced(page)):
            page.flags |= ACTIVE
        else:
            yield from rmap.page_unmap_all(kernel, page)
        yield from filemap.unlock_page(kernel, page)
    if page.flags & DIRTY and page.mapping is not None and not page.mapcount:
        page.flags |= LOCKED
        yield from file_write.write_locked_page(kernel, page.mapping, page)
    if page.flags & PRIVATE and not try_to_release_page(page):
        return False
    if page.flags & LOCKED:
        # Somebody was quicker while it was written.
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
