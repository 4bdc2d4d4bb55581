# SPDX-License-Identifier: GPL-2.0-or-later
"""What a failure of content tells: the page, whose it is, and its last ten events."""

from __future__ import annotations

import pytest

from emu.machine import MEGABYTE, Machine
from guest_kernel.scripted.boot import mem_init
from guest_kernel.scripted.cpu.bug import KernelBug
from guest_kernel.scripted.cpu.instructions import Store
from guest_kernel.scripted.cpu.schedule import run
from guest_kernel.scripted.cpu.script import Script
from guest_kernel.scripted.mm.file_read import read_page
from guest_kernel.scripted.mm.filemap import find_get_page
from guest_kernel.scripted.mm.fork import fork
from guest_kernel.scripted.mm.memory_map import exit_mmap, mmap, munmap
from guest_kernel.scripted.mm.page_alloc import alloc_pages, put_page
from guest_kernel.scripted.mm.vmscan import try_to_free_pages
from guest_kernel.scripted.scenarios.page_group import PageGroup
from guest_kernel.scripted.state.block_device import page_content
from guest_kernel.scripted.state.history import EVENTS, Event, wrong_content
from guest_kernel.scripted.state.kernel import Kernel
from guest_kernel.scripted.state.mm_types import AddressSpace, Page
from host.page_manager import PageManager
from host.paging_device import PagingDevice
from tests.guest_kernel.scripted.conftest import MakeKernel, cached_page, discard
from tests.support.processes import BASE, load, page_at, process, store


def texts(kernel: Kernel, page: Page) -> list[str]:
    """The events of *page* without their times."""
    return [event.split(", ", 1)[1] for event in kernel.history.events(page.frame)]


def test_a_page_of_a_file_from_its_allocation_on(kernel: Kernel, file: AddressSpace) -> None:
    page = cached_page(kernel, file, 5)
    assert texts(kernel, page)[-6:] == [
        "CPU 0: ESSA set stable: Uz -> Sz",
        "CPU 0: allocated, order 0",
        "CPU 0: into the page cache: inode 7, page 5",
        "host: brought in: Sz -> Sr",
        "device: filled by a device",
        "CPU 0: ESSA set volatile: Sr -> Vr",
    ]


def test_a_discard_and_delayed_freeing(make_kernel: MakeKernel, file: AddressSpace) -> None:
    kernel = make_kernel(cpus=2)
    page = cached_page(kernel, file, 5)
    discard(kernel, page)
    run(kernel, find_get_page(kernel, file, 5), cpu=1)
    assert texts(kernel, page)[-4:] == [
        "CPU 1: ESSA set stable if not discarded: Vz -> Vz",
        "CPU 1: page_discard",
        "CPU 1: out of the page cache: inode 7, page 5",
        "CPU 1: freed, order 0",
    ]


def test_mappings(kernel: Kernel, file: AddressSpace) -> None:
    page = cached_page(kernel, file, 0)
    first, second = process(kernel), process(kernel)
    for mm in (first, second):
        mmap(mm, BASE, 1, file=file)
        load(kernel, mm, BASE)
    run(kernel, munmap(kernel, first, BASE, 1))
    assert texts(kernel, page)[-3:] == [
        "CPU 0: page-table entry set: 1 now",
        "CPU 0: page-table entry set: 2 now",
        "CPU 0: page-table entry cleared: 1 left",
    ]


def test_an_anonymous_page_that_is_swapped(make_kernel: MakeKernel) -> None:
    kernel = make_kernel(swap_pages=8)
    mm = process(kernel)
    mmap(mm, BASE, 1)
    store(kernel, mm, BASE, 5)
    page = page_at(kernel, mm, BASE)
    assert page is not None
    child = run(kernel, fork(kernel, mm))
    entries = [text for text in texts(kernel, page) if "page-table entry" in text]
    assert entries == ["CPU 0: page-table entry set: 1 now", "CPU 0: page-table entry set: 2 now"]
    run(kernel, exit_mmap(kernel, child))
    while page.count:
        run(kernel, try_to_free_pages(kernel, 1))
    events = [text for text in texts(kernel, page) if "ESSA" not in text]
    assert events[-6:] == [
        "CPU 0: page-table entry cleared: 1 left",
        "CPU 0: into the swap cache: slot 0",
        "CPU 0: page-table entry cleared: 0 left",
        "device: written by a device",
        "CPU 0: out of the swap cache: slot 0",
        "CPU 0: freed, order 0",
    ]
    assert load(kernel, mm, BASE) == 5


def test_what_the_host_does() -> None:
    with PagingDevice(None, 1024) as device:
        manager = PageManager(64, device=device)
        kernel = Kernel(Machine(2 * MEGABYTE, hypervisor=manager.guest()))
        run(kernel, mem_init(kernel))
        page = cached_page(kernel, AddressSpace(7, 64), 0)
        assert "host: brought in: Sz -> Sr" in texts(kernel, page)
        assert manager.evict(0, page.frame)
        assert texts(kernel, page)[-1] == "host: discarded: Vr -> Vz"
        other = run(kernel, alloc_pages(kernel))
        run(kernel, _store(other, 1))
        assert manager.evict(0, other.frame)
        assert texts(kernel, other)[-1] == "host: evicted: Sr -> Sp"
        run(kernel, _store(other, 1))
        run(kernel, put_page(kernel, other))
        assert manager.evict(0, other.frame)
        assert texts(kernel, other)[-1] == "host: dropped: Ur -> Uz"


def _store(page: Page, value: int) -> Script[None]:
    yield Store(page.address, value)


def test_blocks(kernel: Kernel) -> None:
    first = run(kernel, alloc_pages(kernel, 2))
    last = kernel.mem_map[first.frame + 3]
    assert texts(kernel, last)[-2:] == ["CPU 0: ESSA set stable: Uz -> Sz", "CPU 0: allocated, order 2"]


def test_the_last_ten_with_the_oldest_first(kernel: Kernel) -> None:
    page = run(kernel, alloc_pages(kernel))
    for number in range(2 * EVENTS + 3):
        kernel.machine.timing.work = 1_000_000 + number
        kernel.note(page, Event.MAPPED, number)
    expected = [f"work {1_000_000 + number:,}, CPU 0: page-table entry set: {number} now" for number in range(13, 23)]
    assert kernel.history.events(page.frame) == expected
    assert EVENTS == 10
    # Neighbours have events of their own.
    for frame in (page.frame - 1, page.frame + 1):
        assert not any("page-table entry" in event for event in kernel.history.events(frame))


@pytest.mark.parametrize("inode", (1, (1 << 24) - 1))
def test_the_largest_numbers(kernel: Kernel, inode: int) -> None:
    kernel.machine.timing.work = (1 << 64) - 1
    page = kernel.mem_map[-1]
    page.count = 1
    kernel.history.note(page.frame, Event.UNCACHED, inode << 24 | 0xFF_FFFF, cpu=7)
    expected = f"work {(1 << 64) - 1:,}, CPU 7: out of the page cache: inode {inode}, page {0xFF_FFFF}"
    assert kernel.history.events(page.frame)[-1] == expected


def test_every_event_has_a_text(kernel: Kernel) -> None:
    page = kernel.mem_map[-1]
    for event in Event:
        kernel.note(page, event, 0x10203)
        assert kernel.history.events(page.frame)[-1].split(": ", 1)[1]


# Failures


def test_a_wrong_byte_of_a_file(kernel: Kernel, file: AddressSpace) -> None:
    page = cached_page(kernel, file, 5)
    content = bytearray(page_content(7, 5))
    content[0x123] ^= 1
    kernel.machine.load_storage(page.address, bytes(content))
    buffer = run(kernel, alloc_pages(kernel))
    with pytest.raises(KernelBug) as failure:
        run(kernel, read_page(kernel, file, 5, buffer))
    head, *events = str(failure.value).split("\n")
    assert head.startswith(f"wrong content: inode 7, page 5, byte 0x123: {content[0x123]:#04x}, not ")
    assert f"<page {page.frame:#x} " in head
    # The reader has made it stable and volatile again.
    assert [event.split(": ", 1)[1] for event in events[-3:]] == [
        "ESSA set volatile: Sr -> Vr",
        "ESSA set stable if not discarded: Vr -> Sr",
        "ESSA set volatile: Sr -> Vr",
    ]
    assert len(events) <= EVENTS


def test_a_wrong_doubleword_of_a_group(kernel: Kernel) -> None:
    group = PageGroup("slab", 3)
    run(kernel, group.grow(kernel))
    run(kernel, group.verify(kernel, 0))

    page = next(page for page in kernel.mem_map if page.count and not page.flags)
    run(kernel, _store(page, 5))
    with pytest.raises(KernelBug) as failure:
        run(kernel, group.verify(kernel, 0))
    expected = f"wrong content: group slab: 0x5, not {3 << 44 | page.address:#x}: <page {page.frame:#x} "
    assert str(failure.value).startswith(expected)
    assert str(failure.value).endswith("host: brought in: Sz -> Sr")


def test_a_number_that_is_wrong(kernel: Kernel) -> None:
    page = run(kernel, alloc_pages(kernel))
    failure = wrong_content(kernel.history, page, "process 3, address 0x20000000", found=1, expected=2)
    assert str(failure).startswith("wrong content: process 3, address 0x20000000: 0x1, not 0x2: <page ")


def test_a_page_without_events_says_so(kernel: Kernel) -> None:
    page = kernel.mem_map[1]
    assert str(wrong_content(kernel.history, page, "low core", found=1, expected=2)).endswith(
        "its last events:\n  none"
    )


def test_other_failures_that_lose_content_tell_them_too(kernel: Kernel, file: AddressSpace) -> None:
    page = cached_page(kernel, file, 0)
    discard(kernel, page)
    page.flags |= 1 << 2
    with pytest.raises(KernelBug, match=r"was not volatile: (?s:.)*\n  work .*ESSA set stable if not discarded: Vz"):
        run(kernel, find_get_page(kernel, file, 0))


def test_freed_and_used_again(kernel: Kernel) -> None:
    page = run(kernel, alloc_pages(kernel))
    run(kernel, put_page(kernel, page))
    assert run(kernel, alloc_pages(kernel)) is page
    assert texts(kernel, page)[-4:] == [
        "CPU 0: freed, order 0",
        "CPU 0: ESSA set unused: Sz -> Uz",
        "CPU 0: ESSA set stable: Uz -> Sz",
        "CPU 0: allocated, order 0",
    ]
