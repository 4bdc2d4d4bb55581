# SPDX-License-Identifier: GPL-2.0-or-later
"""read and write of processes (mm/filemap.c): between the page cache and a buffer of the process.

The page of the file has a reference, so it is stable; a page of the buffer may be volatile, even of the same file, and
the host may discard it at any moment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu.addresses import PAGE_SIZE
from guest_kernel.scripted.cpu.script import Place
from guest_kernel.scripted.mm import filemap
from guest_kernel.scripted.mm.file_read import read_cache_page, readpage
from guest_kernel.scripted.mm.file_write import commit_write, grab_cache_page
from guest_kernel.scripted.mm.lru import mark_page_accessed
from guest_kernel.scripted.mm.page_alloc import put_page_check
from guest_kernel.scripted.process.uaccess import copy_from_user_inatomic, copy_to_user, fault_in_readable
from guest_kernel.scripted.state.page_flags import UPTODATE

if TYPE_CHECKING:
    from guest_kernel.scripted.cpu.script import Script
    from guest_kernel.scripted.state.kernel import Kernel
    from guest_kernel.scripted.state.mm_types import AddressSpace, MmStruct, Page

EFAULT: Final = 14
"""Bad address."""
ENOSPC: Final = 28
"""Files do not grow: there is nothing behind the last page."""


def sys_read(
    kernel: Kernel, mm: MmStruct, file: AddressSpace, index: int, offset: int, address: int, length: int
) -> Script[int]:
    """Read *length* bytes, from *offset* in page *index* of the file on, to *address* of the process.

    Return how many were read, fewer at the end of the file or at a bad address; -EFAULT if that is the first.
    """
    position, done = index * PAGE_SIZE + offset, 0
    while done < length and position + done < file.size * PAGE_SIZE:
        index, offset = divmod(position + done, PAGE_SIZE)
        piece = min(length - done, PAGE_SIZE - offset)
        page = yield from read_cache_page(kernel, file, index)
        mark_page_accessed(kernel, page)
        yield Place("sys_read: is about to copy")
        left = yield from copy_to_user(kernel, mm, address + done, source=page.address + offset, length=piece)
        yield from put_page_check(kernel, page)
        done += piece - left
        if left:
            return done or -EFAULT
    return done


def sys_write(
    kernel: Kernel, mm: MmStruct, file: AddressSpace, index: int, offset: int, address: int, length: int
) -> Script[int]:
    """Write *length* bytes at *address* of the process, from *offset* in page *index* of the file on.

    Return how many were written, fewer at the end of the file or at a bad address; -ENOSPC or -EFAULT if that is the
    first.  The disk gets them at writeback.  There is no i_mutex: nobody may truncate the file meanwhile.
    """
    position, done = index * PAGE_SIZE + offset, 0
    while done < length:
        index, offset = divmod(position + done, PAGE_SIZE)
        if index >= file.size:
            return done or -ENOSPC
        piece = min(length - done, PAGE_SIZE - offset)
        # Before the page is locked, for it may be the one that has to be mapped; what goes again is tried again.
        if not (yield from fault_in_readable(kernel, mm, address + done, piece)):
            return done or -EFAULT
        done += yield from _write_piece(
            kernel, mm, file, index=index, offset=offset, address=address + done, length=piece
        )
    return done


def _write_piece(
    kernel: Kernel, mm: MmStruct, file: AddressSpace, index: int, offset: int, address: int, length: int
) -> Script[int]:
    """Write into one page of the file as much as can be had without a page fault; return how many bytes."""
    is_whole = length == PAGE_SIZE
    page = yield from _write_begin(kernel, file, index, is_whole=is_whole)
    yield Place("sys_write: has the page locked")
    left = yield from copy_from_user_inatomic(kernel, mm, page.address + offset, address=address, length=length)
    if left and not page.flags & UPTODATE:
        # Of the page that was to be replaced the rest is not there: what has been copied goes, too.
        yield from readpage(kernel, file, page)
        yield from put_page_check(kernel, page)
        return 0
    if left == length:
        yield from filemap.unlock_page(kernel, page)
        yield from put_page_check(kernel, page)
        return 0
    yield from commit_write(kernel, page)
    return length - left


def _write_begin(kernel: Kernel, file: AddressSpace, index: int, *, is_whole: bool) -> Script[Page]:
    """The page of the file at *index*, locked, stable and with a reference; valid unless all of it is replaced."""
    while True:
        page = yield from grab_cache_page(kernel, file, index)
        if is_whole or page.flags & UPTODATE:
            return page
        # Reading unlocks it.
        yield from readpage(kernel, file, page)
        yield from filemap.lock_page(page)
        if page.mapping is file:
            return page
        # Truncated.
        yield from filemap.unlock_page(kernel, page)
        yield from put_page_check(kernel, page)
