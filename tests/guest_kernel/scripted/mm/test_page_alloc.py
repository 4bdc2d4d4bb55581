# SPDX-License-Identifier: GPL-2.0-or-later
"""The allocator: blocks split and join, free pages are unused, allocated ones stable (reference 4.2.6)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emu.machine import MEGABYTE, Machine
from guest_kernel.scripted.boot import mem_init
from guest_kernel.scripted.cpu.bug import KernelBug
from guest_kernel.scripted.cpu.schedule import run
from guest_kernel.scripted.mm.page_alloc import (
    OutOfMemory,
    alloc_pages,
    free_pages_ok,
    get_page,
    get_page_unless_zero,
    put_page,
)
from guest_kernel.scripted.state import page_flags as flags
from guest_kernel.scripted.state.kernel import FIRST_FREE_FRAME, Kernel
from guest_kernel.scripted.state.mm_types import Page
from tests.guest_kernel.scripted.conftest import state


def free_pages(kernel: Kernel) -> int:
    """All free pages, also those on the lists of the CPUs."""
    return kernel.zone.free_pages + sum(len(pages) for pages in kernel.zone.per_cpu)


def test_an_allocated_page_is_stable_and_a_freed_one_unused(kernel: Kernel) -> None:
    page = run(kernel, alloc_pages(kernel))
    assert (page.count, state(kernel, page)) == (1, "Sz")
    run(kernel, put_page(kernel, page))
    assert (page.count, state(kernel, page)) == (0, "Uz")
    assert run(kernel, alloc_pages(kernel)) is page


def test_one_essa_for_each_page_of_a_block(kernel: Kernel) -> None:
    before = kernel.machine.counts.instructions["ESSA"]
    page = run(kernel, alloc_pages(kernel, 4))
    assert kernel.machine.counts.instructions["ESSA"] - before == 16
    block = kernel.mem_map[page.frame : page.frame + 16]
    assert {state(kernel, each) for each in block} == {"Sz"}
    assert page.frame % 16 == 0
    page.count = 0
    run(kernel, free_pages_ok(kernel, page, 4))
    assert {state(kernel, each) for each in block} == {"Uz"}


def test_the_last_reference_frees(kernel: Kernel) -> None:
    page = run(kernel, alloc_pages(kernel))
    get_page(page)
    run(kernel, put_page(kernel, page))
    assert state(kernel, page) == "Sz"
    run(kernel, put_page(kernel, page))
    assert state(kernel, page) == "Uz"
    assert not get_page_unless_zero(page)


@pytest.mark.parametrize("flag", (flags.LOCKED, flags.DIRTY, flags.WRITEBACK, flags.PRIVATE, flags.RESERVED))
def test_a_page_in_use_must_not_be_freed(kernel: Kernel, flag: int) -> None:
    page = run(kernel, alloc_pages(kernel))
    page.flags |= flag
    with pytest.raises(KernelBug, match="bad page at free"):
        run(kernel, put_page(kernel, page))


def test_a_reference_too_few_is_a_bug(kernel: Kernel) -> None:
    page = run(kernel, alloc_pages(kernel))
    run(kernel, put_page(kernel, page))
    with pytest.raises(KernelBug, match="bad page at put_page"):
        run(kernel, put_page(kernel, page))
    with pytest.raises(KernelBug, match="bad page at get_page"):
        get_page(page)


def test_when_nothing_is_free_the_allocation_fails(kernel: Kernel) -> None:
    for _ in range(512 - FIRST_FREE_FRAME):
        run(kernel, alloc_pages(kernel))
    with pytest.raises(OutOfMemory, match="no block of 1 pages is free; 0 pages are"):
        run(kernel, alloc_pages(kernel))


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), max_size=60))
def test_blocks_never_overlap_and_join_again(steps: list[tuple[bool, int]]) -> None:
    kernel = Kernel(Machine(MEGABYTE))
    run(kernel, mem_init(kernel))
    at_boot = [sorted(area) for area in kernel.zone.free_area]
    held: list[tuple[Page, int]] = []
    for allocate, number in steps:
        if allocate:
            try:
                held.append((run(kernel, alloc_pages(kernel, number)), number))
            except OutOfMemory:
                continue
        elif held:
            page, order = held.pop(number % len(held))
            page.count = 0
            run(kernel, free_pages_ok(kernel, page, order))
        frames = [frame for page, order in held for frame in range(page.frame, page.frame + (1 << order))]
        assert len(set(frames)) == len(frames)
        assert free_pages(kernel) + len(frames) == 256 - FIRST_FREE_FRAME
    for page, order in held:
        page.count = 0
        run(kernel, free_pages_ok(kernel, page, order))
    for pages in kernel.zone.per_cpu:
        while pages:
            run(kernel, free_pages_ok(kernel, pages.pop(), 0))
            # The page was counted when it came to the list of the CPU.
    assert [sorted(area) for area in kernel.zone.free_area] == at_boot
