# SPDX-License-Identifier: GPL-2.0-or-later
"""Changing what a process may do with its pages (mm/mprotect.c), with the hook of patch 4."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.addresses import PAGE_SIZE
from guest_kernel.scripted.cpu.instructions import Load
from guest_kernel.scripted.hinting.writable import page_check_writable
from guest_kernel.scripted.mm.faults import vma_wants_writenotify
from guest_kernel.scripted.mm.memory_map import isolate_areas
from guest_kernel.scripted.mm.pgtable import mk_pte, pte_page, pte_present, pte_write, ptep_establish
from guest_kernel.scripted.state.page_table import SEGMENT_SHIFT

if TYPE_CHECKING:
    from guest_kernel.scripted.cpu.script import Script
    from guest_kernel.scripted.state.kernel import Kernel
    from guest_kernel.scripted.state.mm_types import MmStruct, VmArea


def mprotect(kernel: Kernel, mm: MmStruct, start: int, pages: int, *, writable: bool) -> Script[None]:
    """Let the process store into the *pages* pages at *start*, or no longer; it may always load.

    :raises guest_kernel.scripted.mm.memory_map.MapError: if they are not all mapped.
    """
    areas = isolate_areas(mm, start, pages)
    for area in areas:
        area.is_writable = writable
    for area in areas:
        yield from _change_protection(kernel, area)


def _change_protection(kernel: Kernel, area: VmArea) -> Script[None]:
    for segment in area.mm.table.segments(area.start, area.end):
        beyond = min(segment + (1 << SEGMENT_SHIFT), area.end)
        for address in range(max(segment, area.start), beyond, PAGE_SIZE):
            yield from _change_pte(kernel, area, address)


def _change_pte(kernel: Kernel, area: VmArea, address: int) -> Script[None]:
    """change_pte_range, for one entry: it lets stores through at once only if the first one need not be noticed."""
    writable = area.is_writable and not vma_wants_writenotify(kernel, area)
    yield from area.mm.table.lock()
    pte_address = yield from area.mm.table.walk(address)
    pte = None if pte_address is None else (yield Load(pte_address))
    if pte_address is not None and pte is not None and pte_present(pte) and pte_write(pte) != writable:
        page = pte_page(kernel, pte)
        if writable:
            yield from page_check_writable(kernel, page, 1)
        yield from ptep_establish(pte_address, address, mk_pte(page, writable=writable))
    area.mm.table.unlock()
