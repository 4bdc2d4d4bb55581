# SPDX-License-Identifier: GPL-2.0-or-later
"""Processes whose page has been swapped out, or in again."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from guest_kernel.scripted.cpu.schedule import run
from guest_kernel.scripted.mm.lru import pagevec_lru_add
from guest_kernel.scripted.mm.memory_map import mmap
from guest_kernel.scripted.mm.vmscan import try_to_free_pages
from guest_kernel.scripted.state.kernel import Kernel
from guest_kernel.scripted.state.mm_types import MmStruct, Page
from tests.support.processes import BASE, entry, load, page_at, process, store

PAGE = 4096


def swapped(kernel: Kernel, value: int = 0x1234) -> MmStruct:
    """A process whose only page has been swapped out: nothing is left in storage."""
    mm = process(kernel)
    mmap(mm, BASE, 1)
    store(kernel, mm, BASE, value)
    swap_out(kernel, mm)
    return mm


def swap_out(kernel: Kernel, mm: MmStruct) -> None:
    """Let reclaim go on until the page at BASE is in no frame."""
    for _ in range(4):
        run(kernel, try_to_free_pages(kernel, 1))
        if not kernel.swap_cache and entry(kernel, mm, BASE) & 0x400:
            return
    pytest.fail("it was not swapped out")


def mapped(kernel: Kernel, mm: MmStruct) -> Page:
    """The page at BASE."""
    page = page_at(kernel, mm, BASE)
    assert page is not None
    return page


def swapped_in(kernel: Kernel, value: int = 0x1234) -> tuple[MmStruct, Page]:
    """The same after a load: the page is in the swap cache and mapped, and on the LRU list."""
    mm = swapped(kernel, value)
    assert load(kernel, mm, BASE) == value
    run(kernel, pagevec_lru_add(kernel))
    return mm, mapped(kernel, mm)


def store_all(kernel: Kernel, mm: MmStruct, numbers: Iterable[int]) -> None:
    for number in numbers:
        store(kernel, mm, BASE + number * PAGE, number + 1)
