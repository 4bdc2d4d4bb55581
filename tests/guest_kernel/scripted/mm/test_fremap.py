# SPDX-License-Identifier: GPL-2.0-or-later
"""Mappings with a file's pages in any order, and finding them there when the host has discarded one (4.2.7)."""

from __future__ import annotations

import pytest

from guest_kernel.scripted.cpu.schedule import run
from guest_kernel.scripted.mm.faults import Signal
from guest_kernel.scripted.mm.file_write import truncate_inode_pages
from guest_kernel.scripted.mm.fork import fork
from guest_kernel.scripted.mm.fremap import remap_file_pages
from guest_kernel.scripted.mm.lru import pagevec_lru_add
from guest_kernel.scripted.mm.memory_map import MapError, exit_mmap, mmap, munmap
from guest_kernel.scripted.mm.page_writeback import write_cache_pages
from guest_kernel.scripted.mm.pgtable import pgoff_to_pte
from guest_kernel.scripted.mm.vmscan import try_to_free_pages
from guest_kernel.scripted.state.kernel import Kernel
from guest_kernel.scripted.state.mm_types import AddressSpace, MmStruct
from tests.guest_kernel.scripted.conftest import discard, state
from tests.support.processes import BASE, check_file_page, entry, load, page_at, process, store

PAGE = 4096
PAGES = 8


@pytest.fixture
def mm(kernel: Kernel, file: AddressSpace) -> MmStruct:
    """A process that maps pages 0 to 7 of the file in reverse order."""
    mm = process(kernel)
    mmap(mm, BASE, PAGES, file=file, shared=True)
    for number in range(PAGES):
        run(kernel, remap_file_pages(kernel, mm, BASE + number * PAGE, pages=1, pgoff=PAGES - 1 - number))
    return mm


def check_reversed(kernel: Kernel, mm: MmStruct, file: AddressSpace) -> None:
    for number in range(PAGES):
        check_file_page(kernel, mm, BASE + number * PAGE, file.inode, PAGES - 1 - number)


def test_each_page_is_where_it_was_put(kernel: Kernel, mm: MmStruct, file: AddressSpace) -> None:
    assert entry(kernel, mm, BASE) == pgoff_to_pte(7)
    check_reversed(kernel, mm, file)
    assert file.i_mmap == []
    assert file.i_mmap_nonlinear == mm.areas


def test_what_is_not_remapped_stays_in_order(kernel: Kernel, file: AddressSpace) -> None:
    mm = process(kernel)
    mmap(mm, BASE, PAGES, file=file, pgoff=10, shared=True)
    load(kernel, mm, BASE + 3 * PAGE)
    run(kernel, remap_file_pages(kernel, mm, BASE + 3 * PAGE, pages=2, pgoff=40))
    for number, index in enumerate((10, 11, 12, 40, 41, 15, 16, 17)):
        check_file_page(kernel, mm, BASE + number * PAGE, file.inode, index)


def test_a_discarded_page_is_found_and_its_place_remembered(kernel: Kernel, mm: MmStruct, file: AddressSpace) -> None:
    check_reversed(kernel, mm, file)
    run(kernel, pagevec_lru_add(kernel))
    page = page_at(kernel, mm, BASE + PAGE)
    assert page is not None
    # It is mapped twice, once in order.
    run(kernel, remap_file_pages(kernel, mm, BASE + 6 * PAGE, pages=1, pgoff=6))
    check_file_page(kernel, mm, BASE + 6 * PAGE, file.inode, 6)
    assert page.mapcount == 2
    assert state(kernel, page) == "Vr"
    discard(kernel, page)
    check_file_page(kernel, mm, BASE + 6 * PAGE, file.inode, 6)
    assert kernel.machine.counts.program_interruptions[0x1A] == 1
    assert page.mapcount == 0
    assert entry(kernel, mm, BASE + PAGE) == pgoff_to_pte(6)
    check_file_page(kernel, mm, BASE + PAGE, file.inode, 6)


def test_reclaim_finds_them(kernel: Kernel, mm: MmStruct, file: AddressSpace) -> None:
    check_reversed(kernel, mm, file)
    for _ in range(3):
        run(kernel, try_to_free_pages(kernel, PAGES))
    assert file.pages == {}
    assert entry(kernel, mm, BASE) == pgoff_to_pte(7)
    check_reversed(kernel, mm, file)


def test_a_child_sees_the_same_order(kernel: Kernel, mm: MmStruct, file: AddressSpace) -> None:
    load(kernel, mm, BASE)
    child = run(kernel, fork(kernel, mm))
    for each in (child, mm):
        check_reversed(kernel, each, file)
    store(kernel, mm, BASE, 5)
    assert load(kernel, child, BASE) == 5
    run(kernel, exit_mmap(kernel, mm))
    run(kernel, exit_mmap(kernel, child))
    assert file.i_mmap_nonlinear == []


def test_a_store_reaches_the_file_and_the_page_is_protected_at_writeback(
    kernel: Kernel, mm: MmStruct, file: AddressSpace
) -> None:
    store(kernel, mm, BASE, 5)
    run(kernel, write_cache_pages(kernel, file))
    assert kernel.disk.content(file.inode, 7)[:8] == (5).to_bytes(8, "big")
    page = page_at(kernel, mm, BASE)
    assert page is not None
    assert entry(kernel, mm, BASE) == page.address | 0x200
    store(kernel, mm, BASE, 6)
    run(kernel, write_cache_pages(kernel, file))
    assert kernel.disk.content(file.inode, 7)[:8] == (6).to_bytes(8, "big")


def test_truncation_and_munmap(kernel: Kernel, mm: MmStruct, file: AddressSpace) -> None:
    check_reversed(kernel, mm, file)
    run(kernel, truncate_inode_pages(kernel, file, 4))
    with pytest.raises(Signal, match="SIGBUS"):
        load(kernel, mm, BASE + PAGE)
    check_file_page(kernel, mm, BASE + 7 * PAGE, file.inode, 0)
    run(kernel, munmap(kernel, mm, BASE + 4 * PAGE, 2))
    check_file_page(kernel, mm, BASE + 6 * PAGE, file.inode, 1)
    with pytest.raises(Signal, match="SIGSEGV"):
        load(kernel, mm, BASE + 4 * PAGE)


@pytest.mark.parametrize(
    ("start", "pages", "pgoff"), ((BASE + 1, 1, 0), (BASE, 0, 0), (BASE, 9, 0), (BASE, 1, -1), (0x3000_0000, 1, 0))
)
def test_what_cannot_be_remapped(kernel: Kernel, mm: MmStruct, start: int, pages: int, pgoff: int) -> None:
    with pytest.raises(MapError):
        run(kernel, remap_file_pages(kernel, mm, start, pages=pages, pgoff=pgoff))


@pytest.mark.parametrize("private", (False, True))
def test_only_shared_mappings_of_files(kernel: Kernel, file: AddressSpace, private: bool) -> None:
    mm = process(kernel)
    mmap(mm, BASE, 1, file=file if private else None)
    with pytest.raises(MapError, match="not in one shared mapping"):
        run(kernel, remap_file_pages(kernel, mm, BASE, pages=1, pgoff=0))
