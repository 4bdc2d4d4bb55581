# SPDX-License-Identifier: GPL-2.0-or-later
"""read and write of processes: contents, ends, locks, and a host that discards pages of buffers at any moment."""

from __future__ import annotations

from random import Random

import pytest

from emu.addresses import PAGE_SIZE
from guest_kernel.scripted.cpu.schedule import Running, run
from guest_kernel.scripted.cpu.script import Place, Script
from guest_kernel.scripted.mm.file_read import read_cache_page
from guest_kernel.scripted.mm.lru import pagevec_lru_add
from guest_kernel.scripted.mm.memory_map import mmap, zap_page_range
from guest_kernel.scripted.mm.page_alloc import put_page_check
from guest_kernel.scripted.mm.page_writeback import write_cache_pages
from guest_kernel.scripted.process.read_write import EFAULT, ENOSPC, sys_read, sys_write
from guest_kernel.scripted.state import page_flags as flags
from guest_kernel.scripted.state.block_device import page_content
from guest_kernel.scripted.state.kernel import Kernel
from guest_kernel.scripted.state.mm_types import AddressSpace, MmStruct
from tests.guest_kernel.scripted.conftest import MakeKernel, cached_page, discard, finish_within, state
from tests.support.processes import BASE, load, page_at, process, store

VARIANTS = pytest.mark.parametrize("uaccess", ("std", "mvcos"))
OTHER = BASE + 0x100_000


def content(kernel: Kernel, file: AddressSpace, index: int) -> bytes:
    """What the page cache has for a page of *file*."""

    def script() -> Script[bytes]:
        page = yield from read_cache_page(kernel, file, index)
        found = kernel.machine.read_storage(page.address, PAGE_SIZE)
        yield from put_page_check(kernel, page)
        return found

    return run(kernel, script())


def contents(kernel: Kernel, file: AddressSpace, pages: int) -> bytes:
    return b"".join(content(kernel, file, index) for index in range(pages))


def original(inode: int, pages: int) -> bytes:
    return b"".join(page_content(inode, index) for index in range(pages))


def in_process(kernel: Kernel, mm: MmStruct, address: int, length: int) -> bytes:
    """What the process has at *address*, of whole doublewords."""
    return b"".join(load(kernel, mm, address + at).to_bytes(8, "big") for at in range(0, length, 8))


@VARIANTS
def test_read_over_pages(make_kernel: MakeKernel, file: AddressSpace, uaccess: str) -> None:
    kernel = make_kernel(uaccess=uaccess)
    mm = process(kernel)
    mmap(mm, BASE, 3)
    assert (
        finish_within(kernel, sys_read(kernel, mm, file, index=1, offset=0xF00, address=BASE + 0x808, length=0x1200))
        == 0x1200
    )
    assert in_process(kernel, mm, BASE + 0x808, 0x1200) == original(7, 4)[0x1F00:0x3100]
    assert load(kernel, mm, BASE + 0x800) == load(kernel, mm, BASE + 0x1A08) == 0, "no byte more"
    run(kernel, pagevec_lru_add(kernel))
    assert all(file.pages[index].count == 1 for index in (1, 2, 3)), "the cache's reference only"


@VARIANTS
def test_write_over_pages(make_kernel: MakeKernel, file: AddressSpace, uaccess: str) -> None:
    kernel = make_kernel(uaccess=uaccess)
    mm = process(kernel)
    other = AddressSpace(9, 8)
    mmap(mm, BASE, 8, file=other, writable=False)
    # A part of a page that has to be read, one that need not be, and a part again.
    assert (
        finish_within(kernel, sys_write(kernel, mm, file, index=1, offset=0xF00, address=BASE + 0x808, length=0x1200))
        == 0x1200
    )
    expected = bytearray(original(7, 4))
    expected[0x1F00:0x3100] = original(9, 8)[0x808:0x1A08]
    assert kernel.disk.reads == 2 + 2, "two of the buffer, and two of those that are written into"
    assert contents(kernel, file, 4) == expected
    for index in (1, 2, 3):
        assert file.pages[index].flags & flags.DIRTY
        assert not file.pages[index].flags & flags.LOCKED
        assert state(kernel, file.pages[index]) == "Sr"
    assert run(kernel, write_cache_pages(kernel, file)) == 3
    assert b"".join(kernel.disk.content(7, index) for index in range(4)) == expected


def test_the_end_of_the_file(kernel: Kernel, file: AddressSpace) -> None:
    mm = process(kernel)
    mmap(mm, BASE, 2)
    assert (
        finish_within(kernel, sys_read(kernel, mm, file, index=63, offset=0xF00, address=BASE, length=0x1000)) == 0x100
    )
    assert finish_within(kernel, sys_read(kernel, mm, file, index=64, offset=0, address=BASE, length=8)) == 0
    assert (
        finish_within(kernel, sys_write(kernel, mm, file, index=63, offset=0xF00, address=BASE, length=0x1000)) == 0x100
    )
    assert finish_within(kernel, sys_write(kernel, mm, file, index=64, offset=0, address=BASE, length=8)) == -ENOSPC
    assert finish_within(kernel, sys_write(kernel, mm, file, index=64, offset=0, address=BASE, length=0)) == 0
    assert set(file.pages) == {63}


@VARIANTS
def test_bad_buffers(make_kernel: MakeKernel, file: AddressSpace, uaccess: str) -> None:
    kernel = make_kernel(uaccess=uaccess)
    mm = process(kernel)
    mmap(mm, BASE, 1)
    store(kernel, mm, BASE, 1)
    assert (
        finish_within(kernel, sys_read(kernel, mm, file, index=0, offset=0, address=BASE + 0xF00, length=0x300))
        == 0x100
    )
    assert finish_within(kernel, sys_read(kernel, mm, file, index=0, offset=0, address=OTHER, length=8)) == -EFAULT
    assert (
        finish_within(kernel, sys_write(kernel, mm, file, index=0, offset=0, address=OTHER, length=PAGE_SIZE))
        == -EFAULT
    )
    # The second page of the file would be from where nothing is mapped.
    assert (
        finish_within(kernel, sys_write(kernel, mm, file, index=1, offset=0xF00, address=BASE + 0xF00, length=0x300))
        == 0x100
    )
    assert (
        finish_within(kernel, sys_write(kernel, mm, file, index=1, offset=0, address=BASE + 0xF00, length=0x300))
        == -EFAULT
    )
    mmap(mm, OTHER, 1, writable=False)
    assert finish_within(kernel, sys_read(kernel, mm, file, index=0, offset=0, address=OTHER, length=8)) == -EFAULT, (
        "write protection"
    )
    assert content(kernel, file, 0) == page_content(7, 0)
    assert not any(page.flags & flags.LOCKED for page in file.pages.values())


@VARIANTS
def test_a_page_written_from_itself_is_mapped_before_it_is_locked(
    make_kernel: MakeKernel, file: AddressSpace, uaccess: str
) -> None:
    kernel = make_kernel(uaccess=uaccess)
    mm = process(kernel)
    mmap(mm, BASE, 1, file=file, shared=True)
    assert (
        finish_within(kernel, sys_write(kernel, mm, file, index=0, offset=0x800, address=BASE + 0x100, length=0x200))
        == 0x200
    )
    expected = bytearray(page_content(7, 0))
    expected[0x800:0xA00] = expected[0x100:0x300]
    assert content(kernel, file, 0) == expected
    assert kernel.disk.reads == 1


@VARIANTS
@pytest.mark.parametrize("length", (0x200, PAGE_SIZE))
def test_a_page_written_from_itself_that_goes_after_the_lock_is_tried_again(
    make_kernel: MakeKernel, file: AddressSpace, uaccess: str, length: int
) -> None:
    kernel = make_kernel(uaccess=uaccess, cpus=2)
    mm = process(kernel)
    mmap(mm, BASE, 1, file=file, shared=True)
    running = Running(kernel, sys_write(kernel, mm, file, index=0, offset=0, address=BASE, length=length))
    running.until(lambda operation: operation == Place("sys_write: has the page locked"))
    assert file.pages[0].flags & flags.LOCKED
    # Whoever empties page-table entries needs no page lock.
    run(kernel, zap_page_range(kernel, mm, BASE, BASE + PAGE_SIZE), cpu=1)
    assert page_at(kernel, mm, BASE) is None
    assert finish_within(kernel, running) == length
    assert content(kernel, file, 0) == page_content(7, 0)


@VARIANTS
def test_a_new_page_whose_buffer_goes_is_read(make_kernel: MakeKernel, file: AddressSpace, uaccess: str) -> None:
    kernel = make_kernel(uaccess=uaccess, cpus=2)
    mm = process(kernel)
    other = AddressSpace(9, 8)
    mmap(mm, BASE, 2, file=other)
    running = Running(kernel, sys_write(kernel, mm, file, index=0, offset=0, address=BASE + 0x800, length=PAGE_SIZE))
    running.until(lambda operation: operation == Place("sys_write: has the page locked"))
    run(kernel, zap_page_range(kernel, mm, BASE + PAGE_SIZE, BASE + 2 * PAGE_SIZE), cpu=1)
    running.step()
    running.until(lambda operation: operation == Place("readpage: before the I/O"))
    assert not file.pages[0].flags & (flags.UPTODATE | flags.DIRTY), "half of it is there"
    assert finish_within(kernel, running) == PAGE_SIZE
    assert content(kernel, file, 0) == original(9, 2)[0x800:0x1800]


@VARIANTS
def test_two_pages_written_from_each_other_by_two_cpus(
    make_kernel: MakeKernel, file: AddressSpace, uaccess: str
) -> None:
    kernel = make_kernel(uaccess=uaccess, cpus=3)
    processes = [process(kernel), process(kernel)]
    both = []
    # Mapped beforehand, so that neither has to wait for the other's lock before it has its own.
    for cpu, mm in enumerate(processes):
        mmap(mm, BASE, 2, file=file, shared=True)
        load(kernel, mm, BASE + PAGE_SIZE * (1 - cpu), cpu)
    for cpu, mm in enumerate(processes):
        source = BASE + PAGE_SIZE * (1 - cpu)
        running = Running(kernel, sys_write(kernel, mm, file, index=cpu, offset=0, address=source, length=0x100), cpu)
        running.until(lambda operation: operation == Place("sys_write: has the page locked"))
        both.append(running)
    for mm in processes:
        run(kernel, zap_page_range(kernel, mm, BASE, BASE + 2 * PAGE_SIZE), cpu=2)
    for _ in range(5000):
        for running in both:
            if not running.is_over:
                running.step()
    assert [running.result for running in both] == [0x100, 0x100]


@VARIANTS
def test_the_host_discards_between_any_two_operations(make_kernel: MakeKernel, uaccess: str) -> None:
    discarded = faults = 0
    for seed in range(12):
        kernel, random = make_kernel(uaccess=uaccess, cpus=2), Random(seed)
        target = AddressSpace(9, 8)
        source = AddressSpace(7, 8)
        reader, writer = process(kernel), process(kernel)
        pages = [cached_page(kernel, file, index) for file in (target, source) for index in range(8)]
        mmap(reader, BASE, 8, file=target, shared=True)
        mmap(writer, BASE, 8, file=source, writable=False)
        both: list[Running[int]] = [
            Running(
                kernel, sys_write(kernel, writer, target, index=0, offset=0x123, address=BASE + 0x345, length=0x3000), 0
            ),
            Running(
                kernel, sys_read(kernel, reader, source, index=1, offset=0x10, address=BASE + 0x4100, length=0x2800), 1
            ),
        ]
        for _ in range(200_000):
            going = [running for running in both if not running.is_over]
            if not going:
                break
            random.choice(going).step()
            volatile = [page for page in pages if state(kernel, page) == "Vr"]
            if volatile and random.random() < 0.02:
                discard(kernel, random.choice(volatile))
                discarded += 1
        assert [running.result for running in both] == [0x3000, 0x2800]
        expected = bytearray(original(9, 8))
        expected[0x123:0x3123] = original(7, 8)[0x345:0x3345]
        expected[0x4100:0x6900] = original(7, 8)[0x1010:0x3810]
        assert contents(kernel, target, 8) == expected
        assert contents(kernel, source, 8) == original(7, 8)
        faults += kernel.machine.counts.program_interruptions[0x1A]
    assert discarded > 50
    assert faults > 5
