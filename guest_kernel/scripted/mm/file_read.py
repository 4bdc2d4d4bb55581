# SPDX-License-Identifier: GPL-2.0-or-later
"""Reading a file (do_generic_file_read): through the page cache, with the disk behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu.addresses import PAGE_SIZE
from guest_kernel.scripted.cpu.instructions import ClearPage, CopyPage
from guest_kernel.scripted.cpu.script import Place
from guest_kernel.scripted.mm import filemap
from guest_kernel.scripted.mm.lru import mark_page_accessed
from guest_kernel.scripted.mm.page_alloc import alloc_pages, put_page, put_page_check
from guest_kernel.scripted.state.history import wrong_content
from guest_kernel.scripted.state.page_flags import DIRTY, UPTODATE

if TYPE_CHECKING:
    from collections.abc import Callable

    from guest_kernel.scripted.cpu.script import Script
    from guest_kernel.scripted.state.kernel import Kernel
    from guest_kernel.scripted.state.mm_types import AddressSpace, Page


_BEFORE_IO: Final = Place("readpage: before the I/O")


class ReadError(Exception):
    """The scenario reads where no file is."""


def readpage(kernel: Kernel, mapping: AddressSpace, page: Page) -> Script[None]:
    """Have the locked *page* filled by the disk, and end the I/O: it is valid, and unlocked.

    A page of shared memory begins as zeros, and is dirty for ever.
    """
    if mapping.is_shmem:
        yield ClearPage(page.address)
        page.flags |= DIRTY
        yield from filemap.set_page_uptodate(page)
        yield from filemap.unlock_page(kernel, page)
        return
    if not kernel.runs_alone:
        yield _BEFORE_IO
    kernel.disk.read(mapping.inode, page.index, page)
    yield from filemap.set_page_uptodate(page)
    yield from filemap.unlock_page(kernel, page)


def read_cache_page(kernel: Kernel, mapping: AddressSpace, index: int) -> Script[Page]:
    """The page at *index*, valid, stable and with a reference, from the cache or from the disk.

    :raises ReadError: past the end of the file.
    """
    if not 0 <= index < mapping.size:
        raise ReadError(f"inode {mapping.inode} has {mapping.size} pages, and no page {index}")
    while True:
        page = yield from filemap.find_get_page(kernel, mapping, index)
        if page is None:
            page = yield from alloc_pages(kernel, cold=True)
            if not (yield from filemap.add_to_page_cache_lru(kernel, page, mapping, index)):
                # Another CPU was quicker.
                yield from put_page(kernel, page)
                continue
            yield from readpage(kernel, mapping, page)
        if page.flags & UPTODATE:
            return page
        # Somebody is reading it in.
        yield from filemap.lock_page(page)
        yield from filemap.unlock_page(kernel, page)
        yield from put_page(kernel, page)


def read_page(
    kernel: Kernel,
    mapping: AddressSpace,
    index: int,
    buffer: Page,
    content: Callable[[int, int], bytes] | None = None,
) -> Script[None]:
    """Copy page *index* of the file into *buffer*, and check every byte of what arrived there.

    :param content: what a page of an inode must contain; by default what the disk has.
    :raises KernelBug: if it is something else.
    """
    page = yield from read_cache_page(kernel, mapping, index)
    mark_page_accessed(kernel, page)
    yield CopyPage(buffer.address, page.address)
    yield from put_page_check(kernel, page)
    found = kernel.machine.read_storage(buffer.address, PAGE_SIZE)
    expected = (content or kernel.disk.content)(mapping.inode, index)
    if found != expected:
        raise wrong_content(
            kernel.history, page, f"inode {mapping.inode}, page {index}", found=found, expected=expected
        )
