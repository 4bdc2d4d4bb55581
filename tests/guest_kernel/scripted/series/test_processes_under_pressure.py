# SPDX-License-Identifier: GPL-2.0-or-later
"""Processes on a host that takes frames: every byte that they load is known, whatever was discarded meanwhile."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from emu.machine import MEGABYTE, Machine
from guest_kernel.scripted.boot import mem_init
from guest_kernel.scripted.cpu.schedule import run
from guest_kernel.scripted.mm.faults import Signal
from guest_kernel.scripted.mm.file_write import truncate_inode_pages
from guest_kernel.scripted.mm.fork import fork
from guest_kernel.scripted.mm.lru import pagevec_lru_add
from guest_kernel.scripted.mm.memory_map import MapError, exit_mmap, mmap, munmap
from guest_kernel.scripted.mm.page_alloc import page_shrink_discard_list
from guest_kernel.scripted.mm.page_writeback import write_cache_pages
from guest_kernel.scripted.mm.vmscan import try_to_free_pages
from guest_kernel.scripted.process.user_access import user_load, user_store
from guest_kernel.scripted.scenarios.checks.expected_content import ExpectedContent
from guest_kernel.scripted.state.kernel import Kernel
from guest_kernel.scripted.state.mm_types import AddressSpace, MmStruct
from host.page_manager import PageManager
from host.paging_device import PagingDevice
from tests.support.kernel_invariants import check_kernel
from tests.support.processes import BASE, check_file_page, load, process, store

PAGE = 4096


@pytest.mark.parametrize(("cpus", "patches"), ((1, 6), (2, 6), (1, 4), (1, 1)))
def test_mapped_files_are_discarded_and_read_again(cpus: int, patches: int) -> None:
    with PagingDevice(None, 2048) as device:
        manager = PageManager(220, device=device)
        machine = Machine(2 * MEGABYTE, cpus=cpus, hypervisor=manager.guest())
        kernel = Kernel(machine, patches=frozenset(range(1, patches + 1)))
        run(kernel, mem_init(kernel))
        file = AddressSpace(3, 300)
        processes = [process(kernel) for _ in range(cpus)]
        for mm in processes:
            mmap(mm, BASE, file.size, file=file)
            mmap(mm, BASE + (file.size << 12), 20)
            for number in range(20):
                store(kernel, mm, BASE + (file.size + number << 12), number + 1)
        for turn in range(3):
            for index in range(file.size):
                cpu = (index + turn) % cpus
                check_file_page(kernel, processes[cpu], BASE + index * PAGE, file.inode, index, cpu=cpu)
        for mm in processes:
            for number in range(20):
                assert load(kernel, mm, BASE + (file.size + number << 12)) == number + 1
        # Mapped volatile pages were discarded, processes met that, and the pages came from the disk again.
        assert machine.counts.program_interruptions[0x1A] > 100
        assert kernel.discarded > 100
        assert kernel.disk.reads > 2 * file.size
        # Nothing of them was paged by the host: that was kept for what is stable.
        assert manager.guests[0].statistics.discards_volatile > 100
        for mm in processes:
            run(kernel, exit_mmap(kernel, mm))
        assert all(not page.mapcount for page in kernel.mem_map)


def test_without_hints_the_host_has_to_page() -> None:
    with PagingDevice(None, 2048) as device:
        manager = PageManager(220, device=device)
        machine = Machine(2 * MEGABYTE, hypervisor=manager.guest())
        kernel = Kernel(machine, patches=frozenset())
        run(kernel, mem_init(kernel))
        file = AddressSpace(3, 300)
        mm = process(kernel)
        mmap(mm, BASE, file.size, file=file)
        for _ in range(2):
            for index in range(file.size):
                check_file_page(kernel, mm, BASE + index * PAGE, file.inode, index)
        assert machine.counts.program_interruptions[0x1A] == 0
        assert kernel.disk.reads == file.size
        assert manager.guests[0].statistics.discards_volatile == 0
        assert device.used > 0


class Processes(RuleBasedStateMachine):
    """Processes that map files and anonymous memory, a host that takes frames, and a kernel that reclaims."""

    cpus = 1
    patches = 6
    places = 40
    """Pages of a process that may be mapped."""
    accounts_dirty = True

    @initialize()
    def boot(self) -> None:
        self.device = PagingDevice(None, 2048)
        self.manager = PageManager(160, device=self.device)
        machine = Machine(2 * MEGABYTE, cpus=self.cpus, hypervisor=self.manager.guest())
        self.kernel = Kernel(machine, patches=frozenset(range(1, self.patches + 1)), swap_pages=24)
        run(self.kernel, mem_init(self.kernel))
        self.files = [AddressSpace(inode, 60) for inode in (1, 2)]
        self.expected = ExpectedContent()
        for file in self.files:
            file.accounts_dirty = self.accounts_dirty
            self.expected.add_file(file.inode, file.size)
        self.processes: list[MmStruct] = []
        for number in range(2):
            self.processes.append(process(self.kernel))
            self.expected.begin(number)
            self.map_something(number)

    def map_something(self, number: int) -> None:
        """Map both files, one to be shared, and something of the process's own; and load everything."""
        self.map(number, 0, 15, "private", 0, 20 * number, writable=True)
        self.map(number, 15, 15, "shared", 1, 10 * number, writable=True)
        self.map(number, 35, 5, "anonymous", 0, 0, writable=True)
        self.load(number, 0, 40, 0)
        run(self.kernel, pagevec_lru_add(self.kernel))

    def teardown(self) -> None:
        if hasattr(self, "kernel"):
            self.device.close()

    @rule(
        number=st.integers(0, 1),
        place=st.integers(0, 39),
        pages=st.integers(1, 12),
        what=st.sampled_from(("anonymous", "private", "shared")),
        file=st.integers(0, 1),
        pgoff=st.integers(0, 55),
        writable=st.booleans(),
    )
    def map(self, number: int, place: int, pages: int, what: str, file: int, pgoff: int, writable: bool) -> None:
        mapping = None if what == "anonymous" else self.files[file]
        where = BASE + place * PAGE
        options = {} if mapping is None else {"file": mapping, "pgoff": pgoff, "shared": what == "shared"}
        mm = self.processes[number]
        overlaps = any(mm.find_vma(where + page * PAGE) for page in range(pages))
        try:
            mmap(mm, where, pages, writable=writable, **options)  # type: ignore[arg-type]
        except MapError:
            assert overlaps
        else:
            assert not overlaps
            inode = None if mapping is None else mapping.inode
            first = 0 if mapping is None else pgoff
            shared = what == "shared"
            self.expected.map(number, where, pages, inode=inode, first=first, shared=shared, writable=writable)

    @rule(number=st.integers(0, 1), place=st.integers(0, 39), pages=st.integers(1, 12))
    def unmap(self, number: int, place: int, pages: int) -> None:
        mm = self.processes[number]
        try:
            run(self.kernel, munmap(self.kernel, mm, BASE + place * PAGE, pages))
        except MapError:
            return
        self.expected.unmap(number, BASE + place * PAGE, pages)

    @rule(number=st.integers(0, 1), first=st.integers(0, 39), pages=st.integers(1, 20), cpu=st.integers(0, 1))
    def load(self, number: int, first: int, pages: int, cpu: int) -> None:
        for place in range(first, min(first + pages, self.places)):
            address = BASE + place * PAGE + 8
            script = user_load(self.kernel, self.processes[number], address)
            refusal = self.expected.refusal(number, address)
            if refusal is not None:
                with pytest.raises(Signal, match=refusal):
                    run(self.kernel, script, cpu % self.cpus)
            else:
                assert run(self.kernel, script, cpu % self.cpus) == self.expected.load(number, address)

    @rule(
        number=st.integers(0, 1), first=st.integers(0, 39), pages=st.integers(1, 6), value=st.integers(1, 1 << 60),
        cpu=st.integers(0, 1),
    )  # fmt: skip
    def store(self, number: int, first: int, pages: int, value: int, cpu: int) -> None:
        mm = self.processes[number]
        for place in range(first, min(first + pages, self.places)):
            address = BASE + place * PAGE + 8
            script = user_store(self.kernel, mm, address, value + place)
            refusal = self.expected.refusal(number, address, is_store=True)
            if refusal is not None:
                # A read-only page past the end of a file is refused for the one or the other.
                with pytest.raises(Signal):
                    run(self.kernel, script, cpu % self.cpus)
                continue
            run(self.kernel, script, cpu % self.cpus)
            self.expected.store(number, address, value + place)

    @rule(number=st.integers(0, 1))
    def exit(self, number: int) -> None:
        run(self.kernel, exit_mmap(self.kernel, self.processes[number]))
        self.processes[number] = process(self.kernel)
        self.expected.begin(number)
        self.map_something(number)

    @rule(number=st.integers(0, 1))
    def fork(self, number: int) -> None:
        run(self.kernel, exit_mmap(self.kernel, self.processes[1 - number]))
        self.processes[1 - number] = run(self.kernel, fork(self.kernel, self.processes[number]))
        self.expected.fork(number, 1 - number)

    @rule(file=st.integers(0, 1))
    def write_back(self, file: int) -> None:
        mapping = self.files[file]
        run(self.kernel, write_cache_pages(self.kernel, mapping))
        if self.accounts_dirty:
            for index in range(mapping.size):
                stored = self.kernel.disk.content(mapping.inode, index)
                assert stored == self.expected.file_bytes(mapping.inode, index)

    @rule(file=st.integers(0, 1), size=st.integers(30, 60))
    def truncate(self, file: int, size: int) -> None:
        mapping = self.files[file]
        run(self.kernel, truncate_inode_pages(self.kernel, mapping, min(size, mapping.size)))
        self.expected.truncate(mapping.inode, size)

    @rule(wanted=st.integers(1, 40))
    def reclaim(self, wanted: int) -> None:
        run(self.kernel, try_to_free_pages(self.kernel, wanted))

    @rule(cpu=st.integers(0, 1))
    def tick(self, cpu: int) -> None:
        run(self.kernel, pagevec_lru_add(self.kernel), cpu=cpu % self.cpus)
        run(self.kernel, page_shrink_discard_list(self.kernel), cpu=cpu % self.cpus)

    @rule(wanted=st.integers(1, 160))
    def squeeze(self, wanted: int) -> None:
        self.manager.reclaim(wanted)

    @rule()
    def discard_everything(self) -> None:
        self.manager.discard_volatile()

    @invariant()
    def what_must_not_be_lost_is_stable(self) -> None:
        if not hasattr(self, "kernel"):
            return
        check_kernel(self.kernel, self.processes, BASE, self.places)


class ProcessesOnTwoCpus(Processes):
    """The same on two CPUs."""

    cpus = 2


class ProcessesAfterPatch3(Processes):
    """The same without potentially volatile pages, and with a state change at each minor fault."""

    patches = 3


class ProcessesWithoutDirtyAccounting(Processes):
    """The same with files whose pages are mapped writable at once: only the change bit tells what was stored."""

    accounts_dirty = False


FEW, MANY = (
    settings(max_examples=examples, stateful_step_count=25, deadline=None, derandomize=True) for examples in (4, 10)
)
TestProcesses = Processes.TestCase
TestProcesses.settings = MANY
TestProcessesOnTwoCpus = ProcessesOnTwoCpus.TestCase
TestProcessesOnTwoCpus.settings = FEW
TestProcessesAfterPatch3 = ProcessesAfterPatch3.TestCase
TestProcessesAfterPatch3.settings = FEW
TestProcessesWithoutDirtyAccounting = ProcessesWithoutDirtyAccounting.TestCase
TestProcessesWithoutDirtyAccounting.settings = FEW


@pytest.mark.long
class TestManyProcessesOnTwoCpus(ProcessesOnTwoCpus.TestCase):
    settings = MANY


@pytest.mark.long
class TestManyProcessesAfterPatch3(ProcessesAfterPatch3.TestCase):
    settings = MANY


@pytest.mark.long
class TestManyProcessesWithoutDirtyAccounting(ProcessesWithoutDirtyAccounting.TestCase):
    settings = MANY
