# SPDX-License-Identifier: GPL-2.0-or-later
"""What a process sees at its addresses: mm_struct and its areas; mmap, munmap and exit (mm/mmap.c, mm/memory.c)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from emu.addresses import PAGE_SHIFT, PAGE_SIZE
from guest_kernel.scripted.cpu.instructions import FlushAddressSpace, Load, Store
from guest_kernel.scripted.mm import rmap, swap_state
from guest_kernel.scripted.mm.file_write import truncate_inode_pages
from guest_kernel.scripted.mm.lru import pagevec_lru_add
from guest_kernel.scripted.mm.page_alloc import alloc_pages
from guest_kernel.scripted.mm.pgalloc import free_page_table, pgd_alloc, pgd_free, pte_alloc
from guest_kernel.scripted.mm.pgtable import (
    PTE_EMPTY,
    mk_pte,
    pte_none,
    pte_page,
    pte_present,
    pte_swap,
    pte_to_swap,
    ptep_clear_flush,
)
from guest_kernel.scripted.state.mm_types import AddressSpace, MmStruct, VmArea
from guest_kernel.scripted.state.page_flags import RESERVED
from guest_kernel.scripted.state.page_table import SEGMENT_SHIFT, TASK_SIZE

if TYPE_CHECKING:
    from guest_kernel.scripted.cpu.script import Script
    from guest_kernel.scripted.state.kernel import Kernel

USER_TEXT: Final = 0x1000_0000
"""The address, in each process, of the page with the instructions that processes execute."""
USER_LOAD: Final = USER_TEXT
"""LG 1,0(2); SVC 0"""
USER_STORE: Final = USER_TEXT + 8
"""STG 1,0(2); SVC 0"""
_USER_TEXT: Final = (0xE310_2000_0004_0A00, 0xE310_2000_0024_0A00)


class MapError(ValueError):
    """A mapping that cannot be made: the scenario is wrong."""


def mm_create(kernel: Kernel) -> Script[MmStruct]:
    """A process's address space, in which there are only the instructions that processes execute."""
    if kernel.user_text is None:
        page = yield from alloc_pages(kernel)
        page.flags |= RESERVED
        for number, doubleword in enumerate(_USER_TEXT):
            yield Store(page.address + 8 * number, doubleword)
        kernel.user_text = page
    mm = MmStruct((yield from pgd_alloc(kernel)), kernel.shmem_inodes)
    pte_address = yield from pte_alloc(kernel, mm.table, USER_TEXT)
    yield Store(pte_address, mk_pte(kernel.user_text, writable=False))
    return mm


def mmap(
    mm: MmStruct,
    start: int,
    pages: int,
    *,
    file: AddressSpace | None = None,
    pgoff: int = 0,
    shared: bool = False,
    writable: bool = True,
) -> VmArea:
    """Map *pages* pages of *file* from index *pgoff* on, or anonymous memory, at address *start*.

    Anonymous memory that is *shared* is so with children only.

    :raises MapError: if the addresses are not a process's, or something is mapped there.
    """
    end = start + pages * PAGE_SIZE
    where = f"{pages} pages at {start:#x}"
    if start % PAGE_SIZE or pages <= 0 or not 0 <= start < end <= TASK_SIZE:
        raise MapError(f"{where}: not pages of a process")
    if start <= USER_TEXT < end:
        raise MapError(f"{where}: the instructions of the process are at {USER_TEXT:#x}")
    for area in mm.areas:
        if start < area.end and area.start < end:
            raise MapError(f"{where}: overlaps a mapping from {area.start:#x} to {area.end:#x}")
    if pgoff < 0 or (file is None and pgoff):
        raise MapError(f"{where}: no page {pgoff}")
    if file is None and shared:
        file = shmem_file_setup(mm, pages)
    area = VmArea(
        mm=mm,
        start=start,
        end=end,
        pgoff=pgoff if file is not None else start >> PAGE_SHIFT,
        file=file,
        is_shared=shared,
        is_writable=writable,
    )
    vma_link(area)
    return area


def shmem_file_setup(mm: MmStruct, pages: int) -> AddressSpace:
    """What is behind *pages* pages of memory that the process shares with its children."""
    file = AddressSpace(next(mm.shmem_inodes), pages)
    file.is_shmem = True
    file.accounts_dirty = False
    return file


def vma_link(area: VmArea) -> None:
    """Make *area* one of its process's, and let it be found from its file and its anonymous pages."""
    area.mm.areas.append(area)
    area.mm.areas.sort(key=lambda each: each.start)
    area.is_linked = True
    if area.file is not None:
        _file_areas(area, area.file).append(area)
    if area.anon_vma is not None:
        area.anon_vma.areas.append(area)


def _release(kernel: Kernel, area: VmArea) -> Script[None]:
    """What follows when *area* has gone: shared memory that nobody maps any more goes, too."""
    file = area.file
    if file is not None and file.is_shmem and not file.i_mmap and not file.i_mmap_nonlinear:
        yield from truncate_inode_pages(kernel, file, 0)


def _file_areas(area: VmArea, file: AddressSpace) -> list[VmArea]:
    return file.i_mmap_nonlinear if area.is_nonlinear else file.i_mmap


def vma_unlink(area: VmArea) -> None:
    """Undo :func:`vma_link`: the entries that lead to pages of *area* have gone."""
    area.mm.areas.remove(area)
    area.is_linked = False
    if area.file is not None:
        _file_areas(area, area.file).remove(area)
    if area.anon_vma is not None:
        area.anon_vma.areas.remove(area)


def munmap(kernel: Kernel, mm: MmStruct, start: int, pages: int) -> Script[None]:
    """Undo all mappings of the *pages* pages at *start*; areas that reach beyond are split.

    :raises MapError: if the addresses are not a process's, or nothing is mapped there.
    """
    end = start + pages * PAGE_SIZE
    affected = _affected_areas(mm, start, pages)
    if not affected:
        raise MapError(f"{pages} pages at {start:#x}: nothing is mapped there")
    yield from pagevec_lru_add(kernel)
    going = [split_area(area, max(area.start, start), min(area.end, end)) for area in affected]
    segments = yield from zap_page_range(kernel, mm, start, end)
    for area in going:
        vma_unlink(area)
        yield from _release(kernel, area)
    for segment in segments:
        beyond = segment + (1 << SEGMENT_SHIFT)
        is_used = any(area.start < beyond and segment < area.end for area in mm.areas)
        if not is_used and not segment <= USER_TEXT < beyond:
            yield from mm.table.lock()
            yield from free_page_table(kernel, mm.table, segment)
            mm.table.unlock()
    yield FlushAddressSpace(mm.table.asce)


def _affected_areas(mm: MmStruct, start: int, pages: int) -> list[VmArea]:
    """The areas in which any of the *pages* pages at *start* lies.

    :raises MapError: if they are not a process's.
    """
    end = start + pages * PAGE_SIZE
    if start % PAGE_SIZE or pages <= 0 or not 0 <= start < end <= TASK_SIZE:
        raise MapError(f"{pages} pages at {start:#x}: not pages of a process")
    return [area for area in mm.areas if start < area.end and area.start < end]


def isolate_areas(mm: MmStruct, start: int, pages: int) -> list[VmArea]:
    """Split areas so that the *pages* pages at *start* are areas of their own; return those.

    :raises MapError: if the pages are not all mapped.
    """
    end = start + pages * PAGE_SIZE
    affected = _affected_areas(mm, start, pages)
    if sum(min(area.end, end) - max(area.start, start) for area in affected) != end - start:
        raise MapError(f"{pages} pages at {start:#x}: not all of them are mapped")
    return [split_area(area, max(area.start, start), min(area.end, end)) for area in affected]


def split_area(area: VmArea, start: int, end: int) -> VmArea:
    """Replace *area* by two or three; return the one from *start* up to *end*."""
    vma_unlink(area)
    bounds = ((area.start, start), (start, end), (end, area.end))
    parts = [replace(area, start=first, end=last, pgoff=area.linear_page_index(first)) for first, last in bounds]
    for part in parts:
        if part.start < part.end:
            vma_link(part)
    return parts[1]


def zap_page_range(kernel: Kernel, mm: MmStruct, start: int, end: int) -> Script[list[int]]:
    """Empty the page-table entries of a range; return the segments that have a page table."""
    segments = mm.table.segments(start, end)
    for segment in segments:
        for address in range(max(segment, start), min(segment + (1 << SEGMENT_SHIFT), end), PAGE_SIZE):
            yield from _zap_page(kernel, mm, address)
    return segments


def _zap_page(kernel: Kernel, mm: MmStruct, address: int) -> Script[None]:
    yield from mm.table.lock()
    pte_address = yield from mm.table.walk(address)
    if pte_address is not None:
        pte = yield Load(pte_address)
        if pte_present(pte):
            yield from ptep_clear_flush(pte_address, address)
            page = pte_page(kernel, pte)
            yield from rmap.page_remove_rmap(kernel, page)
            yield from swap_state.free_page_and_swap_cache(kernel, page)
        elif not pte_none(pte):
            yield Store(pte_address, PTE_EMPTY)
            if pte_swap(pte):
                yield from swap_state.free_swap_and_cache(kernel, pte_to_swap(pte))
    mm.table.unlock()


def exit_mmap(kernel: Kernel, mm: MmStruct) -> Script[None]:
    """The process ends: its mappings go, then its tables."""
    yield from pagevec_lru_add(kernel)
    for area in list(mm.areas):
        # As long as there are entries, page_unmap_all has to find the area.
        yield from zap_page_range(kernel, mm, area.start, area.end)
        vma_unlink(area)
        yield from _release(kernel, area)
    # Whoever has found one of the areas before looks at the tables under this lock, and sees that the area has gone.
    yield from mm.table.lock()
    yield FlushAddressSpace(mm.table.asce)
    yield from pgd_free(kernel, mm.table)
    mm.table.unlock()
