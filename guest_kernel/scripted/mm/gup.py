# SPDX-License-Identifier: GPL-2.0-or-later
"""Getting hold of the pages of a process (follow_page and get_user_pages, mm/memory.c), with patches 1 and 3."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.addresses import PAGE_SIZE
from guest_kernel.scripted.cpu.instructions import Load
from guest_kernel.scripted.hinting.volatile import page_make_stable
from guest_kernel.scripted.mm import discard
from guest_kernel.scripted.mm.faults import do_exception
from guest_kernel.scripted.mm.lru import mark_page_accessed
from guest_kernel.scripted.mm.page_alloc import get_page, put_page, put_page_check
from guest_kernel.scripted.mm.page_writeback import set_page_dirty
from guest_kernel.scripted.mm.pgtable import pte_page, pte_present, pte_write

if TYPE_CHECKING:
    from guest_kernel.scripted.cpu.script import Script
    from guest_kernel.scripted.state.kernel import Kernel
    from guest_kernel.scripted.state.mm_types import MmStruct, Page, VmArea


def follow_page(kernel: Kernel, area: VmArea, address: int, *, get: bool, write: bool) -> Script[Page | None]:
    """The page that is mapped at *address*; None if there is none, or, for *write*, none that may be stored into.

    With *get* (FOLL_GET) it comes with a reference and is stable; from patch 3 on it is made stable also if *area* is
    locked.  One that turns out to be discarded is removed, as if it were not there.
    """
    table = area.mm.table
    yield from table.lock()
    pte_address = yield from table.walk(address)
    pte = None if pte_address is None else (yield Load(pte_address))
    if pte is None or not pte_present(pte) or (write and not pte_write(pte)):
        table.unlock()
        return None
    page = pte_page(kernel, pte)
    # Known before it is made stable, so that nobody makes it volatile again.
    get_page(page)
    if (get or (area.is_locked and 3 in kernel.patches)) and not (yield from page_make_stable(kernel, page)):
        table.unlock()
        yield from discard.page_discard(kernel, page)
        return None
    table.unlock()
    mark_page_accessed(kernel, page)
    if not get:
        yield from put_page(kernel, page)
    return page


def get_user_pages(kernel: Kernel, mm: MmStruct, start: int, pages: int, *, write: bool) -> Script[list[Page]]:
    """The *pages* pages at *start*, stable and with a reference each, until :func:`put_user_pages`.

    :raises guest_kernel.scripted.mm.faults.Signal: if nothing is mapped there, or, for *write*, nothing that the
        process may store into; the references are given up then.
    """
    found: list[Page] = []
    for address in range(start, start + pages * PAGE_SIZE, PAGE_SIZE):
        try:
            found.append((yield from _fault_in(kernel, mm, address, get=True, write=write)))
        except Exception:
            yield from put_user_pages(kernel, found, dirtied=False)
            raise
    return found


def make_pages_present(kernel: Kernel, mm: MmStruct, start: int, end: int) -> Script[None]:
    """get_user_pages without an array of pages: nobody gets them, and only those of locked areas are made stable.

    :raises guest_kernel.scripted.mm.faults.Signal: if nothing is mapped there.
    """
    for address in range(start, end, PAGE_SIZE):
        area = mm.find_vma(address)
        yield from _fault_in(kernel, mm, address, get=False, write=area is not None and area.is_writable)


def _fault_in(kernel: Kernel, mm: MmStruct, address: int, *, get: bool, write: bool) -> Script[Page]:
    while True:
        area = mm.find_vma(address)
        if area is not None:
            page = yield from follow_page(kernel, area, address, get=get, write=write)
            if page is not None:
                return page
        yield from do_exception(kernel, mm, address, write=write)


def put_user_pages(kernel: Kernel, pages: list[Page], *, dirtied: bool) -> Script[None]:
    """Give up what :func:`get_user_pages` has given; if something was stored into them, they become *dirtied*."""
    for page in pages:
        if dirtied and page.mapping is not None:
            set_page_dirty(page)
        yield from put_page_check(kernel, page)
