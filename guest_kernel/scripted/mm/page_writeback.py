# SPDX-License-Identifier: GPL-2.0-or-later
"""Dirty pages, and writing them back (mm/page-writeback.c).

A dirty page and one under writeback are stable (conditions 2 and 3); at the end of writeback a page may be volatile
again (offset 1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guest_kernel.scripted.cpu.bug import KernelBug
from guest_kernel.scripted.cpu.script import Place, Relax
from guest_kernel.scripted.hinting.volatile import page_make_volatile
from guest_kernel.scripted.mm import filemap, rmap
from guest_kernel.scripted.mm.lru import PAGEVEC_SIZE
from guest_kernel.scripted.mm.page_alloc import put_page_check
from guest_kernel.scripted.state.page_flags import DIRTY, WRITEBACK

if TYPE_CHECKING:
    from guest_kernel.scripted.cpu.script import Script
    from guest_kernel.scripted.state.kernel import Kernel
    from guest_kernel.scripted.state.mm_types import AddressSpace, Page


def set_page_dirty(page: Page) -> None:
    """*page* is newer than its backing store; the caller keeps it stable."""
    if page.mapping is None:
        raise KernelBug(f"dirty without a mapping: {page!r}")
    page.flags |= DIRTY


def write_cache_pages(kernel: Kernel, mapping: AddressSpace) -> Script[int]:
    """Write the dirty pages of a file back, in the order of their indices; return how many."""
    written, start = 0, 0
    while pages := (yield from filemap.find_get_pages_tag(kernel, mapping, start, flag=DIRTY, count=PAGEVEC_SIZE)):
        start = pages[-1].index + 1
        for page in pages:
            yield from filemap.lock_page(page)
            if page.mapping is mapping and page.flags & DIRTY:
                yield from wait_on_page_writeback(page)
                yield from write_locked_page(kernel, mapping, page)
                written += 1
            else:
                yield from filemap.unlock_page(kernel, page)
            yield from put_page_check(kernel, page)
    return written


def write_locked_page(kernel: Kernel, mapping: AddressSpace, page: Page) -> Script[None]:
    """Write the locked, dirty *page*; it is unlocked when the I/O begins.

    Processes that have it mapped cannot store into it from then on without a fault (clear_page_dirty_for_io).
    """
    yield from rmap.page_mkclean(kernel, page)
    page.flags &= ~DIRTY
    page.flags |= WRITEBACK
    yield from filemap.unlock_page(kernel, page)
    yield Place("writeback: under I/O")
    kernel.disk.write(mapping.inode, page.index, page)
    yield from end_page_writeback(kernel, page)


def wait_on_page_writeback(page: Page) -> Script[None]:
    """Wait until the disk has the content of *page*."""
    while page.flags & WRITEBACK:
        yield Relax("wait_on_page_writeback")


def end_page_writeback(kernel: Kernel, page: Page) -> Script[None]:
    """test_clear_page_writeback: the disk has the content now."""
    if not page.flags & WRITEBACK:
        raise KernelBug(f"not under writeback: {page!r}")
    page.flags &= ~WRITEBACK
    yield from page_make_volatile(kernel, page, 1)
