# SPDX-License-Identifier: GPL-2.0-or-later
"""The page cache: where pages become volatile and stable, and what happens to discarded ones (4.2.4, 4.2.5)."""

from __future__ import annotations

import pytest

from emu.machine import MEGABYTE, Machine
from guest_kernel.scripted.boot import mem_init
from guest_kernel.scripted.cpu.bug import KernelBug
from guest_kernel.scripted.cpu.schedule import Running, run
from guest_kernel.scripted.cpu.script import Relax
from guest_kernel.scripted.mm.file_read import ReadError, read_cache_page, read_page
from guest_kernel.scripted.mm.filemap import (
    find_get_page,
    find_lock_page,
    lock_page,
    remove_from_page_cache,
    unlock_page,
)
from guest_kernel.scripted.mm.lru import PAGEVEC_SIZE
from guest_kernel.scripted.mm.page_alloc import alloc_pages, put_page, put_page_check
from guest_kernel.scripted.state import page_flags as flags
from guest_kernel.scripted.state.block_device import page_content
from guest_kernel.scripted.state.kernel import Kernel
from guest_kernel.scripted.state.mm_types import AddressSpace, Page
from host.page_manager import PageManager
from host.paging_device import PagingDevice
from tests.guest_kernel.scripted.conftest import MakeKernel, cached_page, discard, state


def buffer(kernel: Kernel) -> Page:
    """A page of the kernel's own."""
    return run(kernel, alloc_pages(kernel))


def test_pages_that_were_read_become_volatile_by_the_pagevec(kernel: Kernel, file: AddressSpace) -> None:
    target = buffer(kernel)
    for index in range(PAGEVEC_SIZE):
        run(kernel, read_page(kernel, file, index, target))
    # The last page drained the pagevec while its reader still had it.
    states = [state(kernel, file.pages[index]) for index in range(PAGEVEC_SIZE)]
    assert states[:-1] == ["Vr"] * (PAGEVEC_SIZE - 1)
    run(kernel, read_page(kernel, file, PAGEVEC_SIZE - 1, target))
    assert state(kernel, file.pages[PAGEVEC_SIZE - 1]) == "Vr"


def test_reading_again_costs_two_essa_and_no_io(kernel: Kernel, file: AddressSpace) -> None:
    page = cached_page(kernel, file, 3)
    target = buffer(kernel)
    essa, reads = kernel.machine.counts.instructions["ESSA"], kernel.disk.reads
    run(kernel, read_page(kernel, file, 3, target))
    assert kernel.machine.counts.instructions["ESSA"] - essa == 2
    assert kernel.disk.reads == reads
    assert state(kernel, page) == "Vr"


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


def test_a_discarded_page_is_read_again_into_another_frame(kernel: Kernel, file: AddressSpace) -> None:
    page = cached_page(kernel, file, 0)
    discard(kernel, page)
    reads = kernel.disk.reads
    run(kernel, read_page(kernel, file, 0, buffer(kernel)))
    assert file.pages[0] is not page
    assert kernel.disk.reads == reads + 1


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


def test_reading_past_the_end_is_an_error(kernel: Kernel, file: AddressSpace) -> None:
    for index in (-1, 64):
        with pytest.raises(ReadError, match=f"inode 7 has 64 pages, and no page {index}"):
            run(kernel, read_cache_page(kernel, file, index))


def test_a_wrong_byte_is_found(kernel: Kernel, file: AddressSpace) -> None:
    page = cached_page(kernel, file, 5)
    content = bytearray(page_content(7, 5))
    content[0x123] ^= 1
    kernel.machine.load_storage(page.address, bytes(content))
    with pytest.raises(KernelBug, match="wrong content: inode 7, page 5, byte 0x123"):
        run(kernel, read_page(kernel, file, 5, buffer(kernel)))


def test_a_transfer_into_a_discarded_page_is_a_channel_check(kernel: Kernel, file: AddressSpace) -> None:
    page = cached_page(kernel, file, 0)
    discard(kernel, page)
    with pytest.raises(KernelBug, match="channel-program check"):
        kernel.disk.read(7, 0, page)
    with pytest.raises(KernelBug, match="channel-program check"):
        kernel.disk.write(7, 0, page)


def test_what_was_written_is_read(kernel: Kernel, file: AddressSpace) -> None:
    page = run(kernel, alloc_pages(kernel))
    kernel.machine.load_storage(page.address, b"new." * 1024)
    kernel.disk.write(7, 9, page)
    assert kernel.disk.content(7, 9) == b"new." * 1024
    assert (kernel.disk.writes, kernel.disk.reads) == (1, 0)


def test_no_two_pages_have_the_same_content() -> None:
    contents = {page_content(inode, index, version) for inode in range(20) for index in range(20) for version in (0, 1)}
    assert len(contents) == 800


# Under a host


@pytest.mark.parametrize(("frames", "cpus"), ((80, 1), (200, 2)))
def test_every_byte_is_right_under_pressure(frames: int, cpus: int) -> None:
    with PagingDevice(None, 1024) as device:
        manager = PageManager(frames, device=device)
        machine = Machine(2 * MEGABYTE, cpus=cpus, hypervisor=manager.guest())
        kernel = Kernel(machine)
        run(kernel, mem_init(kernel))
        file = AddressSpace(3, 400)
        target = buffer(kernel)
        for _ in range(3):
            for index in range(file.size):
                run(kernel, read_page(kernel, file, index, target), cpu=index % cpus)
        assert kernel.discarded > 0
        assert manager.guests[0].statistics.discards_volatile > 0
        assert kernel.disk.reads > 2 * file.size


def test_the_kernel_reclaims_its_own_cache(kernel: Kernel) -> None:
    file = AddressSpace(3, 1500)
    target = buffer(kernel)
    for index in range(file.size):
        run(kernel, read_page(kernel, file, index, target))
    assert len(file.pages) < 512
    assert kernel.discarded == 0
