# SPDX-License-Identifier: GPL-2.0-or-later
"""Every place where pages are made stable (reference 4.2.4).

More of some places: find_get_page in test_filemap; what processes find after a discard in test_discard_fault.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from guest_kernel.scripted.cpu.schedule import Running, run
from guest_kernel.scripted.cpu.script import Place, Script
from guest_kernel.scripted.hinting.volatile import page_make_stable
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
)
from guest_kernel.scripted.mm.memory_map import mmap, munmap
from guest_kernel.scripted.mm.page_writeback import write_cache_pages
from guest_kernel.scripted.state import page_flags as flags
from guest_kernel.scripted.state.kernel import Kernel
from guest_kernel.scripted.state.mm_types import AddressSpace, Page
from guest_kernel.scripted.state.rules import ALL_PATCHES
from tests.guest_kernel.scripted.conftest import MakeKernel, cached_page, discard, state
from tests.support.processes import BASE, entry, load, page_at, process, store
from tests.support.state_changes import SERIES, attempts, changes

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
        kernel, file, start, flag=flags.REFERENCED, count=count
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
