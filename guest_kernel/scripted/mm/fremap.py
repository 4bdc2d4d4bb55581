# SPDX-License-Identifier: GPL-2.0-or-later
"""Non-linear mappings (mm/fremap.c): pages of a file in any order, remembered in page-table entries (patch 1).

Where such a page is mapped can only be found by looking at every address.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.addresses import PAGE_SHIFT, PAGE_SIZE
from guest_kernel.scripted.cpu.bug import KernelBug
from guest_kernel.scripted.cpu.instructions import Load, Store
from guest_kernel.scripted.mm.memory_map import MapError, vma_link, vma_unlink, zap_page_range
from guest_kernel.scripted.mm.pgalloc import pte_alloc
from guest_kernel.scripted.mm.pgtable import pgoff_to_pte, pte_none

if TYPE_CHECKING:
    from guest_kernel.scripted.cpu.script import Script
    from guest_kernel.scripted.state.kernel import Kernel
    from guest_kernel.scripted.state.mm_types import MmStruct


def remap_file_pages(kernel: Kernel, mm: MmStruct, start: int, pages: int, pgoff: int) -> Script[None]:
    """Let the *pages* pages at *start*, in one shared mapping of a file, be those of the file from index *pgoff* on.

    They are mapped when they are used.

    :raises MapError: if the addresses are not in one shared mapping of a file.
    """
    end = start + pages * PAGE_SIZE
    where = f"{pages} pages at {start:#x}"
    area = mm.find_vma(start)
    if start % PAGE_SIZE or pages <= 0 or pgoff < 0:
        raise MapError(f"{where}: not pages, or no page {pgoff}")
    if area is None or end > area.end or area.file is None or not area.is_shared:
        raise MapError(f"{where}: not in one shared mapping of a file")
    if not area.is_nonlinear:
        vma_unlink(area)
        area.is_nonlinear = True
        vma_link(area)
    yield from zap_page_range(kernel, mm, start, end)
    for address in range(start, end, PAGE_SIZE):
        pte_address = yield from pte_alloc(kernel, mm.table, address)
        yield from mm.table.lock()
        if not pte_none((yield Load(pte_address))):
            raise KernelBug(f"mapped while it is being remapped: {address:#x}")
        yield Store(pte_address, pgoff_to_pte(pgoff + (address - start >> PAGE_SHIFT)))
        mm.table.unlock()
