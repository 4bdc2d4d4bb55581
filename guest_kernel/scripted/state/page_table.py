# SPDX-License-Identifier: GPL-2.0-or-later
"""DAT tables of a process, in three levels: region third, segment and page table.

They lie in guest storage, and the CPU translates by them.  Here is where they are, their lock, and the walk through
them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu.addresses import PAGE_SHIFT
from emu.dat import PAGE_TABLE_ORIGIN, REGION_INVALID, TABLE_ORIGIN
from guest_kernel.scripted.cpu.bug import KernelBug
from guest_kernel.scripted.cpu.instructions import Load
from guest_kernel.scripted.cpu.script import Relax

if TYPE_CHECKING:
    from guest_kernel.scripted.cpu.script import Script

TASK_SIZE: Final = 1 << 42
"""Bytes that a region-third table spans."""
SEGMENT_SHIFT: Final = 20
REGION_SHIFT: Final = 31
PAGE_TABLE_SIZE: Final = 2048
"""256 entries: two page tables share a page."""
REGION_THIRD: Final = 0x7
"""Designation or table type 01, table length 3."""


class PageTable:
    """The tables of one process.

    :param top: the absolute address of the region-third table.
    """

    def __init__(self, top: int) -> None:
        self.top = top
        self.asce = top | REGION_THIRD
        """The address-space-control element, for control register 1."""
        self.locked = False
        """The page_table_lock."""
        self.segment_tables: list[int] = []
        """Their absolute addresses."""
        self.page_tables: dict[int, int] = {}
        """The absolute address of each page table, by the number of the segment."""
        self.fragments: list[int] = []
        """The absolute addresses of halves of pages that are no page table now."""

    def segments(self, start: int, end: int) -> list[int]:
        """The addresses of the segments between two addresses that have a page table."""
        first, last = start >> SEGMENT_SHIFT, end - 1 >> SEGMENT_SHIFT
        return [number << SEGMENT_SHIFT for number in sorted(self.page_tables) if first <= number <= last]

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

    def region_entry(self, address: int) -> int:
        """The absolute address of the region-third-table entry for *address*.

        :raises KernelBug: if no process can have that address.
        """
        if not 0 <= address < TASK_SIZE:
            raise KernelBug(f"address {address:#x} is none of a process")
        return self.top + 8 * (address >> REGION_SHIFT)

    def walk(self, address: int) -> Script[int | None]:
        """The address of the page-table entry for *address*; None if there is no page table."""
        entry = yield Load(self.region_entry(address))
        if entry & REGION_INVALID:
            return None
        entry = yield Load(segment_entry(entry, address))
        if entry & REGION_INVALID:
            return None
        return page_entry(entry, address)


def segment_entry(region: int, address: int) -> int:
    """The absolute address of the segment-table entry for *address*, by the valid region-table entry *region*."""
    return (region & TABLE_ORIGIN) + 8 * (address >> SEGMENT_SHIFT & 0x7FF)


def page_entry(segment: int, address: int) -> int:
    """The absolute address of the page-table entry for *address*, by the valid segment-table entry *segment*."""
    return (segment & PAGE_TABLE_ORIGIN) + 8 * (address >> PAGE_SHIFT & 0xFF)
