# SPDX-License-Identifier: GPL-2.0-or-later
"""Every place where pages are tried to be made volatile (reference 4.2.5), with its offset.

More of some places: unlock_page and pagevecs in test_filemap and test_lru; the retry of page_check_writable in
test_writable.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from guest_kernel.scripted.cpu.schedule import Running, run
from guest_kernel.scripted.cpu.script import Place, Script
from guest_kernel.scripted.hinting.volatile import page_make_stable
from guest_kernel.scripted.hinting.writable import page_check_writable
from guest_kernel.scripted.mm import rmap
from guest_kernel.scripted.mm.faults import handle_mm_fault
from guest_kernel.scripted.mm.filemap import unlock_page
from guest_kernel.scripted.mm.fork import fork
from guest_kernel.scripted.mm.lru import pagevec_lru_add
from guest_kernel.scripted.mm.memory_map import mmap, munmap
from guest_kernel.scripted.mm.page_alloc import alloc_pages, free_pages, put_page_check
from guest_kernel.scripted.mm.page_writeback import end_page_writeback
from guest_kernel.scripted.mm.pgtable import mk_pte, ptep_establish
from guest_kernel.scripted.mm.vmscan import shrink_active_list, try_to_free_pages
from guest_kernel.scripted.state import page_flags as flags
from guest_kernel.scripted.state.kernel import Kernel
from guest_kernel.scripted.state.mm_types import AddressSpace, Page
from guest_kernel.scripted.state.rules import ALL_PATCHES
from tests.guest_kernel.scripted.conftest import MakeKernel, cached_page, state
from tests.support.processes import BASE, load, page_at, process, store
from tests.support.state_changes import BEFORE_5, SERIES, attempts, changes

# Make volatile: each place with its offset


def _release(kernel: Kernel, page: Page) -> Script[None]:
    yield from put_page_check(kernel, page)


def _free(kernel: Kernel, page: Page) -> Script[None]:
    yield from free_pages(kernel, page, 0)


def _unlock(kernel: Kernel, page: Page) -> Script[None]:
    page.flags |= flags.LOCKED
    yield from unlock_page(kernel, page)


def _written(kernel: Kernel, page: Page) -> Script[None]:
    page.flags |= flags.WRITEBACK
    yield from end_page_writeback(kernel, page)


def _drain(kernel: Kernel, page: Page) -> Script[None]:
    if page.flags & flags.LRU:
        kernel.lru.remove(page)
    kernel.lru.pagevecs[0].append(page)
    yield from pagevec_lru_add(kernel)


def _writable(kernel: Kernel, page: Page) -> Script[None]:
    # The counts do not fit at first, and do when it is tried again.
    page.count += 5
    # It is interested in a place.
    kernel.runs_alone = False
    checking = page_check_writable(kernel, page, 1)
    operation = next(checking)
    while operation != Place("page_make_volatile: has the lock"):
        operation = checking.send((yield operation))
    page.count -= 5
    yield operation
    yield from checking


OFFSETS: dict[str, tuple[int, Callable[[Kernel, Page], Script[None]]]] = {
    "unlock_page": (1, _unlock),
    "test_clear_page_writeback": (1, _written),
    "__free_pages": (2, _free),
    "page_cache_release": (2, _release),
    "____pagevec_lru_add": (2, _drain),
    "__page_check_writable": (1, _writable),
}


@pytest.mark.parametrize("mapcount", (0, 2))
@pytest.mark.parametrize("references", (1, 2, 3))
@pytest.mark.parametrize("patches", (BEFORE_5, ALL_PATCHES))
@pytest.mark.parametrize("place", OFFSETS)
def test_it_becomes_volatile_if_nobody_else_has_it(
    make_kernel: MakeKernel, file: AddressSpace, place: str, patches: frozenset[int], references: int, mapcount: int
) -> None:
    kernel = make_kernel(patches=patches)
    offset, script = OFFSETS[place]
    page = cached_page(kernel, file, 0)
    assert run(kernel, page_make_stable(kernel, page))
    page.count = references + mapcount
    page.mapcount = mapcount
    if page.count == 1 and offset == 2:
        # The last reference: the page is freed, and nothing is tried.
        del file.pages[0]
        page.mapping = None
        kernel.lru.remove(page)
    run(kernel, script(kernel, page))
    after = state(kernel, page)
    if references == offset:
        assert after == ("Pr" if place == "__page_check_writable" else "Vr")
    else:
        assert after in {"Sr", "Ur"}


def test_nothing_is_tried_with_the_last_reference(kernel: Kernel, file: AddressSpace) -> None:
    for release in (_release, _free):
        page = run(kernel, alloc_pages(kernel))
        assert attempts(kernel, page, release(kernel, page)) == 0
        assert page.count == 0


def test_blocks_can_be_shared_too(kernel: Kernel) -> None:
    block = run(kernel, alloc_pages(kernel, 2))
    block.count += 1
    assert attempts(kernel, block, free_pages(kernel, block, 2)) == 1
    assert (block.count, state(kernel, block)) == (1, "Sz")
    run(kernel, free_pages(kernel, block, 2))
    assert state(kernel, kernel.mem_map[block.frame + 3]) == "Uz"


@pytest.mark.parametrize("patches", (BEFORE_5, ALL_PATCHES))
def test_a_page_that_becomes_inactive_is_tried_in_vain(
    make_kernel: MakeKernel, file: AddressSpace, patches: frozenset[int]
) -> None:
    # Offset 1, and the reference of the isolation is there besides that of the cache.
    kernel = make_kernel(patches=patches)
    page = cached_page(kernel, file, 0)
    assert run(kernel, page_make_stable(kernel, page))
    kernel.lru.remove(page)
    page.flags |= flags.ACTIVE
    kernel.lru.add(page)
    assert attempts(kernel, page, shrink_active_list(kernel, 1)) == 1
    assert (page.count, state(kernel, page), page in kernel.lru.inactive) == (1, "Sr", True)


def test_it_would_be_volatile_without_that_reference(kernel: Kernel, file: AddressSpace) -> None:
    page = cached_page(kernel, file, 0)
    assert run(kernel, page_make_stable(kernel, page))
    kernel.lru.remove(page)
    page.flags |= flags.ACTIVE
    kernel.lru.add(page)
    shrinking = Running(kernel, shrink_active_list(kernel, 1))
    assert shrinking.next == Place("page_make_volatile: has the lock")
    page.count -= 1
    shrinking.step()
    page.count += 1
    shrinking.finish()
    assert state(kernel, page) == "Vr"


# Make volatile: what patch 2 adds and patch 5 removes


@pytest.mark.parametrize("patches", SERIES)
def test_one_more_mapping(make_kernel: MakeKernel, file: AddressSpace, patches: frozenset[int]) -> None:
    kernel = make_kernel(patches=patches)
    page = cached_page(kernel, file, 0)
    assert run(kernel, page_make_stable(kernel, page))
    page.count += 1
    tried = attempts(kernel, page, rmap.page_add_file_rmap(kernel, page))
    assert tried == (0 if 5 in patches else 1)
    # The cache's reference and the mapping's: offset 1.
    assert state(kernel, page) == ("Sr" if 5 in patches else "Vr")


@pytest.mark.parametrize("patches", SERIES)
@pytest.mark.parametrize("references", (1, 2))
def test_one_mapping_less(
    make_kernel: MakeKernel, file: AddressSpace, patches: frozenset[int], references: int
) -> None:
    kernel = make_kernel(patches=patches)
    page = cached_page(kernel, file, 0)
    assert run(kernel, page_make_stable(kernel, page))
    page.mapcount = 2
    page.count = 1 + references
    is_tried = 2 in patches and 5 not in patches
    assert attempts(kernel, page, rmap.page_remove_rmap(kernel, page)) == is_tried
    # Offset 1 does not count the reference of the entry that has gone, which its owner has still.
    assert state(kernel, page) == ("Vr" if is_tried and references == 1 else "Sr")


@pytest.mark.parametrize("patches", SERIES)
def test_unmapping(make_kernel: MakeKernel, file: AddressSpace, patches: frozenset[int]) -> None:
    kernel = make_kernel(patches=patches)
    page = cached_page(kernel, file, 0)
    mm = process(kernel)
    mmap(mm, BASE, 1, file=file)
    load(kernel, mm, BASE)
    expected = 0 if 5 in patches else 1 + (2 in patches)
    assert attempts(kernel, page, munmap(kernel, mm, BASE, 1)) == expected


@pytest.mark.parametrize("patches", (frozenset({1}), BEFORE_5, ALL_PATCHES))
def test_unmapping_a_page_of_the_swap_cache(make_kernel: MakeKernel, patches: frozenset[int]) -> None:
    kernel = make_kernel(patches=patches, swap_pages=8)
    mm = process(kernel)
    mmap(mm, BASE, 1)
    store(kernel, mm, BASE, 1)
    child = run(kernel, fork(kernel, mm))
    for _ in range(4):
        run(kernel, try_to_free_pages(kernel, 1))
    for each in (mm, child):
        assert load(kernel, each, BASE) == 1
    run(kernel, pagevec_lru_add(kernel))
    page = page_at(kernel, mm, BASE)
    assert page is not None
    assert (page.flags & flags.SWAP_CACHE, page.mapcount) == (flags.SWAP_CACHE, 2)
    # unlock_page, after a look whether the slot can be freed; before patch 5 also page_cache_release, and
    # page_remove_rmap with patch 2.
    expected = 1 if 5 in patches else 2 + (2 in patches)
    assert attempts(kernel, page, munmap(kernel, child, BASE, 1)) == expected


# Make potentially volatile: where writable entries are set (reference 4.5)


def change_entry(kernel: Kernel, file: AddressSpace) -> tuple[Page, Script[None]]:
    """A mapped, volatile page, and what mprotect does with its entry."""
    page = cached_page(kernel, file, 0)
    mm = process(kernel)
    mmap(mm, BASE, 1, file=file, shared=True)
    load(kernel, mm, BASE)

    def script() -> Script[None]:
        pte_address = yield from mm.table.walk(BASE)
        assert pte_address is not None
        yield from page_check_writable(kernel, page, 1)
        yield from ptep_establish(pte_address, BASE, mk_pte(page, writable=True))

    return page, script()


@pytest.mark.parametrize("patches", SERIES)
def test_an_entry_that_becomes_writable(make_kernel: MakeKernel, file: AddressSpace, patches: frozenset[int]) -> None:
    kernel = make_kernel(patches=patches)
    page, script = change_entry(kernel, file)
    with changes(kernel, page) as found:
        run(kernel, script)
    assert found == (["potential Vr->Pr"] if 4 in patches else [])


@pytest.mark.parametrize("patches", (BEFORE_5, ALL_PATCHES))
@pytest.mark.parametrize("how", ("do_anonymous_page", "new copy", "early copy"))
def test_new_pages_of_processes_are_marked_and_stay_stable(
    make_kernel: MakeKernel, file: AddressSpace, patches: frozenset[int], how: str
) -> None:
    # Offset 2, but they have no backing (condition 5): the first entry costs one ESSA, that says stable.
    kernel = make_kernel(patches=patches)
    mm = process(kernel)
    if how == "do_anonymous_page":
        mmap(mm, BASE, 1)
    else:
        mmap(mm, BASE, 1, file=file)
        if how == "new copy":
            load(kernel, mm, BASE)
    if how == "early copy":
        run(kernel, handle_mm_fault(kernel, mm.areas[0], BASE, write=True))
    else:
        store(kernel, mm, BASE, 5)
    page = page_at(kernel, mm, BASE)
    assert page is not None
    assert page.flags & (flags.ANON | flags.WRITABLE) == flags.ANON | flags.WRITABLE
    assert state(kernel, page) == "Sr"
