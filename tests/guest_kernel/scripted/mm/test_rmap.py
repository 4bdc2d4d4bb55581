# SPDX-License-Identifier: GPL-2.0-or-later
"""From a page to its mappings: counting them, finding them, and the change bit (2.6, 4.2.4)."""

from __future__ import annotations

import pytest

from guest_kernel.scripted.cpu.bug import KernelBug
from guest_kernel.scripted.cpu.instructions import Essa, FlushAddressSpace, InvalidatePageTableEntry, SetStorageKey
from guest_kernel.scripted.cpu.schedule import Running, run
from guest_kernel.scripted.cpu.script import Relax
from guest_kernel.scripted.mm import rmap
from guest_kernel.scripted.mm.file_write import write_page
from guest_kernel.scripted.mm.lru import pagevec_lru_add
from guest_kernel.scripted.mm.memory_map import exit_mmap, mmap, munmap
from guest_kernel.scripted.mm.page_alloc import alloc_pages
from guest_kernel.scripted.mm.page_writeback import write_cache_pages
from guest_kernel.scripted.mm.swap_state import add_to_swap
from guest_kernel.scripted.state import page_flags as flags
from guest_kernel.scripted.state.kernel import Kernel
from guest_kernel.scripted.state.mm_types import AddressSpace
from tests.guest_kernel.scripted.conftest import MakeKernel, cached_page, discard, state
from tests.support.mapped_files import mapped_by_three
from tests.support.processes import BASE, check_file_page, entry, load, page_at, process, store

PAGE = 4096


def test_every_mapping_is_counted_and_has_a_reference(kernel: Kernel, file: AddressSpace) -> None:
    page, _ = mapped_by_three(kernel, file)
    assert (page.count, page.mapcount, state(kernel, page)) == (4, 3, "Vr")


def test_unmap_all_finds_every_mapping(kernel: Kernel, file: AddressSpace) -> None:
    page, places = mapped_by_three(kernel, file)
    first = places[0][0]
    load(kernel, first, BASE)
    run(kernel, rmap.page_unmap_all(kernel, page))
    assert (page.count, page.mapcount) == (1, 0)
    assert [entry(kernel, mm, address) for mm, address in places] == [0x400] * 3
    # Its neighbour is mapped still.
    assert page_at(kernel, first, BASE) is file.pages[0]
    assert not any(mm.table.locked for mm, _ in places)


def test_the_page_is_not_looked_up_where_another_is_mapped(kernel: Kernel, file: AddressSpace) -> None:
    page, ((first, address), *_) = mapped_by_three(kernel, file)
    store(kernel, first, address, 1)
    copy = page_at(kernel, first, address)
    assert copy is not None
    run(kernel, rmap.page_unmap_all(kernel, page))
    assert page_at(kernel, first, address) is copy
    assert copy.mapcount == 1


def test_an_anonymous_page_without_a_slot_is_not_unmapped(kernel: Kernel) -> None:
    mm = process(kernel)
    mmap(mm, BASE, 1)
    store(kernel, mm, BASE, 1)
    page = page_at(kernel, mm, BASE)
    assert page is not None
    with pytest.raises(KernelBug, match="it has no swap slot"):
        run(kernel, rmap.page_unmap_all(kernel, page))
    assert load(kernel, mm, BASE) == 1


def test_unmap_all_of_an_anonymous_page(make_kernel: MakeKernel) -> None:
    kernel = make_kernel(swap_pages=4)
    mm = process(kernel)
    mmap(mm, BASE, 4)
    store(kernel, mm, BASE + 2 * PAGE, 1)
    page = page_at(kernel, mm, BASE + 2 * PAGE)
    assert page is not None
    run(kernel, pagevec_lru_add(kernel))
    page.flags |= flags.LOCKED
    assert run(kernel, add_to_swap(kernel, page))
    run(kernel, rmap.page_unmap_all(kernel, page))
    # The reference is that of the swap cache.
    assert (page.count, page.mapcount, page.private) == (1, 0, 0)
    # Slot 0: invalid, and the type of an entry for swap (0x03).
    assert entry(kernel, mm, BASE + 2 * PAGE) == 0x403
    assert kernel.swap.swap_map == {0: 2}


def test_a_copy_in_a_private_mapping_is_found_by_its_area(kernel: Kernel, file: AddressSpace) -> None:
    mm = process(kernel)
    mmap(mm, BASE, 4, file=file, pgoff=20)
    load(kernel, mm, BASE + PAGE)
    store(kernel, mm, BASE + PAGE, 1)
    copy = page_at(kernel, mm, BASE + PAGE)
    assert copy is not None
    run(kernel, munmap(kernel, mm, BASE, 1))
    assert [area.address_of(copy) for area in rmap.areas_of(copy)] == [BASE + PAGE]


def test_a_mapping_that_cannot_be_found_is_a_bug(kernel: Kernel, file: AddressSpace) -> None:
    page = cached_page(kernel, file, 0)
    page.mapcount += 1
    with pytest.raises(KernelBug, match="still mapped"):
        run(kernel, rmap.page_unmap_all(kernel, page))


def test_unmapping_what_is_not_mapped_is_a_bug(kernel: Kernel, file: AddressSpace) -> None:
    page = cached_page(kernel, file, 0)
    with pytest.raises(KernelBug, match="not mapped"):
        run(kernel, rmap.page_remove_rmap(kernel, page))


def test_the_lock_is_taken_also_to_find_nothing(kernel: Kernel, file: AddressSpace) -> None:
    # Whoever is about to map the page has the lock: it must be waited for.
    page = cached_page(kernel, file, 0)
    mm = process(kernel)
    area = mmap(mm, BASE, 1, file=file)
    run(kernel, mm.table.lock())
    looking = Running(kernel, rmap.page_check_address(kernel, page, area, BASE))
    assert isinstance(looking.next, Relax)
    mm.table.unlock()
    assert looking.finish() is None
    assert not mm.table.locked


def test_the_entry_is_invalidated_on_all_cpus(make_kernel: MakeKernel, file: AddressSpace) -> None:
    kernel = make_kernel(cpus=2)
    page = cached_page(kernel, file, 0)
    mm = process(kernel)
    mmap(mm, BASE, 1, file=file)
    for cpu in (0, 1):
        check_file_page(kernel, mm, BASE, file.inode, 0, cpu=cpu)
    running = Running(kernel, rmap.page_unmap_all(kernel, page))
    running.until(lambda operation: isinstance(operation, InvalidatePageTableEntry))
    running.finish()
    faults = kernel.machine.counts.program_interruptions[0x11]
    check_file_page(kernel, mm, BASE, file.inode, 0, cpu=1)
    assert kernel.machine.counts.program_interruptions[0x11] == faults + 1


def test_areas_split_meanwhile_are_found(make_kernel: MakeKernel, file: AddressSpace) -> None:
    kernel = make_kernel(cpus=2)
    page, ((first, _), *_) = mapped_by_three(kernel, file)
    run(kernel, first.table.lock())
    unmapping = Running(kernel, rmap.page_unmap_all(kernel, page))
    assert isinstance(unmapping.next, Relax)
    first.table.unlock()
    # The area that it waits for is replaced by two, of which the second has the page.
    run(kernel, munmap(kernel, first, BASE, 1), cpu=1)
    unmapping.finish()
    assert page.mapcount == 0


def test_a_process_that_ends_meanwhile(make_kernel: MakeKernel, file: AddressSpace) -> None:
    kernel = make_kernel(cpus=2)
    page, ((first, _), *_) = mapped_by_three(kernel, file)
    run(kernel, first.table.lock())
    unmapping = Running(kernel, rmap.page_unmap_all(kernel, page))
    first.table.unlock()
    ending = Running(kernel, exit_mmap(kernel, first), cpu=1)
    # All is unmapped and unlinked, the tables are about to go.
    ending.until(lambda operation: isinstance(operation, FlushAddressSpace))
    ending.finish()
    unmapping.finish()
    assert page.mapcount == 0


# The change bit


def test_the_change_bit_gets_into_the_page_flags_with_the_last_mapping(kernel: Kernel, file: AddressSpace) -> None:
    page, places = mapped_by_three(kernel, file)
    shared, address = places[1]
    store(kernel, shared, address, 1)
    # As without dirty accounting: only the machine knows.
    page.flags &= ~flags.DIRTY
    assert kernel.machine.keys.bytes[page.frame] & 0x02
    for number, (mm, where) in enumerate(places):
        assert not page.flags & flags.DIRTY
        run(kernel, munmap(kernel, mm, where, 1))
        assert page.mapcount == 2 - number
    assert page.flags & flags.DIRTY
    assert kernel.machine.keys.bytes[page.frame] == 0
    assert state(kernel, page) == "Sr"


def test_it_is_made_stable_before_the_change_bit_is_cleared(kernel: Kernel, file: AddressSpace) -> None:
    page = cached_page(kernel, file, 0)
    mm = process(kernel)
    mmap(mm, BASE, 1, file=file)
    load(kernel, mm, BASE)
    kernel.machine.keys.bytes[page.frame] |= 0x02
    running = Running(kernel, munmap(kernel, mm, BASE, 1))
    stable = running.until(lambda operation: isinstance(operation, Essa | SetStorageKey))
    assert isinstance(stable, Essa)
    assert kernel.machine.keys.bytes[page.frame] & 0x02
    running.step()
    assert state(kernel, page) == "Sr"
    running.until(lambda operation: isinstance(operation, SetStorageKey))
    running.finish()
    assert page.flags & flags.DIRTY


def test_a_change_that_the_host_has_discarded_is_a_bug(kernel: Kernel, file: AddressSpace) -> None:
    page = cached_page(kernel, file, 0)
    mm = process(kernel)
    mmap(mm, BASE, 1, file=file)
    load(kernel, mm, BASE)
    kernel.machine.keys.bytes[page.frame] |= 0x02
    discard(kernel, page)
    with pytest.raises(KernelBug, match="discarded a page that was changed"):
        run(kernel, munmap(kernel, mm, BASE, 1))


def test_what_write_has_left_in_the_key_is_no_store_of_a_process(kernel: Kernel, file: AddressSpace) -> None:
    buffer = run(kernel, alloc_pages(kernel))
    cached_page(kernel, file, 0)
    run(kernel, write_page(kernel, file, 0, buffer))
    page = file.pages[0]
    assert kernel.machine.keys.bytes[page.frame] & 0x02
    run(kernel, write_cache_pages(kernel, file))
    assert kernel.machine.keys.bytes[page.frame] & 0x02 == 0
    assert state(kernel, page) == "Vr"


def test_an_anonymous_page_has_nothing_to_be_written_to(kernel: Kernel) -> None:
    mm = process(kernel)
    mmap(mm, BASE, 1)
    store(kernel, mm, BASE, 1)
    before = kernel.machine.counts.instructions["ISKE"]
    run(kernel, exit_mmap(kernel, mm))
    assert kernel.machine.counts.instructions["ISKE"] == before
