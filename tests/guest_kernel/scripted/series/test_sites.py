# SPDX-License-Identifier: GPL-2.0-or-later
"""Every place where pages are made stable (reference 4.2.4) and are tried to be made volatile (4.2.5), with its offset.

More of some places: find_get_page, unlock_page and pagevecs in test_filemap; what processes find after a discard in
test_faults; the retry of page_check_writable in test_writable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from emu.cpu import Cpu
from emu.events import Observer
from emu.page_states import OperationRequest
from emu.page_states import name as state_name
from guest_kernel.scripted.cpu.schedule import Running, run
from guest_kernel.scripted.cpu.script import Place, Script
from guest_kernel.scripted.hinting.volatile import page_make_stable
from guest_kernel.scripted.hinting.writable import page_check_writable
from guest_kernel.scripted.mm import rmap
from guest_kernel.scripted.mm.faults import handle_mm_fault
from guest_kernel.scripted.mm.file_write import truncate_inode_pages
from guest_kernel.scripted.mm.filemap import (
    find_get_page,
    find_get_pages,
    find_get_pages_contig,
    find_get_pages_tag,
    find_lock_page,
    find_lock_page_nodiscard,
    unlock_page,
)
from guest_kernel.scripted.mm.fork import fork
from guest_kernel.scripted.mm.lru import pagevec_lru_add
from guest_kernel.scripted.mm.memory_map import mmap, munmap
from guest_kernel.scripted.mm.page_alloc import alloc_pages, free_pages, put_page_check
from guest_kernel.scripted.mm.page_writeback import end_page_writeback, write_cache_pages
from guest_kernel.scripted.mm.pgtable import mk_pte, ptep_establish
from guest_kernel.scripted.mm.vmscan import shrink_active_list, try_to_free_pages
from guest_kernel.scripted.state import page_flags as flags
from guest_kernel.scripted.state.kernel import Kernel
from guest_kernel.scripted.state.mm_types import AddressSpace, Page
from guest_kernel.scripted.state.rules import ALL_PATCHES
from tests.guest_kernel.scripted.conftest import MakeKernel, cached_page, discard, state
from tests.support.processes import BASE, entry, load, page_at, process, store

PAGE = 4096
BEFORE_5 = frozenset(range(1, 5))
SERIES = (frozenset({1}), frozenset({1, 2}), frozenset({1, 2, 3}), BEFORE_5, frozenset(range(1, 6)), ALL_PATCHES)
_SHORT = {
    OperationRequest.SET_STABLE_IF_NOT_DISCARDED: "stable",
    OperationRequest.SET_VOLATILE: "volatile",
    OperationRequest.SET_POTENTIALLY_VOLATILE: "potential",
}


class Changes(Observer):
    """The changes of one page: request, state before and state after of each ESSA."""

    def __init__(self, page: Page) -> None:
        self.page = page.frame
        self.list: list[str] = []

    def state_changed(self, cpu: Cpu, page: int, request: int, before: int, after: int) -> None:
        if page == self.page:
            request_name = _SHORT.get(OperationRequest(request), OperationRequest(request).name)
            self.list.append(f"{request_name} {state_name(before)}->{state_name(after)}")


@contextmanager
def changes(kernel: Kernel, page: Page) -> Iterator[list[str]]:
    """The changes of *page* while it lasts."""
    observer = Changes(page)
    kernel.machine.observers.append(observer)
    yield observer.list
    kernel.machine.observers.remove(observer)


def attempts(kernel: Kernel, page: Page, script: Script[object]) -> int:
    """Run *script*; give how often page_make_volatile was tried on *page*."""
    running = Running(kernel, script)
    count = 0
    while not running.is_over:
        is_tried = running.next == Place("page_make_volatile: has the lock")
        count += bool(is_tried and page.flags & flags.STATE_CHANGE)
        running.step()
    return count


# Make stable: find_get_page and those built on it


@pytest.mark.parametrize("patches", SERIES)
@pytest.mark.parametrize("look_up", (find_get_page, find_lock_page))
def test_a_lookup_makes_stable(
    make_kernel: MakeKernel,
    file: AddressSpace,
    patches: frozenset[int],
    look_up: Callable[[Kernel, AddressSpace, int], Script[Page | None]],
) -> None:
    kernel = make_kernel(patches=patches)
    page = cached_page(kernel, file, 0)
    with changes(kernel, page) as found:
        assert run(kernel, look_up(kernel, file, 0)) is page
    assert found == ["stable Vr->Sr"]
    assert page.count == 2


def test_a_lookup_without_discard_leaves_the_state(kernel: Kernel, file: AddressSpace) -> None:
    page = cached_page(kernel, file, 0)
    discard(kernel, page)
    assert run(kernel, find_lock_page_nodiscard(kernel, file, 0)) is page
    assert state(kernel, page) == "Vz"


# Make stable: several pages at once


LOOKUPS: dict[str, Callable[[Kernel, AddressSpace, int, int], Script[list[Page]]]] = {
    "find_get_pages": find_get_pages,
    "find_get_pages_contig": find_get_pages_contig,
    "find_get_pages_tag": lambda kernel, file, start, count: find_get_pages_tag(
        kernel, file, start, flags.REFERENCED, count
    ),
}


def with_gap(kernel: Kernel, file: AddressSpace) -> dict[int, Page]:
    """Cached pages 1, 2, 3 and 5, 6; those with an odd index have been used."""
    pages = {index: cached_page(kernel, file, index) for index in (5, 1, 3, 2, 6)}
    for index, page in pages.items():
        if index % 2:
            page.flags |= flags.REFERENCED
    return pages


@pytest.mark.parametrize(
    ("name", "start", "count", "expected"),
    (
        ("find_get_pages", 0, 14, [1, 2, 3, 5, 6]),
        ("find_get_pages", 2, 3, [2, 3, 5]),
        ("find_get_pages", 7, 3, []),
        ("find_get_pages_contig", 1, 14, [1, 2, 3]),
        ("find_get_pages_contig", 1, 2, [1, 2]),
        ("find_get_pages_contig", 0, 14, []),
        ("find_get_pages_tag", 0, 14, [1, 3, 5]),
        ("find_get_pages_tag", 2, 1, [3]),
    ),
)
def test_pages_are_looked_up_stable(
    kernel: Kernel, file: AddressSpace, name: str, start: int, count: int, expected: list[int]
) -> None:
    pages = with_gap(kernel, file)
    found = run(kernel, LOOKUPS[name](kernel, file, start, count))
    assert [page.index for page in found] == expected
    for index, page in pages.items():
        assert (page.count, state(kernel, page)) == ((2, "Sr") if index in expected else (1, "Vr"))


@pytest.mark.parametrize(("name", "expected"), (("find_get_pages", [1, 2, 5, 6]), ("find_get_pages_contig", [1, 2])))
def test_a_discarded_one_is_removed_and_all_begins_anew(
    kernel: Kernel, file: AddressSpace, name: str, expected: list[int]
) -> None:
    pages = with_gap(kernel, file)
    discard(kernel, pages[3])
    looking = Running(kernel, LOOKUPS[name](kernel, file, 1, 14))
    looking.until(lambda operation: operation == Place("page_discard: is the first"))
    # Meanwhile the first one goes, too.
    assert pages[1].count == 2
    with changes(kernel, pages[2]) as found:
        pages_found = looking.finish()
    assert [page.index for page in pages_found] == expected
    assert found == ["volatile Sr->Vr", "stable Vr->Sr"], "the references were given up"
    assert [pages[index].count for index in expected] == [2] * len(expected)
    assert (pages[3].count, kernel.discarded) == (0, 1)
    assert 3 not in file.pages


def test_with_the_tag(kernel: Kernel, file: AddressSpace) -> None:
    pages = with_gap(kernel, file)
    discard(kernel, pages[3])
    found = run(kernel, LOOKUPS["find_get_pages_tag"](kernel, file, 0, 14))
    assert [page.index for page in found] == [1, 5]
    assert kernel.discarded == 1


def test_truncation_and_writeback_use_them(kernel: Kernel, file: AddressSpace) -> None:
    pages = [cached_page(kernel, file, index) for index in range(40)]
    pages[30].flags |= flags.DIRTY
    run(kernel, page_make_stable(kernel, pages[30]))
    discard(kernel, pages[20])
    with changes(kernel, pages[29]) as others, changes(kernel, pages[30]) as found:
        assert run(kernel, write_cache_pages(kernel, file)) == 1
    assert (others, found[0]) == ([], "stable Sr->Sr")
    with changes(kernel, pages[29]) as found:
        run(kernel, truncate_inode_pages(kernel, file, 10))
    assert found[0] == "stable Vr->Sr"
    assert sorted(file.pages) == list(range(10))
    assert kernel.discarded == 1
    assert [page.count for page in pages] == [1] * 10 + [0] * 30


# Make stable: stores of processes


@pytest.mark.parametrize("patches", SERIES)
def test_a_shared_page_is_stable_before_it_can_be_stored_into(
    make_kernel: MakeKernel, file: AddressSpace, patches: frozenset[int]
) -> None:
    kernel = make_kernel(patches=patches)
    page = cached_page(kernel, file, 0)
    mm = process(kernel)
    mmap(mm, BASE, 1, file=file, shared=True)
    load(kernel, mm, BASE)
    with changes(kernel, page) as found:
        store(kernel, mm, BASE, 5)
    # With patch 4 again: the reference that keeps it stable does not fit.
    assert found == ["stable Vr->Sr"] + ["stable Sr->Sr"] * (4 in patches)
    assert page_at(kernel, mm, BASE) is page


@pytest.mark.parametrize("patches", SERIES)
def test_the_source_of_a_copy_is_stable(make_kernel: MakeKernel, file: AddressSpace, patches: frozenset[int]) -> None:
    kernel = make_kernel(patches=patches)
    page = cached_page(kernel, file, 0)
    mm = process(kernel)
    mmap(mm, BASE, 1, file=file)
    load(kernel, mm, BASE)
    with changes(kernel, page) as found:
        store(kernel, mm, BASE, 5)
    # Without patch 5 it becomes volatile when its entry is replaced: only the copier's reference is there besides.
    assert found == ["stable Vr->Sr", "volatile Sr->Vr"]


@pytest.mark.parametrize("patches", SERIES)
def test_the_source_of_an_early_copy_is_stable(
    make_kernel: MakeKernel, file: AddressSpace, patches: frozenset[int]
) -> None:
    kernel = make_kernel(patches=patches)
    page = cached_page(kernel, file, 0)
    mm = process(kernel)
    mmap(mm, BASE, 1, file=file)
    faulting = Running(kernel, handle_mm_fault(kernel, mm.areas[0], BASE, write=True))
    with changes(kernel, page) as found:
        faulting.until(lambda operation: type(operation).__name__ == "CopyPage")
        # Without patch 5 the lookup has done it already.
        assert found == ["stable Vr->Sr"] + ["stable Sr->Sr"] * (5 not in patches)
        faulting.finish()
    assert found[-1] == "volatile Sr->Vr"


@pytest.mark.parametrize("patches", (*SERIES, ALL_PATCHES - {4}))
def test_a_store_that_needs_a_page_mapped_at_once(
    make_kernel: MakeKernel, file: AddressSpace, patches: frozenset[int]
) -> None:
    # A write fault of a shared mapping, without a read fault before.
    kernel = make_kernel(patches=patches)
    page = cached_page(kernel, file, 0)
    mm = process(kernel)
    mmap(mm, BASE, 1, file=file, shared=True)
    with changes(kernel, page) as found:
        run(kernel, handle_mm_fault(kernel, mm.areas[0], BASE, write=True))
    assert entry(kernel, mm, BASE) == page.address
    assert page.flags & flags.DIRTY
    # By the lookup before patch 5; by the fault, since the page becomes dirty; and by patch 4 before the entry is set.
    assert found == ["stable Vr->Sr"] + ["stable Sr->Sr"] * ((5 not in patches) + (4 in patches))
    assert bool(page.flags & flags.WRITABLE) == (4 in patches)


@pytest.mark.parametrize("patches", SERIES)
def test_a_store_that_needs_a_discarded_page_mapped_at_once(
    make_kernel: MakeKernel, file: AddressSpace, patches: frozenset[int]
) -> None:
    # With patch 5 the lookup does not notice: the page must not become dirty.
    kernel = make_kernel(patches=patches)
    page = cached_page(kernel, file, 0)
    discard(kernel, page)
    mm = process(kernel)
    mmap(mm, BASE, 1, file=file, shared=True)
    run(kernel, handle_mm_fault(kernel, mm.areas[0], BASE, write=True))
    assert file.pages[0] is not page
    assert entry(kernel, mm, BASE) == file.pages[0].address
    assert file.pages[0].flags & flags.DIRTY
    assert not page.flags & flags.DIRTY
    assert kernel.discarded == 1


@pytest.mark.parametrize("patches", SERIES)
def test_a_discard_takes_the_entries(make_kernel: MakeKernel, file: AddressSpace, patches: frozenset[int]) -> None:
    # What is tried to be made volatile on the way; with patch 5 nothing.
    kernel = make_kernel(patches=patches)
    page = cached_page(kernel, file, 0)
    mm = process(kernel)
    mmap(mm, BASE, 1, file=file)
    load(kernel, mm, BASE)
    page.count += 1
    expected = 0 if 5 in patches else 1 + (2 in patches)
    assert attempts(kernel, page, rmap.page_unmap_all(kernel, page)) == expected
    assert (page.count, page.mapcount) == (2, 0)


# Make stable: the change bit


@pytest.mark.parametrize("patches", SERIES)
@pytest.mark.parametrize("is_changed", (False, True))
def test_the_last_mapping_of_a_changed_page(
    make_kernel: MakeKernel, file: AddressSpace, patches: frozenset[int], is_changed: bool
) -> None:
    kernel = make_kernel(patches=patches)
    page = cached_page(kernel, file, 0)
    mm = process(kernel)
    mmap(mm, BASE, 1, file=file, shared=True)
    load(kernel, mm, BASE)
    kernel.machine.keys.bytes[page.frame] = 0x06 if is_changed else 0x04
    with changes(kernel, page) as found:
        run(kernel, munmap(kernel, mm, BASE, 1))
    assert bool(page.flags & flags.DIRTY) == is_changed
    assert kernel.machine.keys.bytes[page.frame] & 0x02 == 0
    if is_changed:
        assert found[:1] == ["stable Vr->Sr"]
        assert state(kernel, page) == "Sr"
    else:
        assert found == ([] if 5 in patches else ["volatile Vr->Vr"])


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
