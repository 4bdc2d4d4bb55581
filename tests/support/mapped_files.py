# SPDX-License-Identifier: GPL-2.0-or-later
"""Processes that map a file, and where scripts stop."""

from __future__ import annotations

from typing import Any

from guest_kernel.scripted.cpu.script import Operation, Place
from guest_kernel.scripted.mm.memory_map import mmap
from guest_kernel.scripted.state.block_device import page_content
from guest_kernel.scripted.state.kernel import Kernel
from guest_kernel.scripted.state.mm_types import AddressSpace, MmStruct, Page
from tests.guest_kernel.scripted.conftest import cached_page, state
from tests.support.processes import BASE, check_file_page, page_at, process

PAGE = 4096


def first_doubleword(file: AddressSpace, index: int) -> int:
    return int.from_bytes(page_content(file.inode, index)[:8], "big")


def mapped(kernel: Kernel, file: AddressSpace, **options: Any) -> tuple[MmStruct, Page]:
    """A process that maps the file, of which page 0 is cached, volatile and mapped."""
    page = cached_page(kernel, file, 0)
    mm = process(kernel)
    mmap(mm, BASE, file.size, file=file, **options)
    check_file_page(kernel, mm, BASE, file.inode, 0)
    assert page_at(kernel, mm, BASE) is page
    assert state(kernel, page) == "Vr"
    return mm, page


def at_point(name: str) -> Any:
    def reached(operation: Operation) -> bool:
        return isinstance(operation, Place) and operation.name == name

    return reached


def mapped_by_three(kernel: Kernel, file: AddressSpace) -> tuple[Page, list[tuple[MmStruct, int]]]:
    """Page 5 of the file, mapped by two processes, one of them at two places."""
    page = cached_page(kernel, file, 5)
    first, second = process(kernel), process(kernel)
    mmap(first, BASE, 10, file=file)
    mmap(first, BASE + 100 * PAGE, 1, file=file, pgoff=5, shared=True)
    mmap(second, BASE, 3, file=file, pgoff=4)
    # Mappings of other parts.
    mmap(second, BASE + 100 * PAGE, 5, file=file)
    mmap(second, BASE + 200 * PAGE, 5, file=file, pgoff=6)
    places = [(first, BASE + 5 * PAGE), (first, BASE + 100 * PAGE), (second, BASE + PAGE)]
    for mm, address in places:
        check_file_page(kernel, mm, address, file.inode, 5)
    return page, places
