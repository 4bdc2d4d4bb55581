# SPDX-License-Identifier: GPL-2.0-or-later
"""fork: what the two processes see, and what they share; the race with a discard is in test_races_of_mappings."""

from __future__ import annotations

import pytest

from guest_kernel.scripted.cpu.bug import KernelBug
from guest_kernel.scripted.cpu.schedule import run
from guest_kernel.scripted.mm.fork import fork
from guest_kernel.scripted.mm.lru import pagevec_lru_add
from guest_kernel.scripted.mm.memory_map import exit_mmap, mmap
from guest_kernel.scripted.mm.pgtable import swap_to_pte
from guest_kernel.scripted.mm.rmap import page_unmap_all
from guest_kernel.scripted.mm.swap_state import add_to_swap
from guest_kernel.scripted.state import page_flags as flags
from guest_kernel.scripted.state.kernel import Kernel
from guest_kernel.scripted.state.mm_types import AddressSpace, MmStruct, Page
from tests.guest_kernel.scripted.conftest import MakeKernel, free, state
from tests.support.processes import BASE, check_file_page, entry, load, page_at, process, store

PAGE = 4096
RO = 0x200


def forked(kernel: Kernel) -> tuple[MmStruct, MmStruct, Page]:
    """A process with an anonymous page, its child, and the page."""
    parent = process(kernel)
    mmap(parent, BASE, 3)
    store(kernel, parent, BASE, 1)
    page = page_at(kernel, parent, BASE)
    assert page is not None
    run(kernel, pagevec_lru_add(kernel))
    return parent, run(kernel, fork(kernel, parent)), page


def test_the_page_is_shared_and_protected(kernel: Kernel) -> None:
    parent, child, page = forked(kernel)
    assert [entry(kernel, mm, BASE) for mm in (parent, child)] == [page.address | RO] * 2
    assert (page.count, page.mapcount, state(kernel, page)) == (2, 2, "Sr")
    assert entry(kernel, child, BASE + PAGE) == 0x400
    assert [load(kernel, mm, BASE) for mm in (parent, child)] == [1, 1]


@pytest.mark.parametrize("who", (0, 1))
def test_the_first_to_store_gets_a_copy_and_the_other_keeps_the_page(kernel: Kernel, who: int) -> None:
    parent, child, page = forked(kernel)
    first, second = (parent, child) if who == 0 else (child, parent)
    store(kernel, first, BASE, 2)
    assert [load(kernel, mm, BASE) for mm in (first, second)] == [2, 1]
    assert page_at(kernel, first, BASE) is not page
    assert (page.count, page.mapcount) == (1, 1)
    store(kernel, second, BASE, 3)
    assert page_at(kernel, second, BASE) is page
    assert [load(kernel, mm, BASE) for mm in (first, second)] == [2, 3]


def test_each_entry_is_invalidated_when_it_is_protected_or_replaced(kernel: Kernel) -> None:
    # No test can see it otherwise: the machine forgets translations sooner than it must.
    parent = process(kernel)
    mmap(parent, BASE, 3)
    for page in range(2):
        store(kernel, parent, BASE + page * PAGE, page)
    counts = kernel.machine.counts.instructions
    assert counts["IPTE"] == 0
    run(kernel, fork(kernel, parent))
    assert counts["IPTE"] == 2
    store(kernel, parent, BASE, 1)
    assert counts["IPTE"] == 3


def test_what_comes_later_is_not_shared(kernel: Kernel) -> None:
    parent, child, _ = forked(kernel)
    store(kernel, parent, BASE + PAGE, 7)
    assert load(kernel, child, BASE + PAGE) == 0


def test_shared_file_pages_stay_shared(kernel: Kernel, file: AddressSpace) -> None:
    parent = process(kernel)
    mmap(parent, BASE, 4, file=file, shared=True)
    store(kernel, parent, BASE, 1)
    child = run(kernel, fork(kernel, parent))
    # Nothing was copied; a fault finds the page.
    assert file.pages[0].mapcount == 1
    assert load(kernel, child, BASE) == 1
    store(kernel, child, BASE, 2)
    assert load(kernel, parent, BASE) == 2


def test_private_file_pages_and_copies_of_them(kernel: Kernel, file: AddressSpace) -> None:
    parent = process(kernel)
    mmap(parent, BASE, 4, file=file)
    check_file_page(kernel, parent, BASE, file.inode, 0)
    load(kernel, parent, BASE + PAGE)
    store(kernel, parent, BASE + PAGE, 5)
    child = run(kernel, fork(kernel, parent))
    assert file.pages[0].mapcount == 2
    check_file_page(kernel, child, BASE, file.inode, 0)
    check_file_page(kernel, child, BASE + 2 * PAGE, file.inode, 2)
    assert load(kernel, child, BASE + PAGE) == 5
    store(kernel, child, BASE + PAGE, 6)
    assert [load(kernel, mm, BASE + PAGE) for mm in (parent, child)] == [5, 6]


def test_both_mappings_are_found(make_kernel: MakeKernel) -> None:
    kernel = make_kernel(swap_pages=4)
    parent, child, page = forked(kernel)
    page.flags |= flags.LOCKED
    assert run(kernel, add_to_swap(kernel, page))
    run(kernel, page_unmap_all(kernel, page))
    assert (page.count, page.mapcount) == (1, 0)
    assert [entry(kernel, mm, BASE) for mm in (parent, child)] == [swap_to_pte(page.private)] * 2


def test_the_other_cpu_cannot_store_into_the_page_any_more(make_kernel: MakeKernel) -> None:
    kernel = make_kernel(cpus=2)
    parent = process(kernel)
    mmap(parent, BASE, 1)
    store(kernel, parent, BASE, 1, cpu=1)
    child = run(kernel, fork(kernel, parent))
    store(kernel, parent, BASE, 2, cpu=1)
    assert load(kernel, child, BASE) == 1


@pytest.mark.parametrize("first", (0, 1))
def test_everything_is_freed(kernel: Kernel, file: AddressSpace, first: int) -> None:
    process(kernel)
    before = free(kernel)
    parent = process(kernel)
    mmap(parent, BASE, 30)
    mmap(parent, BASE + 100 * PAGE, 3, file=file)
    for page in range(30):
        store(kernel, parent, BASE + page * PAGE, page)
    load(kernel, parent, BASE + 100 * PAGE)
    store(kernel, parent, BASE + 100 * PAGE, 1)
    child = run(kernel, fork(kernel, parent))
    store(kernel, child, BASE, 1)
    for mm in (parent, child) if first == 0 else (child, parent):
        run(kernel, exit_mmap(kernel, mm))
    assert free(kernel) == before - len(file.pages)
    assert file.i_mmap == []


def test_an_entry_that_nobody_has_made_is_a_bug(kernel: Kernel) -> None:
    parent, _, page = forked(kernel)
    pte_address = run(kernel, parent.table.walk(BASE + PAGE))
    assert pte_address is not None
    kernel.machine.load_storage(pte_address, (0x601).to_bytes(8, "big"))
    with pytest.raises(KernelBug, match="nobody has made"):
        run(kernel, fork(kernel, parent))
    assert page.flags & flags.ANON
