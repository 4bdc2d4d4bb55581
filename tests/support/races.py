# SPDX-License-Identifier: GPL-2.0-or-later
"""Two CPUs that meet at a page."""

from __future__ import annotations

from typing import Any

from guest_kernel.scripted.cpu.schedule import Running
from guest_kernel.scripted.cpu.script import Operation, Place, Relax
from guest_kernel.scripted.mm.memory_map import mmap
from guest_kernel.scripted.state.kernel import Kernel
from guest_kernel.scripted.state.mm_types import AddressSpace, MmStruct, Page
from tests.guest_kernel.scripted.conftest import cached_page, state
from tests.support.processes import BASE, check_file_page, process


def at(name: str, running: Running[Any]) -> None:
    """Go on until the point *name*."""
    running.until(lambda operation: operation == Place(name))


def waits(operation: Operation) -> bool:
    return isinstance(operation, Relax)


def two_mappings(kernel: Kernel, file: AddressSpace) -> tuple[MmStruct, MmStruct, Page]:
    """Two processes that map the first page of *file*, which is volatile."""
    page = cached_page(kernel, file, 0)
    first, second = process(kernel), process(kernel)
    for mm in (first, second):
        mmap(mm, BASE, 1, file=file)
        check_file_page(kernel, mm, BASE, file.inode, 0)
    assert state(kernel, page) == "Vr"
    return first, second, page


def kept(kernel: Kernel) -> list[Page]:
    """The discarded pages that are not free yet."""
    lists = kernel.discard_lists
    return [*lists.gather, *lists.signoff, *(page for pages in lists.per_cpu for page in pages)]
