# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernel: what it keeps, and its switches."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final

from guest_kernel.scripted.cpu.processor import TEXT_ADDRESS, KernelProcessor, KernelText
from guest_kernel.scripted.state.block_device import BlockDevice
from guest_kernel.scripted.state.discard_lists import DiscardLists
from guest_kernel.scripted.state.history import PageHistory
from guest_kernel.scripted.state.lru_lists import Lru
from guest_kernel.scripted.state.mm_types import Page
from guest_kernel.scripted.state.page_flags import RESERVED
from guest_kernel.scripted.state.rules import ALL_PATCHES, Rules
from guest_kernel.scripted.state.swap_device import SwapDevice
from guest_kernel.scripted.state.zone import Zone

if TYPE_CHECKING:
    from collections.abc import Callable

    from emu.machine import Machine
    from guest_kernel.scripted.cpu.script import Script
    from guest_kernel.scripted.state.balloon import Cmm
    from guest_kernel.scripted.state.mm_types import MmStruct

FIRST_SHMEM_INODE: Final = 1 << 20
"""The numbers from here on are not files, but shared memory."""
FIRST_FREE_FRAME: Final = (TEXT_ADDRESS >> 12) + 1
"""Low core, prefix areas and text lie below."""


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
        self.runs_alone = False
        """Whether its script is run to its end: the places that are passed most often are not yielded then."""
        self.busy_cpus: set[int] = set()
        """CPUs that have a script; the others are idle."""
        self.mem_map = [Page(frame) for frame in range(machine.memory >> 12)]
        self.zone = Zone(cpus)
        self.lru = Lru(cpus)
        self.discard_lists = DiscardLists(cpus)
        self.history = PageHistory(machine)
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
        self.first_free = FIRST_FREE_FRAME + kernel_pages
        """The first frame behind the kernel's image."""
        for page in self.mem_map[: self.first_free]:
            page.flags = RESERVED
        text = KernelText(machine)
        self.processors = [KernelProcessor(machine, cpu, text) for cpu in machine.cpus]

    def note(self, page: Page, event: int, detail: int = 0) -> None:
        """Note what happens to *page*, for a failure to tell."""
        self.history.note(page.frame, event, detail, self.smp_processor_id)
