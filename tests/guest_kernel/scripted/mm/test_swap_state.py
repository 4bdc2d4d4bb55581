# SPDX-License-Identifier: GPL-2.0-or-later
"""The volatile swap cache (patch 2; reference 4.3, 3.4)."""

from __future__ import annotations

import pytest

from guest_kernel.scripted.cpu.bug import KernelBug
from guest_kernel.scripted.cpu.schedule import Running, run
from guest_kernel.scripted.cpu.script import Place
from guest_kernel.scripted.hinting.volatile import StableReason, check_state_change
from guest_kernel.scripted.mm import swap_state
from guest_kernel.scripted.mm.fork import fork
from guest_kernel.scripted.mm.lru import pagevec_lru_add
from guest_kernel.scripted.mm.memory_map import exit_mmap, mmap, munmap
from guest_kernel.scripted.mm.pgtable import swap_to_pte
from guest_kernel.scripted.mm.vmscan import try_to_free_pages
from guest_kernel.scripted.process.user_access import user_load, user_store
from guest_kernel.scripted.state import page_flags as flags
from guest_kernel.scripted.state.kernel import Kernel
from tests.guest_kernel.scripted.conftest import MakeKernel, discard, free, state
from tests.support.processes import BASE, entry, load, process, store
from tests.support.swapping import mapped, swap_out, swapped, swapped_in

RO = 0x200
SLOTS = 8


@pytest.fixture
def kernel(make_kernel: MakeKernel) -> Kernel:
    """A kernel with all patches, and a small swap device."""
    return make_kernel(swap_pages=SLOTS)


# Out and in


def test_a_page_goes_to_the_device_and_comes_back(kernel: Kernel) -> None:
    mm = swapped(kernel)
    assert entry(kernel, mm, BASE) == swap_to_pte(0) == 0x403
    assert (kernel.swap.writes, kernel.swap.reads, kernel.swap.swap_map) == (1, 0, {0: 1})
    assert load(kernel, mm, BASE) == 0x1234
    assert (kernel.swap.writes, kernel.swap.reads) == (1, 1)
    # The entry does not name the slot any more, but the swap cache has it.
    assert kernel.swap.swap_map == {0: 1}
    assert entry(kernel, mm, BASE) == mapped(kernel, mm).address | RO


def test_both_processes_find_the_page(kernel: Kernel) -> None:
    mm = swapped(kernel)
    child = run(kernel, fork(kernel, mm))
    assert entry(kernel, child, BASE) == swap_to_pte(0)
    assert kernel.swap.swap_map == {0: 2}
    assert [load(kernel, each, BASE) for each in (mm, child)] == [0x1234] * 2
    assert kernel.swap.reads == 1, "the second finds it in the swap cache"
    assert mapped(kernel, mm) is mapped(kernel, child)
    assert mapped(kernel, mm).mapcount == 2


def test_two_cpus_read_a_slot_at_once(make_kernel: MakeKernel) -> None:
    kernel = make_kernel(swap_pages=SLOTS, cpus=2)
    mm = swapped(kernel)
    child = run(kernel, fork(kernel, mm))
    first = Running(kernel, user_load(kernel, mm, BASE), cpu=0)
    first.until(lambda operation: operation == Place("do_swap_page: is about to map"))
    second = Running(kernel, user_load(kernel, child, BASE), cpu=1)
    for _ in range(60):
        second.step()
    assert [first.finish(), second.finish()] == [0x1234, 0x1234]
    assert kernel.swap.reads == 1
    assert mapped(kernel, mm) is mapped(kernel, child)


def test_slots_end_with_their_users(kernel: Kernel) -> None:
    before = free(kernel)
    mm = swapped(kernel)
    run(kernel, munmap(kernel, mm, BASE, 1))
    assert kernel.swap.free_slots == SLOTS
    run(kernel, exit_mmap(kernel, mm))
    mm, _ = swapped_in(kernel)
    run(kernel, exit_mmap(kernel, mm))
    assert kernel.swap.free_slots == SLOTS
    assert not kernel.swap_cache
    # The page with the processes' instructions stays.
    assert free(kernel) == before - 1


def test_nobody_writes_what_nobody_wants(kernel: Kernel) -> None:
    mm = process(kernel)
    mmap(mm, BASE, 1)
    store(kernel, mm, BASE, 1)
    run(kernel, pagevec_lru_add(kernel))
    page = mapped(kernel, mm)
    page.flags |= flags.LOCKED
    assert run(kernel, swap_state.add_to_swap(kernel, page))
    # The process ends while somebody has the page locked; so the swap cache keeps it for now.
    run(kernel, exit_mmap(kernel, mm))
    assert kernel.swap_cache == {0: page}
    page.flags &= ~flags.LOCKED
    for _ in range(2):
        run(kernel, try_to_free_pages(kernel, 1))
    assert kernel.swap.writes == 0
    assert kernel.swap.free_slots == SLOTS
    assert page.count == 0


# Volatile pages of the swap cache


def test_a_swapped_in_page_is_volatile(kernel: Kernel) -> None:
    _, page = swapped_in(kernel)
    assert (page.count, page.mapcount, state(kernel, page)) == (2, 1, "Vr")


def test_before_patch_2_it_stays_stable(make_kernel: MakeKernel) -> None:
    kernel = make_kernel(swap_pages=SLOTS, patches=frozenset({1}))
    _, page = swapped_in(kernel)
    assert state(kernel, page) == "Sr"
    assert check_state_change(kernel, page, 1) is StableReason.NO_BACKING


def test_while_it_is_written_it_is_stable_and_then_volatile(kernel: Kernel) -> None:
    mm, page = swapped_in(kernel)
    page.flags |= flags.LOCKED | flags.DIRTY
    # Somebody names the slot, so that it is worth writing.
    kernel.swap.swap_duplicate(page.private)
    store_back = Running(kernel, swap_state.swap_writepage(kernel, page))
    kernel.machine.states.bytes[page.frame] &= ~0x0C
    store_back.until(lambda operation: operation == Place("swap_writepage: under I/O"))
    assert state(kernel, page) == "Sr"
    store_back.finish()
    assert state(kernel, page) == "Vr"
    kernel.swap.swap_free(page.private)
    assert load(kernel, mm, BASE) == 0x1234


def test_a_discarded_page_comes_from_the_device_again(kernel: Kernel) -> None:
    mm, page = swapped_in(kernel)
    discard(kernel, page)
    assert load(kernel, mm, BASE) == 0x1234
    assert kernel.machine.counts.program_interruptions[0x1A] == 1
    assert (kernel.swap.reads, kernel.discarded) == (2, 1)
    assert mapped(kernel, mm) is not page
    assert kernel.swap.swap_map == {0: 1}
    assert page.flags & flags.DISCARDED, "freed late"


def test_discarding_leaves_entries_that_name_the_slot(kernel: Kernel) -> None:
    mm, page = swapped_in(kernel)
    child = run(kernel, fork(kernel, mm))
    discard(kernel, page)
    assert load(kernel, mm, BASE) == 0x1234
    # The child's entry was replaced, too: it has not been there since.
    assert entry(kernel, child, BASE) == swap_to_pte(0)
    assert kernel.swap.swap_map == {0: 2}
    assert load(kernel, child, BASE) == 0x1234
    assert kernel.machine.counts.program_interruptions[0x1A] == 1


@pytest.mark.parametrize(("patches", "faults", "removed"), ((4, 0, 1), (6, 1, 1)))
def test_looking_up_a_discarded_page(make_kernel: MakeKernel, patches: int, faults: int, removed: int) -> None:
    # Before patch 5 the look-up makes it stable or removes it; since then it is mapped as it is, and the access tells.
    kernel = make_kernel(swap_pages=SLOTS, patches=frozenset(range(1, patches + 1)) | {6})
    mm = swapped(kernel)
    child = run(kernel, fork(kernel, mm))
    load(kernel, mm, BASE)
    run(kernel, pagevec_lru_add(kernel))
    discard(kernel, mapped(kernel, mm))
    assert load(kernel, child, BASE) == 0x1234
    assert kernel.machine.counts.program_interruptions[0x1A] == faults
    assert kernel.discarded == removed
    assert load(kernel, mm, BASE) == 0x1234


def test_what_is_not_mapped_yet_is_not_anonymous_and_stays_stable(kernel: Kernel) -> None:
    # Condition 5b keeps it, as it keeps the pages of shared memory.
    swapped(kernel)
    page = run(kernel, swap_state.read_swap_cache(kernel, 0))
    assert page is not None
    run(kernel, pagevec_lru_add(kernel))
    assert not page.flags & flags.ANON
    assert state(kernel, page) == "Sr"
    assert check_state_change(kernel, page, 2) is StableReason.SHARED_MEMORY


def test_a_page_that_is_discarded_while_it_is_mapped_is_not_mapped(make_kernel: MakeKernel) -> None:
    kernel = make_kernel(swap_pages=SLOTS, cpus=2)
    mm = swapped(kernel)
    child = run(kernel, fork(kernel, mm))
    load(kernel, mm, BASE)
    run(kernel, pagevec_lru_add(kernel))
    page = mapped(kernel, mm)
    mapping = Running(kernel, user_load(kernel, child, BASE), cpu=1)
    # It has looked the page up, and will wait for its lock.
    page.flags |= flags.LOCKED
    while page.count == 2:
        mapping.step()
    page.flags &= ~flags.LOCKED
    discard(kernel, page)
    assert load(kernel, mm, BASE) == 0x1234
    assert page.flags & flags.DISCARDED
    assert mapping.finish() == 0x1234
    assert page.mapcount == 0
    assert mapped(kernel, child) is mapped(kernel, mm)
    assert mapped(kernel, mm) is not page


def test_without_the_look_under_the_lock_a_removed_page_gets_mapped(make_kernel: MakeKernel) -> None:
    kernel = make_kernel(swap_pages=SLOTS, cpus=2)
    kernel.rules.discarded_at_mapping = False
    mm = swapped(kernel)
    child = run(kernel, fork(kernel, mm))
    load(kernel, mm, BASE)
    run(kernel, pagevec_lru_add(kernel))
    page = mapped(kernel, mm)
    mapping = Running(kernel, user_load(kernel, child, BASE), cpu=1)
    page.flags |= flags.LOCKED
    while page.count == 2:
        mapping.step()
    page.flags &= ~flags.LOCKED
    discard(kernel, page)
    assert load(kernel, mm, BASE) == 0x1234
    # Nothing will ever unmap it again: PG_discarded is set already, and so the process faults for ever.
    for _ in range(500):
        mapping.step()
    assert mapping.next is not None
    assert page.mapcount == 1
    assert kernel.machine.counts.program_interruptions[0x1A] > 10


# Storing


def test_the_only_user_stores_into_the_page_itself(kernel: Kernel) -> None:
    mm, page = swapped_in(kernel)
    store(kernel, mm, BASE, 2)
    assert mapped(kernel, mm) is page
    assert entry(kernel, mm, BASE) == page.address
    assert not page.flags & flags.SWAP_CACHE
    assert kernel.swap.free_slots == SLOTS
    assert state(kernel, page) == "Sr", "it is the only copy now"


def test_the_only_user_finds_the_page_discarded(kernel: Kernel) -> None:
    mm, page = swapped_in(kernel)
    discard(kernel, page)
    store(kernel, mm, BASE + 8, 2)
    assert mapped(kernel, mm) is not page
    assert [load(kernel, mm, BASE), load(kernel, mm, BASE + 8)] == [0x1234, 2]


@pytest.mark.parametrize("other", ("maps it", "has the slot"))
def test_what_somebody_else_has_is_copied(kernel: Kernel, other: str) -> None:
    mm = swapped(kernel)
    child = run(kernel, fork(kernel, mm))
    load(kernel, mm, BASE)
    if other == "maps it":
        load(kernel, child, BASE)
    page = mapped(kernel, mm)
    store(kernel, mm, BASE, 2)
    assert mapped(kernel, mm) is not page
    assert [load(kernel, each, BASE) for each in (mm, child)] == [2, 0x1234]


@pytest.mark.parametrize(("patches", "after"), ((6, "Pr"), (3, "Sr")))
def test_what_is_being_written_may_be_stored_into(make_kernel: MakeKernel, patches: int, after: str) -> None:
    # It stays in the swap cache, and only the change bit will tell that the slot is old.
    kernel = make_kernel(swap_pages=SLOTS, cpus=2, patches=frozenset(range(1, patches + 1)))
    mm, page = swapped_in(kernel)
    child = run(kernel, fork(kernel, mm))
    page.flags |= flags.LOCKED | flags.DIRTY
    kernel.machine.states.bytes[page.frame] &= ~0x0C
    kernel.swap.swap_duplicate(page.private)
    writing = Running(kernel, swap_state.swap_writepage(kernel, page), cpu=1)
    writing.until(lambda operation: operation == Place("swap_writepage: under I/O"))
    kernel.swap.swap_free(page.private)
    run(kernel, exit_mmap(kernel, child))
    store(kernel, mm, BASE, 2)
    assert mapped(kernel, mm) is page
    assert page.flags & flags.SWAP_CACHE
    writing.finish()
    assert state(kernel, page) == after
    assert bool(page.flags & flags.DIRTY) == (after == "Sr")
    # And the store is not lost, whatever happens then.
    store(kernel, mm, BASE, 3)
    swap_out(kernel, mm)
    assert load(kernel, mm, BASE) == 3


def test_half_full_slots_are_given_back_when_a_page_comes_in(make_kernel: MakeKernel) -> None:
    kernel = make_kernel(swap_pages=1)
    mm = swapped(kernel)
    assert kernel.swap.is_full
    assert load(kernel, mm, BASE) == 0x1234
    assert kernel.swap.free_slots == 1
    page = mapped(kernel, mm)
    assert (state(kernel, page), bool(page.flags & flags.SWAP_CACHE)) == ("Sr", False)


def test_only_locked_pages_are_added(kernel: Kernel) -> None:
    mm = process(kernel)
    mmap(mm, BASE, 1)
    run(kernel, user_store(kernel, mm, BASE, 1))
    with pytest.raises(KernelBug, match="add_to_swap"):
        run(kernel, swap_state.add_to_swap(kernel, mapped(kernel, mm)))
