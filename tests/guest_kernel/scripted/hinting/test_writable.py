# SPDX-License-Identifier: GPL-2.0-or-later
"""Patch 4: pages with writable page-table entries become potentially volatile (reference 4.5)."""

from __future__ import annotations

import pytest

from emu.storage_keys import CHANGE
from guest_kernel.scripted.cpu.instructions import Essa
from guest_kernel.scripted.cpu.schedule import Running, run
from guest_kernel.scripted.cpu.script import Place, Relax
from guest_kernel.scripted.hinting.volatile import page_make_volatile
from guest_kernel.scripted.hinting.writable import page_check_writable, page_reset_writable
from guest_kernel.scripted.mm.memory_map import mmap, munmap
from guest_kernel.scripted.mm.page_writeback import write_cache_pages
from guest_kernel.scripted.state import page_flags as flags
from guest_kernel.scripted.state.kernel import Kernel
from guest_kernel.scripted.state.mm_types import AddressSpace, Page
from tests.guest_kernel.scripted.conftest import MakeKernel, cached_page, discard, state
from tests.support.processes import BASE, load, process, store


def essa(kernel: Kernel) -> int:
    return kernel.machine.counts.instructions["ESSA"]


@pytest.fixture
def page(kernel: Kernel, file: AddressSpace) -> Page:
    """A volatile page of a file."""
    page = cached_page(kernel, file, 0)
    assert state(kernel, page) == "Vr"
    return page


def test_the_first_writable_entry_makes_potentially_volatile(kernel: Kernel, page: Page) -> None:
    run(kernel, page_check_writable(kernel, page, 1))
    assert state(kernel, page) == "Pr"
    assert page.flags & flags.WRITABLE
    assert not page.flags & flags.STATE_CHANGE


def test_later_entries_change_nothing(kernel: Kernel, page: Page) -> None:
    run(kernel, page_check_writable(kernel, page, 1))
    before = essa(kernel)
    run(kernel, page_check_writable(kernel, page, 1))
    assert essa(kernel) == before


def test_a_page_in_use_becomes_stable(kernel: Kernel, page: Page) -> None:
    # It is volatile already, though somebody has it: to leave it so would let the host drop what is stored next.
    page.count += 1
    run(kernel, page_check_writable(kernel, page, 1))
    assert state(kernel, page) == "Sr"
    assert page.flags & flags.WRITABLE


def test_a_page_that_something_else_keeps_stable(kernel: Kernel, page: Page) -> None:
    page.flags |= flags.LOCKED
    before = essa(kernel)
    run(kernel, page_check_writable(kernel, page, 1))
    assert state(kernel, page) == "Sr"
    assert essa(kernel) == before + 1, "the counts were right: nothing is tried again"


def test_it_is_tried_again_when_the_counts_did_not_fit(kernel: Kernel, page: Page) -> None:
    # Offset 1 instead of 2: the caller's reference is given up in between.
    page.count += 1
    running = Running(kernel, page_check_writable(kernel, page, 1))
    running.until(lambda operation: isinstance(operation, Essa))
    page.count -= 1
    running.finish()
    assert state(kernel, page) == "Pr"


def test_a_discarded_page_stays_discarded(kernel: Kernel, page: Page) -> None:
    discard(kernel, page)
    run(kernel, page_check_writable(kernel, page, 1))
    assert state(kernel, page) == "Vz"
    page.flags &= ~flags.WRITABLE
    page.count += 1
    run(kernel, page_check_writable(kernel, page, 1))
    assert state(kernel, page) == "Vz"


def test_the_lock_is_waited_for(kernel: Kernel, page: Page) -> None:
    page.flags |= flags.STATE_CHANGE
    running = Running(kernel, page_check_writable(kernel, page, 1))
    assert isinstance(running.next, Relax)
    page.flags &= ~flags.STATE_CHANGE
    running.until(lambda operation: isinstance(operation, Place))
    assert page.flags & flags.STATE_CHANGE
    running.finish()
    assert state(kernel, page) == "Pr"


def test_making_volatile_chooses_by_the_flag(kernel: Kernel, page: Page) -> None:
    page.flags |= flags.WRITABLE
    run(kernel, page_make_volatile(kernel, page, 1))
    assert state(kernel, page) == "Pr"
    page_reset_writable(kernel, page)
    run(kernel, page_make_volatile(kernel, page, 1))
    assert state(kernel, page) == "Vr"


def test_the_reset_only_tries(kernel: Kernel, page: Page) -> None:
    page.flags |= flags.WRITABLE | flags.STATE_CHANGE
    page_reset_writable(kernel, page)
    assert page.flags & flags.WRITABLE
    page.flags &= ~flags.STATE_CHANGE
    page_reset_writable(kernel, page)
    assert not page.flags & (flags.WRITABLE | flags.STATE_CHANGE)


def test_without_patch_4_nothing_happens(make_kernel: MakeKernel, file: AddressSpace) -> None:
    kernel = make_kernel(patches=frozenset({1, 2, 3}))
    page = cached_page(kernel, file, 0)
    before = essa(kernel)
    run(kernel, page_check_writable(kernel, page, 1))
    assert (state(kernel, page), page.flags & flags.WRITABLE, essa(kernel)) == ("Vr", 0, before)


def test_the_flag_goes_with_the_last_mapping(kernel: Kernel, page: Page, file: AddressSpace) -> None:
    first, second = process(kernel), process(kernel)
    for mm in (first, second):
        mmap(mm, BASE, 1, file=file, shared=True)
        load(kernel, mm, BASE)
    assert not page.flags & flags.WRITABLE
    store(kernel, first, BASE, 1)
    run(kernel, write_cache_pages(kernel, file))
    assert state(kernel, page) == "Pr"
    run(kernel, munmap(kernel, first, BASE, 1))
    # The other's entry is read-only, but it is a mapping.
    assert page.flags & flags.WRITABLE
    run(kernel, munmap(kernel, second, BASE, 1))
    assert not page.flags & flags.WRITABLE


def test_a_clean_page_that_was_potentially_volatile_is_read_again(
    kernel: Kernel, page: Page, file: AddressSpace
) -> None:
    mm = process(kernel)
    mmap(mm, BASE, 1, file=file, shared=True)
    load(kernel, mm, BASE)
    store(kernel, mm, BASE, 1)
    run(kernel, write_cache_pages(kernel, file))
    assert state(kernel, page) == "Pr"
    store(kernel, mm, BASE, 2)
    assert state(kernel, page) == "Sr"
    run(kernel, write_cache_pages(kernel, file))
    run(kernel, munmap(kernel, mm, BASE, 1))
    assert kernel.disk.content(file.inode, 0)[:8] == (2).to_bytes(8, "big")


def test_an_anonymous_page_is_marked_and_stays_stable(kernel: Kernel) -> None:
    mm = process(kernel)
    mmap(mm, BASE, 1)
    load(kernel, mm, BASE)
    page = next(page for page in kernel.mem_map if page.flags & flags.ANON)
    assert (page.flags & flags.WRITABLE, state(kernel, page)) == (flags.WRITABLE, "Sr")


# Files whose dirty pages are not accounted for


def test_without_dirty_accounting_a_shared_page_is_mapped_writable_at_once(
    kernel: Kernel, page: Page, file: AddressSpace
) -> None:
    file.accounts_dirty = False
    mm = process(kernel)
    mmap(mm, BASE, 1, file=file, shared=True)
    before = essa(kernel)
    load(kernel, mm, BASE)
    # Stable as long as the fault has it locked, then potentially volatile.
    assert (state(kernel, page), essa(kernel) - before) == ("Pr", 2)
    store(kernel, mm, BASE, 7)
    assert (state(kernel, page), essa(kernel) - before) == ("Pr", 2)
    assert kernel.machine.keys.bytes[page.frame] & CHANGE
    assert not page.flags & flags.DIRTY
    run(kernel, munmap(kernel, mm, BASE, 1))
    assert state(kernel, page) == "Sr"
    assert page.flags & flags.DIRTY
    assert not kernel.machine.keys.bytes[page.frame] & CHANGE


@pytest.mark.parametrize("options", ({"writable": False, "shared": True}, {"shared": False}))
def test_nothing_else_is_mapped_writable_by_a_load(
    kernel: Kernel, page: Page, file: AddressSpace, options: dict[str, bool]
) -> None:
    file.accounts_dirty = False
    mm = process(kernel)
    mmap(mm, BASE, 1, file=file, **options)  # type: ignore[arg-type]
    load(kernel, mm, BASE)
    assert (state(kernel, page), page.flags & flags.WRITABLE) == ("Vr", 0)


def test_without_patch_4_every_first_store_is_noticed(make_kernel: MakeKernel, file: AddressSpace) -> None:
    kernel = make_kernel(patches=frozenset({1, 2, 3}))
    file.accounts_dirty = False
    page = cached_page(kernel, file, 0)
    mm = process(kernel)
    mmap(mm, BASE, 1, file=file, shared=True)
    load(kernel, mm, BASE)
    assert state(kernel, page) == "Vr"
    store(kernel, mm, BASE, 7)
    assert state(kernel, page) == "Sr"
    assert page.flags & flags.DIRTY


def test_a_discarded_page_that_is_mapped_writable_is_read_again(kernel: Kernel, page: Page, file: AddressSpace) -> None:
    file.accounts_dirty = False
    discard(kernel, page)
    mm = process(kernel)
    mmap(mm, BASE, 1, file=file, shared=True)
    assert load(kernel, mm, BASE) == file.inode
    assert file.pages[0] is not page
