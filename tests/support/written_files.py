# SPDX-License-Identifier: GPL-2.0-or-later
"""Files that are written, and what is read of them."""

from __future__ import annotations

from guest_kernel.scripted.cpu.schedule import run
from guest_kernel.scripted.cpu.script import Script
from guest_kernel.scripted.mm.file_read import read_cache_page
from guest_kernel.scripted.mm.file_write import write_page
from guest_kernel.scripted.mm.lru import pagevec_lru_add
from guest_kernel.scripted.mm.page_alloc import alloc_pages, put_page_check
from guest_kernel.scripted.state.block_device import page_content
from guest_kernel.scripted.state.kernel import Kernel
from guest_kernel.scripted.state.mm_types import AddressSpace, Page


def filled_buffer(kernel: Kernel, content: bytes) -> Page:
    """A page of the kernel's own with *content*."""
    page = run(kernel, alloc_pages(kernel))
    kernel.machine.load_storage(page.address, content)
    return page


def written_page(kernel: Kernel, file: AddressSpace, index: int, version: int) -> Page:
    """A page of *file* that has just been written, on the LRU list."""
    run(kernel, write_page(kernel, file, index, filled_buffer(kernel, page_content(file.inode, index, version))))
    run(kernel, pagevec_lru_add(kernel))
    return file.pages[index]


def content(kernel: Kernel, file: AddressSpace, index: int) -> bytes:
    """What a read of the file finds."""

    def script() -> Script[bytes]:
        page = yield from read_cache_page(kernel, file, index)
        found = kernel.machine.read_storage(page.address, 4096)
        yield from put_page_check(kernel, page)
        return found

    return run(kernel, script())
