# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernel: its tables, its switches, and how it takes over the machine."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from emu.page_states import OperationRequest
from emu.program_interruption import ProgramInterruptionCode
from guest_kernel.scripted.balloon.cmm import cmm_init
from guest_kernel.scripted.cpu.instructions import Essa
from guest_kernel.scripted.cpu.processor import TEXT_ADDRESS, KernelText, Processor
from guest_kernel.scripted.cpu.script import ProgramCheck
from guest_kernel.scripted.hinting.delayed_free import DiscardLists
from guest_kernel.scripted.mm.lru import Lru
from guest_kernel.scripted.mm.page_alloc import MAX_ORDER, Zone, free_hot_cold_page, free_pages_ok
from guest_kernel.scripted.state.block_device import BlockDevice
from guest_kernel.scripted.state.history import History
from guest_kernel.scripted.state.page import RESERVED, Page
from guest_kernel.scripted.state.swap import SwapDevice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from emu.machine import Machine
    from guest_kernel.scripted.balloon.cmm import Cmm
    from guest_kernel.scripted.cpu.script import Script
    from guest_kernel.scripted.mm.memory_map import MmStruct

ALL_PATCHES: Final = frozenset(range(1, 7))
FIRST_SHMEM_INODE: Final = 1 << 20
"""The numbers from here on are not files, but shared memory."""
FIRST_FREE_FRAME: Final = (TEXT_ADDRESS >> 12) + 1
"""Low core, prefix areas and text lie below."""


@dataclass(slots=True)
class Rules:
    """Rules that protect against races; each can be switched off, to see the damage that it prevents."""

    state_change_lock: bool = True
    """make_stable waits for a make_volatile that has begun (reference 4.2.3)."""
    discarded_at_mapping: bool = True
    """Whoever sets a page-table entry looks at PG_discarded under the page_table_lock (reference 3.4)."""
    stable_before_slot_is_freed: bool = True
    """A page of the swap cache is made stable before its slot is given up, and keeps the slot if it has been discarded
    (reference 3.4 and 4.3)."""
    check_address_locked: bool = True
    """page_check_address takes the page_table_lock also where it would find nothing (reference 3.4)."""
    discarded_test_and_set: bool = True
    """page_discard removes a page only if PG_discarded was not set before (reference 3.4)."""
    discarded_before_removal: bool = True
    """Whoever removes a page otherwise sets PG_discarded first, and keeps it if the host has discarded the page: then
    it is freed late (reference 3.4)."""
    discarded_before_lru: bool = True
    """A discarded page does not get on an LRU list (reference 3.4)."""
    delayed_free: bool = True
    """A discarded page is freed when every CPU has been enabled once (reference 3.5)."""
    stable_before_clean: bool = True
    """A changed page is made stable before its change bit gets into PG_dirty (reference 2.6, hazard 1)."""
    writable_makes_stable: bool = True
    """A page that cannot be potentially volatile is made stable before a writable entry is set (reference 4.5)."""


class Kernel:
    """A kernel on *machine* with those of the six *patches*.

    :param cmma: the kernel parameter ``cmma=``.
    :param kernel_pages: pages of the kernel's image, which stay reserved.
    :param buffer_heads: whether written pages keep buffer heads, which are stripped when they become inactive
        (max_buffer_heads is 0 with patch 1); until then they stay stable.
    :param balloon: whether it gives the host pages when it is asked to (:mod:`guest_kernel.scripted.balloon.cmm`).
    :param swap_pages: the slots of the kernel's own swap device.
    :param uaccess: how it copies from and to processes: ``std`` (MVCP, MVCS) or ``mvcos``.
    """

    def __init__(
        self,
        machine: Machine,
        *,
        patches: frozenset[int] = ALL_PATCHES,
        cmma: bool = True,
        kernel_pages: int = 0,
        buffer_heads: bool = False,
        balloon: bool = False,
        swap_pages: int = 0,
        uaccess: str = "mvcos",
    ) -> None:
        self.machine = machine
        self.patches = patches if 1 in patches else frozenset[int]()
        """All others build on patch 1."""
        self.rules = Rules()
        if uaccess not in {"std", "mvcos"}:
            raise ValueError(f"uaccess: expected std or mvcos, not {uaccess!r}")
        self.uaccess = uaccess
        self.cmma_flag = cmma
        self.buffer_heads = buffer_heads
        cpus = len(machine.cpus)
        self.smp_processor_id = 0
        """The CPU whose script is running."""
        self.busy_cpus: set[int] = set()
        """CPUs that have a script; the others are idle."""
        self.mem_map = [Page(frame) for frame in range(machine.memory >> 12)]
        self.zone = Zone(cpus)
        self.lru = Lru(cpus)
        self.discard_lists = DiscardLists(cpus)
        self.history = History(machine)
        self.disk = BlockDevice(machine)
        self.swap = SwapDevice(machine, swap_pages)
        self.swap_cache: dict[int, Page] = {}
        """swapper_space: the page of each slot that is in the cache."""
        self.disk.history = self.swap.history = self.history
        self.shmem_inodes = itertools.count(FIRST_SHMEM_INODE)
        self.active_mm: list[MmStruct | None] = [None] * cpus
        """The process whose ASCE each CPU has."""
        self.user_text: Page | None = None
        """The page with the instructions that processes execute, once there is a process."""
        self.external_handlers: dict[int, Callable[[Kernel], Script[None]]] = {}
        """ext_int_hash: what is done in an external interruption, by its code."""
        self.oom_notifiers: list[Callable[[Kernel], Script[int]]] = []
        """Who can free pages when there is no memory left."""
        self.balloon = balloon
        self.cmm: Cmm | None = None
        """The balloon, once it is in use."""
        self.discarded = 0
        """Pages that the host discarded and the kernel found so."""
        self._first_free = FIRST_FREE_FRAME + kernel_pages
        for page in self.mem_map[: self._first_free]:
            page.flags = RESERVED
        text = KernelText(machine)
        self.processors = [Processor(machine, cpu, text) for cpu in machine.cpus]

    def note(self, page: Page, event: int, detail: int = 0) -> None:
        """Note what happens to *page*, for a failure to tell."""
        self.history.note(page.frame, event, detail, self.smp_processor_id)

    def mem_init(self) -> Script[None]:
        """Find out whether there is ESSA (cmma_init), and free all storage that the kernel's image does not need."""
        yield from self.cmma_init()
        for page, order in self.boot_blocks():
            yield from free_pages_ok(self, page, order)
        yield from self.late_init()

    def late_init(self) -> Script[None]:
        """What begins when there is memory to allocate."""
        if self.balloon:
            yield from cmm_init(self)

    def cmma_init(self) -> Script[None]:
        """Find out whether there is ESSA."""
        if self.cmma_flag:
            try:
                yield Essa(OperationRequest.GET_STATE, 0)
            except ProgramCheck as check:
                if check.code != ProgramInterruptionCode.OPERATION:
                    raise
                self.cmma_flag = False

    def boot_blocks(self) -> Iterator[tuple[Page, int]]:
        """The blocks, each by its first page and its order, that are to be freed when the kernel begins."""
        frame, end = self._first_free, len(self.mem_map)
        while frame < end:
            order = min(MAX_ORDER - 1, (frame & -frame).bit_length() - 1)
            while frame + (1 << order) > end:
                order -= 1
            yield self.mem_map[frame], order
            frame += 1 << order

    def free_cold_page(self, page: Page) -> Script[None]:
        """Free a page that is in no cache."""
        yield from free_hot_cold_page(self, page, cold=True)
