# SPDX-License-Identifier: GPL-2.0-or-later
"""Allocating and freeing DAT tables (asm-s390/pgalloc.h)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu.addresses import PAGE_SHIFT, PAGE_SIZE
from emu.dat import REGION_INVALID
from guest_kernel.scripted.cpu.instructions import FillTable, Load, Store
from guest_kernel.scripted.mm.page_alloc import alloc_pages, free_pages, put_page
from guest_kernel.scripted.mm.pgtable import PTE_EMPTY
from guest_kernel.scripted.state.page_table import (
    PAGE_TABLE_SIZE,
    REGION_THIRD,
    SEGMENT_SHIFT,
    PageTable,
    page_entry,
    segment_entry,
)

if TYPE_CHECKING:
    from guest_kernel.scripted.cpu.script import Script
    from guest_kernel.scripted.state.kernel import Kernel

_CRST_ORDER: Final = 2
"""Region and segment tables have 2048 entries: four pages."""
_CRST_SIZE: Final = PAGE_SIZE << _CRST_ORDER
_REGION_EMPTY: Final = REGION_INVALID | 0x4
_SEGMENT_EMPTY: Final = REGION_INVALID


def pgd_alloc(kernel: Kernel) -> Script[PageTable]:
    """Tables in which no address can be translated."""
    return PageTable((yield from _crst_table_alloc(kernel, _REGION_EMPTY)))


def pgd_free(kernel: Kernel, table: PageTable) -> Script[None]:
    """Free all tables."""
    for number in list(table.page_tables):
        yield from _fragment_free(kernel, table, table.page_tables.pop(number))
    for segment_table in table.segment_tables:
        yield from _crst_table_free(kernel, segment_table)
    table.segment_tables.clear()
    yield from _crst_table_free(kernel, table.top)


def pte_alloc(kernel: Kernel, table: PageTable, address: int) -> Script[int]:
    """The address of the page-table entry for *address*; tables that are missing are made."""
    at = table.region_entry(address)
    entry = yield Load(at)
    if entry & REGION_INVALID:
        segment_table = yield from _crst_table_alloc(kernel, _SEGMENT_EMPTY)
        yield from table.lock()
        entry = yield Load(at)
        is_first = bool(entry & REGION_INVALID)
        if is_first:
            entry = segment_table | REGION_THIRD
            table.segment_tables.append(segment_table)
            yield Store(at, entry)
        table.unlock()
        if not is_first:
            yield from _crst_table_free(kernel, segment_table)
    at = segment_entry(entry, address)
    entry = yield Load(at)
    if entry & REGION_INVALID:
        fragment = yield from _fragment_alloc(kernel, table)
        yield FillTable(fragment, PAGE_TABLE_SIZE, PTE_EMPTY)
        yield from table.lock()
        entry = yield Load(at)
        is_first = bool(entry & REGION_INVALID)
        if is_first:
            entry = fragment
            table.page_tables[address >> SEGMENT_SHIFT] = fragment
            yield Store(at, entry)
        table.unlock()
        if not is_first:
            yield from _fragment_free(kernel, table, fragment)
    return page_entry(entry, address)


def free_page_table(kernel: Kernel, table: PageTable, segment: int) -> Script[None]:
    """Free the page table of the segment at address *segment*, whose entries are all empty.

    The caller flushes what CPUs remember before they use addresses in that segment again.
    """
    entry = yield Load(table.region_entry(segment))
    yield Store(segment_entry(entry, segment), _SEGMENT_EMPTY)
    yield from _fragment_free(kernel, table, table.page_tables.pop(segment >> SEGMENT_SHIFT))


def _fragment_alloc(kernel: Kernel, table: PageTable) -> Script[int]:
    if table.fragments:
        return table.fragments.pop()
    page = yield from alloc_pages(kernel)
    table.fragments.append(page.address + PAGE_TABLE_SIZE)
    return page.address


def _fragment_free(kernel: Kernel, table: PageTable, fragment: int) -> Script[None]:
    other = fragment ^ PAGE_TABLE_SIZE
    if other not in table.fragments:
        table.fragments.append(fragment)
        return
    table.fragments.remove(other)
    yield from put_page(kernel, kernel.mem_map[fragment >> PAGE_SHIFT])


def _crst_table_alloc(kernel: Kernel, empty: int) -> Script[int]:
    table = yield from alloc_pages(kernel, _CRST_ORDER)
    yield FillTable(table.address, _CRST_SIZE, empty)
    return table.address


def _crst_table_free(kernel: Kernel, table: int) -> Script[None]:
    yield from free_pages(kernel, kernel.mem_map[table >> PAGE_SHIFT], _CRST_ORDER)
