# SPDX-License-Identifier: GPL-2.0-or-later
"""DAT tables: their entries, and that all of their storage comes back."""

from __future__ import annotations

import pytest

from guest_kernel.scripted.cpu.instructions import FillTable
from guest_kernel.scripted.cpu.schedule import Running, run
from guest_kernel.scripted.cpu.script import KernelBug, Relax
from guest_kernel.scripted.mm import page_table as tables
from guest_kernel.scripted.mm.memory_map import USER_TEXT, exit_mmap
from guest_kernel.scripted.state.kernel import Kernel
from guest_kernel.scripted.state.page import Page
from tests.guest_kernel.scripted.conftest import MakeKernel, state
from tests.support.processes import BASE, entry, process

EMPTY = 0x400


def free(kernel: Kernel) -> int:
    """All free pages, also those on the lists of the CPUs."""
    return kernel.zone.free_pages + sum(len(pages) for pages in kernel.zone.per_cpu)


@pytest.mark.parametrize("index", (0, 1, 0x7F, 0x80, 0x12345))
def test_a_file_entry_is_invalid_and_keeps_the_index(index: int) -> None:
    pte = tables.pgoff_to_pte(index)
    assert pte & 0xE01 == 0x601, "invalid, protected, bit 52 zero as DAT wants it"
    assert tables.pte_to_pgoff(pte) == index
    assert tables.pte_file(pte)
    assert [check(pte) for check in (tables.pte_present, tables.pte_none, tables.pte_swap)] == [False] * 3


@pytest.mark.parametrize("offset", (0, 1, 2, 0x12345))
def test_a_swap_entry_is_invalid_and_keeps_the_slot(offset: int) -> None:
    pte = tables.swap_to_pte(offset)
    assert pte & 0xE03 == 0x403
    assert tables.pte_to_swap(pte) == offset
    assert tables.pte_swap(pte)
    assert [check(pte) for check in (tables.pte_present, tables.pte_none, tables.pte_file)] == [False] * 3


def test_an_entry_for_a_page() -> None:
    assert tables.mk_pte(Page(0x123), writable=True) == 0x12_3000
    assert tables.mk_pte(Page(0x123), writable=False) == 0x12_3200
    assert tables.pte_present(0x12_3200)
    assert not tables.pte_write(0x12_3200)
    assert tables.pte_write(0x12_3000)


def test_tables_are_made_as_they_are_needed(kernel: Kernel) -> None:
    mm = process(kernel)
    before = free(kernel)
    assert run(kernel, mm.table.walk(BASE)) is None
    at = run(kernel, mm.table.pte_alloc(kernel, BASE + 0x5000))
    assert run(kernel, mm.table.walk(BASE + 0x5000)) == at
    # The other half of the page with the table that maps the instructions.
    assert free(kernel) == before
    assert [entry(kernel, mm, BASE + 4096 * page) for page in range(256)] == [EMPTY] * 256
    run(kernel, mm.table.pte_alloc(kernel, 1 << 41))
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
        run(kernel, mm.table.pte_alloc(kernel, address))
    assert free(kernel) < before
    run(kernel, exit_mmap(kernel, mm))
    assert free(kernel) == before


def test_two_threads_make_one_table(make_kernel: MakeKernel) -> None:
    kernel = make_kernel(cpus=2)
    mm = process(kernel)
    before = free(kernel)
    first = Running(kernel, mm.table.pte_alloc(kernel, 1 << 41))
    second = Running(kernel, mm.table.pte_alloc(kernel, 1 << 41), cpu=1)
    # Each has found no segment table, and has one in hand; the page table is in a half of a page that is there.
    for running in (first, second):
        running.until(lambda operation: isinstance(operation, FillTable))
    assert first.finish() == second.finish()
    assert free(kernel) == before - 4


def test_the_lock_is_waited_for(kernel: Kernel) -> None:
    mm = process(kernel)
    run(kernel, mm.table.lock())
    waiting = Running(kernel, mm.table.lock())
    assert isinstance(waiting.next, Relax)
    mm.table.unlock()
    waiting.finish()
    assert mm.table.locked
    mm.table.unlock()
    with pytest.raises(KernelBug, match="not held"):
        mm.table.unlock()


@pytest.mark.parametrize("address", (-4096, 1 << 42))
def test_a_process_has_four_terabytes(kernel: Kernel, address: int) -> None:
    mm = process(kernel)
    with pytest.raises(KernelBug, match="none of a process"):
        run(kernel, mm.table.walk(address))
