# SPDX-License-Identifier: GPL-2.0-or-later
"""Page faults and copy on write: what processes find, and in which state pages are (4.2.4, 4.2.5)."""

from __future__ import annotations

import pytest

from guest_kernel.scripted.cpu.schedule import Running, run
from guest_kernel.scripted.cpu.script import Place
from guest_kernel.scripted.mm.faults import Signal, handle_mm_fault
from guest_kernel.scripted.mm.file_read import read_cache_page
from guest_kernel.scripted.mm.lru import pagevec_lru_add
from guest_kernel.scripted.mm.memory_map import mmap, munmap
from guest_kernel.scripted.mm.page_alloc import put_page_check
from guest_kernel.scripted.mm.page_writeback import write_cache_pages
from guest_kernel.scripted.process.user_access import user_load, user_store
from guest_kernel.scripted.state import page_flags as flags
from guest_kernel.scripted.state.block_device import page_content
from guest_kernel.scripted.state.kernel import Kernel
from guest_kernel.scripted.state.mm_types import AddressSpace
from tests.guest_kernel.scripted.conftest import MakeKernel, cached_page, discard, state
from tests.support.mapped_files import PAGE, at_point, first_doubleword, mapped
from tests.support.processes import BASE, check_file_page, entry, load, page_at, process, store

RO = 0x200
# Anonymous pages


def test_an_anonymous_page_begins_as_zeros_and_stays_stable(kernel: Kernel) -> None:
    mm = process(kernel)
    # What is free is full of something.
    mmap(mm, BASE, 1)
    store(kernel, mm, BASE + 8, 0xFFFF)
    run(kernel, munmap(kernel, mm, BASE, 1))
    mmap(mm, BASE, 1)
    assert [load(kernel, mm, BASE + offset) for offset in (0, 8, 4088)] == [0, 0, 0]
    page = page_at(kernel, mm, BASE)
    assert page is not None
    assert page.flags & flags.ANON
    run(kernel, pagevec_lru_add(kernel))
    assert page in kernel.lru.active_anon
    assert (page.count, page.mapcount, state(kernel, page)) == (1, 1, "Sr")
    # Linux 2.6.29 maps it writable also for a load.
    assert entry(kernel, mm, BASE) == page.address


def test_a_read_only_anonymous_page(kernel: Kernel) -> None:
    mm = process(kernel)
    mmap(mm, BASE, 1, writable=False)
    assert load(kernel, mm, BASE) == 0
    assert entry(kernel, mm, BASE) & RO
    with pytest.raises(Signal, match=f"SIGSEGV at {BASE:#x}: the mapping is read-only"):
        store(kernel, mm, BASE, 1)
    assert load(kernel, mm, BASE) == 0


def test_past_the_end_of_the_file(kernel: Kernel, file: AddressSpace) -> None:
    mm = process(kernel)
    mmap(mm, BASE, 2, file=file, pgoff=63)
    load(kernel, mm, BASE)
    with pytest.raises(Signal, match=f"SIGBUS at {BASE + PAGE:#x}: past the end of inode 7"):
        load(kernel, mm, BASE + PAGE)
    copying = handle_mm_fault(kernel, mm.areas[0], BASE + PAGE, write=True)
    with pytest.raises(Signal, match="SIGBUS"):
        run(kernel, copying)


# File pages


@pytest.mark.parametrize("shared", (False, True))
def test_a_file_page_is_read_and_mapped_read_only(kernel: Kernel, file: AddressSpace, shared: bool) -> None:
    mm = process(kernel)
    mmap(mm, BASE, 8, file=file, pgoff=5, shared=shared)
    for index in (0, 7, 3):
        check_file_page(kernel, mm, BASE + index * PAGE, file.inode, 5 + index)
    assert kernel.disk.reads == 3
    page = file.pages[8]
    assert entry(kernel, mm, BASE + 3 * PAGE) == page.address | RO
    # The cache's reference, the pagevec's, the entry's.
    assert (page.count, page.mapcount) == (3, 1)


def test_a_minor_fault_needs_no_io(kernel: Kernel, file: AddressSpace) -> None:
    cached_page(kernel, file, 0)
    mm = process(kernel)
    mmap(mm, BASE, 1, file=file)
    reads = kernel.disk.reads
    check_file_page(kernel, mm, BASE, file.inode, 0)
    assert kernel.disk.reads == reads


def minor_fault(kernel: Kernel, file: AddressSpace) -> int:
    """The number of ESSA of a minor fault, apart from those of tables."""
    cached_page(kernel, file, 0)
    cached_page(kernel, file, 1)
    mm = process(kernel)
    mmap(mm, BASE, 2, file=file)
    load(kernel, mm, BASE)
    before = kernel.machine.counts.instructions["ESSA"]
    load(kernel, mm, BASE + PAGE)
    assert state(kernel, file.pages[1]) == "Vr"
    return kernel.machine.counts.instructions["ESSA"] - before


def test_a_minor_fault_with_patch_5_changes_no_state(kernel: Kernel, file: AddressSpace) -> None:
    assert minor_fault(kernel, file) == 0


def test_a_minor_fault_without_patch_5_makes_stable_and_volatile(make_kernel: MakeKernel, file: AddressSpace) -> None:
    # find_lock_page makes it stable, unlock_page volatile; in between it is locked, and page_add_file_rmap fails.
    assert minor_fault(make_kernel(patches=frozenset({1, 2, 3, 4})), file) == 2


def unmap_cost(kernel: Kernel, file: AddressSpace) -> int:
    mm, page = mapped(kernel, file)
    before = kernel.machine.counts.instructions["ESSA"]
    # Without the page table, which becomes unused.
    mmap(mm, BASE + 0x4_0000, 1)
    run(kernel, munmap(kernel, mm, BASE, 1))
    assert (page.count, page.mapcount, state(kernel, page)) == (1, 0, "Vr")
    return kernel.machine.counts.instructions["ESSA"] - before


def test_unmapping_with_patch_5_changes_no_state(kernel: Kernel, file: AddressSpace) -> None:
    assert unmap_cost(kernel, file) == 0


@pytest.mark.parametrize("last", (1, 4))
def test_unmapping_without_patch_5_tries(make_kernel: MakeKernel, file: AddressSpace, last: int) -> None:
    # page_cache_release; page_remove_rmap (patch 2) tries while the entry's reference is there still.
    assert unmap_cost(make_kernel(patches=frozenset(range(1, last + 1))), file) == 1


def test_a_page_that_a_fault_has_read_becomes_volatile(kernel: Kernel, file: AddressSpace) -> None:
    mm = process(kernel)
    mmap(mm, BASE, 64, file=file)
    for index in range(64):
        check_file_page(kernel, mm, BASE + index * PAGE, file.inode, index)
    # All but those in the pagevec; the one that filled it when its fault's lock went.
    assert sum(state(kernel, page) == "Vr" for page in file.pages.values()) == 56


@pytest.mark.parametrize("patches", (frozenset(range(1, 4)), frozenset(range(1, 5)), frozenset(range(1, 7))))
def test_a_mapped_page_is_volatile_until_somebody_uses_it(
    make_kernel: MakeKernel, file: AddressSpace, patches: frozenset[int]
) -> None:
    kernel = make_kernel(patches=patches)
    _mm, page = mapped(kernel, file)
    other = process(kernel)
    mmap(other, BASE, 1, file=file)
    check_file_page(kernel, other, BASE, file.inode, 0)
    assert (page.count, page.mapcount, state(kernel, page)) == (3, 2, "Vr")
    run(kernel, read_cache_page(kernel, file, 0))
    assert state(kernel, page) == "Sr"
    run(kernel, put_page_check(kernel, page))
    assert state(kernel, page) == "Vr"


# Private mappings: copy on write


def test_a_store_to_a_private_page_makes_a_copy(kernel: Kernel, file: AddressSpace) -> None:
    mm, page = mapped(kernel, file)
    store(kernel, mm, BASE + 8, 0x5555)
    copy = page_at(kernel, mm, BASE)
    assert copy is not None
    assert copy is not page
    assert entry(kernel, mm, BASE) == copy.address
    assert load(kernel, mm, BASE) == first_doubleword(file, 0)
    assert load(kernel, mm, BASE + 8) == 0x5555
    assert load(kernel, mm, BASE + 4088) == int.from_bytes(page_content(file.inode, 0)[4088:], "big")
    assert kernel.machine.read_storage(page.address, PAGE) == page_content(file.inode, 0)
    run(kernel, pagevec_lru_add(kernel))
    assert (copy.count, copy.mapcount, state(kernel, copy)) == (1, 1, "Sr")
    # The file's page is not mapped any more, and volatile again.
    assert (page.count, page.mapcount, state(kernel, page)) == (1, 0, "Vr")


def test_the_source_of_a_copy_is_stable_while_it_is_copied(kernel: Kernel, file: AddressSpace) -> None:
    mm, page = mapped(kernel, file)
    running = Running(kernel, user_store(kernel, mm, BASE, 1))
    running.until(lambda operation: type(operation).__name__ == "CopyPage")
    assert state(kernel, page) == "Sr"
    running.finish()
    assert state(kernel, page) == "Vr"


def test_a_source_that_was_discarded_is_read_again(kernel: Kernel, file: AddressSpace) -> None:
    mm, page = mapped(kernel, file)
    running = Running(kernel, user_store(kernel, mm, BASE + 8, 0x5555))
    # The protection exception has been met, the page not yet been made stable.
    running.until(lambda operation: type(operation).__name__ == "Essa")
    discard(kernel, page)
    running.finish()
    assert kernel.discarded == 1
    assert kernel.machine.counts.program_interruptions[0x1A] == 0
    assert load(kernel, mm, BASE) == first_doubleword(file, 0)
    assert load(kernel, mm, BASE + 8) == 0x5555
    assert not mm.table.locked


def test_early_copy_on_write(kernel: Kernel, file: AddressSpace) -> None:
    page = cached_page(kernel, file, 0)
    mm = process(kernel)
    mmap(mm, BASE, 1, file=file)
    run(kernel, handle_mm_fault(kernel, mm.areas[0], BASE, write=True))
    copy = page_at(kernel, mm, BASE)
    assert copy is not None
    assert copy is not page
    assert entry(kernel, mm, BASE) == copy.address
    check_file_page(kernel, mm, BASE, file.inode, 0)
    assert (page.count, page.mapcount, state(kernel, page), page.flags & flags.LOCKED) == (1, 0, "Vr", 0)


def test_early_copy_of_a_discarded_page_reads_it_again(kernel: Kernel, file: AddressSpace) -> None:
    page = cached_page(kernel, file, 0)
    discard(kernel, page)
    mm = process(kernel)
    mmap(mm, BASE, 1, file=file)
    run(kernel, handle_mm_fault(kernel, mm.areas[0], BASE, write=True))
    assert file.pages[0] is not page
    assert kernel.discarded == 1
    check_file_page(kernel, mm, BASE, file.inode, 0)


# Shared mappings


@pytest.mark.parametrize("patches", (frozenset(range(1, 4)), frozenset(range(1, 5)), frozenset(range(1, 7))))
def test_a_store_to_a_shared_page_gets_to_the_disk(
    make_kernel: MakeKernel, file: AddressSpace, patches: frozenset[int]
) -> None:
    kernel = make_kernel(patches=patches)
    mm, page = mapped(kernel, file, shared=True)
    store(kernel, mm, BASE + 8, 0x5555)
    assert page_at(kernel, mm, BASE) is page
    assert page.flags & flags.DIRTY
    assert (page.count, page.mapcount, state(kernel, page)) == (2, 1, "Sr")
    assert entry(kernel, mm, BASE) == page.address
    assert run(kernel, write_cache_pages(kernel, file)) == 1
    changed = bytearray(page_content(file.inode, 0))
    changed[8:16] = (0x5555).to_bytes(8, "big")
    assert kernel.disk.content(file.inode, 0) == changed
    # It was protected before it was written, so that the next store is noticed; until then it can be made again.
    assert entry(kernel, mm, BASE) == page.address | RO
    assert kernel.machine.keys.bytes[page.frame] & 0x02 == 0
    assert state(kernel, page) == ("Pr" if 4 in patches else "Vr")
    store(kernel, mm, BASE + 16, 0x6666)
    assert page.flags & flags.DIRTY
    assert state(kernel, page) == "Sr"
    run(kernel, write_cache_pages(kernel, file))
    assert kernel.disk.content(file.inode, 0)[16:24] == (0x6666).to_bytes(8, "big")


def test_what_was_written_back_may_be_discarded_and_comes_back(kernel: Kernel, file: AddressSpace) -> None:
    mm, page = mapped(kernel, file, shared=True)
    store(kernel, mm, BASE + 8, 0x5555)
    run(kernel, write_cache_pages(kernel, file))
    # P and clean: the host discards it as if it were V.
    kernel.machine.states.bytes[page.frame] = 0x0F
    kernel.machine.configuration.translations.page_changed(page.frame)
    assert load(kernel, mm, BASE + 8) == 0x5555
    assert file.pages[0] is not page


def test_a_shared_page_that_was_discarded_is_read_before_it_is_stored_into(kernel: Kernel, file: AddressSpace) -> None:
    mm, page = mapped(kernel, file, shared=True)
    running = Running(kernel, user_store(kernel, mm, BASE + 8, 0x5555))
    running.until(lambda operation: type(operation).__name__ == "Essa")
    discard(kernel, page)
    running.finish()
    assert file.pages[0] is not page
    assert load(kernel, mm, BASE) == first_doubleword(file, 0)
    assert load(kernel, mm, BASE + 8) == 0x5555


def test_two_processes_share_what_they_store(kernel: Kernel, file: AddressSpace) -> None:
    first, _page = mapped(kernel, file, shared=True)
    second = process(kernel)
    mmap(second, BASE + PAGE, 1, file=file, shared=True)
    store(kernel, first, BASE, 11)
    assert load(kernel, second, BASE + PAGE) == 11
    store(kernel, second, BASE + PAGE, 12)
    assert load(kernel, first, BASE) == 12
    run(kernel, write_cache_pages(kernel, file))
    assert [entry(kernel, *where) & RO for where in ((first, BASE), (second, BASE + PAGE))] == [RO, RO]


def test_a_page_discarded_by_another_cpu_is_not_mapped(make_kernel: MakeKernel, file: AddressSpace) -> None:
    # Under the page_table_lock PG_discarded says that whoever unmaps has been here.
    kernel = make_kernel(cpus=2)
    page = cached_page(kernel, file, 0)
    mm = process(kernel)
    mmap(mm, BASE, 1, file=file)
    running = Running(kernel, user_load(kernel, mm, BASE))
    running.until(at_point("do_fault: is about to map"))
    assert page.flags & flags.LOCKED
    page.flags |= flags.DISCARDED
    running.until(lambda operation: isinstance(operation, Place) and operation.name.startswith("find_lock_page"))
    assert page.mapcount == 0
    assert entry(kernel, mm, BASE) == 0x400
    assert not mm.table.locked
    assert not page.flags & flags.LOCKED


def test_a_thread_was_quicker(make_kernel: MakeKernel) -> None:
    kernel = make_kernel(cpus=2)
    mm = process(kernel)
    mmap(mm, BASE, 1)
    load(kernel, mm, BASE)
    run(kernel, munmap(kernel, mm, BASE, 1))
    mmap(mm, BASE, 1)
    area = mm.areas[0]
    one = Running(kernel, handle_mm_fault(kernel, area, BASE, write=True))
    one.until(lambda operation: type(operation).__name__ == "ClearPage")
    store(kernel, mm, BASE, 77, cpu=1)
    one.finish()
    assert load(kernel, mm, BASE) == 77


def test_a_thread_has_copied_the_page_meanwhile(make_kernel: MakeKernel, file: AddressSpace) -> None:
    kernel = make_kernel(cpus=2)
    mm, page = mapped(kernel, file)
    one = Running(kernel, user_store(kernel, mm, BASE + 8, 1))
    one.until(lambda operation: type(operation).__name__ == "CopyPage")
    store(kernel, mm, BASE + 16, 2, cpu=1)
    copy = page_at(kernel, mm, BASE)
    one.finish()
    # Both stores are in the copy that was mapped first.
    assert page_at(kernel, mm, BASE) is copy
    assert [load(kernel, mm, BASE + offset) for offset in (0, 8, 16)] == [first_doubleword(file, 0), 1, 2]
    assert (page.count, page.mapcount, state(kernel, page)) == (1, 0, "Vr")
