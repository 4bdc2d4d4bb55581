# SPDX-License-Identifier: GPL-2.0-or-later
"""struct page, address_space, vm_area_struct and mm_struct (mm_types.h and fs.h of Linux 2.6.29).

They lead to each other, so they are in one file, as in Linux.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from emu.addresses import PAGE_SHIFT
from guest_kernel.scripted.state.page_flags import PageFlag

if TYPE_CHECKING:
    from collections.abc import Iterator

    from guest_kernel.scripted.state.page_table import PageTable


class Page:
    """What the kernel keeps of one frame of its storage."""

    __slots__ = ("anon_vma", "count", "flags", "frame", "index", "mapcount", "mapping", "order", "private")

    def __init__(self, frame: int) -> None:
        self.frame = frame
        """Its number: the absolute address shifted."""
        self.flags = 0
        self.count = 0
        """References; 0 for a free page."""
        self.mapcount = 0
        """Page-table entries that lead to it (Linux counts from -1)."""
        self.mapping: AddressSpace | None = None
        self.anon_vma: AnonVma | None = None
        """Of an anonymous page, the areas that may map it (Linux keeps this in the mapping pointer, too)."""
        self.index = 0
        """Where it is in its mapping."""
        self.order = 0
        """Of a free block that begins here."""
        self.private = 0
        """In the swap cache, its slot of the swap device."""

    @property
    def address(self) -> int:
        """page_to_phys: its absolute address."""
        return self.frame << PAGE_SHIFT

    def __repr__(self) -> str:
        names = [flag.name or "" for flag in PageFlag if flag & self.flags]
        return f"<page {self.frame:#x} count {self.count} mapcount {self.mapcount} {' '.join(names).lower()}>"


class AddressSpace:
    """The cached pages of one file, by index."""

    __slots__ = ("accounts_dirty", "i_mmap", "i_mmap_nonlinear", "inode", "is_shmem", "mlocked", "pages", "size")

    def __init__(self, inode: int, size: int) -> None:
        self.inode = inode
        self.size = size
        """Of the file, in pages."""
        self.pages: dict[int, Page] = {}
        self.i_mmap: list[VmArea] = []
        """The areas of processes that map it."""
        self.i_mmap_nonlinear: list[VmArea] = []
        """Those of them in which a page may be anywhere."""
        self.mlocked = False
        """A locked mapping of it exists or has existed (patch 3)."""
        self.accounts_dirty = True
        """mapping_cap_account_dirty: the first store to a page through a mapping is noticed by a fault."""
        self.is_shmem = False
        """Shared memory of processes: no file, so that its pages are the only copy."""


class AnonVma:
    """The areas that may map an anonymous page."""

    def __init__(self) -> None:
        self.areas: list[VmArea] = []


@dataclass(eq=False, slots=True)
class VmArea:
    """vm_area_struct: the addresses from *start* up to *end* of a process, which are mapped alike.

    *pgoff* is the index in the file of the first page; in an area without a file, the number of its first page.
    """

    mm: MmStruct
    start: int
    end: int
    pgoff: int
    file: AddressSpace | None = None
    is_shared: bool = False
    is_writable: bool = True
    anon_vma: AnonVma | None = None
    is_nonlinear: bool = False
    """Whether its pages may be in any order (remap_file_pages)."""
    is_locked: bool = False
    """VM_LOCKED: its pages stay in memory (mlock)."""
    is_linked: bool = field(default=False, init=False)
    """Whether it is one of its process's: once it is not, its tables may go."""

    def linear_page_index(self, address: int) -> int:
        """The index of the page at *address*."""
        return (address - self.start >> PAGE_SHIFT) + self.pgoff

    def address_of(self, page: Page) -> int | None:
        """vma_address: where *page* would be by its index in a linear area, or None if that is outside."""
        address = self.start + (page.index - self.pgoff << PAGE_SHIFT)
        return address if self.start <= address < self.end else None


class MmStruct:
    """The address space of a process: its areas by address, and its DAT tables.

    :param shmem_inodes: where the numbers of its shared memory come from.
    """

    def __init__(self, table: PageTable, shmem_inodes: Iterator[int]) -> None:
        self.table = table
        self.areas: list[VmArea] = []
        self.shmem_inodes = shmem_inodes

    def find_vma(self, address: int) -> VmArea | None:
        """The area in which *address* lies."""
        return next((area for area in self.areas if area.start <= address < area.end), None)
