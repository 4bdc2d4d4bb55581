# SPDX-License-Identifier: GPL-2.0-or-later
"""Pages locked in memory, and patch 3 (reference 4.4)."""

from __future__ import annotations

import pytest

from guest_kernel.scripted.cpu.schedule import run
from guest_kernel.scripted.hinting.volatile import StableReason, check_state_change
from guest_kernel.scripted.mm.faults import Signal
from guest_kernel.scripted.mm.file_read import read_page
from guest_kernel.scripted.mm.lru import pagevec_lru_add
from guest_kernel.scripted.mm.memory_map import MapError, mmap, munmap
from guest_kernel.scripted.mm.mlock import mlock, munlock
from guest_kernel.scripted.mm.page_alloc import alloc_pages
from guest_kernel.scripted.mm.vmscan import try_to_free_pages
from guest_kernel.scripted.state import page_flags as flags
from guest_kernel.scripted.state.kernel import Kernel
from guest_kernel.scripted.state.mm_types import AddressSpace, MmStruct
from tests.guest_kernel.scripted.conftest import MakeKernel, cached_page, discard, state
from tests.support.processes import BASE, check_file_page, load, page_at, process, store

PAGE = 4096


def mapping(kernel: Kernel, file: AddressSpace) -> MmStruct:
    mm = process(kernel)
    mmap(mm, BASE, 4, file=file, writable=False)
    return mm


def test_locked_pages_are_present_and_stable(kernel: Kernel, file: AddressSpace) -> None:
    mm = mapping(kernel, file)
    run(kernel, mlock(kernel, mm, BASE + PAGE, 2))
    run(kernel, pagevec_lru_add(kernel))
    assert kernel.disk.reads == 2
    assert [page_at(kernel, mm, BASE + number * PAGE) is not None for number in range(4)] == [False, True, True, False]
    for number in (1, 2):
        page = page_at(kernel, mm, BASE + number * PAGE)
        assert page is not None
        assert state(kernel, page) == "Sr"
        assert check_state_change(kernel, page, 1) is StableReason.MLOCKED
    assert [area.is_locked for area in mm.areas] == [False, True, False]


def test_what_was_volatile_is_made_stable(kernel: Kernel, file: AddressSpace) -> None:
    page = cached_page(kernel, file, 0)
    assert state(kernel, page) == "Vr"
    mm = mapping(kernel, file)
    run(kernel, mlock(kernel, mm, BASE, 1))
    assert page_at(kernel, mm, BASE) is page
    assert state(kernel, page) == "Sr"


def test_what_was_discarded_is_read_again(kernel: Kernel, file: AddressSpace) -> None:
    page = cached_page(kernel, file, 0)
    mm = mapping(kernel, file)
    load(kernel, mm, BASE)
    discard(kernel, page)
    run(kernel, mlock(kernel, mm, BASE, 1))
    assert kernel.discarded == 1
    new = page_at(kernel, mm, BASE)
    assert new is not None
    assert new is not page
    assert state(kernel, new) == "Sr"
    check_file_page(kernel, mm, BASE, file.inode, 0)
    assert kernel.machine.counts.program_interruptions[0x1A] == 0


def test_before_patch_3_locked_pages_are_volatile(make_kernel: MakeKernel, file: AddressSpace) -> None:
    kernel = make_kernel(patches=frozenset({1, 2}))
    mm = mapping(kernel, file)
    run(kernel, mlock(kernel, mm, BASE, 1))
    run(kernel, pagevec_lru_add(kernel))
    page = page_at(kernel, mm, BASE)
    assert page is not None
    assert state(kernel, page) == "Vr"
    assert not file.mlocked


def test_all_pages_of_the_file_are_stable_from_then_on(kernel: Kernel, file: AddressSpace) -> None:
    mm = mapping(kernel, file)
    run(kernel, mlock(kernel, mm, BASE, 1))
    munlock(mm, BASE, 1)
    run(kernel, munmap(kernel, mm, BASE, 4))
    buffer = run(kernel, alloc_pages(kernel))
    run(kernel, read_page(kernel, file, 9, buffer))
    run(kernel, pagevec_lru_add(kernel))
    assert state(kernel, file.pages[9]) == "Sr"


def test_reclaim_leaves_locked_pages(make_kernel: MakeKernel, file: AddressSpace) -> None:
    kernel = make_kernel(swap_pages=8)
    mm = mapping(kernel, file)
    mmap(mm, BASE + 8 * PAGE, 1)
    store(kernel, mm, BASE + 8 * PAGE, 7)
    for start in (BASE, BASE + 8 * PAGE):
        run(kernel, mlock(kernel, mm, start, 1))
    load(kernel, mm, BASE + PAGE)
    run(kernel, pagevec_lru_add(kernel))
    locked = [page_at(kernel, mm, start) for start in (BASE, BASE + 8 * PAGE)]
    for _ in range(6):
        run(kernel, try_to_free_pages(kernel, 4))
    assert [page_at(kernel, mm, start) for start in (BASE, BASE + 8 * PAGE)] == locked
    assert page_at(kernel, mm, BASE + PAGE) is None
    for start in (BASE, BASE + 8 * PAGE):
        munlock(mm, start, 1)
    for _ in range(6):
        run(kernel, try_to_free_pages(kernel, 4))
    assert [page_at(kernel, mm, start) for start in (BASE, BASE + 8 * PAGE)] == [None, None]
    assert load(kernel, mm, BASE + 8 * PAGE) == 7


def test_a_discarded_page_is_unmapped_from_locked_areas_too(make_kernel: MakeKernel, file: AddressSpace) -> None:
    # Only before patch 3 a page of a locked area can be discarded.
    kernel = make_kernel(patches=frozenset({1, 2, 6}))
    mm = mapping(kernel, file)
    run(kernel, mlock(kernel, mm, BASE, 1))
    run(kernel, pagevec_lru_add(kernel))
    page = page_at(kernel, mm, BASE)
    assert page is not None
    discard(kernel, page)
    check_file_page(kernel, mm, BASE, file.inode, 0)
    assert page.mapcount == 0


def test_anonymous_memory_is_made_and_leaves_the_swap_cache(make_kernel: MakeKernel) -> None:
    kernel = make_kernel(swap_pages=100)
    mm = process(kernel)
    mmap(mm, BASE, 2)
    store(kernel, mm, BASE, 5)
    for _ in range(4):
        run(kernel, try_to_free_pages(kernel, 1))
    assert page_at(kernel, mm, BASE) is None
    run(kernel, mlock(kernel, mm, BASE, 2))
    pages = [page_at(kernel, mm, BASE + number * PAGE) for number in range(2)]
    assert all(page is not None and not page.flags & flags.SWAP_CACHE for page in pages)
    assert kernel.swap.free_slots == 100
    assert [load(kernel, mm, BASE + number * PAGE) for number in range(2)] == [5, 0]


def test_errors(kernel: Kernel, file: AddressSpace) -> None:
    mm = process(kernel)
    mmap(mm, BASE, 2, file=file, pgoff=63)
    with pytest.raises(MapError, match="not all of them are mapped"):
        run(kernel, mlock(kernel, mm, BASE, 3))
    with pytest.raises(MapError, match="not all of them are mapped"):
        munlock(mm, BASE + PAGE, 2)
    with pytest.raises(Signal, match="SIGBUS"):
        run(kernel, mlock(kernel, mm, BASE, 2))
