# SPDX-License-Identifier: GPL-2.0-or-later
"""The series, patch by patch: a kernel with patches 1 to k behaves as it did after patch k (reference 4.1, 4.3 to 4.7).

Without patch 6 the kernel has the primitives all the same, or none of the others could be seen at work.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from emu.machine import MEGABYTE, Machine
from emu.program_interruption import ProgramInterruptionCode
from guest_kernel.scripted.boot import mem_init
from guest_kernel.scripted.cpu.schedule import Running, run
from guest_kernel.scripted.cpu.script import Place
from guest_kernel.scripted.hinting.writable import page_check_writable
from guest_kernel.scripted.mm import rmap
from guest_kernel.scripted.mm.faults import handle_mm_fault
from guest_kernel.scripted.mm.file_read import read_page
from guest_kernel.scripted.mm.file_write import truncate_inode_pages
from guest_kernel.scripted.mm.filemap import find_get_page
from guest_kernel.scripted.mm.lru import pagevec_lru_add
from guest_kernel.scripted.mm.memory_map import mmap, munmap
from guest_kernel.scripted.mm.page_alloc import alloc_pages, put_page
from guest_kernel.scripted.mm.page_writeback import write_cache_pages
from guest_kernel.scripted.mm.vmscan import try_to_free_pages
from guest_kernel.scripted.state.kernel import Kernel
from guest_kernel.scripted.state.mm_types import AddressSpace
from guest_kernel.scripted.state.rules import ALL_PATCHES
from host.page_manager import PageManager
from host.paging_device import PagingDevice
from tests.guest_kernel.scripted.conftest import MakeKernel, cached_page, discard, state
from tests.support.processes import BASE, load, page_at, process, store

PAGE = 4096


def essa(kernel: Kernel) -> int:
    return kernel.machine.counts.instructions["ESSA"]


# Patch 1


def free_page(kernel: Kernel) -> str:
    """The state of a page that was used and freed."""
    page = run(kernel, alloc_pages(kernel))
    run(kernel, put_page(kernel, page))
    return state(kernel, page)[0]


def read_page_state(kernel: Kernel) -> str:
    """The state of a page that was read."""
    return state(kernel, cached_page(kernel, AddressSpace(7, 64), 0))


def reading_again(kernel: Kernel) -> int:
    """How many ESSA it takes to read a cached page."""
    file = AddressSpace(7, 64)
    cached_page(kernel, file, 0)
    buffer = run(kernel, alloc_pages(kernel))
    before = essa(kernel)
    run(kernel, read_page(kernel, file, 0, buffer))
    return essa(kernel) - before


# Patch 2


def swapped_in_page(kernel: Kernel) -> str:
    """The state of a page of a process that was swapped out and in again, so that the swap device has it."""
    mm = process(kernel)
    mmap(mm, BASE, 1)
    store(kernel, mm, BASE, 0x1234)
    for _ in range(4):
        run(kernel, try_to_free_pages(kernel, 1))
    assert load(kernel, mm, BASE) == 0x1234
    assert kernel.swap.reads == 1
    run(kernel, pagevec_lru_add(kernel))
    page = page_at(kernel, mm, BASE)
    assert page is not None
    return state(kernel, page)


def mapping_gone(kernel: Kernel) -> bool:
    """Whether page_remove_rmap tries to make volatile."""
    page = cached_page(kernel, AddressSpace(7, 64), 0)
    page.count = 3
    page.mapcount = 2
    removing = Running(kernel, rmap.page_remove_rmap(kernel, page))
    while not removing.is_over:
        if removing.next == Place("page_make_volatile: has the lock"):
            return True
        removing.step()
    return False


# Patch 3


def page_of_a_locked_file(kernel: Kernel) -> str:
    """The state of a page of a file that was locked in memory once."""
    file = AddressSpace(7, 64)
    file.mlocked = True
    return state(kernel, cached_page(kernel, file, 0))


# Patch 4


def writable_page(kernel: Kernel) -> str:
    """The state of a volatile page for which a writable entry is to be set."""
    page = cached_page(kernel, AddressSpace(7, 64), 0)
    run(kernel, page_check_writable(kernel, page, 1))
    return state(kernel, page)


def shared_page_written_back(kernel: Kernel) -> str:
    """The state of a shared page that was stored into and written back, while it is still mapped."""
    file = AddressSpace(7, 64)
    page = cached_page(kernel, file, 0)
    mm = process(kernel)
    mmap(mm, BASE, 1, file=file, shared=True)
    store(kernel, mm, BASE, 1)
    run(kernel, write_cache_pages(kernel, file))
    return state(kernel, page)


def stored_unnoticed(kernel: Kernel) -> str:
    """The state of a shared page that a process has stored into, of a file whose dirty pages are not accounted for."""
    file = AddressSpace(7, 64)
    file.accounts_dirty = False
    page = cached_page(kernel, file, 0)
    mm = process(kernel)
    mmap(mm, BASE, 1, file=file, shared=True)
    store(kernel, mm, BASE, 1)
    return state(kernel, page)


# Patch 5


def minor_fault(kernel: Kernel) -> int:
    """How many ESSA a minor fault takes."""
    file = AddressSpace(7, 64)
    cached_page(kernel, file, 0)
    cached_page(kernel, file, 1)
    mm = process(kernel)
    mmap(mm, BASE, 2, file=file)
    load(kernel, mm, BASE)
    before = essa(kernel)
    run(kernel, handle_mm_fault(kernel, mm.areas[0], BASE + PAGE, write=False))
    return essa(kernel) - before


def unmapping(kernel: Kernel) -> int:
    """How many ESSA it takes to unmap a page."""
    file = AddressSpace(7, 64)
    cached_page(kernel, file, 0)
    mm = process(kernel)
    mmap(mm, BASE, 1, file=file)
    mmap(mm, BASE + PAGE, 1)
    load(kernel, mm, BASE)
    before = essa(kernel)
    run(kernel, munmap(kernel, mm, BASE, 1))
    return essa(kernel) - before


def discard_faults(kernel: Kernel) -> int | None:
    """How many discard faults there are if a process maps a page that was discarded before."""
    file = AddressSpace(7, 64)
    page = cached_page(kernel, file, 0)
    if state(kernel, page) != "Vr":
        return None
    discard(kernel, page)
    mm = process(kernel)
    mmap(mm, BASE, 1, file=file)
    load(kernel, mm, BASE)
    assert kernel.discarded == 1
    return kernel.machine.counts.program_interruptions[ProgramInterruptionCode.DISCARD_FAULT]


# Patch 6


def freed_after_a_discard(kernel: Kernel) -> str | None:
    """The state of the frame of a page that was found discarded."""
    file = AddressSpace(7, 64)
    page = cached_page(kernel, file, 0)
    if state(kernel, page) != "Vr":
        return None
    discard(kernel, page)
    assert run(kernel, find_get_page(kernel, file, 0)) is None
    return state(kernel, page)


Answer = str | int | None
BEHAVIOUR: tuple[tuple[int, Callable[[Kernel], Answer], tuple[Answer, ...]], ...] = (
    # The patch, what is looked at, and how it is without any patch, with patch 1, with patches 1 and 2, ..., with all.
    (1, free_page, ("S", "U", "U", "U", "U", "U", "U")),
    (1, read_page_state, ("Sr", "Vr", "Vr", "Vr", "Vr", "Vr", "Vr")),
    (1, reading_again, (0, 2, 2, 2, 2, 2, 2)),
    (2, swapped_in_page, ("Sr", "Sr", "Vr", "Vr", "Vr", "Vr", "Vr")),
    (2, mapping_gone, (False, False, True, True, True, False, False)),
    (3, page_of_a_locked_file, ("Sr", "Vr", "Vr", "Sr", "Sr", "Sr", "Sr")),
    (4, writable_page, ("Sr", "Vr", "Vr", "Vr", "Pr", "Pr", "Pr")),
    (4, shared_page_written_back, ("Sr", "Vr", "Vr", "Vr", "Pr", "Pr", "Pr")),
    (4, stored_unnoticed, ("Sr", "Sr", "Sr", "Sr", "Pr", "Pr", "Pr")),
    (5, minor_fault, (0, 2, 2, 2, 2, 0, 0)),
    (5, unmapping, (0, 1, 1, 1, 1, 0, 0)),
    (5, discard_faults, (None, 0, 0, 0, 0, 1, 1)),
    (6, freed_after_a_discard, (None, "Uz", "Uz", "Uz", "Uz", "Uz", "Vz")),
)
CASES = [(last, look, answers[last]) for _, look, answers in BEHAVIOUR for last in range(7)]
NAMES = [f"{look.__name__}-{last}" for last, look, _ in CASES]


@pytest.mark.parametrize(("last", "look", "expected"), CASES, ids=NAMES)
def test_after_each_patch(
    make_kernel: MakeKernel, last: int, look: Callable[[Kernel], Answer], expected: Answer
) -> None:
    assert look(make_kernel(swap_pages=8, patches=frozenset(range(1, last + 1)))) == expected


def test_each_patch_has_its_behaviour() -> None:
    assert {patch for patch, _, _ in BEHAVIOUR} == ALL_PATCHES
    for patch, _, answers in BEHAVIOUR:
        assert answers[patch - 1] != answers[patch]


@pytest.mark.parametrize(("patch", "look", "answers"), BEHAVIOUR, ids=[look.__name__ for _, look, _ in BEHAVIOUR])
def test_one_patch_switched_off(
    make_kernel: MakeKernel, patch: int, look: Callable[[Kernel], Answer], answers: tuple[Answer, ...]
) -> None:
    # What patch 2 adds to unmapping patch 5 takes away again.
    expected = answers[patch - 1]
    assert look(make_kernel(swap_pages=8, patches=ALL_PATCHES - {patch})) == expected


def test_without_patch_1_there_is_nothing(make_kernel: MakeKernel) -> None:
    for patch, look, answers in BEHAVIOUR:
        assert look(make_kernel(swap_pages=8, patches=ALL_PATCHES - {1})) == answers[0], patch


# The same work by all of them


KERNELS = [frozenset(range(1, last + 1)) for last in range(7)] + [ALL_PATCHES - {patch} for patch in range(2, 6)]


@pytest.mark.parametrize("patches", KERNELS, ids=lambda patches: "".join(map(str, sorted(patches))) or "none")
def test_nothing_is_lost_under_pressure(patches: frozenset[int]) -> None:
    with PagingDevice(None, 2048) as device:
        manager = PageManager(110, device=device)
        kernel = Kernel(Machine(2 * MEGABYTE, hypervisor=manager.guest()), patches=patches)
        run(kernel, mem_init(kernel))
        read, written = AddressSpace(3, 150), AddressSpace(4, 20)
        mm = process(kernel)
        mmap(mm, BASE, read.size, file=read)
        mmap(mm, BASE + (1 << 20), written.size, file=written, shared=True)
        buffer = run(kernel, alloc_pages(kernel))
        for turn in range(3):
            for index in range(read.size):
                run(kernel, read_page(kernel, read, index, buffer))
                assert load(kernel, mm, BASE + index * PAGE + 8) == index
            for index in range(written.size):
                address = BASE + (1 << 20) + index * PAGE
                assert load(kernel, mm, address) == (0x1000 * turn + index if turn else written.inode)
                store(kernel, mm, address, 0x1000 * (turn + 1) + index)
            run(kernel, write_cache_pages(kernel, written))
        run(kernel, truncate_inode_pages(kernel, read, 0))
        # But for the one that finds out whether there is ESSA at all.
        assert (essa(kernel) > 1) == bool(patches)
        statistics = manager.guests[0].statistics
        assert (statistics.discards_volatile > 0) == bool(patches)
        assert (statistics.discards_potentially_volatile > 0) == (4 in patches)
        assert (kernel.discarded > 0) == bool(patches)
        for index in range(written.size):
            assert kernel.disk.content(written.inode, index)[:8] == (0x3000 + index).to_bytes(8, "big")
