# SPDX-License-Identifier: GPL-2.0-or-later
"""Getting hold of a process's pages: they are stable as long as somebody has them (4.2.4)."""

from __future__ import annotations

import pytest

from guest_kernel.scripted.cpu.schedule import run
from guest_kernel.scripted.mm.faults import Signal
from guest_kernel.scripted.mm.gup import follow_page, get_user_pages, make_pages_present, put_user_pages
from guest_kernel.scripted.mm.lru import pagevec_lru_add
from guest_kernel.scripted.mm.memory_map import mmap
from guest_kernel.scripted.mm.page_writeback import write_cache_pages
from guest_kernel.scripted.mm.vmscan import try_to_free_pages
from guest_kernel.scripted.state.kernel import Kernel
from guest_kernel.scripted.state.mm_types import AddressSpace, MmStruct, Page
from tests.guest_kernel.scripted.conftest import MakeKernel, discard, state
from tests.support.processes import BASE, load, page_at, process, store

PAGE = 4096


def mapped(kernel: Kernel, file: AddressSpace, *, writable: bool = True) -> tuple[MmStruct, Page]:
    """A process that shares the file's first four pages, and the first of them, mapped and volatile."""
    mm = process(kernel)
    mmap(mm, BASE, 4, file=file, shared=True, writable=writable)
    load(kernel, mm, BASE)
    run(kernel, pagevec_lru_add(kernel))
    page = page_at(kernel, mm, BASE)
    assert page is not None
    assert state(kernel, page) == "Vr"
    return mm, page


def test_pages_are_stable_until_they_are_given_up(kernel: Kernel, file: AddressSpace) -> None:
    mm, page = mapped(kernel, file)
    pages = run(kernel, get_user_pages(kernel, mm, BASE, 2, write=False))
    assert pages[0] is page
    assert (page.count, state(kernel, page)) == (3, "Sr")
    run(kernel, put_user_pages(kernel, pages, dirtied=False))
    assert (page.count, state(kernel, page)) == (2, "Vr")


@pytest.mark.parametrize("patches", (1, 6))
def test_follow_page_with_and_without_a_reference(make_kernel: MakeKernel, file: AddressSpace, patches: int) -> None:
    kernel = make_kernel(patches=frozenset(range(1, patches + 1)))
    mm, page = mapped(kernel, file)
    assert run(kernel, follow_page(kernel, mm.areas[0], BASE, get=False, write=False)) is page
    assert (page.count, state(kernel, page)) == (2, "Vr")
    assert run(kernel, follow_page(kernel, mm.areas[0], BASE, get=True, write=False)) is page
    assert (page.count, state(kernel, page)) == (3, "Sr")


@pytest.mark.parametrize(("patches", "after"), ((2, "Vr"), (3, "Sr")))
def test_in_a_locked_area_patch_3_makes_stable_in_any_case(
    make_kernel: MakeKernel, file: AddressSpace, patches: int, after: str
) -> None:
    kernel = make_kernel(patches=frozenset(range(1, patches + 1)))
    mm, page = mapped(kernel, file)
    mm.areas[0].is_locked = True
    assert run(kernel, follow_page(kernel, mm.areas[0], BASE, get=False, write=False)) is page
    assert (page.count, state(kernel, page)) == (2, after)


def test_a_discarded_page_is_removed_without_the_lock(kernel: Kernel, file: AddressSpace) -> None:
    mm, page = mapped(kernel, file)
    discard(kernel, page)
    assert run(kernel, follow_page(kernel, mm.areas[0], BASE, get=True, write=False)) is None
    assert (page.mapcount, kernel.discarded, mm.table.locked) == (0, 1, False)
    (new,) = run(kernel, get_user_pages(kernel, mm, BASE, 1, write=False))
    assert new is not page
    assert state(kernel, new) == "Sr"


def test_without_an_array_nothing_is_promised(kernel: Kernel, file: AddressSpace) -> None:
    mm, page = mapped(kernel, file, writable=False)
    discard(kernel, page)
    run(kernel, make_pages_present(kernel, mm, BASE, BASE + 2 * PAGE))
    assert page_at(kernel, mm, BASE) is page, "it is mapped, and an access will tell"
    assert page_at(kernel, mm, BASE + PAGE) is not None


def test_what_will_be_stored_into_can_be(kernel: Kernel, file: AddressSpace) -> None:
    mm, page = mapped(kernel, file)
    assert run(kernel, follow_page(kernel, mm.areas[0], BASE, get=True, write=True)) is None
    (found,) = run(kernel, get_user_pages(kernel, mm, BASE, 1, write=True))
    assert found is page
    run(kernel, write_cache_pages(kernel, file))
    writes = kernel.disk.writes
    run(kernel, put_user_pages(kernel, [found], dirtied=True))
    run(kernel, write_cache_pages(kernel, file))
    assert kernel.disk.writes == writes + 1


def test_a_private_page_is_copied_before(kernel: Kernel, file: AddressSpace) -> None:
    mm = process(kernel)
    mmap(mm, BASE, 1, file=file)
    load(kernel, mm, BASE)
    page = page_at(kernel, mm, BASE)
    (copy,) = run(kernel, get_user_pages(kernel, mm, BASE, 1, write=True))
    assert copy is not page
    assert copy is page_at(kernel, mm, BASE)


def test_swapped_pages_come_in(make_kernel: MakeKernel) -> None:
    kernel = make_kernel(swap_pages=8)
    mm = process(kernel)
    mmap(mm, BASE, 1)
    store(kernel, mm, BASE, 5)
    for _ in range(4):
        run(kernel, try_to_free_pages(kernel, 1))
    assert page_at(kernel, mm, BASE) is None
    (page,) = run(kernel, get_user_pages(kernel, mm, BASE, 1, write=True))
    assert kernel.machine.read_storage(page.address, 8) == (5).to_bytes(8, "big")
    assert state(kernel, page) == "Sr"


def test_references_are_given_up_if_it_cannot_be_done(kernel: Kernel, file: AddressSpace) -> None:
    mm, page = mapped(kernel, file, writable=False)
    with pytest.raises(Signal, match=f"SIGSEGV at {BASE + 4 * PAGE:#x}"):
        run(kernel, get_user_pages(kernel, mm, BASE, 5, write=False))
    with pytest.raises(Signal, match="read-only"):
        run(kernel, get_user_pages(kernel, mm, BASE, 1, write=True))
    assert page.count == 2
