# SPDX-License-Identifier: GPL-2.0-or-later
"""Copies between the kernel and processes, by each of the four instructions."""

from __future__ import annotations

import pytest

from emu.addresses import PAGE_SIZE
from guest_kernel.scripted.cpu.bug import KernelBug
from guest_kernel.scripted.cpu.schedule import run
from guest_kernel.scripted.mm.memory_map import mmap
from guest_kernel.scripted.mm.page_alloc import alloc_pages
from guest_kernel.scripted.process.uaccess import copy_from_user, copy_to_user, read_dev_mem
from guest_kernel.scripted.state.block_device import page_content
from guest_kernel.scripted.state.mm_types import AddressSpace, Page
from tests.guest_kernel.scripted.conftest import MakeKernel, cached_page, discard, finish_within
from tests.support.processes import BASE, load, page_at, process, store

VARIANTS = pytest.mark.parametrize("uaccess", ("std", "mvcos"))


@VARIANTS
def test_there_and_back_over_pages(make_kernel: MakeKernel, uaccess: str) -> None:
    kernel = make_kernel(uaccess=uaccess)
    mm = process(kernel)
    mmap(mm, BASE, 3)
    buffer, other = run(kernel, alloc_pages(kernel)), run(kernel, alloc_pages(kernel))
    data = page_content(3, 4, 0)
    kernel.machine.load_storage(buffer.address, data)
    assert run(kernel, copy_to_user(kernel, mm, BASE + 0x803, source=buffer.address, length=PAGE_SIZE)) == 0
    assert run(kernel, copy_from_user(kernel, mm, other.address, address=BASE + 0x803, length=PAGE_SIZE)) == 0
    assert kernel.machine.read_storage(other.address, PAGE_SIZE) == data
    assert load(kernel, mm, BASE + 0x803) == int.from_bytes(data[:8], "big")
    counts = kernel.machine.counts.instructions
    assert bool(counts["MVCOS"]) == (uaccess == "mvcos")
    assert bool(counts["MVCP"] and counts["MVCS"]) == (uaccess == "std")


@VARIANTS
def test_bad_addresses_end_the_copy_short(make_kernel: MakeKernel, uaccess: str) -> None:
    kernel = make_kernel(uaccess=uaccess)
    mm = process(kernel)
    mmap(mm, BASE, 1)
    buffer = run(kernel, alloc_pages(kernel))
    assert run(kernel, copy_to_user(kernel, mm, BASE + 0xF00, source=buffer.address, length=0x300)) == 0x200
    assert run(kernel, copy_from_user(kernel, mm, buffer.address, address=BASE + 0xF00, length=0x300)) == 0x200
    mmap(mm, BASE + 0x10000, 1, writable=False)
    assert run(kernel, copy_from_user(kernel, mm, buffer.address, address=BASE + 0x10000, length=8)) == 0
    assert run(kernel, copy_to_user(kernel, mm, BASE + 0x10000, source=buffer.address, length=8)) == 8, (
        "write protection"
    )


@VARIANTS
def test_a_discarded_page_of_the_process_is_read_again(
    make_kernel: MakeKernel, file: AddressSpace, uaccess: str
) -> None:
    kernel = make_kernel(uaccess=uaccess)
    mm = process(kernel)
    mmap(mm, BASE, 1, file=file, writable=False)
    cached_page(kernel, file, 0)
    load(kernel, mm, BASE)
    page = page_at(kernel, mm, BASE)
    assert isinstance(page, Page)
    discard(kernel, page)
    buffer = run(kernel, alloc_pages(kernel))
    assert finish_within(kernel, copy_from_user(kernel, mm, buffer.address, address=BASE, length=PAGE_SIZE)) == 0
    assert kernel.machine.read_storage(buffer.address, PAGE_SIZE) == page_content(7, 0, 0)
    assert kernel.machine.counts.program_interruptions[0x1A] == 1


@VARIANTS
def test_a_discarded_target_of_the_process_is_read_again(
    make_kernel: MakeKernel, file: AddressSpace, uaccess: str
) -> None:
    kernel = make_kernel(uaccess=uaccess)
    mm = process(kernel)
    mmap(mm, BASE, 1, file=file, shared=True)
    cached_page(kernel, file, 0)
    load(kernel, mm, BASE)
    page = page_at(kernel, mm, BASE)
    assert isinstance(page, Page)
    discard(kernel, page)
    buffer = run(kernel, alloc_pages(kernel))
    kernel.machine.load_storage(buffer.address, bytes(range(256)))
    # Mapped read-only until the first store: protection comes before the discard fault, and finds the page discarded.
    assert finish_within(kernel, copy_to_user(kernel, mm, BASE + 16, source=buffer.address, length=256)) == 0
    written = page_at(kernel, mm, BASE)
    assert isinstance(written, Page)
    content = page_content(7, 0, 0)
    assert kernel.machine.read_storage(written.address, PAGE_SIZE) == content[:16] + bytes(range(256)) + content[272:]


@VARIANTS
def test_a_discarded_operand_of_the_kernel_is_fixed_up(
    make_kernel: MakeKernel, file: AddressSpace, uaccess: str
) -> None:
    kernel = make_kernel(uaccess=uaccess)
    mm = process(kernel)
    mmap(mm, BASE, 1)
    store(kernel, mm, BASE, 1)
    page = cached_page(kernel, file, 0)
    discard(kernel, page)
    assert finish_within(kernel, read_dev_mem(kernel, mm, BASE, page.frame)) == PAGE_SIZE
    assert finish_within(kernel, copy_from_user(kernel, mm, page.address, address=BASE, length=8)) == 8
    assert page.mapping is file, "nobody has removed it"


@VARIANTS
def test_an_unused_page_of_dev_mem(make_kernel: MakeKernel, uaccess: str) -> None:
    kernel = make_kernel(uaccess=uaccess)
    mm = process(kernel)
    mmap(mm, BASE, 1)
    store(kernel, mm, BASE, 1)
    unused = next(page for page in reversed(kernel.mem_map) if kernel.machine.states.bytes[page.frame] & 0x0C == 0x04)
    assert run(kernel, read_dev_mem(kernel, mm, BASE, unused.frame)) == PAGE_SIZE
    assert kernel.machine.counts.program_interruptions[0x05] == 1


def test_without_a_fix_up_the_kernel_dies(
    make_kernel: MakeKernel, file: AddressSpace, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel = make_kernel()
    mm = process(kernel)
    mmap(mm, BASE, 1)
    store(kernel, mm, BASE, 1)
    page = cached_page(kernel, file, 0)
    discard(kernel, page)
    monkeypatch.setattr("guest_kernel.scripted.cpu.processor.KernelProcessor.fixup", lambda *_: None)
    with pytest.raises(KernelBug, match="discard fault"):
        run(kernel, read_dev_mem(kernel, mm, BASE, page.frame))


@VARIANTS
def test_the_process_goes_on_after_a_copy(make_kernel: MakeKernel, uaccess: str) -> None:
    kernel = make_kernel(uaccess=uaccess)
    mm = process(kernel)
    mmap(mm, BASE, 1)
    store(kernel, mm, BASE, 5)
    buffer = run(kernel, alloc_pages(kernel))
    assert run(kernel, copy_from_user(kernel, mm, buffer.address, address=BASE, length=8)) == 0
    # Control register 1 had the kernel's own space in between.
    assert load(kernel, mm, BASE) == 5


@VARIANTS
def test_what_precedes_a_discarded_operand_is_copied(make_kernel: MakeKernel, file: AddressSpace, uaccess: str) -> None:
    kernel = make_kernel(uaccess=uaccess)
    mm = process(kernel)
    mmap(mm, BASE, 1)
    store(kernel, mm, BASE, 1)
    pages = [cached_page(kernel, file, index) for index in range(8)]
    frames = {page.frame for page in pages}
    second = next(page for page in pages if page.frame - 1 in frames)
    first = kernel.mem_map[second.frame - 1]
    content = page_content(7, pages.index(first), 0)
    discard(kernel, second)
    assert run(kernel, copy_to_user(kernel, mm, BASE, source=second.address - 0x20, length=0x40)) == 0x20
    assert load(kernel, mm, BASE + 0x18) == int.from_bytes(content[-8:], "big")
