# SPDX-License-Identifier: GPL-2.0-or-later
"""Writing a file (generic_file_buffered_write), writing dirty pages back, truncating (page-writeback.c, truncate.c).

A dirty page and one under writeback are stable (conditions 2 and 3); at the end of writeback a page may be volatile
again (offset 1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guest_kernel.scripted.cpu.instructions import CopyPage
from guest_kernel.scripted.mm import filemap, rmap
from guest_kernel.scripted.mm.file_read import ReadError
from guest_kernel.scripted.mm.lru import PAGEVEC_SIZE
from guest_kernel.scripted.mm.page_alloc import alloc_pages, put_page, put_page_check
from guest_kernel.scripted.mm.page_writeback import set_page_dirty, wait_on_page_writeback
from guest_kernel.scripted.state.page_flags import DIRTY, LOCKED, PRIVATE

if TYPE_CHECKING:
    from guest_kernel.scripted.cpu.script import Script
    from guest_kernel.scripted.state.kernel import Kernel
    from guest_kernel.scripted.state.mm_types import AddressSpace, Page


def write_page(kernel: Kernel, mapping: AddressSpace, index: int, buffer: Page) -> Script[None]:
    """Replace page *index* of the file by the content of *buffer*; the disk gets it at writeback.

    :raises ReadError: past the end of the file.
    """
    if not 0 <= index < mapping.size:
        raise ReadError(f"inode {mapping.inode} has {mapping.size} pages, and no page {index}")
    page = yield from grab_cache_page(kernel, mapping, index)
    yield CopyPage(page.address, buffer.address)
    yield from commit_write(kernel, page)


def commit_write(kernel: Kernel, page: Page) -> Script[None]:
    """write_end: the locked *page*, with the caller's reference, has been written; both are given up."""
    yield from filemap.set_page_uptodate(page)
    if kernel.buffer_heads:
        page.flags |= PRIVATE
    set_page_dirty(page)
    yield from filemap.unlock_page(kernel, page)
    yield from put_page_check(kernel, page)


def grab_cache_page(kernel: Kernel, mapping: AddressSpace, index: int) -> Script[Page]:
    """The cached page at *index*, locked and with a reference; a new one, not valid yet, if there is none."""
    while True:
        page = yield from filemap.find_lock_page(kernel, mapping, index)
        if page is not None:
            return page
        page = yield from alloc_pages(kernel)
        if (yield from filemap.add_to_page_cache_lru(kernel, page, mapping, index)):
            return page
        yield from put_page(kernel, page)


def truncate_inode_pages(kernel: Kernel, mapping: AddressSpace, size: int) -> Script[None]:
    """Cut the file to *size* pages: what is cached beyond that goes, written back or not, discarded or not."""
    mapping.size = size
    start = size
    while pages := (yield from filemap.find_get_pages(kernel, mapping, start, PAGEVEC_SIZE)):
        start = pages[-1].index + 1
        for page in pages:
            yield from filemap.lock_page(page)
            yield from wait_on_page_writeback(page)
            if page.mapping is mapping:
                yield from rmap.page_unmap_all(kernel, page)
                page.flags &= ~(DIRTY | PRIVATE)
                if (yield from filemap.remove_from_page_cache(kernel, page)):
                    yield from put_page(kernel, page)
            page.flags &= ~LOCKED
            yield from put_page(kernel, page)
