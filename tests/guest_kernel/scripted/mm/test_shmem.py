# SPDX-License-Identifier: GPL-2.0-or-later
"""Memory that processes share: its pages are the only copy of their content, and never volatile."""

from __future__ import annotations

from guest_kernel.scripted.cpu.schedule import run
from guest_kernel.scripted.mm.fork import fork
from guest_kernel.scripted.mm.lru import pagevec_lru_add
from guest_kernel.scripted.mm.memory_map import exit_mmap, mmap, munmap
from guest_kernel.scripted.mm.vmscan import try_to_free_pages
from guest_kernel.scripted.state.kernel import Kernel
from tests.guest_kernel.scripted.conftest import MakeKernel, free, state
from tests.support.processes import BASE, load, page_at, process, store

PAGE = 4096


def test_children_share_it(kernel: Kernel) -> None:
    parent = process(kernel)
    mmap(parent, BASE, 3, shared=True)
    store(kernel, parent, BASE, 1)
    child = run(kernel, fork(kernel, parent))
    assert load(kernel, child, BASE) == 1
    store(kernel, child, BASE, 2)
    assert load(kernel, parent, BASE) == 2
    # Also what nobody had touched before.
    assert load(kernel, child, BASE + PAGE) == 0
    store(kernel, parent, BASE + PAGE, 3)
    assert load(kernel, child, BASE + PAGE) == 3
    assert kernel.disk.reads == 0


def test_two_mappings_have_nothing_in_common(kernel: Kernel) -> None:
    mm = process(kernel)
    for number in range(2):
        mmap(mm, BASE + number * PAGE, 1, shared=True)
        store(kernel, mm, BASE + number * PAGE, number + 1)
    assert [load(kernel, mm, BASE + number * PAGE) for number in range(2)] == [1, 2]
    assert len({area.file.inode for area in mm.areas if area.file is not None}) == 2


def test_it_is_stable_and_reclaim_leaves_it(make_kernel: MakeKernel) -> None:
    kernel = make_kernel(swap_pages=8)
    mm = process(kernel)
    mmap(mm, BASE, 2, shared=True)
    load(kernel, mm, BASE)
    store(kernel, mm, BASE + PAGE, 5)
    run(kernel, pagevec_lru_add(kernel))
    pages = [page_at(kernel, mm, BASE + number * PAGE) for number in range(2)]
    assert [page is not None and state(kernel, page) for page in pages] == ["Sr", "Sr"]
    for _ in range(6):
        run(kernel, try_to_free_pages(kernel, 4))
    assert (kernel.disk.writes, kernel.swap.writes) == (0, 0)
    assert [page_at(kernel, mm, BASE + number * PAGE) for number in range(2)] == pages
    assert load(kernel, mm, BASE + PAGE) == 5


def test_it_goes_with_the_last_that_maps_it(kernel: Kernel) -> None:
    parent = process(kernel)
    before = free(kernel)
    mmap(parent, BASE, 8, shared=True)
    for number in range(8):
        store(kernel, parent, BASE + number * PAGE, number)
    child = run(kernel, fork(kernel, parent))
    run(kernel, munmap(kernel, parent, BASE, 8))
    store(kernel, child, BASE, 77)
    assert load(kernel, child, BASE) == 77
    run(kernel, exit_mmap(kernel, child))
    assert free(kernel) == before
