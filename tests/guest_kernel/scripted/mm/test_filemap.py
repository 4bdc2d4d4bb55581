# SPDX-License-Identifier: GPL-2.0-or-later
"""The page cache: where pages become volatile and stable, and what happens to discarded ones (4.2.4, 4.2.5)."""

from __future__ import annotations

import pytest

from guest_kernel.scripted.cpu.bug import KernelBug
from guest_kernel.scripted.cpu.schedule import Running, run
from guest_kernel.scripted.cpu.script import Relax
from guest_kernel.scripted.mm.filemap import (
    find_get_page,
    find_lock_page,
    lock_page,
    remove_from_page_cache,
    unlock_page,
)
from guest_kernel.scripted.mm.page_alloc import put_page, put_page_check
from guest_kernel.scripted.state import page_flags as flags
from guest_kernel.scripted.state.kernel import Kernel
from guest_kernel.scripted.state.mm_types import AddressSpace
from tests.guest_kernel.scripted.conftest import MakeKernel, cached_page, discard, state


def test_a_page_is_stable_while_somebody_has_it(kernel: Kernel, file: AddressSpace) -> None:
    page = cached_page(kernel, file, 0)
    assert run(kernel, find_get_page(kernel, file, 0)) is page
    assert state(kernel, page) == "Sr"
    run(kernel, put_page_check(kernel, page))
    assert (page.count, state(kernel, page)) == (1, "Vr")


def test_unlocking_makes_volatile(kernel: Kernel, file: AddressSpace) -> None:
    page = cached_page(kernel, file, 0)
    run(kernel, find_lock_page(kernel, file, 0))
    page.count -= 1
    assert state(kernel, page) == "Sr"
    run(kernel, unlock_page(kernel, page))
    assert state(kernel, page) == "Vr"


def test_unlocking_what_is_not_locked_is_a_bug(kernel: Kernel, file: AddressSpace) -> None:
    page = cached_page(kernel, file, 0)
    with pytest.raises(KernelBug, match="not locked"):
        run(kernel, unlock_page(kernel, page))


def test_a_transfer_is_no_modification(kernel: Kernel, file: AddressSpace) -> None:
    page = cached_page(kernel, file, 0)
    assert kernel.machine.keys.bytes[page.frame] == 0


def test_looking_up_a_discarded_page_removes_it(kernel: Kernel, file: AddressSpace) -> None:
    page = cached_page(kernel, file, 0)
    discard(kernel, page)
    assert run(kernel, find_get_page(kernel, file, 0)) is None
    assert 0 not in file.pages
    assert page.mapping is None
    assert page.count == 0
    assert page not in kernel.lru.inactive
    assert kernel.discarded == 1
    # It is kept until the CPUs have signed (patch 6).
    assert page.flags == flags.DISCARDED | flags.UPTODATE
    assert kernel.discard_lists.per_cpu[0] == [page]


def test_a_locked_page_is_waited_for(make_kernel: MakeKernel, file: AddressSpace) -> None:
    kernel = make_kernel(cpus=2)
    page = cached_page(kernel, file, 0)
    run(kernel, lock_page(page))
    waiting = Running(kernel, find_lock_page(kernel, file, 0), cpu=1)
    waiting.until(lambda operation: isinstance(operation, Relax))
    waiting.step()
    assert isinstance(waiting.next, Relax)
    run(kernel, unlock_page(kernel, page))
    assert waiting.finish() is page
    assert page.flags & flags.LOCKED


def test_what_was_removed_meanwhile_is_not_found(make_kernel: MakeKernel, file: AddressSpace) -> None:
    kernel = make_kernel(cpus=2)
    page = cached_page(kernel, file, 0)
    run(kernel, lock_page(page))
    waiting = Running(kernel, find_lock_page(kernel, file, 0), cpu=1)
    waiting.until(lambda operation: isinstance(operation, Relax))
    assert run(kernel, remove_from_page_cache(kernel, page))
    page.flags &= ~flags.LOCKED
    run(kernel, put_page(kernel, page))
    assert waiting.finish() is None
    assert (page.count, state(kernel, page)) == (0, "Ur")


def test_a_removed_page_that_the_host_still_has_is_no_discarded_one(kernel: Kernel, file: AddressSpace) -> None:
    page = cached_page(kernel, file, 0)
    run(kernel, lock_page(page))
    assert run(kernel, remove_from_page_cache(kernel, page))
    assert not page.flags & flags.DISCARDED


def test_a_removed_page_that_the_host_has_discarded_is_freed_late(kernel: Kernel, file: AddressSpace) -> None:
    page = cached_page(kernel, file, 0)
    run(kernel, lock_page(page))
    discard(kernel, page)
    assert run(kernel, remove_from_page_cache(kernel, page))
    assert page.flags & flags.DISCARDED
    page.flags &= ~flags.LOCKED
    run(kernel, put_page(kernel, page))
    assert kernel.discard_lists.per_cpu[0] == [page]
