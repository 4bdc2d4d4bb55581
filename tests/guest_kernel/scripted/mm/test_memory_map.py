# SPDX-License-Identifier: GPL-2.0-or-later
"""mmap, munmap and exit."""

from __future__ import annotations

from typing import Any

import pytest

from guest_kernel.scripted.cpu.schedule import run
from guest_kernel.scripted.mm.faults import Signal
from guest_kernel.scripted.mm.memory_map import USER_TEXT, MapError, exit_mmap, mmap, munmap
from guest_kernel.scripted.mm.pgalloc import pte_alloc
from guest_kernel.scripted.state.kernel import Kernel
from guest_kernel.scripted.state.mm_types import AddressSpace
from tests.guest_kernel.scripted.conftest import free, state
from tests.support.processes import BASE, check_file_page, entry, load, page_at, process, store

PAGE = 4096


@pytest.mark.parametrize(
    ("start", "pages", "options", "message"),
    (
        (BASE + 1, 1, {}, "not pages of a process"),
        (BASE, 0, {}, "not pages of a process"),
        (BASE, -1, {}, "not pages of a process"),
        (-PAGE, 1, {}, "not pages of a process"),
        ((1 << 42) - PAGE, 2, {}, "not pages of a process"),
        (USER_TEXT - PAGE, 2, {}, "instructions of the process"),
        (BASE, 1, {"pgoff": 1}, "no page 1"),
        (BASE, 1, {"file": AddressSpace(1, 4), "pgoff": -1}, "no page -1"),
    ),
)
def test_what_cannot_be_mapped(kernel: Kernel, start: int, pages: int, options: dict[str, Any], message: str) -> None:
    mm = process(kernel)
    with pytest.raises(MapError, match=message):
        mmap(mm, start, pages, **options)
    assert mm.areas == []


@pytest.mark.parametrize(("page", "pages"), ((0, 1), (3, 1), (-1, 2), (-1, 6), (1, 2)))
def test_overlapping_is_an_error(kernel: Kernel, page: int, pages: int) -> None:
    mm = process(kernel)
    area = mmap(mm, BASE, 4)
    with pytest.raises(MapError, match=f"overlaps a mapping from {BASE:#x} to {BASE + 4 * PAGE:#x}"):
        mmap(mm, BASE + page * PAGE, pages)
    assert mm.areas == [area]


def test_neighbours_do_not_overlap(kernel: Kernel) -> None:
    mm = process(kernel)
    area = mmap(mm, BASE, 4)
    after = mmap(mm, BASE + 4 * PAGE, 1)
    before = mmap(mm, BASE - PAGE, 1)
    assert mm.areas == [before, area, after]
    assert mm.find_vma(BASE + 4 * PAGE - 1) is area
    assert mm.find_vma(BASE + 5 * PAGE) is None


def test_a_mapping_costs_nothing_before_it_is_used(kernel: Kernel) -> None:
    mm = process(kernel)
    before = free(kernel), kernel.machine.executed
    mmap(mm, BASE, 1 << 20)
    assert (free(kernel), kernel.machine.executed) == before


def test_munmap_of_anonymous_pages_frees_them(kernel: Kernel) -> None:
    mm = process(kernel)
    mmap(mm, BASE, 4)
    before = free(kernel)
    for page in range(4):
        store(kernel, mm, BASE + page * PAGE, page)
    # The page table is in the half page that the instructions' table has left.
    assert free(kernel) == before - 4
    run(kernel, munmap(kernel, mm, BASE, 4))
    assert free(kernel) == before
    assert mm.areas == []
    with pytest.raises(Signal, match=f"SIGSEGV at {BASE:#x}: nothing is mapped there"):
        load(kernel, mm, BASE)


def test_what_is_mapped_again_is_zero(kernel: Kernel) -> None:
    mm = process(kernel)
    mmap(mm, BASE, 1)
    store(kernel, mm, BASE, 0x1234)
    run(kernel, munmap(kernel, mm, BASE, 1))
    mmap(mm, BASE, 1)
    assert load(kernel, mm, BASE) == 0


def test_munmap_in_the_middle_splits(kernel: Kernel, file: AddressSpace) -> None:
    mm = process(kernel)
    mmap(mm, BASE, 5, file=file, pgoff=10, shared=True)
    for page in range(5):
        check_file_page(kernel, mm, BASE + page * PAGE, file.inode, 10 + page)
    run(kernel, munmap(kernel, mm, BASE + 2 * PAGE, 1))
    assert [(area.start, area.end, area.pgoff) for area in mm.areas] == [
        (BASE, BASE + 2 * PAGE, 10),
        (BASE + 3 * PAGE, BASE + 5 * PAGE, 13),
    ]
    assert file.i_mmap == mm.areas
    assert [entry(kernel, mm, BASE + page * PAGE) & 0x400 for page in range(5)] == [0, 0, 0x400, 0, 0]
    with pytest.raises(Signal, match="SIGSEGV"):
        load(kernel, mm, BASE + 2 * PAGE)
    check_file_page(kernel, mm, BASE + 4 * PAGE, file.inode, 14)


def test_munmap_at_the_ends_shortens(kernel: Kernel) -> None:
    mm = process(kernel)
    mmap(mm, BASE, 6)
    mmap(mm, BASE + 6 * PAGE, 2)
    store(kernel, mm, BASE + 2 * PAGE, 5)
    store(kernel, mm, BASE + 6 * PAGE, 6)
    run(kernel, munmap(kernel, mm, BASE + 3 * PAGE, 4))
    run(kernel, munmap(kernel, mm, BASE - PAGE, 2))
    assert [(area.start, area.end) for area in mm.areas] == [
        (BASE + PAGE, BASE + 3 * PAGE),
        (BASE + 7 * PAGE, BASE + 8 * PAGE),
    ]
    assert load(kernel, mm, BASE + 2 * PAGE) == 5
    # The page is found in the area that is left.
    page = page_at(kernel, mm, BASE + 2 * PAGE)
    assert page is not None
    assert mm.areas[0].address_of(page) == BASE + 2 * PAGE


def test_munmap_of_nothing_is_an_error(kernel: Kernel) -> None:
    mm = process(kernel)
    mmap(mm, BASE, 1)
    with pytest.raises(MapError, match="nothing is mapped there"):
        run(kernel, munmap(kernel, mm, BASE + PAGE, 1))
    with pytest.raises(MapError, match="not pages"):
        run(kernel, munmap(kernel, mm, BASE, 0))


def test_munmap_frees_the_page_tables_that_nothing_needs(kernel: Kernel) -> None:
    mm = process(kernel)
    mmap(mm, BASE, 3 * 256)
    run(kernel, pte_alloc(kernel, mm.table, 0))
    before = free(kernel)
    for segment in range(3):
        store(kernel, mm, BASE + (segment << 20), 1)
    # Three pages, and three page tables in two.
    assert free(kernel) == before - 5
    run(kernel, munmap(kernel, mm, BASE + 256 * PAGE, 2 * 256))
    # One page with two tables may remain half used.
    assert run(kernel, mm.table.walk(BASE)) is not None
    assert run(kernel, mm.table.walk(BASE + (1 << 20))) is None
    run(kernel, munmap(kernel, mm, BASE, 256))
    assert free(kernel) == before
    # What the CPU knew of the tables is forgotten: they are made anew.
    mmap(mm, BASE, 256)
    assert load(kernel, mm, BASE) == 0


def test_munmap_flushes_what_cpus_know_of_the_tables(kernel: Kernel) -> None:
    mm = process(kernel)
    mmap(mm, BASE, 1)
    load(kernel, mm, BASE)
    counts = kernel.machine.counts.instructions
    before = counts["IPTE"], counts["IDTE"]
    run(kernel, munmap(kernel, mm, BASE, 1))
    assert (counts["IPTE"], counts["IDTE"]) == (before[0] + 1, before[1] + 1)


def test_exit_gives_everything_back(kernel: Kernel, file: AddressSpace) -> None:
    process(kernel)
    before = free(kernel)
    mm = process(kernel)
    mmap(mm, BASE, 300)
    mmap(mm, BASE + 0x100_0000, 8, file=file)
    mmap(mm, 1 << 36, 8, file=file, shared=True)
    for page in range(0, 300, 30):
        store(kernel, mm, BASE + page * PAGE, page)
    for page in range(8):
        load(kernel, mm, (1 << 36) + page * PAGE)
    store(kernel, mm, BASE + 0x100_0000, 1)
    run(kernel, exit_mmap(kernel, mm))
    assert file.i_mmap == []
    assert mm.areas == []
    # The file's pages stay in the cache, unmapped; everything else is free.
    assert len(file.pages) == 8
    assert all(page.mapcount == 0 for page in file.pages.values())
    assert free(kernel) == before - 8


def test_two_processes_see_different_things_at_the_same_address(kernel: Kernel) -> None:
    first, second = process(kernel), process(kernel)
    for number, mm in enumerate((first, second), 1):
        mmap(mm, BASE, 1)
        store(kernel, mm, BASE, number)
    assert [load(kernel, mm, BASE) for mm in (first, second, first)] == [1, 2, 1]


def test_tables_that_are_used_again_map_what_they_should(kernel: Kernel) -> None:
    # The tables of the second process lie where the first had its own.
    first = process(kernel)
    mmap(first, BASE, 1)
    store(kernel, first, BASE, 0xAAAA)
    asce = first.table.asce
    run(kernel, exit_mmap(kernel, first))
    second = process(kernel)
    assert second.table.asce == asce
    mmap(second, BASE, 1)
    assert load(kernel, second, BASE) == 0


def test_free_pages_of_processes_are_unused(kernel: Kernel) -> None:
    mm = process(kernel)
    mmap(mm, BASE, 1)
    store(kernel, mm, BASE, 1)
    page = page_at(kernel, mm, BASE)
    assert page is not None
    assert state(kernel, page) == "Sr"
    run(kernel, exit_mmap(kernel, mm))
    assert state(kernel, page)[0] == "U"
