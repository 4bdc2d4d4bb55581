# SPDX-License-Identifier: GPL-2.0-or-later
"""Delayed freeing: a discarded frame is not used again before every CPU has been enabled once (reference 3.5)."""

from __future__ import annotations

from guest_kernel.scripted.cpu.schedule import Running, run
from guest_kernel.scripted.cpu.script import Relax, Script
from guest_kernel.scripted.mm.filemap import find_get_page
from guest_kernel.scripted.mm.page_alloc import page_shrink_discard_list
from guest_kernel.scripted.state import page_flags as flags
from guest_kernel.scripted.state.kernel import Kernel
from guest_kernel.scripted.state.mm_types import AddressSpace, Page
from guest_kernel.scripted.state.rules import ALL_PATCHES
from tests.guest_kernel.scripted.conftest import MakeKernel, cached_page, discard, state


def discarded_page(kernel: Kernel, file: AddressSpace, cpu: int = 0) -> Page:
    """A page that CPU *cpu* has found discarded."""
    page = cached_page(kernel, file, 0)
    discard(kernel, page)
    assert run(kernel, find_get_page(kernel, file, 0), cpu=cpu) is None
    return page


def busy() -> Script[None]:
    """A CPU that is doing something."""
    while True:
        yield Relax("busy")


def is_free(kernel: Kernel, page: Page) -> bool:
    """Whether the page is on a free list, unused."""
    return state(kernel, page)[0] == "U" and not page.flags & flags.DISCARDED


def test_alone_it_takes_two_passes(kernel: Kernel, file: AddressSpace) -> None:
    page = discarded_page(kernel, file)
    assert state(kernel, page) == "Vz"
    run(kernel, page_shrink_discard_list(kernel))
    assert kernel.discard_lists.signoff == [page]
    assert not is_free(kernel, page)
    run(kernel, page_shrink_discard_list(kernel))
    assert is_free(kernel, page)
    assert state(kernel, page) == "Uz"
    # Freed as a cold page: the last that is used again.
    assert kernel.zone.per_cpu[0][-1] is page


def test_every_busy_cpu_has_to_sign(make_kernel: MakeKernel, file: AddressSpace) -> None:
    kernel = make_kernel(cpus=3)
    page = discarded_page(kernel, file)
    Running(kernel, busy(), cpu=1)
    run(kernel, page_shrink_discard_list(kernel))
    assert kernel.discard_lists.mask == {1}
    for _ in range(5):
        run(kernel, page_shrink_discard_list(kernel))
    assert not is_free(kernel, page)
    # The interruption of CPU 1: its script is where it was.
    kernel.busy_cpus.discard(1)
    run(kernel, page_shrink_discard_list(kernel), cpu=1)
    assert is_free(kernel, page)


def test_lists_of_all_cpus_are_gathered(make_kernel: MakeKernel) -> None:
    kernel = make_kernel(cpus=2)
    pages = [discarded_page(kernel, AddressSpace(inode, 1), cpu) for inode, cpu in ((1, 0), (2, 1))]
    assert kernel.discard_lists.per_cpu == [[pages[0]], [pages[1]]]
    for cpu in (0, 1, 0, 1, 0):
        run(kernel, page_shrink_discard_list(kernel), cpu=cpu)
    assert all(is_free(kernel, page) for page in pages)


def test_without_patch_6_a_discarded_page_is_free_at_once(make_kernel: MakeKernel, file: AddressSpace) -> None:
    kernel = make_kernel(patches=ALL_PATCHES - {6})
    page = discarded_page(kernel, file)
    assert is_free(kernel, page)


def test_pages_that_another_cpu_gathers_meanwhile_are_freed_later(make_kernel: MakeKernel) -> None:
    kernel = make_kernel(cpus=2)
    first, second, third = [
        discarded_page(kernel, AddressSpace(inode, 1), cpu) for inode, cpu in ((1, 0), (2, 1), (3, 1))
    ]
    lists = kernel.discard_lists
    lists.per_cpu[1].clear()
    run(kernel, page_shrink_discard_list(kernel))
    # CPU 0 is about to free the first one.
    freeing = Running(kernel, page_shrink_discard_list(kernel))
    for page in (second, third):
        lists.per_cpu[1].append(page)
        run(kernel, page_shrink_discard_list(kernel), cpu=1)
    freeing.finish()
    for cpu in (0, 1, 0, 1):
        run(kernel, page_shrink_discard_list(kernel), cpu=cpu)
    assert all(is_free(kernel, page) for page in (first, second, third))
