# SPDX-License-Identifier: GPL-2.0-or-later
"""The races of reference 3.4 about page-table entries, change bits and swap slots, as in test_races_of_discards.

More of them, with the rules on: a page discarded while a fault maps it, and two faults for one page (test_faults).
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from emu.addresses import PAGE_SIZE
from emu.machine import MEGABYTE, Machine
from guest_kernel.scripted.boot import mem_init
from guest_kernel.scripted.cpu.bug import KernelBug
from guest_kernel.scripted.cpu.instructions import Load, SetStorageKey, Store
from guest_kernel.scripted.cpu.schedule import Running, run
from guest_kernel.scripted.cpu.script import Place, Script
from guest_kernel.scripted.hinting.writable import page_check_writable
from guest_kernel.scripted.mm.file_write import write_page
from guest_kernel.scripted.mm.fork import fork
from guest_kernel.scripted.mm.lru import pagevec_lru_add
from guest_kernel.scripted.mm.memory_map import mmap, munmap
from guest_kernel.scripted.mm.page_writeback import write_cache_pages
from guest_kernel.scripted.mm.pgtable import mk_pte, ptep_establish
from guest_kernel.scripted.mm.vmscan import try_to_free_pages
from guest_kernel.scripted.process.user_access import user_load
from guest_kernel.scripted.state import page_flags as flags
from guest_kernel.scripted.state.block_device import page_content
from guest_kernel.scripted.state.kernel import Kernel
from guest_kernel.scripted.state.mm_types import AddressSpace, MmStruct, Page
from guest_kernel.scripted.state.swap_device import SwapDevice
from host.page_manager import PageManager
from host.paging_device import PagingDevice
from tests.guest_kernel.scripted.conftest import MakeKernel, cached_page, discard, state
from tests.support.processes import BASE, check_file_page, entry, load, page_at, process, store
from tests.support.races import at, two_mappings, waits


@pytest.fixture
def kernel(make_kernel: MakeKernel) -> Kernel:
    """A kernel with all patches on two CPUs."""
    return make_kernel(cpus=2)


@pytest.fixture
def pressed() -> Iterator[tuple[Kernel, PageManager]]:
    """The same under a host that takes frames when the test says so."""
    with PagingDevice(None, 1024) as device:
        manager = PageManager(400, device=device)
        kernel = Kernel(Machine(2 * MEGABYTE, cpus=2, hypervisor=manager.guest()))
        run(kernel, mem_init(kernel))
        yield kernel, manager


def new_owner(kernel: Kernel, source: Page) -> Page:
    """CPU 1 writes a page of another file from *source*, into the frame that was the last to be freed there."""
    file = AddressSpace(9, 1)
    run(kernel, write_page(kernel, file, 0, source), cpu=1)
    return file.pages[0]


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


# A discard and a page-table entry that is being set; a discard and fork


def fork_and_discard(kernel: Kernel, file: AddressSpace, *, until_stored: bool) -> tuple[MmStruct, Page]:
    """Fork copies an entry of a page while another CPU discards the page; it looks at the child first.

    :param until_stored: fork has the locks and is about to store; otherwise it does not have them yet.
    """
    page = cached_page(kernel, file, 0)
    parent = process(kernel)
    mmap(parent, BASE, 2, file=file)
    load(kernel, parent, BASE + PAGE_SIZE)
    store(kernel, parent, BASE + PAGE_SIZE, 5)
    check_file_page(kernel, parent, BASE, file.inode, 0)
    other = process(kernel)
    mmap(other, BASE, 1, file=file)
    check_file_page(kernel, other, BASE, file.inode, 0)
    forking = Running(kernel, fork(kernel, parent))
    forking.until(lambda operation: isinstance(operation, Place) and operation.name.startswith("copy_one_pte"))
    # The areas of a file are in no order of age: here the child's is the first.
    file.i_mmap.reverse()
    child_table = file.i_mmap[0].mm.table
    assert child_table not in (parent.table, other.table)
    if until_stored:
        forking.until(lambda operation: isinstance(operation, Store) and operation.value & ~0xFFF == page.address)
        assert page.mapcount == 3
    discard(kernel, page)
    loading = Running(kernel, user_load(kernel, other, BASE), cpu=1)
    at("page_discard: is the first", loading)
    if until_stored:
        loading.until(waits)
    else:
        loading.until(lambda _: child_table.locked)
        loading.until(lambda _: not child_table.locked)
        assert not parent.table.locked
    child = forking.finish()
    loading.finish()
    return child, page


@pytest.mark.parametrize("until_stored", (False, True))
def test_fork_leaves_nothing_of_a_discarded_page(kernel: Kernel, file: AddressSpace, until_stored: bool) -> None:
    child, page = fork_and_discard(kernel, file, until_stored=until_stored)
    assert (page.count, page.mapcount) == (0, 0)
    assert entry(kernel, child, BASE) == 0x400
    check_file_page(kernel, child, BASE, file.inode, 0)
    assert load(kernel, child, BASE + PAGE_SIZE) == 5


def test_without_the_check_fork_maps_a_discarded_page(kernel: Kernel, file: AddressSpace) -> None:
    kernel.rules.discarded_at_mapping = False
    with pytest.raises(KernelBug, match="still mapped"):
        fork_and_discard(kernel, file, until_stored=False)


def test_without_the_lock_an_entry_that_comes_is_not_seen(kernel: Kernel, file: AddressSpace) -> None:
    kernel.rules.check_address_locked = False
    with pytest.raises(KernelBug, match="still mapped"):
        fork_and_discard(kernel, file, until_stored=True)


# The change bit on its way to PG_dirty


def make_writable(kernel: Kernel, mm: MmStruct, page: Page) -> Script[None]:
    """What change_pte_range does with an entry of a mapping that becomes writable."""
    pte_address = yield from mm.table.walk(BASE)
    assert pte_address is not None
    assert (yield Load(pte_address)) & ~0xFFF == page.address
    yield from page_check_writable(kernel, page, 1)
    yield from ptep_establish(pte_address, BASE, mk_pte(page, writable=True))


def written_mapping(kernel: Kernel, file: AddressSpace) -> tuple[MmStruct, Page]:
    """A process has stored into a potentially volatile page, and nobody knows but the change bit."""
    file.accounts_dirty = False
    page = cached_page(kernel, file, 0)
    mm = process(kernel)
    mmap(mm, BASE, 1, file=file, shared=True)
    store(kernel, mm, BASE, 0x7777)
    assert (state(kernel, page), page.flags & flags.DIRTY) == ("Pr", 0)
    return mm, page


def evict_while_the_bit_moves(kernel: Kernel, manager: PageManager, file: AddressSpace) -> Page:
    """The page is unmapped, and the host wants its frame when the change bit has been cleared."""
    mm, page = written_mapping(kernel, file)
    unmapping = Running(kernel, munmap(kernel, mm, BASE, 1))
    unmapping.until(lambda operation: isinstance(operation, SetStorageKey) and operation.address == page.address)
    unmapping.step()
    assert manager.evict(0, page.frame)
    unmapping.finish()
    return page


def test_a_change_is_not_lost_on_its_way(pressed: tuple[Kernel, PageManager], file: AddressSpace) -> None:
    kernel, manager = pressed
    page = evict_while_the_bit_moves(kernel, manager, file)
    assert (state(kernel, page), page.flags & flags.DIRTY) == ("Sp", flags.DIRTY)
    run(kernel, write_cache_pages(kernel, file))
    assert kernel.disk.content(file.inode, 0)[:8] == (0x7777).to_bytes(8, "big")


def test_the_host_takes_a_page_for_clean(pressed: tuple[Kernel, PageManager], file: AddressSpace) -> None:
    kernel, manager = pressed
    kernel.rules.stable_before_clean = False
    with pytest.raises(KernelBug, match="the host has discarded a page that was changed"):
        evict_while_the_bit_moves(kernel, manager, file)
    assert manager.guests[0].statistics.discards_potentially_volatile == 1


@pytest.mark.parametrize("is_changed", (False, True))
def test_the_host_looks_at_the_change_bit(
    pressed: tuple[Kernel, PageManager], file: AddressSpace, is_changed: bool
) -> None:
    kernel, manager = pressed
    mm, page = written_mapping(kernel, file)
    if not is_changed:
        kernel.machine.keys.bytes[page.frame] &= ~0x02
    assert manager.evict(0, page.frame)
    assert state(kernel, page) == ("Sp" if is_changed else "Vz")
    original = int.from_bytes(page_content(file.inode, 0)[:8], "big")
    assert load(kernel, mm, BASE) == (0x7777 if is_changed else original)


# A discard and the end of a swap slot


def end_slot(kernel: Kernel, *, discarded: bool = True) -> tuple[MmStruct, Page]:
    """A child's entry was the last that named the slot of a page that its parent maps, and slots are scarce.

    :param discarded: whether the host has discarded the page.
    """
    kernel.swap = SwapDevice(kernel.machine, 1)
    mm = process(kernel)
    mmap(mm, BASE, 1)
    store(kernel, mm, BASE, 0x1234)
    child = run(kernel, fork(kernel, mm))
    for _ in range(4):
        run(kernel, try_to_free_pages(kernel, 1))
    assert load(kernel, mm, BASE) == 0x1234
    run(kernel, pagevec_lru_add(kernel))
    page = page_at(kernel, mm, BASE)
    assert page is not None
    assert (state(kernel, page), kernel.swap.swap_map, kernel.swap.is_full) == ("Vr", {0: 2}, True)
    if discarded:
        discard(kernel, page)
    run(kernel, munmap(kernel, child, BASE, 1), cpu=1)
    return mm, page


def test_the_slot_of_a_discarded_page_is_kept(kernel: Kernel) -> None:
    mm, page = end_slot(kernel)
    # With the page_table_lock held the page could not be removed, and nothing of it was.
    assert (page.count, page.mapcount, page.flags & flags.DISCARDED) == (2, 1, 0)
    assert kernel.swap.swap_map == {0: 1}
    assert load(kernel, mm, BASE) == 0x1234
    assert kernel.discarded == 1


def test_the_slot_of_a_page_that_is_not_discarded_is_freed(kernel: Kernel) -> None:
    mm, page = end_slot(kernel, discarded=False)
    assert (kernel.swap.swap_map, state(kernel, page), page.flags & flags.DIRTY) == ({}, "Sr", flags.DIRTY)
    assert load(kernel, mm, BASE) == 0x1234


def test_without_the_rule_nothing_has_the_content_any_more(kernel: Kernel) -> None:
    kernel.rules.stable_before_slot_is_freed = False
    mm, page = end_slot(kernel)
    assert kernel.swap.swap_map == {}
    assert state(kernel, page) == "Vz"
    with pytest.raises(KernelBug, match=r"the host has discarded a page that was not volatile: .* dirty"):
        load(kernel, mm, BASE)


# A writable entry to a page that is volatile already (reference 4.5)


def store_while_somebody_maps(kernel: Kernel, manager: PageManager, file: AddressSpace) -> tuple[MmStruct, Page]:
    """A process may store into a page while another has it for a moment; the host wants the frame."""
    first, second, page = two_mappings(kernel, file)
    run(kernel, munmap(kernel, second, BASE, 1))
    mmap(second, BASE, 1, file=file)
    mapping = Running(kernel, user_load(kernel, second, BASE), cpu=1)
    at("do_fault: is about to map", mapping)
    assert (page.count, page.mapcount, state(kernel, page)) == (3, 1, "Vr")
    run(kernel, make_writable(kernel, first, page))
    store(kernel, first, BASE, 0x7777)
    manager.evict(0, page.frame)
    mapping.finish()
    assert load(kernel, first, BASE) == 0x7777
    return first, page


def test_a_page_in_use_is_made_stable_for_a_writable_entry(
    pressed: tuple[Kernel, PageManager], file: AddressSpace
) -> None:
    _, page = store_while_somebody_maps(*pressed, file)
    assert page.flags & flags.WRITABLE
    assert state(pressed[0], page) in {"Sr", "Pr"}


def test_a_volatile_page_with_a_writable_entry_loses_what_is_stored(
    pressed: tuple[Kernel, PageManager], file: AddressSpace
) -> None:
    kernel, manager = pressed
    kernel.rules.writable_makes_stable = False
    with pytest.raises(KernelBug, match="the host has discarded a page that was changed"):
        store_while_somebody_maps(kernel, manager, file)
