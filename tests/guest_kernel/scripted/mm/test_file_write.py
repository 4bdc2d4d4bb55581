# SPDX-License-Identifier: GPL-2.0-or-later
"""Writing, writeback and truncation: what is newer than the disk is stable, and no write is ever lost."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from emu.machine import MEGABYTE, Machine
from emu.page_states import CONTENT_MASK, USAGE_MASK
from guest_kernel.scripted.boot import mem_init
from guest_kernel.scripted.cpu.schedule import run
from guest_kernel.scripted.mm.faults import Signal
from guest_kernel.scripted.mm.file_read import ReadError, read_cache_page
from guest_kernel.scripted.mm.file_write import truncate_inode_pages, write_page
from guest_kernel.scripted.mm.page_alloc import alloc_pages, page_shrink_discard_list, put_page_check
from guest_kernel.scripted.mm.page_writeback import write_cache_pages
from guest_kernel.scripted.mm.vmscan import shrink_active_list, try_to_free_pages
from guest_kernel.scripted.state import page_flags as flags
from guest_kernel.scripted.state.block_device import page_content
from guest_kernel.scripted.state.kernel import Kernel
from guest_kernel.scripted.state.mm_types import AddressSpace
from host.page_manager import PageManager
from host.paging_device import PagingDevice
from tests.guest_kernel.scripted.conftest import MakeKernel, cached_page, discard, state
from tests.support.mapped_files import PAGE, mapped
from tests.support.processes import BASE, check_file_page, load
from tests.support.written_files import content, filled_buffer, written_page


def test_a_written_page_that_was_discarded_comes_from_the_disk(kernel: Kernel, file: AddressSpace) -> None:
    page = written_page(kernel, file, 3, 1)
    run(kernel, write_cache_pages(kernel, file))
    discard(kernel, page)
    assert content(kernel, file, 3) == page_content(file.inode, 3, 1)


def test_writing_makes_a_volatile_page_stable(kernel: Kernel, file: AddressSpace) -> None:
    page = cached_page(kernel, file, 3)
    assert state(kernel, page) == "Vr"
    assert written_page(kernel, file, 3, 1) is page
    assert state(kernel, page) == "Sr"
    assert content(kernel, file, 3) == page_content(file.inode, 3, 1)


def test_writing_a_discarded_page_needs_no_read(kernel: Kernel, file: AddressSpace) -> None:
    page = cached_page(kernel, file, 3)
    discard(kernel, page)
    reads = kernel.disk.reads
    assert written_page(kernel, file, 3, 1) is not page
    assert kernel.disk.reads == reads


def test_buffer_heads_keep_a_page_stable_until_it_becomes_inactive(make_kernel: MakeKernel, file: AddressSpace) -> None:
    kernel = make_kernel(buffer_heads=True)
    page = written_page(kernel, file, 3, 1)
    run(kernel, write_cache_pages(kernel, file))
    assert page.flags & flags.PRIVATE
    assert state(kernel, page) == "Sr"
    kernel.lru.remove(page)
    page.flags |= flags.ACTIVE
    kernel.lru.add(page)
    run(kernel, shrink_active_list(kernel, 1))
    assert not page.flags & flags.PRIVATE
    # Offset 1 does not match while the page is isolated; the next use makes it volatile.
    assert state(kernel, page) == "Sr"
    content(kernel, file, 3)
    assert state(kernel, page) == "Vr"


def test_truncation_removes_dirty_clean_and_discarded_pages(kernel: Kernel, file: AddressSpace) -> None:
    pages = [cached_page(kernel, file, index) for index in range(4)]
    written_page(kernel, file, 2, 1)
    discard(kernel, pages[3])
    run(kernel, truncate_inode_pages(kernel, file, 1))
    assert list(file.pages) == [0]
    assert [page.count for page in pages] == [1, 0, 0, 0]
    assert kernel.disk.writes == 0
    assert kernel.discard_lists.per_cpu[0] == [pages[3]]
    with pytest.raises(ReadError, match="has 1 pages, and no page 1"):
        content(kernel, file, 1)


def test_writing_past_the_end_is_an_error(kernel: Kernel, file: AddressSpace) -> None:
    with pytest.raises(ReadError, match="has 64 pages, and no page 64"):
        run(kernel, write_page(kernel, file, 64, filled_buffer(kernel, bytes(4096))))


class Files(RuleBasedStateMachine):
    """Reads, writes, writeback, reclaim, truncation and a host under pressure, against a model of the contents."""

    cpus = 1

    @initialize()
    def boot(self) -> None:
        self.device = PagingDevice(None, 1024)
        self.manager = PageManager(120, device=self.device)
        machine = Machine(MEGABYTE, cpus=self.cpus, hypervisor=self.manager.guest())
        self.kernel = Kernel(machine, buffer_heads=True)
        run(self.kernel, mem_init(self.kernel))
        self.files = [AddressSpace(inode, 200) for inode in (1, 2)]
        self.versions: dict[tuple[int, int], int] = {}
        self.buffer = run(self.kernel, alloc_pages(self.kernel))

    def teardown(self) -> None:
        self.device.close()

    @rule(file=st.integers(0, 1), first=st.integers(0, 199), count=st.integers(1, 60), cpu=st.integers(0, 1))
    def read(self, file: int, first: int, count: int, cpu: int) -> None:
        mapping = self.files[file]
        for index in range(first, min(first + count, mapping.size)):
            page = run(self.kernel, read_cache_page(self.kernel, mapping, index), cpu=cpu % self.cpus)
            expected = page_content(mapping.inode, index, self.versions.get((mapping.inode, index), 0))
            assert self.kernel.machine.read_storage(page.address, 4096) == expected
            run(self.kernel, put_page_check(self.kernel, page), cpu=cpu % self.cpus)

    @rule(file=st.integers(0, 1), first=st.integers(0, 199), count=st.integers(1, 20), version=st.integers(1, 9))
    def write(self, file: int, first: int, count: int, version: int) -> None:
        mapping = self.files[file]
        for index in range(first, min(first + count, mapping.size)):
            self.kernel.machine.load_storage(self.buffer.address, page_content(mapping.inode, index, version))
            run(self.kernel, write_page(self.kernel, mapping, index, self.buffer))
            self.versions[mapping.inode, index] = version

    @rule(file=st.integers(0, 1))
    def write_back(self, file: int) -> None:
        run(self.kernel, write_cache_pages(self.kernel, self.files[file]))

    @rule(wanted=st.integers(1, 40))
    def reclaim(self, wanted: int) -> None:
        run(self.kernel, try_to_free_pages(self.kernel, wanted))

    @rule(cpu=st.integers(0, 1))
    def tick(self, cpu: int) -> None:
        run(self.kernel, page_shrink_discard_list(self.kernel), cpu=cpu % self.cpus)

    @rule(wanted=st.integers(1, 120))
    def squeeze(self, wanted: int) -> None:
        self.manager.reclaim(wanted)

    @rule()
    def discard_everything(self) -> None:
        self.manager.discard_volatile()

    @invariant()
    def what_is_dirty_is_stable(self) -> None:
        if not hasattr(self, "kernel"):
            return
        states = self.kernel.machine.states.bytes
        for page in self.kernel.mem_map:
            usage = states[page.frame] & USAGE_MASK
            if page.flags & (flags.DIRTY | flags.WRITEBACK | flags.LOCKED | flags.PRIVATE):
                assert usage == 0, page
            if page.count == 0 and not page.flags & flags.RESERVED:
                is_delayed = page.flags & flags.DISCARDED
                assert is_delayed or usage == 0x04, page
            assert (usage, states[page.frame] & CONTENT_MASK) in {
                (0, 0), (0, 2), (0, 3), (4, 0), (4, 3), (8, 0), (12, 0), (12, 3),
            }  # fmt: skip


class FilesOnTwoCpus(Files):
    """The same on two CPUs."""

    cpus = 2


SETTINGS = settings(max_examples=40, stateful_step_count=30, deadline=None, derandomize=True)
TestFiles = Files.TestCase
TestFiles.settings = SETTINGS
TestFilesOnTwoCpus = FilesOnTwoCpus.TestCase
TestFilesOnTwoCpus.settings = SETTINGS


def test_truncated_pages_are_unmapped(kernel: Kernel, file: AddressSpace) -> None:
    mm, _page = mapped(kernel, file)
    load(kernel, mm, BASE + PAGE)
    gone = file.pages[1]
    run(kernel, truncate_inode_pages(kernel, file, 1))
    assert (gone.mapcount, gone.mapping) == (0, None)
    with pytest.raises(Signal, match="SIGBUS"):
        load(kernel, mm, BASE + PAGE)
    check_file_page(kernel, mm, BASE, file.inode, 0)
