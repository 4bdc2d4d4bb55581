# SPDX-License-Identifier: GPL-2.0-or-later
"""From a page to the page-table entries that lead to it (mm/rmap.c), with the hooks of patches 1, 2, 4, 5 and 6."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.addresses import PAGE_SIZE
from emu.storage_keys import CHANGE
from guest_kernel.scripted.cpu.bug import KernelBug
from guest_kernel.scripted.cpu.instructions import InsertStorageKey, Load, SetStorageKey
from guest_kernel.scripted.hinting import writable
from guest_kernel.scripted.hinting.volatile import page_make_stable, page_make_volatile
from guest_kernel.scripted.mm.lru import lru_cache_add_active
from guest_kernel.scripted.mm.page_alloc import put_page, put_page_check
from guest_kernel.scripted.mm.pgtable import (
    DEFAULT_KEY,
    mk_pte,
    pgoff_to_pte,
    pte_page,
    pte_present,
    pte_write,
    ptep_clear_flush,
    ptep_establish,
    swap_to_pte,
)
from guest_kernel.scripted.state.history import Event, told
from guest_kernel.scripted.state.mm_types import AnonVma
from guest_kernel.scripted.state.page_flags import ANON, DIRTY, SWAP_BACKED, SWAP_CACHE

if TYPE_CHECKING:
    from guest_kernel.scripted.cpu.script import Script
    from guest_kernel.scripted.state.kernel import Kernel
    from guest_kernel.scripted.state.mm_types import Page, VmArea


def page_test_dirty(page: Page) -> Script[bool]:
    """Whether something has been stored into *page* since its key was set: the change bit."""
    key = yield InsertStorageKey(page.address)
    return bool(key & CHANGE)


def page_clear_dirty(page: Page) -> Script[None]:
    """Set the default key: the whole key, for the change bit cannot be cleared alone."""
    yield SetStorageKey(page.address, DEFAULT_KEY)


def anon_vma_prepare(area: VmArea) -> AnonVma:
    """The list of areas in which an anonymous page of *area* will be found."""
    if area.anon_vma is None:
        area.anon_vma = AnonVma()
        area.anon_vma.areas.append(area)
    return area.anon_vma


def page_add_file_rmap(kernel: Kernel, page: Page) -> Script[None]:
    """One more page-table entry leads to *page*: it may be volatile again (offset 1; not tried with patch 5)."""
    page.mapcount += 1
    kernel.note(page, Event.MAPPED, page.mapcount)
    if 5 not in kernel.patches:
        yield from page_make_volatile(kernel, page, 1)


def page_add_new_anon_rmap(kernel: Kernel, page: Page, area: VmArea, address: int) -> Script[None]:
    """The first page-table entry leads to the new anonymous *page*; it gets on the LRU list."""
    page.flags |= SWAP_BACKED
    page_add_anon_rmap(kernel, page, area, address)
    yield from lru_cache_add_active(kernel, page)


def page_add_anon_rmap(kernel: Kernel, page: Page, area: VmArea, address: int) -> None:
    """One more page-table entry leads to the anonymous *page*; it is one from the first on."""
    page.mapcount += 1
    kernel.note(page, Event.MAPPED, page.mapcount)
    if page.mapcount == 1:
        page.flags |= ANON
        page.anon_vma = anon_vma_prepare(area)
        page.index = area.linear_page_index(address)


def page_dup_rmap(kernel: Kernel, page: Page) -> None:
    """One more page-table entry leads to *page*, which is mapped already: fork has copied an entry."""
    page.mapcount += 1
    kernel.note(page, Event.MAPPED, page.mapcount)


def page_remove_rmap(kernel: Kernel, page: Page) -> Script[None]:
    """One page-table entry less leads to *page*, whose reference the caller still has.

    With the last one the change bit gets into PG_dirty: the page is made stable in between, so that the host does not
    see a clean page before the kernel has noted it (reference 2.6, hazard 1).

    :raises KernelBug: if the host has discarded a page that was changed.
    """
    if page.mapcount <= 0:
        raise KernelBug(f"not mapped: {page!r}")
    page.mapcount -= 1
    kernel.note(page, Event.UNMAPPED, page.mapcount)
    if not page.mapcount:
        has_backing = not page.flags & ANON or page.flags & SWAP_CACHE
        if has_backing and (yield from page_test_dirty(page)):
            if not kernel.rules.stable_before_clean:
                yield from page_clear_dirty(page)
            if not (yield from page_make_stable(kernel, page)):
                raise KernelBug(f"the host has discarded a page that was changed: {told(kernel.history, page)}")
            yield from page_clear_dirty(page)
            page.flags |= DIRTY
        writable.page_reset_writable(kernel, page)
    if 2 in kernel.patches and 5 not in kernel.patches:
        yield from page_make_volatile(kernel, page, 1)


def unmapped(kernel: Kernel, page: Page) -> Script[None]:
    """What follows when a page-table entry that led to *page* has been cleared: its reference goes, too.

    With patch 5 nothing is tried then, for a page that was volatile is volatile.
    """
    yield from page_remove_rmap(kernel, page)
    yield from (put_page if 5 in kernel.patches else put_page_check)(kernel, page)


def areas_of(page: Page) -> list[VmArea]:
    """The areas that may map *page*, by its file or as an anonymous page."""
    if page.flags & ANON:
        return list(page.anon_vma.areas) if page.anon_vma is not None else []
    return [*page.mapping.i_mmap, *page.mapping.i_mmap_nonlinear] if page.mapping is not None else []


def _places(page: Page, areas: list[VmArea]) -> list[tuple[VmArea, int]]:
    """Where *page* may be in *areas*: in a linear one at one address at most, otherwise anywhere, which takes long."""
    places = []
    for area in areas:
        address = area.address_of(page)
        if area.is_nonlinear:
            places += [(area, each) for each in range(area.start, area.end, PAGE_SIZE)]
        elif address is not None:
            places.append((area, address))
    return places


def page_check_address(kernel: Kernel, page: Page, area: VmArea, address: int) -> Script[tuple[int, int] | None]:
    """Address and content of the entry by which *area* maps *page* at *address*, with the page_table_lock held.

    None, without the lock, if it does not.  The lock is taken in any case: whoever is about to map the page has it.
    """
    table = area.mm.table
    if not kernel.rules.check_address_locked:
        unlocked = (yield from table.walk(address)) if area.is_linked else None
        if unlocked is None or not pte_present((yield Load(unlocked))):
            return None
    yield from table.lock()
    # An area that has been unlinked meanwhile has no page in its tables any more, or even no tables.
    pte_address = (yield from table.walk(address)) if area.is_linked else None
    if pte_address is not None:
        pte = yield Load(pte_address)
        if pte_present(pte) and pte_page(kernel, pte) is page:
            return pte_address, pte
    table.unlock()
    return None


def page_unmap_all(kernel: Kernel, page: Page) -> Script[None]:
    """Clear every page-table entry that leads to the locked *page*; what it leaves lets a fault find the page again.

    :raises KernelBug: if one cannot be found, or nothing would lead to an anonymous page again.
    """
    while page.mapcount:
        areas = areas_of(page)
        for area, address in _places(page, areas):
            found = yield from page_check_address(kernel, page, area, address)
            if found is not None:
                yield from _unmap_entry(kernel, page, area, pte_address=found[0], address=address)
                area.mm.table.unlock()
        # Another CPU may have split an area meanwhile.
        if page.mapcount and areas == areas_of(page):
            raise KernelBug(f"still mapped: {page!r}")


def _unmap_entry(kernel: Kernel, page: Page, area: VmArea, pte_address: int, address: int) -> Script[None]:
    """The end of try_to_unmap_one, with the page_table_lock held."""
    if page.flags & ANON:
        if not page.flags & SWAP_CACHE:
            raise KernelBug(f"anonymous, and it has no swap slot: {page!r}")
        kernel.swap.swap_duplicate(page.private)
        yield from ptep_establish(pte_address, address, swap_to_pte(page.private))
    elif page.index != area.linear_page_index(address):
        # Only in a non-linear area: what has been put there would be forgotten.
        yield from ptep_establish(pte_address, address, pgoff_to_pte(page.index))
    else:
        yield from ptep_clear_flush(pte_address, address)
    yield from unmapped(kernel, page)


def try_to_unmap(kernel: Kernel, page: Page) -> Script[bool]:
    """Clear every entry that leads to the locked *page*, for the kernel's own reclaim; False if it is locked in memory.

    Only page_unmap_all takes it then, when the host has discarded it (patch 3).
    """
    for area, address in _places(page, [area for area in areas_of(page) if area.is_locked]):
        if (yield from page_check_address(kernel, page, area, address)) is not None:
            area.mm.table.unlock()
            return False
    yield from page_unmap_all(kernel, page)
    return True


def page_mkclean(kernel: Kernel, page: Page) -> Script[bool]:
    """Protect every entry that leads to the locked *page*, and clear its change bit; whether there was anything to do.

    The page is dirty and stable, so that the host cannot take it for clean.  The bit is cleared even if the page is not
    mapped (Linux leaves it then): what write() has left there would be taken for a store through a mapping later.
    """
    cleaned = False
    areas: list[VmArea] = []
    while page.mapcount and areas != areas_of(page):
        areas = areas_of(page)
        for area, address in _places(page, areas):
            found = yield from page_check_address(kernel, page, area, address)
            if found is not None:
                if pte_write(found[1]):
                    yield from ptep_establish(found[0], address, mk_pte(page, writable=False))
                    cleaned = True
                area.mm.table.unlock()
    if (yield from page_test_dirty(page)):
        yield from page_clear_dirty(page)
        cleaned = True
    return cleaned
