# SPDX-License-Identifier: GPL-2.0-or-later
"""Reclaim: the oldest pages that nobody uses go, to their files or to swap."""

from __future__ import annotations

import pytest

from guest_kernel.scripted.cpu.schedule import run
from guest_kernel.scripted.mm.file_read import read_page
from guest_kernel.scripted.mm.lru import pagevec_lru_add
from guest_kernel.scripted.mm.memory_map import exit_mmap, mmap
from guest_kernel.scripted.mm.page_alloc import OutOfMemory
from guest_kernel.scripted.mm.vmscan import try_to_free_pages
from guest_kernel.scripted.state.block_device import page_content
from guest_kernel.scripted.state.kernel import Kernel
from guest_kernel.scripted.state.mm_types import AddressSpace
from tests.guest_kernel.scripted.conftest import MakeKernel
from tests.support.buffers import buffer
from tests.support.mapped_files import mapped_by_three
from tests.support.processes import BASE, check_file_page, load, process, store
from tests.support.swapping import PAGE, mapped, store_all, swap_out
from tests.support.written_files import written_page

SLOTS = 8


@pytest.fixture
def kernel(make_kernel: MakeKernel) -> Kernel:
    """A kernel with all patches, and a small swap device."""
    return make_kernel(swap_pages=SLOTS)


@pytest.mark.parametrize("patches", (0, 2, 4, 6))
def test_more_memory_than_there_is(make_kernel: MakeKernel, patches: int) -> None:
    kernel = make_kernel(swap_pages=400, patches=frozenset(range(1, patches + 1)))
    mm = process(kernel)
    pages = 560
    mmap(mm, BASE, pages)
    for turn in range(2):
        for number in range(pages):
            store(kernel, mm, BASE + number * PAGE, turn * pages + number + 1)
        assert [load(kernel, mm, BASE + number * PAGE) for number in range(pages)] == [
            turn * pages + number + 1 for number in range(pages)
        ]
    assert kernel.swap.writes > 2 * (pages - 485)
    run(kernel, exit_mmap(kernel, mm))
    assert not kernel.swap.swap_map
    assert not kernel.swap_cache
    assert kernel.swap.free_slots == 400


def test_when_the_device_is_full_memory_is_out(make_kernel: MakeKernel) -> None:
    kernel = make_kernel(swap_pages=10)
    mm = process(kernel)
    mmap(mm, BASE, 600)
    with pytest.raises(OutOfMemory):
        store_all(kernel, mm, range(600))
    assert kernel.swap.free_slots == 0
    run(kernel, exit_mmap(kernel, mm))
    assert kernel.swap.free_slots == 10


def test_a_page_in_use_is_not_swapped_out_at_once(kernel: Kernel) -> None:
    mm = process(kernel)
    mmap(mm, BASE, 1)
    store(kernel, mm, BASE, 1)
    run(kernel, pagevec_lru_add(kernel))
    page = mapped(kernel, mm)
    assert page in kernel.lru.active_anon
    # Its reference bit is on: it stays until that has been found off.
    run(kernel, try_to_free_pages(kernel, 0))
    assert kernel.swap.writes == 0
    swap_out(kernel, mm)
    assert page.count == 0


def test_the_kernel_reclaims_its_own_cache(kernel: Kernel) -> None:
    file = AddressSpace(3, 1500)
    target = buffer(kernel)
    for index in range(file.size):
        run(kernel, read_page(kernel, file, index, target))
    assert len(file.pages) < 512
    assert kernel.discarded == 0


def test_reclaim_writes_dirty_pages(kernel: Kernel, file: AddressSpace) -> None:
    page = written_page(kernel, file, 3, 1)
    assert run(kernel, try_to_free_pages(kernel, 1)) == 1
    assert 3 not in file.pages
    assert page.count == 0
    assert kernel.disk.content(file.inode, 3) == page_content(file.inode, 3, 1)


# Reclaim


def test_reclaim_unmaps(kernel: Kernel, file: AddressSpace) -> None:
    page, places = mapped_by_three(kernel, file)
    # It was used: it is looked at a second time.
    for _ in range(3):
        run(kernel, try_to_free_pages(kernel))
    assert 5 not in file.pages
    assert page.count == 0
    for mm, address in places:
        check_file_page(kernel, mm, address, file.inode, 5)


def test_more_is_mapped_than_there_is_storage(kernel: Kernel) -> None:
    file = AddressSpace(3, 1200)
    mm = process(kernel)
    mmap(mm, BASE, file.size, file=file)
    for index in range(file.size):
        check_file_page(kernel, mm, BASE + index * PAGE, file.inode, index)
    assert len(file.pages) < 512
    assert kernel.discarded == 0
    assert sum(page.mapcount for page in file.pages.values()) <= len(file.pages)


def test_dirty_pages_are_written_when_reclaim_unmaps_them(kernel: Kernel, file: AddressSpace) -> None:
    mm = process(kernel)
    mmap(mm, BASE, file.size, file=file, shared=True)
    for index in range(file.size):
        store(kernel, mm, BASE + index * PAGE + 8, index)
    for _ in range(6):
        run(kernel, try_to_free_pages(kernel, file.size))
    assert not file.pages
    assert kernel.disk.writes == file.size
    for index in range(file.size):
        assert load(kernel, mm, BASE + index * PAGE + 8) == index
