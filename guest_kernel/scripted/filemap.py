# SPDX-License-Identifier: GPL-2.0-or-later
"""The page cache (mm/filemap.c): look-up, insertion, locking and removal, with the hooks of patches 1 and 5."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from guest_kernel.scripted import discard, page_states
from guest_kernel.scripted.history import Event, of_file
from guest_kernel.scripted.lru import lru_cache_add
from guest_kernel.scripted.page import DISCARDED, LOCKED, UPTODATE
from guest_kernel.scripted.page_alloc import get_page, get_page_unless_zero, put_page
from guest_kernel.scripted.script import KernelBug, Point, Relax
from guest_kernel.scripted.volatile import page_make_stable, page_make_volatile

if TYPE_CHECKING:
    from guest_kernel.scripted.kernel import Kernel
    from guest_kernel.scripted.memory_map import VmArea
    from guest_kernel.scripted.page import Page
    from guest_kernel.scripted.script import Script

DEFAULT_KEY: Final = 0


class AddressSpace:
    """The cached pages of one file, by index."""

    def __init__(self, inode: int, size: int) -> None:
        self.inode = inode
        self.size = size
        """Of the file, in pages."""
        self.pages: dict[int, Page] = {}
        self.i_mmap: list[VmArea] = []
        """The areas of processes that map it."""
        self.mlocked = False
        """A locked mapping of it exists or has existed (patch 3)."""


def lock_page(page: Page) -> Script[None]:
    """Wait until nobody has *page* locked, and lock it."""
    while page.flags & LOCKED:
        yield Relax("lock_page")
    page.flags |= LOCKED


def unlock_page(kernel: Kernel, page: Page) -> Script[None]:
    """Unlock *page*; most pages become volatile here, at the end of their read I/O (offset 1)."""
    if not page.flags & LOCKED:
        raise KernelBug(f"not locked: {page!r}")
    page.flags &= ~LOCKED
    yield from page_make_volatile(kernel, page, 1)


def set_page_uptodate(page: Page) -> Script[None]:
    """The content of *page* is valid; the first time its key is cleared, so that the transfer is no modification."""
    from guest_kernel.scripted.instructions import SetStorageKey

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
    yield Point("find_get_page: has the reference")
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
        yield Point("find_lock_page_nodiscard: has the reference")
        if (yield from _lock_in_mapping(kernel, page, mapping)):
            return page


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
        yield Point("remove_from_page_cache: removed")
        if not (yield from page_states.page_discarded(kernel, page)):
            page.flags &= ~DISCARDED
        return True
    remove_from_page_cache_nocheck(kernel, page)
    return True
