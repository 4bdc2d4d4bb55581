# SPDX-License-Identifier: GPL-2.0-or-later
"""DAT tables of a process, in three levels: region third, segment and page table (asm-s390/pgtable.h, pgalloc.h).

They lie in guest storage, and the CPU translates by them.  Page-table entries that are invalid say in their other bits
what is to be found at that address; the bits are those that Linux used in 2009.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu.addresses import PAGE_SHIFT, PAGE_SIZE
from emu.dat import PAGE_FRAME, PAGE_INVALID, PAGE_PROTECTED, PAGE_TABLE_ORIGIN, REGION_INVALID, TABLE_ORIGIN
from guest_kernel.scripted.cpu.instructions import FillTable, InvalidatePageTableEntry, Load, Store
from guest_kernel.scripted.cpu.script import KernelBug, Relax
from guest_kernel.scripted.mm.page_alloc import alloc_pages, free_pages, put_page

if TYPE_CHECKING:
    from guest_kernel.scripted.cpu.script import Script
    from guest_kernel.scripted.state.kernel import Kernel
    from guest_kernel.scripted.state.page import Page

TASK_SIZE: Final = 1 << 42
"""Bytes that a region-third table spans."""
SEGMENT_SHIFT: Final = 20
_REGION_SHIFT: Final = 31
_CRST_ORDER: Final = 2
"""Region and segment tables have 2048 entries: four pages."""
_CRST_SIZE: Final = PAGE_SIZE << _CRST_ORDER
_PAGE_TABLE_SIZE: Final = 2048
"""256 entries: two page tables share a page."""
_REGION_THIRD: Final = 0x7
"""Designation or table type 01, table length 3."""
_REGION_EMPTY: Final = REGION_INVALID | 0x4
_SEGMENT_EMPTY: Final = REGION_INVALID

_TYPE: Final = PAGE_INVALID | PAGE_PROTECTED | 0x3
PTE_EMPTY: Final = PAGE_INVALID
"""Nothing is there yet."""
_PTE_FILE: Final = PAGE_INVALID | PAGE_PROTECTED | 0x1
_PTE_SWAP: Final = PAGE_INVALID | 0x3


def mk_pte(page: Page, *, writable: bool) -> int:
    """A valid entry for *page*."""
    return page.address | (0 if writable else PAGE_PROTECTED)


def pte_present(pte: int) -> bool:
    """Whether the entry leads to a page."""
    return not pte & PAGE_INVALID


def pte_none(pte: int) -> bool:
    """Whether the entry says nothing: not yet touched."""
    return pte & _TYPE == PTE_EMPTY


def pte_write(pte: int) -> bool:
    """Whether the valid entry lets stores through."""
    return not pte & PAGE_PROTECTED


def pte_page(kernel: Kernel, pte: int) -> Page:
    """The page to which the valid entry leads."""
    return kernel.mem_map[(pte & PAGE_FRAME) >> PAGE_SHIFT]


def pgoff_to_pte(index: int) -> int:
    """The invalid entry that remembers page *index* of the file, in a non-linear mapping.

    Bits 56-62 and 0-51 hold it, for bit 52 must be zero.
    """
    return _PTE_FILE | (index & 0x7F) << 1 | index >> 7 << 12


def pte_file(pte: int) -> bool:
    """Whether the entry remembers a page of a file."""
    return pte & (PAGE_INVALID | PAGE_PROTECTED | 0x1) == _PTE_FILE


def pte_to_pgoff(pte: int) -> int:
    """The index of the page that the entry remembers."""
    return pte >> 12 << 7 | pte >> 1 & 0x7F


def swap_to_pte(offset: int) -> int:
    """The invalid entry for slot *offset* of the swap device: the last bit in bit 56, the others in bits 0-51."""
    return _PTE_SWAP | (offset & 1) << 7 | offset >> 1 << 12


def pte_swap(pte: int) -> bool:
    """Whether the entry names a swap slot."""
    return pte & _TYPE == _PTE_SWAP


def pte_to_swap(pte: int) -> int:
    """The swap slot that the entry names."""
    return pte >> 12 << 1 | pte >> 7 & 1


class PageTable:
    """The tables of one process."""

    def __init__(self, top: Page) -> None:
        self._top = top
        self.asce = top.address | _REGION_THIRD
        """The address-space-control element, for control register 1."""
        self.locked = False
        """The page_table_lock."""
        self._segment_tables: list[Page] = []
        self._page_tables: dict[int, int] = {}
        """The address of each page table, by the segment."""
        self._fragments: list[int] = []
        """Halves of pages that are no page table now."""

    def segments(self, start: int, end: int) -> list[int]:
        """The addresses of the segments between two addresses that have a page table."""
        first, last = start >> SEGMENT_SHIFT, end - 1 >> SEGMENT_SHIFT
        return [number << SEGMENT_SHIFT for number in sorted(self._page_tables) if first <= number <= last]

    def lock(self) -> Script[None]:
        """Take the page_table_lock."""
        while self.locked:
            yield Relax("page_table_lock")
        self.locked = True

    def unlock(self) -> None:
        """Give the page_table_lock up."""
        if not self.locked:
            raise KernelBug("the page_table_lock is not held")
        self.locked = False

    def walk(self, address: int) -> Script[int | None]:
        """The address of the page-table entry for *address*; None if there is no page table."""
        entry = yield Load(self._region_entry(address))
        if entry & REGION_INVALID:
            return None
        entry = yield Load(_segment_entry(entry & TABLE_ORIGIN, address))
        if entry & REGION_INVALID:
            return None
        return int((entry & PAGE_TABLE_ORIGIN) + 8 * (address >> PAGE_SHIFT & 0xFF))

    def pte_alloc(self, kernel: Kernel, address: int) -> Script[int]:
        """The same; tables that are missing are made."""
        at = self._region_entry(address)
        entry = yield Load(at)
        if entry & REGION_INVALID:
            table = yield from _crst_table_alloc(kernel, _SEGMENT_EMPTY)
            yield from self.lock()
            entry = yield Load(at)
            is_first = bool(entry & REGION_INVALID)
            if is_first:
                entry = table.address | _REGION_THIRD
                self._segment_tables.append(table)
                yield Store(at, entry)
            self.unlock()
            if not is_first:
                yield from _crst_table_free(kernel, table)
        at = _segment_entry(entry & TABLE_ORIGIN, address)
        entry = yield Load(at)
        if entry & REGION_INVALID:
            fragment = yield from self._fragment_alloc(kernel)
            yield FillTable(fragment, _PAGE_TABLE_SIZE, PTE_EMPTY)
            yield from self.lock()
            entry = yield Load(at)
            is_first = bool(entry & REGION_INVALID)
            if is_first:
                entry = fragment
                self._page_tables[address >> SEGMENT_SHIFT] = fragment
                yield Store(at, entry)
            self.unlock()
            if not is_first:
                yield from self._fragment_free(kernel, fragment)
        return int((entry & PAGE_TABLE_ORIGIN) + 8 * (address >> PAGE_SHIFT & 0xFF))

    def free_page_table(self, kernel: Kernel, segment: int) -> Script[None]:
        """Free the page table of the segment at address *segment*, whose entries are all empty.

        The caller flushes what CPUs remember before they use addresses in that segment again.
        """
        entry = yield Load(self._region_entry(segment))
        yield Store(_segment_entry(entry & TABLE_ORIGIN, segment), _SEGMENT_EMPTY)
        yield from self._fragment_free(kernel, self._page_tables.pop(segment >> SEGMENT_SHIFT))

    def free(self, kernel: Kernel) -> Script[None]:
        """pgd_free: free all tables."""
        for number in list(self._page_tables):
            yield from self._fragment_free(kernel, self._page_tables.pop(number))
        for table in self._segment_tables:
            yield from _crst_table_free(kernel, table)
        self._segment_tables.clear()
        yield from _crst_table_free(kernel, self._top)

    def _region_entry(self, address: int) -> int:
        if not 0 <= address < TASK_SIZE:
            raise KernelBug(f"address {address:#x} is none of a process")
        return self._top.address + 8 * (address >> _REGION_SHIFT)

    def _fragment_alloc(self, kernel: Kernel) -> Script[int]:
        if self._fragments:
            return self._fragments.pop()
        page = yield from alloc_pages(kernel)
        self._fragments.append(page.address + _PAGE_TABLE_SIZE)
        return page.address

    def _fragment_free(self, kernel: Kernel, fragment: int) -> Script[None]:
        other = fragment ^ _PAGE_TABLE_SIZE
        if other not in self._fragments:
            self._fragments.append(fragment)
            return
        self._fragments.remove(other)
        yield from put_page(kernel, kernel.mem_map[fragment >> PAGE_SHIFT])


def pgd_alloc(kernel: Kernel) -> Script[PageTable]:
    """Tables in which no address can be translated."""
    return PageTable((yield from _crst_table_alloc(kernel, _REGION_EMPTY)))


def ptep_clear_flush(pte_address: int, address: int) -> Script[None]:
    """Make the entry at *pte_address*, which translates *address*, invalid on all CPUs, and then empty."""
    yield InvalidatePageTableEntry(pte_address & ~(_PAGE_TABLE_SIZE - 1), address)
    yield Store(pte_address, PTE_EMPTY)


def ptep_establish(pte_address: int, address: int, pte: int) -> Script[None]:
    """Replace a valid entry: no CPU translates by the old one any more."""
    yield InvalidatePageTableEntry(pte_address & ~(_PAGE_TABLE_SIZE - 1), address)
    yield Store(pte_address, pte)


def _segment_entry(table: int, address: int) -> int:
    return table + 8 * (address >> SEGMENT_SHIFT & 0x7FF)


def _crst_table_alloc(kernel: Kernel, empty: int) -> Script[Page]:
    table = yield from alloc_pages(kernel, _CRST_ORDER)
    yield FillTable(table.address, _CRST_SIZE, empty)
    return table


def _crst_table_free(kernel: Kernel, table: Page) -> Script[None]:
    yield from free_pages(kernel, table, _CRST_ORDER)
