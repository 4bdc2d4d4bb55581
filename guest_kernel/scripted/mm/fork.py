# SPDX-License-Identifier: GPL-2.0-or-later
"""fork: a copy of an address space (dup_mmap, copy_page_range); pages are copied when one of the two stores."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from emu.addresses import PAGE_SIZE
from guest_kernel.scripted.cpu.bug import KernelBug
from guest_kernel.scripted.cpu.instructions import Load, Store
from guest_kernel.scripted.cpu.script import Place
from guest_kernel.scripted.mm import rmap
from guest_kernel.scripted.mm.memory_map import mm_create, vma_link
from guest_kernel.scripted.mm.page_alloc import get_page
from guest_kernel.scripted.mm.pgalloc import pte_alloc
from guest_kernel.scripted.mm.pgtable import (
    mk_pte,
    pgoff_to_pte,
    pte_file,
    pte_none,
    pte_page,
    pte_present,
    pte_swap,
    pte_to_swap,
    pte_write,
    ptep_establish,
    swap_to_pte,
)
from guest_kernel.scripted.state.page_flags import ANON, DISCARDED, SWAP_CACHE
from guest_kernel.scripted.state.page_table import SEGMENT_SHIFT

if TYPE_CHECKING:
    from guest_kernel.scripted.cpu.script import Script
    from guest_kernel.scripted.state.kernel import Kernel
    from guest_kernel.scripted.state.mm_types import MmStruct, VmArea


def fork(kernel: Kernel, parent: MmStruct) -> Script[MmStruct]:
    """A process that sees what *parent* sees, until one of the two stores into memory of its own."""
    child = yield from mm_create(kernel)
    for source in list(parent.areas):
        area = replace(source, mm=child)
        vma_link(area)
        # Pages of the file itself need no copied entry: a fault finds them, if they are in order.
        if source.anon_vma is not None or source.is_nonlinear:
            yield from _copy_page_range(kernel, source, area)
    return child


def _copy_page_range(kernel: Kernel, source: VmArea, area: VmArea) -> Script[None]:
    table = source.mm.table
    for segment in table.segments(source.start, source.end):
        beyond = min(segment + (1 << SEGMENT_SHIFT), source.end)
        for address in range(max(segment, source.start), beyond, PAGE_SIZE):
            yield from _copy_one_pte(kernel, source, area, address)


def _copy_one_pte(kernel: Kernel, source: VmArea, area: VmArea, address: int) -> Script[None]:
    """Let the child map what the parent maps at *address*; neither can store into what is its own without a fault."""
    pte_address = yield from pte_alloc(kernel, area.mm.table, address)
    yield Place("copy_one_pte: before the locks")
    yield from area.mm.table.lock()
    yield from source.mm.table.lock()
    source_address = yield from source.mm.table.walk(address)
    pte = None if source_address is None else (yield Load(source_address))
    if source_address is not None and pte is not None and not pte_none(pte):
        if pte_present(pte):
            yield from _share_page(
                kernel, area, pte, source_address=source_address, pte_address=pte_address, address=address
            )
        elif pte_swap(pte):
            kernel.swap.swap_duplicate(pte_to_swap(pte))
            yield Store(pte_address, pte)
        elif pte_file(pte) and area.is_nonlinear:
            yield Store(pte_address, pte)
        else:
            raise KernelBug(f"an entry that nobody has made: {pte:#x}")
    source.mm.table.unlock()
    area.mm.table.unlock()


def _share_page(
    kernel: Kernel, area: VmArea, pte: int, source_address: int, pte_address: int, address: int
) -> Script[None]:
    page = pte_page(kernel, pte)
    # An anonymous page that is taken out of the swap cache just now has the flag for a moment, but is stable.
    is_discarded = page.flags & DISCARDED and (not page.flags & ANON or page.flags & SWAP_CACHE)
    if kernel.rules.discarded_at_mapping and is_discarded:
        # Whoever unmaps a discarded page may have looked at the child already: leave what it would have left.
        if page.flags & ANON:
            kernel.swap.swap_duplicate(page.private)
            yield Store(pte_address, swap_to_pte(page.private))
        elif area.is_nonlinear:
            yield Store(pte_address, pgoff_to_pte(page.index))
        return
    if pte_write(pte) and not area.is_shared:
        pte = mk_pte(page, writable=False)
        yield from ptep_establish(source_address, address, pte)
    get_page(page)
    rmap.page_dup_rmap(kernel, page)
    yield Store(pte_address, pte)
