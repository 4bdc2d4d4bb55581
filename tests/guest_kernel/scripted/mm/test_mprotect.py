# SPDX-License-Identifier: GPL-2.0-or-later
"""Changing what a process may do with its pages, and patch 4's call in it (4.5)."""

from __future__ import annotations

import pytest

from guest_kernel.scripted.cpu.schedule import run
from guest_kernel.scripted.mm.faults import Signal
from guest_kernel.scripted.mm.lru import pagevec_lru_add
from guest_kernel.scripted.mm.memory_map import MapError, mmap
from guest_kernel.scripted.mm.mprotect import mprotect
from guest_kernel.scripted.mm.page_writeback import write_cache_pages
from guest_kernel.scripted.state import page_flags as flags
from guest_kernel.scripted.state.kernel import Kernel
from guest_kernel.scripted.state.mm_types import AddressSpace
from tests.guest_kernel.scripted.conftest import MakeKernel, discard, state
from tests.support.processes import BASE, check_file_page, entry, load, page_at, process, store

PAGE = 4096
RO = 0x200


def test_what_is_protected_cannot_be_stored_into(kernel: Kernel) -> None:
    mm = process(kernel)
    mmap(mm, BASE, 4)
    for number in range(4):
        store(kernel, mm, BASE + number * PAGE, number + 1)
    run(kernel, mprotect(kernel, mm, BASE + PAGE, 2, writable=False))
    for number in (1, 2):
        with pytest.raises(Signal, match="SIGSEGV"):
            store(kernel, mm, BASE + number * PAGE, 9)
    for number in (0, 3):
        store(kernel, mm, BASE + number * PAGE, number + 1)
    assert [load(kernel, mm, BASE + number * PAGE) for number in range(4)] == [1, 2, 3, 4]
    assert len(mm.areas) == 3


def test_each_entry_is_invalidated(kernel: Kernel) -> None:
    # No test can see it otherwise: the machine forgets translations sooner than it must.
    mm = process(kernel)
    mmap(mm, BASE, 3)
    for number in range(2):
        store(kernel, mm, BASE + number * PAGE, 1)
    run(kernel, mprotect(kernel, mm, BASE, 3, writable=False))
    assert kernel.machine.counts.instructions["IPTE"] == 2
    run(kernel, mprotect(kernel, mm, BASE, 3, writable=False))
    assert kernel.machine.counts.instructions["IPTE"] == 2


def test_a_private_page_is_written_again_after_a_fault(kernel: Kernel) -> None:
    mm = process(kernel)
    mmap(mm, BASE, 1)
    store(kernel, mm, BASE, 1)
    page = page_at(kernel, mm, BASE)
    assert page is not None
    for writable in (False, True):
        run(kernel, mprotect(kernel, mm, BASE, 1, writable=writable))
        # A page of the process's own may be shared with a child: only a fault can tell.
        assert entry(kernel, mm, BASE) == page.address | RO
    store(kernel, mm, BASE, 2)
    assert page_at(kernel, mm, BASE) is page
    assert load(kernel, mm, BASE) == 2


def test_a_page_whose_stores_are_accounted_for_gets_dirty_by_a_fault(kernel: Kernel, file: AddressSpace) -> None:
    mm = process(kernel)
    mmap(mm, BASE, 1, file=file, shared=True, writable=False)
    load(kernel, mm, BASE)
    run(kernel, mprotect(kernel, mm, BASE, 1, writable=True))
    page = page_at(kernel, mm, BASE)
    assert page is not None
    assert entry(kernel, mm, BASE) == page.address | RO
    store(kernel, mm, BASE, 5)
    assert page.flags & flags.DIRTY
    run(kernel, write_cache_pages(kernel, file))
    assert kernel.disk.content(file.inode, 0)[:8] == (5).to_bytes(8, "big")


@pytest.mark.parametrize(("patches", "after", "protection"), ((6, "Pr", 0), (3, "Vr", RO)))
def test_an_entry_that_lets_stores_through_at_once_makes_potentially_volatile(
    make_kernel: MakeKernel, file: AddressSpace, patches: int, after: str, protection: int
) -> None:
    kernel = make_kernel(patches=frozenset(range(1, patches + 1)))
    file.accounts_dirty = False
    mm = process(kernel)
    mmap(mm, BASE, 1, file=file, shared=True, writable=False)
    load(kernel, mm, BASE)
    run(kernel, pagevec_lru_add(kernel))
    page = page_at(kernel, mm, BASE)
    assert page is not None
    assert state(kernel, page) == "Vr"
    run(kernel, mprotect(kernel, mm, BASE, 1, writable=True))
    assert (state(kernel, page), entry(kernel, mm, BASE)) == (after, page.address | protection)
    assert bool(page.flags & flags.WRITABLE) == (after == "Pr")
    run(kernel, mprotect(kernel, mm, BASE, 1, writable=False))
    assert entry(kernel, mm, BASE) == page.address | RO


def test_a_discarded_page_may_be_protected(kernel: Kernel, file: AddressSpace) -> None:
    mm = process(kernel)
    mmap(mm, BASE, 1, file=file, shared=True)
    load(kernel, mm, BASE)
    run(kernel, pagevec_lru_add(kernel))
    page = page_at(kernel, mm, BASE)
    assert page is not None
    discard(kernel, page)
    run(kernel, mprotect(kernel, mm, BASE, 1, writable=False))
    check_file_page(kernel, mm, BASE, file.inode, 0)
    assert page_at(kernel, mm, BASE) is not page


@pytest.mark.parametrize(("start", "pages"), ((BASE, 3), (BASE + PAGE, 4), (BASE + 8, 1), (BASE, 0)))
def test_all_must_be_mapped(kernel: Kernel, start: int, pages: int) -> None:
    mm = process(kernel)
    mmap(mm, BASE, 2)
    mmap(mm, BASE + 3 * PAGE, 1)
    with pytest.raises(MapError):
        run(kernel, mprotect(kernel, mm, start, pages, writable=False))
    store(kernel, mm, BASE, 1)
