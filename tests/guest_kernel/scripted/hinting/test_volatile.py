# SPDX-License-Identifier: GPL-2.0-or-later
"""When a page may become volatile, and the protocol by which it does (reference 4.2.2, 4.2.3)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from guest_kernel.scripted.cpu.instructions import Essa
from guest_kernel.scripted.cpu.schedule import Running, run
from guest_kernel.scripted.cpu.script import Place, Relax
from guest_kernel.scripted.hinting.volatile import (
    StableReason,
    check_state_change,
    page_make_stable,
    page_make_volatile,
)
from guest_kernel.scripted.state import page_flags as flags
from guest_kernel.scripted.state.kernel import Kernel
from guest_kernel.scripted.state.mm_types import AddressSpace, Page
from guest_kernel.scripted.state.rules import ALL_PATCHES
from tests.guest_kernel.scripted.conftest import MakeKernel, cached_page, state


def made_stable(kernel: Kernel, file: AddressSpace) -> Page:
    """A page that nothing keeps from becoming volatile, and that is stable."""
    page = cached_page(kernel, file, 0)
    assert run(kernel, page_make_stable(kernel, page))
    assert state(kernel, page) == "Sr"
    return page


def test_without_a_condition_a_page_becomes_volatile(kernel: Kernel, file: AddressSpace) -> None:
    page = made_stable(kernel, file)
    assert check_state_change(kernel, page, 1) is None
    run(kernel, page_make_volatile(kernel, page, 1))
    assert state(kernel, page) == "Vr"


def _set(flag: int) -> Callable[[Page], None]:
    def change(page: Page) -> None:
        page.flags |= flag

    return change


def _clear(flag: int) -> Callable[[Page], None]:
    def change(page: Page) -> None:
        page.flags &= ~flag

    return change


def _forget_mapping(page: Page) -> None:
    page.mapping = None


def _more_references(page: Page) -> None:
    page.count += 1


def _lock_mapping(page: Page) -> None:
    assert page.mapping is not None
    page.mapping.mlocked = True


@pytest.mark.parametrize(
    ("condition", "violate"),
    (
        (StableReason.RESERVED, _set(flags.RESERVED)),
        (StableReason.DIRTY, _set(flags.DIRTY)),
        (StableReason.WRITEBACK, _set(flags.WRITEBACK)),
        (StableReason.LOCKED, _set(flags.LOCKED)),
        (StableReason.NO_BACKING, _set(flags.ANON)),
        (StableReason.SHARED_MEMORY, _set(flags.SWAP_CACHE)),
        (StableReason.NO_MAPPING, _forget_mapping),
        (StableReason.NOT_UPTODATE, _clear(flags.UPTODATE)),
        (StableReason.PRIVATE, _set(flags.PRIVATE)),
        (StableReason.DISCARDED, _set(flags.DISCARDED)),
        (StableReason.NOT_ON_LRU, _clear(flags.LRU)),
        (StableReason.REFERENCED, _more_references),
        (StableReason.MLOCKED, _lock_mapping),
    ),
    ids=lambda each: each.number if isinstance(each, StableReason) else "",
)
def test_a_page_that_violates_one_condition_stays_stable(
    kernel: Kernel, file: AddressSpace, condition: StableReason, violate: Callable[[Page], None]
) -> None:
    page = made_stable(kernel, file)
    violate(page)
    assert check_state_change(kernel, page, 1) is condition
    run(kernel, page_make_volatile(kernel, page, 1))
    assert state(kernel, page) == "Sr"


def test_every_condition_has_its_test() -> None:
    numbers = [condition.number for condition in StableReason]
    assert numbers == ["1", "2", "3", "4", "5", "5b", "6", "7", "8", "9", "10", "11", "12"]


def test_offset_counts_the_known_references(kernel: Kernel, file: AddressSpace) -> None:
    page = made_stable(kernel, file)
    page.count += 1
    assert check_state_change(kernel, page, 1) is StableReason.REFERENCED
    assert check_state_change(kernel, page, 2) is None
    # A mapping has a reference, too, and is known.
    page.mapcount += 1
    assert check_state_change(kernel, page, 2) is StableReason.REFERENCED
    page.count += 1
    assert check_state_change(kernel, page, 2) is None


def test_an_anonymous_page_in_the_swap_cache_needs_patch_2(make_kernel: MakeKernel, file: AddressSpace) -> None:
    for patches, expected in ((ALL_PATCHES, None), (ALL_PATCHES - {2}, StableReason.NO_BACKING)):
        kernel = make_kernel(patches=patches)
        page = cached_page(kernel, AddressSpace(file.inode, file.size), 0)
        page.flags |= flags.ANON | flags.SWAP_CACHE
        assert check_state_change(kernel, page, 1) is expected


def test_locked_mappings_count_with_patch_3_only(make_kernel: MakeKernel, file: AddressSpace) -> None:
    kernel = make_kernel(patches=ALL_PATCHES - {3})
    page = cached_page(kernel, file, 0)
    file.mlocked = True
    assert check_state_change(kernel, page, 1) is None


def test_a_writable_page_becomes_potentially_volatile(kernel: Kernel, file: AddressSpace) -> None:
    page = made_stable(kernel, file)
    page.flags |= flags.WRITABLE
    run(kernel, page_make_volatile(kernel, page, 1))
    assert state(kernel, page) == "Pr"


# The state-change protocol


def test_make_volatile_gives_up_if_somebody_changes_the_state(kernel: Kernel, file: AddressSpace) -> None:
    page = made_stable(kernel, file)
    page.flags |= flags.STATE_CHANGE
    run(kernel, page_make_volatile(kernel, page, 1))
    assert state(kernel, page) == "Sr"
    assert page.flags & flags.STATE_CHANGE


def lay_out_the_race(kernel: Kernel, page: Page) -> tuple[Running[None], Running[bool]]:
    """CPU 0 has checked the conditions and is about to set volatile; then CPU 1 takes a reference and makes stable."""
    volatile = Running(kernel, page_make_volatile(kernel, page, 1), cpu=0)
    volatile.until(lambda operation: isinstance(operation, Essa))
    page.count += 1
    stable = Running(kernel, page_make_stable(kernel, page), cpu=1)
    return volatile, stable


def test_make_stable_waits_for_a_make_volatile_that_has_checked(make_kernel: MakeKernel, file: AddressSpace) -> None:
    kernel = make_kernel(cpus=2)
    page = made_stable(kernel, file)
    volatile, stable = lay_out_the_race(kernel, page)
    assert isinstance(stable.next, Relax)
    stable.step()
    assert isinstance(stable.next, Relax)
    volatile.finish()
    assert stable.finish()
    assert state(kernel, page) == "Sr"


def test_make_volatile_after_the_reference_does_nothing(make_kernel: MakeKernel, file: AddressSpace) -> None:
    kernel = make_kernel(cpus=2)
    page = made_stable(kernel, file)
    volatile = Running(kernel, page_make_volatile(kernel, page, 1), cpu=0)
    assert volatile.next == Place("page_make_volatile: has the lock")
    page.count += 1
    stable = Running(kernel, page_make_stable(kernel, page), cpu=1)
    volatile.finish()
    assert stable.finish()
    assert state(kernel, page) == "Sr"
