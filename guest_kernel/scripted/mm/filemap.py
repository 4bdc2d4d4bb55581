# SPDX-License-Identifier: GPL-2.0-or-later
"""The page cache (mm/filemap.c): look-up, insertion, locking and removal, with the hooks of patches 1 and 5."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

from guest_kernel.scripted.cpu.bug import KernelBug
from guest_kernel.scripted.cpu.instructions import SetStorageKey
from guest_kernel.scripted.cpu.script import Place, Relax
from guest_kernel.scripted.hinting import page_states
from guest_kernel.scripted.hinting.volatile import page_make_stable, page_make_volatile
from guest_kernel.scripted.mm import discard
from guest_kernel.scripted.mm.lru import lru_cache_add
from guest_kernel.scripted.mm.page_alloc import get_page, get_page_unless_zero, put_page, put_page_check
from guest_kernel.scripted.mm.pgtable import DEFAULT_KEY
from guest_kernel.scripted.state.history import Event, of_file
from guest_kernel.scripted.state.page_flags import DISCARDED, LOCKED, UPTODATE

if TYPE_CHECKING:
    from collections.abc import Callable

    from guest_kernel.scripted.cpu.script import Script
    from guest_kernel.scripted.state.kernel import Kernel
    from guest_kernel.scripted.state.mm_types import AddressSpace, Page


def lock_page(page: Page) -> Script[None]:
    """Wait until nobody has *page* locked, and lock it."""
    while page.flags & LOCKED:
        yield Relax("lock_page")
    page.flags |= LOCKED


def trylock_page(page: Page) -> bool:
    """Lock *page* if nobody has it locked."""
    if page.flags & LOCKED:
        return False
    page.flags |= LOCKED
    return True


def unlock_page(kernel: Kernel, page: Page) -> Script[None]:
    """Unlock *page*; most pages become volatile here, at the end of their read I/O (offset 1)."""
    if not page.flags & LOCKED:
        raise KernelBug(f"not locked: {page!r}")
    page.flags &= ~LOCKED
    yield from page_make_volatile(kernel, page, 1)


def set_page_uptodate(page: Page) -> Script[None]:
    """The content of *page* is valid; the first time its key is cleared, so that the transfer is no modification."""
    if not page.flags & UPTODATE:
        page.flags |= UPTODATE
        yield SetStorageKey(page.address, DEFAULT_KEY)


def add_to_page_cache_lru(kernel: Kernel, page: Page, mapping: AddressSpace, index: int) -> Script[bool]:
    """Put the new *page* into the cache, locked and with the cache's reference; False if the index is taken."""
    if index in mapping.pages:
        return False
    get_page(page)
    page.flags |= LOCKED
    page.mapping = mapping
    page.index = index
    mapping.pages[index] = page
    kernel.note(page, Event.CACHED, of_file(mapping.inode, index))
    yield from lru_cache_add(kernel, page)
    return True


def find_get_page_nodiscard(mapping: AddressSpace, index: int) -> Page | None:
    """The cached page with a reference, in whatever state (patches 2 and 5)."""
    page = mapping.pages.get(index)
    if page is None or not get_page_unless_zero(page):
        return None
    return page


def find_get_page(kernel: Kernel, mapping: AddressSpace, index: int) -> Script[Page | None]:
    """The cached page, stable and with a reference; one that was discarded is removed, as if it were not there."""
    page = find_get_page_nodiscard(mapping, index)
    if page is None:
        return None
    yield Place("find_get_page: has the reference")
    if not (yield from page_make_stable(kernel, page)):
        yield from discard.page_discard(kernel, page)
        return None
    return page


def find_lock_page(kernel: Kernel, mapping: AddressSpace, index: int) -> Script[Page | None]:
    """The same, and locked."""
    while True:
        page = yield from find_get_page(kernel, mapping, index)
        if page is None or (yield from _lock_in_mapping(kernel, page, mapping)):
            return page


def find_lock_page_nodiscard(kernel: Kernel, mapping: AddressSpace, index: int) -> Script[Page | None]:
    """The cached page, locked and with a reference, in whatever state (patch 5)."""
    while True:
        page = find_get_page_nodiscard(mapping, index)
        if page is None:
            return None
        yield Place("find_lock_page_nodiscard: has the reference")
        if (yield from _lock_in_mapping(kernel, page, mapping)):
            return page


def find_get_pages(kernel: Kernel, mapping: AddressSpace, start: int, count: int) -> Script[list[Page]]:
    """Up to *count* cached pages from index *start* on, in their order, stable and with a reference each."""

    def indices() -> list[int]:
        return sorted(index for index in mapping.pages if index >= start)[:count]

    return (yield from _find_stable_pages(kernel, mapping, indices))


def find_get_pages_contig(kernel: Kernel, mapping: AddressSpace, start: int, count: int) -> Script[list[Page]]:
    """The same, only up to the first index that has no page: what splice asks for, which this kernel does not have."""

    def indices() -> list[int]:
        return list(takewhile(mapping.pages.__contains__, range(start, start + count)))

    return (yield from _find_stable_pages(kernel, mapping, indices))


def find_get_pages_tag(kernel: Kernel, mapping: AddressSpace, start: int, flag: int, count: int) -> Script[list[Page]]:
    """The same as :func:`find_get_pages`, of those pages that have *flag*."""

    def indices() -> list[int]:
        pages = mapping.pages
        return sorted(index for index in pages if index >= start and pages[index].flags & flag)[:count]

    return (yield from _find_stable_pages(kernel, mapping, indices))


def _find_stable_pages(kernel: Kernel, mapping: AddressSpace, indices: Callable[[], list[int]]) -> Script[list[Page]]:
    """The pages at *indices*.  If one of them was discarded it is removed, and everything starts again.

    Discarding sleeps, so the references to all others are given up first (reference 4.2.4).
    """
    while True:
        pages: list[Page] = []
        discarded = None
        for index in indices():
            page = find_get_page_nodiscard(mapping, index)
            if page is None:
                continue
            if not (yield from page_make_stable(kernel, page)):
                discarded = page
                break
            pages.append(page)
        if discarded is None:
            return pages
        yield from discard.page_discard(kernel, discarded)
        for page in pages:
            yield from put_page_check(kernel, page)


def _lock_in_mapping(kernel: Kernel, page: Page, mapping: AddressSpace) -> Script[bool]:
    """Lock *page*; False, and the reference given up, if it was truncated or discarded meanwhile."""
    yield from lock_page(page)
    if page.mapping is mapping and not page.flags & DISCARDED:
        return True
    page.flags &= ~LOCKED
    yield from put_page(kernel, page)
    return False


def remove_from_page_cache_nocheck(kernel: Kernel, page: Page) -> None:
    """Take the locked *page* out of its mapping, without asking for its state; the reference stays."""
    mapping = page.mapping
    if mapping is None or mapping.pages.get(page.index) is not page:
        raise KernelBug(f"not in the page cache: {page!r}")
    del mapping.pages[page.index]
    kernel.note(page, Event.UNCACHED, of_file(mapping.inode, page.index))
    page.mapping = None


def remove_from_page_cache(kernel: Kernel, page: Page) -> Script[bool]:
    """Take the locked *page* out of its mapping; False if a discard got there first.

    PG_discarded is set before, so that a discard fault gives up, and cleared if the host has not discarded the page.
    """
    if not page.flags & LOCKED:
        raise KernelBug(f"not locked: {page!r}")
    is_careful = 1 in kernel.patches and kernel.rules.discarded_before_removal
    if is_careful and page_states.page_host_discards(kernel):
        if page.flags & DISCARDED:
            return False
        page.flags |= DISCARDED
        remove_from_page_cache_nocheck(kernel, page)
        yield Place("remove_from_page_cache: removed")
        if not (yield from page_states.page_discarded(kernel, page)):
            page.flags &= ~DISCARDED
        return True
    remove_from_page_cache_nocheck(kernel, page)
    return True
