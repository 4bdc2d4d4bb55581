# SPDX-License-Identifier: GPL-2.0-or-later
"""Allocating DAT tables, and that all of their storage comes back."""

from __future__ import annotations

from guest_kernel.scripted.cpu.instructions import FillTable
from guest_kernel.scripted.cpu.schedule import Running, run
from guest_kernel.scripted.mm.memory_map import USER_TEXT, exit_mmap
from guest_kernel.scripted.mm.pgalloc import pte_alloc
from guest_kernel.scripted.state.kernel import Kernel
from tests.guest_kernel.scripted.conftest import MakeKernel, free, state
from tests.support.processes import BASE, entry, process

EMPTY = 0x400


def test_tables_are_made_as_they_are_needed(kernel: Kernel) -> None:
    mm = process(kernel)
    before = free(kernel)
    assert run(kernel, mm.table.walk(BASE)) is None
    at = run(kernel, pte_alloc(kernel, mm.table, BASE + 0x5000))
    assert run(kernel, mm.table.walk(BASE + 0x5000)) == at
    # The other half of the page with the table that maps the instructions.
    assert free(kernel) == before
    assert [entry(kernel, mm, BASE + 4096 * page) for page in range(256)] == [EMPTY] * 256
    run(kernel, pte_alloc(kernel, mm.table, 1 << 41))
    assert free(kernel) == before - 5, "a segment table of four pages and a page table"
    assert run(kernel, mm.table.walk((1 << 41) + 4096)) == run(kernel, mm.table.walk(1 << 41)) + 8  # type: ignore[operator]


def test_the_page_with_the_instructions_is_mapped_for_loads_only(kernel: Kernel) -> None:
    mm = process(kernel)
    assert kernel.user_text is not None
    assert entry(kernel, mm, USER_TEXT) == kernel.user_text.address | 0x200
    # The next process has the same page.
    assert entry(kernel, process(kernel), USER_TEXT) == kernel.user_text.address | 0x200


def test_tables_are_stable(kernel: Kernel) -> None:
    mm = process(kernel)
    assert state(kernel, kernel.mem_map[mm.table.asce >> 12]) == "Sr"


def test_all_tables_are_freed(kernel: Kernel) -> None:
    process(kernel)
    before = free(kernel)
    mm = process(kernel)
    for address in (BASE, BASE + (1 << 20), BASE + (1 << 21), 1 << 35, 1 << 41):
        run(kernel, pte_alloc(kernel, mm.table, address))
    assert free(kernel) < before
    run(kernel, exit_mmap(kernel, mm))
    assert free(kernel) == before


def test_two_threads_make_one_table(make_kernel: MakeKernel) -> None:
    kernel = make_kernel(cpus=2)
    mm = process(kernel)
    before = free(kernel)
    first = Running(kernel, pte_alloc(kernel, mm.table, 1 << 41))
    second = Running(kernel, pte_alloc(kernel, mm.table, 1 << 41), cpu=1)
    # Each has found no segment table, and has one in hand; the page table is in a half of a page that is there.
    for running in (first, second):
        running.until(lambda operation: isinstance(operation, FillTable))
    assert first.finish() == second.finish()
    assert free(kernel) == before - 4
