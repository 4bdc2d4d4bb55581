# SPDX-License-Identifier: GPL-2.0-or-later
"""The discard fault: the page goes and is read again; step 2 (reference 3.2): whose operand was it?"""

from __future__ import annotations

import pytest

from emu.addresses import PAGE_SIZE
from emu.lowcore import PREFIX_AREA_SIZE
from guest_kernel.scripted.cpu.schedule import Running, run
from guest_kernel.scripted.mm.memory_map import mmap
from guest_kernel.scripted.mm.page_alloc import alloc_pages
from guest_kernel.scripted.process.uaccess import copy_from_user, copy_to_user
from guest_kernel.scripted.process.user_access import user_load
from guest_kernel.scripted.state.block_device import page_content
from guest_kernel.scripted.state.kernel import Kernel
from guest_kernel.scripted.state.mm_types import AddressSpace, Page
from tests.guest_kernel.scripted.conftest import MakeKernel, cached_page, discard, finish_within, state
from tests.support.mapped_files import PAGE, at_point, first_doubleword, mapped
from tests.support.processes import BASE, check_file_page, entry, load, page_at, process, store

VARIANTS = pytest.mark.parametrize("uaccess", ("std", "mvcos"))


@VARIANTS
def test_the_target_in_the_process(make_kernel: MakeKernel, file: AddressSpace, uaccess: str) -> None:
    kernel = make_kernel(uaccess=uaccess)
    mm = process(kernel)
    file.accounts_dirty = False
    mmap(mm, BASE, 1, file=file, shared=True)
    page = cached_page(kernel, file, 0)
    load(kernel, mm, BASE)
    assert page_at(kernel, mm, BASE) is page
    assert state(kernel, page) == "Pr"
    # Mapped writable, never stored into: the host may take it, and a store meets no protection before.
    kernel.machine.states.bytes[page.frame] = 0x0F
    kernel.machine.configuration.translations.page_changed(page.frame)
    buffer = run(kernel, alloc_pages(kernel))
    kernel.machine.load_storage(buffer.address, bytes(range(256)))
    assert finish_within(kernel, copy_to_user(kernel, mm, BASE + 16, source=buffer.address, length=256)) == 0
    assert kernel.machine.counts.program_interruptions[0x1A] == 1
    again = page_at(kernel, mm, BASE)
    assert isinstance(again, Page)
    content = page_content(7, 0)
    assert kernel.machine.read_storage(again.address, PAGE_SIZE) == content[:16] + bytes(range(256)) + content[272:]


@VARIANTS
def test_the_kernels_operand_where_the_other_is_mapped(
    make_kernel: MakeKernel, file: AddressSpace, uaccess: str
) -> None:
    kernel = make_kernel(uaccess=uaccess)
    mm = process(kernel)
    mmap(mm, BASE, 1)
    store(kernel, mm, BASE, 5)
    page = cached_page(kernel, file, 0)
    discard(kernel, page)
    assert finish_within(kernel, copy_to_user(kernel, mm, BASE, source=page.address, length=8)) == 8
    assert finish_within(kernel, copy_from_user(kernel, mm, page.address, address=BASE, length=8)) == 8
    assert load(kernel, mm, BASE) == 5
    assert page.mapping is file


def test_a_fault_of_a_process_is_not_about_the_kernels_operand(make_kernel: MakeKernel, file: AddressSpace) -> None:
    kernel = make_kernel()
    mm = process(kernel)
    mmap(mm, BASE, 1, file=file, writable=False)
    page = cached_page(kernel, file, 0)
    load(kernel, mm, BASE)
    discard(kernel, page)
    # Whatever the process executes: its LG is none of the copies, for which the kernel would die.
    expected = int.from_bytes(page_content(7, 0)[:8], "big")
    assert finish_within(kernel, user_load(kernel, mm, BASE)) == expected
    assert kernel.machine.counts.program_interruptions[0x1A] == 1


def test_the_operand_is_real_and_the_fault_tells_an_absolute_address(make_kernel: MakeKernel) -> None:
    kernel = make_kernel(cpus=2)
    mm = process(kernel)
    mmap(mm, BASE, 1)
    store(kernel, mm, BASE, 1, cpu=1)
    prefix = kernel.machine.cpus[1].prefix
    assert prefix == PREFIX_AREA_SIZE
    # Real page 1 of CPU 1 is the second page of its prefix area, and what is there in absolute storage is CPU 0's.
    frame = prefix + PAGE_SIZE >> 12
    kernel.machine.states.bytes[frame] = 0x0F
    kernel.machine.configuration.translations.page_changed(frame)
    assert finish_within(kernel, Running(kernel, copy_to_user(kernel, mm, BASE, source=PAGE_SIZE, length=8), 1)) == 8
    assert kernel.machine.counts.program_interruptions[0x1A] == 1


# Discard faults


@pytest.mark.parametrize("patches", (frozenset({1}), frozenset(range(1, 5)), frozenset(range(1, 7))))
def test_a_discarded_page_is_read_again(make_kernel: MakeKernel, file: AddressSpace, patches: frozenset[int]) -> None:
    kernel = make_kernel(patches=patches)
    mm, page = mapped(kernel, file)
    other = process(kernel)
    mmap(other, BASE + PAGE, 1, file=file)
    check_file_page(kernel, other, BASE + PAGE, file.inode, 0)
    reads = kernel.disk.reads
    discard(kernel, page)
    check_file_page(kernel, mm, BASE, file.inode, 0)
    assert kernel.machine.counts.program_interruptions[0x1A] == 1
    assert kernel.disk.reads == reads + 1
    new = file.pages[0]
    assert new is not page
    assert page_at(kernel, mm, BASE) is new
    # Removed from everywhere, and of all processes.
    assert (page.count, page.mapcount, page.mapping) == (0, 0, None)
    assert entry(kernel, other, BASE + PAGE) == 0x400
    check_file_page(kernel, other, BASE + PAGE, file.inode, 0)
    assert kernel.machine.counts.program_interruptions[0x1A] == 1
    assert new.mapcount == 2


def test_a_store_finds_the_page_discarded(kernel: Kernel, file: AddressSpace) -> None:
    mm, page = mapped(kernel, file)
    discard(kernel, page)
    store(kernel, mm, BASE + 8, 0x5555)
    assert load(kernel, mm, BASE) == first_doubleword(file, 0)
    assert load(kernel, mm, BASE + 8) == 0x5555


def test_a_page_that_was_discarded_before_it_is_mapped(kernel: Kernel, file: AddressSpace) -> None:
    # Patch 5: the fault maps it without looking, and the access meets a discard fault.
    page = cached_page(kernel, file, 0)
    discard(kernel, page)
    mm = process(kernel)
    mmap(mm, BASE, 1, file=file)
    check_file_page(kernel, mm, BASE, file.inode, 0)
    assert kernel.machine.counts.program_interruptions[0x1A] == 1
    assert kernel.discarded == 1


def test_without_patch_5_the_fault_finds_out(make_kernel: MakeKernel, file: AddressSpace) -> None:
    kernel = make_kernel(patches=frozenset({1, 2, 3, 4}))
    page = cached_page(kernel, file, 0)
    discard(kernel, page)
    mm = process(kernel)
    mmap(mm, BASE, 1, file=file)
    check_file_page(kernel, mm, BASE, file.inode, 0)
    assert kernel.machine.counts.program_interruptions[0x1A] == 0
    assert kernel.discarded == 1


def test_two_cpus_meet_the_same_discarded_page(make_kernel: MakeKernel, file: AddressSpace) -> None:
    kernel = make_kernel(cpus=2)
    first, page = mapped(kernel, file)
    second = process(kernel)
    mmap(second, BASE, 1, file=file)
    check_file_page(kernel, second, BASE, file.inode, 0)
    discard(kernel, page)
    running = [Running(kernel, user_load(kernel, mm, BASE), cpu=cpu) for cpu, mm in enumerate((first, second))]
    for each in running:
        each.until(at_point("do_discard_fault: has the page"))
    assert running[0].finish() == running[1].finish() == first_doubleword(file, 0)
    assert kernel.machine.counts.program_interruptions[0x1A] == 2
    # The count was zero when the second handler looked.
    assert kernel.discarded == 1
    assert file.pages[0].mapcount == 2
