# SPDX-License-Identifier: GPL-2.0-or-later
"""Program interruptions of processes (arch/s390/mm/fault.c) and page faults (mm/memory.c, filemap_fault).

In 2009 Linux did not ask whether a translation exception was met by a store: the page is mapped as for a load, and the
store meets a protection exception next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guest_kernel.scripted.cpu.bug import KernelBug
from guest_kernel.scripted.cpu.instructions import ClearPage, CopyPage, Load, Store
from guest_kernel.scripted.cpu.script import Place
from guest_kernel.scripted.hinting.volatile import page_make_stable
from guest_kernel.scripted.hinting.writable import page_check_writable
from guest_kernel.scripted.mm import discard, filemap, rmap, swap_state
from guest_kernel.scripted.mm.file_read import readpage
from guest_kernel.scripted.mm.lru import mark_page_accessed
from guest_kernel.scripted.mm.page_alloc import alloc_pages, get_page, put_page, put_page_check
from guest_kernel.scripted.mm.page_writeback import set_page_dirty
from guest_kernel.scripted.mm.pgalloc import pte_alloc
from guest_kernel.scripted.mm.pgtable import (
    mk_pte,
    pte_file,
    pte_none,
    pte_page,
    pte_present,
    pte_swap,
    pte_to_pgoff,
    pte_to_swap,
    pte_write,
    ptep_establish,
)
from guest_kernel.scripted.state.page_flags import ANON, DISCARDED, LOCKED, UPTODATE

if TYPE_CHECKING:
    from guest_kernel.scripted.cpu.script import Script
    from guest_kernel.scripted.state.kernel import Kernel
    from guest_kernel.scripted.state.mm_types import AddressSpace, MmStruct, Page, VmArea


class Signal(Exception):  # noqa: N818 - what the process gets
    """What a process gets for what it must not do: SIGSEGV or SIGBUS, with the address."""

    def __init__(self, name: str, address: int, why: str) -> None:
        super().__init__(f"{name} at {address:#x}: {why}")
        self.name = name
        self.address = address


def do_exception(kernel: Kernel, mm: MmStruct, address: int, *, write: bool) -> Script[None]:
    """A process's access to the page at *address* needs the kernel.

    :raises Signal: if there is nothing, or nothing that it may store into.
    """
    area = mm.find_vma(address)
    if area is None:
        raise Signal("SIGSEGV", address, "nothing is mapped there")
    if write and not area.is_writable:
        raise Signal("SIGSEGV", address, "the mapping is read-only")
    yield from handle_mm_fault(kernel, area, address, write=write)


def handle_mm_fault(kernel: Kernel, area: VmArea, address: int, *, write: bool) -> Script[None]:
    """Do what the page-table entry for the page at *address* asks for; the access is tried again in any case."""
    pte_address = yield from pte_alloc(kernel, area.mm.table, address)
    pte = yield Load(pte_address)
    if not pte_present(pte):
        if pte_swap(pte):
            yield from do_swap_page(kernel, area, address, pte_address=pte_address, pte=pte, write=write)
        elif area.file is None and pte_none(pte):
            yield from do_anonymous_page(kernel, area, address, pte_address)
        elif area.file is not None and (pte_none(pte) or pte_file(pte)):
            yield from do_fault(kernel, area, address, pte_address=pte_address, pte=pte, write=write)
        else:
            raise KernelBug(f"an entry that nobody has made: {pte:#x}")
        return
    yield from area.mm.table.lock()
    if (yield Load(pte_address)) == pte and write and not pte_write(pte):
        yield from do_wp_page(kernel, area, address, pte_address=pte_address, pte=pte)
    else:
        area.mm.table.unlock()


def do_anonymous_page(kernel: Kernel, area: VmArea, address: int, pte_address: int) -> Script[None]:
    """Map a new page of zeros."""
    page = yield from alloc_pages(kernel)
    yield ClearPage(page.address)
    yield from filemap.set_page_uptodate(page)
    yield from area.mm.table.lock()
    pte = yield Load(pte_address)
    if pte_none(pte):
        yield from rmap.page_add_new_anon_rmap(kernel, page, area, address)
        if area.is_writable:
            yield from page_check_writable(kernel, page, 2)
        yield Store(pte_address, mk_pte(page, writable=area.is_writable))
        area.mm.table.unlock()
        return
    area.mm.table.unlock()
    yield from put_page(kernel, page)


def do_swap_page(
    kernel: Kernel, area: VmArea, address: int, pte_address: int, pte: int, *, write: bool
) -> Script[None]:
    """Map the page in the slot that *pte* names: from the swap cache, or from the swap device.

    With patch 5 it is in whatever state: if the host has discarded it the access will tell.
    """
    slot = pte_to_swap(pte)
    page = yield from swap_state.lookup_swap_cache(kernel, slot)
    if page is None:
        page = yield from swap_state.read_swap_cache(kernel, slot)
    if page is None:
        # Another thread was quicker, and the slot has been given up.
        return
    yield from filemap.lock_page(page)
    yield Place("do_swap_page: is about to map")
    yield from area.mm.table.lock()
    is_discarded = kernel.rules.discarded_at_mapping and page.flags & DISCARDED
    if (yield Load(pte_address)) != pte or is_discarded:
        area.mm.table.unlock()
        yield from filemap.unlock_page(kernel, page)
        yield from put_page_check(kernel, page)
        return
    if not page.flags & UPTODATE:
        raise KernelBug(f"unlocked and not valid: {page!r}")
    is_reused = write and (yield from swap_state.reuse_swap_page(kernel, page))
    if is_reused:
        yield from page_check_writable(kernel, page, 2)
    rmap.page_add_anon_rmap(kernel, page, area, address)
    yield Store(pte_address, mk_pte(page, writable=is_reused))
    kernel.swap.swap_free(slot)
    if kernel.swap.is_full or area.is_locked:
        yield from swap_state.try_to_free_swap(kernel, page)
    yield from filemap.unlock_page(kernel, page)
    area.mm.table.unlock()


def filemap_fault(kernel: Kernel, file: AddressSpace, index: int) -> Script[tuple[Page, bool]]:
    """The page at *index*, valid, locked and with a reference; and whether it had to be read (a major fault).

    With patch 5 it is in whatever state: if the host has discarded it the access will tell.

    :raises IndexError: past the end of the file.
    """
    is_major = False
    while True:
        if index >= file.size:
            raise IndexError(index)
        if 5 in kernel.patches:
            page = yield from filemap.find_lock_page_nodiscard(kernel, file, index)
        else:
            page = yield from filemap.find_lock_page(kernel, file, index)
        if page is not None:
            if not page.flags & UPTODATE:
                raise KernelBug(f"unlocked and not valid: {page!r}")
            mark_page_accessed(kernel, page)
            return page, is_major
        page = yield from alloc_pages(kernel, cold=True)
        is_major = True
        if (yield from filemap.add_to_page_cache_lru(kernel, page, file, index)):
            yield from readpage(kernel, file, page)
        yield from put_page_check(kernel, page)


def vma_wants_writenotify(kernel: Kernel, area: VmArea) -> bool:
    """Whether the first store to a page of *area* must be noticed by a fault.

    It need not be in shared mappings of files whose dirty pages are not accounted for: their pages are mapped writable
    at once, and only the change bit tells (patch 4 copes with that).
    """
    return not area.is_shared or area.file is None or area.file.accounts_dirty or 4 not in kernel.patches


def do_fault(kernel: Kernel, area: VmArea, address: int, pte_address: int, pte: int, *, write: bool) -> Script[None]:
    """__do_fault: map a page of a file, or for a store to a private mapping a copy of it (early copy on write).

    The address says which page it is, or in a non-linear area the entry *pte* if that is not empty.

    :raises Signal: past the end of the file.
    """
    if area.file is None:
        raise KernelBug("a file fault without a file")
    index = pte_to_pgoff(pte) if pte_file(pte) else area.linear_page_index(address)
    wants_copy = write and not area.is_shared
    is_writable = write or (area.is_writable and not vma_wants_writenotify(kernel, area))
    copy = (yield from alloc_pages(kernel)) if wants_copy else None
    while True:
        try:
            page, is_major = yield from filemap_fault(kernel, area.file, index)
        except IndexError:
            if copy is not None:
                yield from put_page(kernel, copy)
            raise Signal("SIGBUS", address, f"past the end of inode {area.file.inode}") from None
        # What is copied or becomes dirty must be there, even if patch 5 did not look at its state.
        if not write or (yield from page_make_stable(kernel, page)):
            break
        yield from filemap.unlock_page(kernel, page)
        yield from discard.page_discard(kernel, page)
    if copy is not None:
        yield CopyPage(copy.address, page.address)
        yield from filemap.set_page_uptodate(copy)
    yield Place("do_fault: is about to map")
    is_dirtied = yield from _set_pte(
        kernel,
        area,
        address,
        pte_address=pte_address,
        old_pte=pte,
        page=page,
        copy=copy,
        write=write,
        writable=is_writable,
    )
    if is_major or 5 not in kernel.patches or is_writable != write:
        yield from filemap.unlock_page(kernel, page)
    else:
        # A minor fault changes no state (patch 5): the page has been volatile all the time, or will be when whoever
        # else has it gives it up.
        page.flags &= ~LOCKED
    if is_dirtied is None or copy is not None:
        # No entry leads to it.
        yield from put_page_check(kernel, page)
    elif is_dirtied:
        set_page_dirty(page)
        yield from put_page(kernel, page)


def _set_pte(
    kernel: Kernel,
    area: VmArea,
    address: int,
    pte_address: int,
    old_pte: int,
    page: Page,
    copy: Page | None,
    *,
    write: bool,
    writable: bool,
) -> Script[bool | None]:
    """Replace the entry *old_pte* at *pte_address* by one for the locked *page* or its *copy*, if nothing has happened.

    Returns None if it has, otherwise whether the page is to become dirty; it has one more reference then.
    """
    yield from area.mm.table.lock()
    pte = yield Load(pte_address)
    is_discarded = kernel.rules.discarded_at_mapping and page.flags & DISCARDED
    if pte != old_pte or is_discarded:
        # Another thread was quicker, or the page was discarded: whoever unmaps it has been here.
        area.mm.table.unlock()
        if copy is not None:
            yield from put_page(kernel, copy)
        return None
    is_dirtied = write and copy is None
    mapped = copy or page
    if copy is not None:
        yield from rmap.page_add_new_anon_rmap(kernel, copy, area, address)
    else:
        yield from rmap.page_add_file_rmap(kernel, page)
    if is_dirtied:
        get_page(page)
    if writable:
        yield from page_check_writable(kernel, mapped, 2)
    yield Store(pte_address, mk_pte(mapped, writable=writable))
    area.mm.table.unlock()
    return is_dirtied


def do_wp_page(kernel: Kernel, area: VmArea, address: int, pte_address: int, pte: int) -> Script[None]:
    """A store to a page that is mapped read-only, with the page_table_lock held: reuse the page, or copy it.

    If it has been discarded it is removed, and the store is tried again.
    """
    old = pte_page(kernel, pte)
    is_dirtied = False
    if old.flags & ANON:
        if not filemap.trylock_page(old):
            # Nobody who has it locked needs long; the store is tried again then.
            get_page(old)
            area.mm.table.unlock()
            yield from filemap.lock_page(old)
            yield from filemap.unlock_page(kernel, old)
            yield from put_page_check(kernel, old)
            return
        is_reused = yield from swap_state.reuse_swap_page(kernel, old)
        yield from filemap.unlock_page(kernel, old)
    else:
        is_reused = is_dirtied = area.is_shared
    if not is_reused or is_dirtied:
        # Known before it is made stable, so that nobody makes it volatile again.
        get_page(old)
        if not (yield from page_make_stable(kernel, old)):
            area.mm.table.unlock()
            yield from discard.page_discard(kernel, old)
            return
    if is_reused:
        yield from page_check_writable(kernel, old, 1)
        yield from ptep_establish(pte_address, address, mk_pte(old, writable=True))
        area.mm.table.unlock()
        if is_dirtied:
            set_page_dirty(old)
            yield from put_page(kernel, old)
        return
    area.mm.table.unlock()
    yield from _copy_page(kernel, area, address, pte_address=pte_address, pte=pte)
    yield from put_page_check(kernel, old)


def _copy_page(kernel: Kernel, area: VmArea, address: int, pte_address: int, pte: int) -> Script[None]:
    """Map a copy of the stable page to which *pte* leads, instead of it."""
    old = pte_page(kernel, pte)
    new = yield from alloc_pages(kernel)
    yield CopyPage(new.address, old.address)
    yield from filemap.set_page_uptodate(new)
    yield from area.mm.table.lock()
    if (yield Load(pte_address)) != pte:
        area.mm.table.unlock()
        yield from put_page(kernel, new)
        return
    yield from rmap.page_add_new_anon_rmap(kernel, new, area, address)
    yield from page_check_writable(kernel, new, 2)
    yield from ptep_establish(pte_address, address, mk_pte(new, writable=True))
    yield from rmap.unmapped(kernel, old)
    area.mm.table.unlock()
