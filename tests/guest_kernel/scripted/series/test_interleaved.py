# SPDX-License-Identifier: GPL-2.0-or-later
"""Two CPUs whose kernel code is interleaved at random, on a host that takes frames between any two operations.

Each process has a doubleword of its own in every page, so that what a load must give does not depend on who is first.
"""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from emu.machine import MEGABYTE, Machine
from guest_kernel.scripted.boot import mem_init
from guest_kernel.scripted.cpu.schedule import Running, run
from guest_kernel.scripted.cpu.script import Relax, Script
from guest_kernel.scripted.mm.fork import fork
from guest_kernel.scripted.mm.fremap import remap_file_pages
from guest_kernel.scripted.mm.gup import get_user_pages, put_user_pages
from guest_kernel.scripted.mm.lru import pagevec_lru_add
from guest_kernel.scripted.mm.memory_map import exit_mmap, mmap, munmap
from guest_kernel.scripted.mm.mlock import mlock, munlock
from guest_kernel.scripted.mm.mprotect import mprotect
from guest_kernel.scripted.mm.page_alloc import page_shrink_discard_list
from guest_kernel.scripted.mm.page_writeback import write_cache_pages
from guest_kernel.scripted.mm.vmscan import try_to_free_pages
from guest_kernel.scripted.process.user_access import user_load, user_store
from guest_kernel.scripted.state.block_device import page_content
from guest_kernel.scripted.state.kernel import Kernel
from guest_kernel.scripted.state.mm_types import AddressSpace, MmStruct
from host.page_manager import PageManager
from host.paging_device import PagingDevice
from tests.support.kernel_invariants import check_kernel
from tests.support.processes import BASE, process

PAGE = 4096
PROCESSES = 3
FILE, SHARED, OWN, SHMEM = (range(10), range(10, 20), range(20, 30), range(30, 34))
"""Places of pages in each process: a file mapped privately, one mapped shared, anonymous, and shared memory."""
PLACES = SHMEM.stop
_ROUNDS = 200_000


class Interleaved(RuleBasedStateMachine):
    """What each page must contain is known; two scripts at a time run in any order."""

    cpus = 2
    patches = 6
    frames: int | None = 130
    """What the host has; None is enough."""

    @initialize(accounts=st.booleans())
    def boot(self, accounts: bool) -> None:
        self.device = PagingDevice(None, 2048)
        self.manager = PageManager(self.frames or 600, device=self.device)
        machine = Machine(2 * MEGABYTE, cpus=self.cpus, hypervisor=self.manager.guest())
        self.kernel = Kernel(machine, patches=frozenset(range(1, self.patches + 1)), swap_pages=40)
        run(self.kernel, mem_init(self.kernel))
        self.files = [AddressSpace(inode, 10) for inode in (1, 2)]
        self.files[1].accounts_dirty = accounts
        self.shared: dict[tuple[int, int], int] = {}
        """By page of the shared file and doubleword what was stored."""
        self.own: list[dict[tuple[int, int], int]] = []
        """The same of each process's own pages."""
        self.order: list[dict[int, int]] = []
        """Of each process, the pages of the shared file by place."""
        self.protected: list[bool] = [False] * PROCESSES
        self.stores = 0
        self.processes: list[MmStruct] = []
        for number in range(PROCESSES):
            self.own.append({})
            self.order.append({})
            self.processes.append(process(self.kernel))
            self.map_all(number)

    def teardown(self) -> None:
        if hasattr(self, "device"):
            self.device.close()

    def map_all(self, number: int) -> None:
        mm = self.processes[number]
        mmap(mm, BASE, len(FILE), file=self.files[0])
        mmap(mm, BASE + SHARED.start * PAGE, len(SHARED), file=self.files[1], shared=True)
        mmap(mm, BASE + OWN.start * PAGE, len(OWN))
        mmap(mm, BASE + SHMEM.start * PAGE, len(SHMEM), shared=True)
        self.own[number] = {}
        self.order[number] = {place: place - SHARED.start for place in SHARED}
        self.protected[number] = False

    # What pages contain

    def expected(self, number: int, place: int, word: int) -> int:
        if place in SHARED:
            index = self.order[number][place]
            return self.shared.get((index, word), _of_file(2, index, word))
        initial = _of_file(1, place, word) if place in FILE else 0
        return self.own[number].get((place, word), initial)

    def note_store(self, number: int, place: int, word: int, value: int) -> None:
        if place in SHARED:
            self.shared[self.order[number][place], word] = value
        else:
            self.own[number][place, word] = value

    # Scripts

    def load_some(self, number: int, choice: Random) -> Script[None]:
        for _ in range(choice.randint(1, 6)):
            place, word = choice.randrange(PLACES), number + 1
            found = yield from user_load(self.kernel, self.processes[number], BASE + place * PAGE + 8 * word)
            assert found == self.expected(number, place, word), f"process {number}, place {place}, word {word}"

    def store_some(self, number: int, choice: Random) -> Script[None]:
        for _ in range(choice.randint(1, 6)):
            place, word = choice.randrange(PLACES), number + 1
            if self.protected[number] and place in OWN:
                continue
            self.stores += 1
            value = self.stores
            yield from user_store(self.kernel, self.processes[number], BASE + place * PAGE + 8 * word, value)
            self.note_store(number, place, word, value)

    def get_some(self, number: int, choice: Random) -> Script[None]:
        place = choice.randrange(PLACES - 3)
        write = choice.random() < 0.5 and not self.protected[number]
        mm = self.processes[number]
        pages = yield from get_user_pages(self.kernel, mm, BASE + place * PAGE, 3, write=write)
        for page in pages:
            assert self.kernel.machine.states.bytes[page.frame] & 0x0C == 0, "stable"
        yield from put_user_pages(self.kernel, pages, dirtied=write)

    def lock_some(self, number: int, choice: Random) -> Script[None]:
        # Once locked, the pages of a file stay stable for ever: not too often.
        place, pages = FILE.start if choice.random() < 0.1 else OWN.start, choice.randint(1, 4)
        if not self.protected[number]:
            yield from mlock(self.kernel, self.processes[number], BASE + place * PAGE, pages)
            munlock(self.processes[number], BASE + place * PAGE, pages)

    def protect(self, number: int, choice: Random) -> Script[None]:
        self.protected[number] = not self.protected[number]
        where, writable = BASE + OWN.start * PAGE, not self.protected[number]
        yield from mprotect(self.kernel, self.processes[number], where, len(OWN), writable=writable)

    def remap(self, number: int, choice: Random) -> Script[None]:
        place, index = choice.choice(SHARED), choice.randrange(10)
        yield from remap_file_pages(self.kernel, self.processes[number], BASE + place * PAGE, pages=1, pgoff=index)
        self.order[number][place] = index

    def map_again(self, number: int, choice: Random) -> Script[None]:
        yield from munmap(self.kernel, self.processes[number], BASE, PLACES)
        self.map_all(number)

    def write_back(self, number: int, choice: Random) -> Script[None]:
        yield from write_cache_pages(self.kernel, self.files[1])

    def reclaim(self, number: int, choice: Random) -> Script[None]:
        yield from try_to_free_pages(self.kernel, choice.randint(1, 40))

    def tick(self, number: int, choice: Random) -> Script[None]:
        yield from pagevec_lru_add(self.kernel)
        yield from page_shrink_discard_list(self.kernel)

    # Rules

    @rule(
        first=st.sampled_from(("load_some", "store_some", "get_some", "lock_some", "protect", "remap", "map_again")),
        second=st.sampled_from(("load_some", "store_some", "get_some", "remap", "write_back", "reclaim", "tick")),
        who=st.permutations(range(PROCESSES)),
        seed=st.integers(0, 1 << 32),
    )
    def interleave(self, first: str, second: str, who: list[int], seed: int) -> None:
        choice = Random(seed)
        scripts = [getattr(self, name)(number, choice) for name, number in zip((first, second), who, strict=False)]
        if self.cpus == 1:
            for script in scripts:
                self.go_on([Running(self.kernel, script)], choice)
        else:
            self.go_on([Running(self.kernel, script, cpu) for cpu, script in enumerate(scripts)], choice)

    def go_on(self, running: list[Running[None]], choice: Random) -> None:
        """Run them to their ends, in any order; the host takes something now and then."""
        switches, pressure, current = choice.choice((0.02, 0.2, 0.6)), choice.choice((0, 0.005, 0.05)), running[0]
        for _ in range(_ROUNDS):
            left = [each for each in running if each.next is not None]
            if not left:
                return
            if current.next is None or isinstance(current.next, Relax) or choice.random() < switches:
                current = choice.choice(left)
            if self.frames is not None and choice.random() < pressure:
                if choice.random() < 0.5:
                    self.manager.discard_volatile()
                else:
                    self.manager.reclaim(choice.randint(1, 60))
            current.step()
        pytest.fail(f"they wait for ever: {[each.next for each in running]}")

    @rule(number=st.integers(0, PROCESSES - 1), other=st.integers(1, PROCESSES - 1))
    def fork(self, number: int, other: int) -> None:
        child = (number + other) % PROCESSES
        run(self.kernel, exit_mmap(self.kernel, self.processes[child]))
        self.processes[child] = run(self.kernel, fork(self.kernel, self.processes[number]))
        # What is shared memory of the two from now on is not in this model: the child gets its own.
        run(self.kernel, munmap(self.kernel, self.processes[child], BASE + SHMEM.start * PAGE, len(SHMEM)))
        mmap(self.processes[child], BASE + SHMEM.start * PAGE, len(SHMEM), shared=True)
        self.own[child] = {where: value for where, value in self.own[number].items() if where[0] not in SHMEM}
        self.order[child] = dict(self.order[number])
        self.protected[child] = self.protected[number]

    @rule(cpu=st.integers(0, 1))
    def verify(self, cpu: int) -> None:
        for number, mm in enumerate(self.processes):
            for place in range(PLACES):
                for word in range(1, PROCESSES + 1):
                    found = run(
                        self.kernel, user_load(self.kernel, mm, BASE + place * PAGE + 8 * word), cpu % self.cpus
                    )
                    assert found == self.expected(number, place, word), f"process {number}, place {place}, word {word}"

    @rule()
    def discard_everything(self) -> None:
        self.manager.discard_volatile()

    @invariant()
    def kernel_is_consistent(self) -> None:
        if hasattr(self, "processes") and len(self.processes) == PROCESSES:
            check_kernel(self.kernel, self.processes, BASE, PLACES)


def _of_file(inode: int, index: int, word: int) -> int:
    return int.from_bytes(page_content(inode, index)[8 * word : 8 * word + 8], "big")


class OnOneCpu(Interleaved):
    """One after the other, with the host in between."""

    cpus = 1


class WithoutPressure(Interleaved):
    """The host has enough."""

    frames = None


class AfterPatch3(Interleaved):
    """Without potentially volatile pages, delayed freeing and the shorter minor faults."""

    patches = 3


class AfterPatch5(Interleaved):
    """Without delayed freeing."""

    patches = 5


FEW, MANY = (
    settings(max_examples=examples, stateful_step_count=20, deadline=None, derandomize=True) for examples in (4, 12)
)
TestInterleaved = Interleaved.TestCase
TestInterleaved.settings = MANY
TestOnOneCpu = OnOneCpu.TestCase
TestOnOneCpu.settings = FEW
TestWithoutPressure = WithoutPressure.TestCase
TestWithoutPressure.settings = FEW
TestAfterPatch3 = AfterPatch3.TestCase
TestAfterPatch3.settings = FEW
TestAfterPatch5 = AfterPatch5.TestCase
TestAfterPatch5.settings = FEW


@pytest.mark.long
class TestManyOnOneCpu(OnOneCpu.TestCase):
    settings = MANY


@pytest.mark.long
class TestManyWithoutPressure(WithoutPressure.TestCase):
    settings = MANY


@pytest.mark.long
class TestManyAfterPatch3(AfterPatch3.TestCase):
    settings = MANY


@pytest.mark.long
class TestManyAfterPatch5(AfterPatch5.TestCase):
    settings = MANY
