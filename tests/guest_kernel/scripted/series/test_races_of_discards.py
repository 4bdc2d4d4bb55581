# SPDX-License-Identifier: GPL-2.0-or-later
"""The races of reference 3.4 about pages that go: the rule that protects holds, and without it the damage happens."""

from __future__ import annotations

import pytest

from emu.program_interruption import ProgramInterruptionCode
from guest_kernel.scripted.cpu.bug import KernelBug, ProgramCheck
from guest_kernel.scripted.cpu.instructions import CopyPage, Essa
from guest_kernel.scripted.cpu.schedule import Running, run
from guest_kernel.scripted.cpu.script import Place
from guest_kernel.scripted.hinting.volatile import page_make_volatile
from guest_kernel.scripted.mm.file_read import read_page
from guest_kernel.scripted.mm.file_write import write_page
from guest_kernel.scripted.mm.filemap import find_get_page, lock_page, remove_from_page_cache
from guest_kernel.scripted.mm.lru import pagevec_lru_add
from guest_kernel.scripted.mm.memory_map import mmap, munmap
from guest_kernel.scripted.mm.page_alloc import alloc_pages, page_shrink_discard_list, put_page
from guest_kernel.scripted.mm.swap_state import delete_from_swap_cache
from guest_kernel.scripted.mm.vmscan import try_to_free_pages
from guest_kernel.scripted.process.user_access import user_load
from guest_kernel.scripted.state import page_flags as flags
from guest_kernel.scripted.state.block_device import page_content
from guest_kernel.scripted.state.kernel import Kernel
from guest_kernel.scripted.state.mm_types import AddressSpace, Page
from guest_kernel.scripted.state.swap_device import SwapDevice
from tests.guest_kernel.scripted.conftest import MakeKernel, cached_page, discard, state
from tests.support.processes import BASE, check_file_page, load, page_at, process, store
from tests.support.races import at, kept, two_mappings, waits


@pytest.fixture
def kernel(make_kernel: MakeKernel) -> Kernel:
    """A kernel with all patches on two CPUs."""
    return make_kernel(cpus=2)


# make_stable and make_volatile: the state-change lock


def read_while_it_is_made_volatile(kernel: Kernel, file: AddressSpace) -> Page:
    """A page has been found fit to be volatile; then somebody reads it, and it becomes volatile; the host discards."""
    page = cached_page(kernel, file, 0)
    assert run(kernel, find_get_page(kernel, file, 0)) is page
    page.count -= 1
    buffer = run(kernel, alloc_pages(kernel))
    volatile = Running(kernel, page_make_volatile(kernel, page, 1))
    volatile.until(lambda operation: isinstance(operation, Essa))
    reading = Running(kernel, read_page(kernel, file, 0, buffer), cpu=1)
    reading.until(lambda operation: waits(operation) or isinstance(operation, CopyPage))
    volatile.finish()
    reading.until(lambda operation: isinstance(operation, CopyPage))
    assert page.count == 2
    if state(kernel, page) == "Vr":
        discard(kernel, page)
    reading.finish()
    return page


def test_a_page_is_stable_for_whoever_has_made_it_so(kernel: Kernel, file: AddressSpace) -> None:
    page = read_while_it_is_made_volatile(kernel, file)
    assert (page.count, state(kernel, page), kernel.disk.reads) == (1, "Vr", 1)


def test_without_the_lock_it_is_discarded_under_its_reader(kernel: Kernel, file: AddressSpace) -> None:
    kernel.rules.state_change_lock = False
    with pytest.raises(ProgramCheck, match="MVPG in the kernel: discard fault") as check:
        read_while_it_is_made_volatile(kernel, file)
    assert check.value.code == ProgramInterruptionCode.DISCARD_FAULT


# Two discards of one page: PG_discarded under the page lock


def discard_twice(kernel: Kernel, file: AddressSpace) -> Page:
    """Two CPUs find the same page discarded; the second waits for the page lock of the first."""
    page = cached_page(kernel, file, 0)
    discard(kernel, page)
    lookups = [Running(kernel, find_get_page(kernel, file, 0), cpu=cpu) for cpu in (0, 1)]
    for lookup in lookups:
        assert lookup.next == Place("find_get_page: has the reference")
    assert page.count == 3
    at("page_discard: is the first", lookups[0])
    lookups[1].until(waits)
    assert lookups[0].finish() is None
    assert lookups[1].finish() is None
    return page


def test_a_page_is_discarded_once(kernel: Kernel, file: AddressSpace) -> None:
    page = discard_twice(kernel, file)
    assert kernel.discarded == 1
    assert page.count == 0
    assert kept(kernel) == [page]


def test_without_the_test_and_set_it_is_removed_twice(kernel: Kernel, file: AddressSpace) -> None:
    kernel.rules.discarded_test_and_set = False
    with pytest.raises(KernelBug, match="not in the page cache"):
        discard_twice(kernel, file)
    assert kernel.discarded == 2


# A discard and another removal: PG_discarded set before


def test_a_lookup_gives_way_to_a_removal(kernel: Kernel, file: AddressSpace) -> None:
    page = cached_page(kernel, file, 0)
    discard(kernel, page)
    lookup = Running(kernel, find_get_page(kernel, file, 0))
    run(kernel, lock_page(page), cpu=1)
    removal = Running(kernel, remove_from_page_cache(kernel, page), cpu=1)
    assert removal.next == Place("remove_from_page_cache: removed")
    lookup.until(waits)
    assert removal.finish()
    page.flags &= ~flags.LOCKED
    run(kernel, put_page(kernel, page), cpu=1)
    assert lookup.finish() is None
    assert kernel.discarded == 0
    assert page.count == 0
    assert kept(kernel) == [page]


def test_a_removal_gives_way_to_a_discard(kernel: Kernel, file: AddressSpace) -> None:
    page = cached_page(kernel, file, 0)
    run(kernel, lock_page(page))
    page.flags |= flags.DISCARDED
    assert not run(kernel, remove_from_page_cache(kernel, page))
    assert file.pages[0] is page


def new_owner(kernel: Kernel, source: Page) -> Page:
    """CPU 1 writes a page of another file from *source*, into the frame that was the last to be freed there."""
    file = AddressSpace(9, 1)
    run(kernel, write_page(kernel, file, 0, source), cpu=1)
    return file.pages[0]


def fault_while_it_is_removed(kernel: Kernel, file: AddressSpace) -> tuple[Page, Page, int]:
    """A process meets a discard fault; before the handler has a reference the page is reclaimed and its frame used."""
    source = run(kernel, alloc_pages(kernel), cpu=1)
    first, second, page = two_mappings(kernel, file)
    run(kernel, munmap(kernel, second, BASE, 1))
    discard(kernel, page)
    loading = Running(kernel, user_load(kernel, first, BASE))
    at("do_discard_fault: has the page", loading)
    # Reclaim asks the key, finds the page not used lately, unmaps and removes it.
    kernel.machine.keys.bytes[page.frame] = 0
    run(kernel, try_to_free_pages(kernel, 1), cpu=1)
    assert (file.pages, page.mapcount) == ({}, 0)
    owner = new_owner(kernel, source)
    return page, owner, loading.finish()


def test_what_is_removed_and_discarded_is_freed_late(kernel: Kernel, file: AddressSpace) -> None:
    page, owner, value = fault_while_it_is_removed(kernel, file)
    assert owner is not page
    assert page.flags & flags.DISCARDED
    assert page in kept(kernel)
    assert kernel.discarded == 0
    assert value == int.from_bytes(page_content(file.inode, 0)[:8], "big")


def test_without_the_flag_the_fault_hits_the_new_owner(kernel: Kernel, file: AddressSpace) -> None:
    kernel.rules.discarded_before_removal = False
    with pytest.raises(KernelBug, match=r"the host has discarded a page that was not volatile: .* dirty"):
        fault_while_it_is_removed(kernel, file)


def swapped_in(kernel: Kernel) -> Page:
    """A page of a process that the swap device has as well; it is volatile."""
    kernel.swap = SwapDevice(kernel.machine, 8)
    mm = process(kernel)
    mmap(mm, BASE, 1)
    store(kernel, mm, BASE, 0x1234)
    for _ in range(4):
        run(kernel, try_to_free_pages(kernel, 1))
    load(kernel, mm, BASE)
    run(kernel, pagevec_lru_add(kernel))
    page = page_at(kernel, mm, BASE)
    assert page is not None
    assert (state(kernel, page), page.flags & flags.SWAP_CACHE) == ("Vr", flags.SWAP_CACHE)
    page.flags |= flags.LOCKED
    return page


@pytest.mark.parametrize("discarded", (False, True))
@pytest.mark.parametrize("rule", (False, True))
def test_a_removal_from_the_swap_cache_notes_a_discard(kernel: Kernel, discarded: bool, rule: bool) -> None:
    kernel.rules.discarded_before_removal = rule
    page = swapped_in(kernel)
    if discarded:
        discard(kernel, page)
    removal = Running(kernel, delete_from_swap_cache(kernel, page))
    if rule:
        assert removal.next == Place("delete_from_swap_cache: removed")
        assert page.flags & flags.DISCARDED
    assert removal.finish()
    # Without the rule the frame would be used again, while another CPU may have a discard fault for it.
    assert bool(page.flags & flags.DISCARDED) == (rule and discarded)


def test_a_removal_from_the_swap_cache_gives_way_to_a_discard(kernel: Kernel) -> None:
    page = swapped_in(kernel)
    page.flags |= flags.DISCARDED
    assert not run(kernel, delete_from_swap_cache(kernel, page))
    assert page.flags & flags.SWAP_CACHE


# A discard and a page that reclaim has isolated


def discard_an_isolated_page(kernel: Kernel, file: AddressSpace) -> Page:
    """Reclaim has isolated two pages; while it works on the first the second is discarded, and reclaim puts it back."""
    cached_page(kernel, file, 0)
    page = cached_page(kernel, file, 1)
    reclaiming = Running(kernel, try_to_free_pages(kernel, 2))
    at("remove_from_page_cache: removed", reclaiming)
    assert (page.count, page in kernel.lru.inactive) == (2, False)
    discard(kernel, page)
    lookup = Running(kernel, find_get_page(kernel, file, 1), cpu=1)
    at("page_discard: off the LRU", lookup)
    # The page is locked, so reclaim has to put it back.
    assert reclaiming.finish() == 1
    return page


def test_a_discarded_page_is_not_put_back(kernel: Kernel, file: AddressSpace) -> None:
    page = discard_an_isolated_page(kernel, file)
    assert page not in kernel.lru.inactive
    assert not page.flags & flags.LRU


def test_without_the_check_a_discarded_page_is_on_the_lru(kernel: Kernel, file: AddressSpace) -> None:
    kernel.rules.discarded_before_lru = False
    page = discard_an_isolated_page(kernel, file)
    assert page in kernel.lru.inactive
    assert page.flags & flags.DISCARDED


def discard_before_it_gets_on_the_lru(kernel: Kernel, file: AddressSpace) -> Page:
    """A page is in a pagevec when it is discarded."""
    page = cached_page(kernel, file, 0)
    kernel.lru.remove(page)
    page.count += 1
    kernel.lru.pagevecs[0].append(page)
    discard(kernel, page)
    assert run(kernel, find_get_page(kernel, file, 0), cpu=1) is None
    adding = Running(kernel, pagevec_lru_add(kernel))
    if not adding.is_over:
        assert adding.next == Place("page_make_volatile: has the lock")
    return page


def test_a_discarded_page_does_not_leave_the_pagevec_for_the_lru(kernel: Kernel, file: AddressSpace) -> None:
    page = discard_before_it_gets_on_the_lru(kernel, file)
    assert page not in kernel.lru.inactive
    assert page.count == 0


def test_without_the_check_it_does(kernel: Kernel, file: AddressSpace) -> None:
    kernel.rules.discarded_before_lru = False
    page = discard_before_it_gets_on_the_lru(kernel, file)
    assert page in kernel.lru.inactive
    assert page.mapping is None


# A stale absolute address: delayed freeing


def fault_while_the_page_is_reused(kernel: Kernel, file: AddressSpace) -> tuple[Page, Page, int]:
    """Two processes meet the discarded page; one is done with it, and its frame is used, when the other looks it up."""
    source = run(kernel, alloc_pages(kernel), cpu=1)
    first, second, page = two_mappings(kernel, file)
    discard(kernel, page)
    late = Running(kernel, user_load(kernel, first, BASE))
    at("do_discard_fault: has the page", late)
    check_file_page(kernel, second, BASE, file.inode, 0, cpu=1)
    for _ in range(3):
        run(kernel, page_shrink_discard_list(kernel), cpu=1)
    owner = new_owner(kernel, source)
    return page, owner, late.finish()


def test_no_discarded_page_is_used_before_all_faults_are_over(kernel: Kernel, file: AddressSpace) -> None:
    page, owner, value = fault_while_the_page_is_reused(kernel, file)
    assert owner is not page
    assert page in kept(kernel)
    assert kernel.discarded == 1
    assert value == int.from_bytes(page_content(file.inode, 0)[:8], "big")
    for cpu in (0, 1, 0, 1):
        run(kernel, page_shrink_discard_list(kernel), cpu=cpu)
    assert (kept(kernel), state(kernel, page)) == ([], "Uz")


def test_a_page_that_is_free_at_once_is_somebody_elses(kernel: Kernel, file: AddressSpace) -> None:
    kernel.rules.delayed_free = False
    with pytest.raises(KernelBug, match=r"the host has discarded a page that was not volatile: .* dirty"):
        fault_while_the_page_is_reused(kernel, file)
