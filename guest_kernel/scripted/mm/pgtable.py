# SPDX-License-Identifier: GPL-2.0-or-later
"""Page-table entries (asm-s390/pgtable.h), and the default storage key.

Entries that are invalid say in their other bits what is to be found at that address; the bits are those that Linux used
in 2009.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu.addresses import PAGE_SHIFT
from emu.dat import PAGE_FRAME, PAGE_INVALID, PAGE_PROTECTED
from guest_kernel.scripted.cpu.instructions import InvalidatePageTableEntry, Store
from guest_kernel.scripted.state.page_table import PAGE_TABLE_SIZE

if TYPE_CHECKING:
    from guest_kernel.scripted.cpu.script import Script
    from guest_kernel.scripted.state.kernel import Kernel
    from guest_kernel.scripted.state.mm_types import Page

DEFAULT_KEY: Final = 0
"""PAGE_DEFAULT_KEY: the storage key of a page whose content is no modification."""
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


def ptep_clear_flush(pte_address: int, address: int) -> Script[None]:
    """Make the entry at *pte_address*, which translates *address*, invalid on all CPUs, and then empty."""
    yield InvalidatePageTableEntry(pte_address & ~(PAGE_TABLE_SIZE - 1), address)
    yield Store(pte_address, PTE_EMPTY)


def ptep_establish(pte_address: int, address: int, pte: int) -> Script[None]:
    """Replace a valid entry: no CPU translates by the old one any more."""
    yield InvalidatePageTableEntry(pte_address & ~(PAGE_TABLE_SIZE - 1), address)
    yield Store(pte_address, pte)
