# SPDX-License-Identifier: GPL-2.0-or-later
"""What steps work on: the kernel on its machine, its files, groups of pages, and what the steps before have left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from guest_kernel.scripted.balloon.cmm import between_scripts
from guest_kernel.scripted.cpu.schedule import Running, run
from guest_kernel.scripted.mm.file_read import read_page
from guest_kernel.scripted.mm.page_alloc import alloc_pages, page_shrink_discard_list
from guest_kernel.scripted.scenarios.checks.expected_content import ExpectedContent
from guest_kernel.scripted.scenarios.checks.page_watcher import PageWatcher
from guest_kernel.scripted.scenarios.file_tree import file_pages
from guest_kernel.scripted.scenarios.outcome import Interrupted, ScenarioOutcome
from guest_kernel.scripted.scenarios.page_group import PageGroup
from guest_kernel.scripted.scenarios.slab import SLAB_GROUP, FileSystem
from guest_kernel.scripted.scenarios.suspended import Suspended
from guest_kernel.scripted.state.kernel import Kernel
from guest_kernel.scripted.state.mm_types import AddressSpace

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from emu.machine import Machine
    from guest_kernel.scripted.cpu.script import Script
    from guest_kernel.scripted.scenarios.settings import File, KernelSettings, Tree
    from guest_kernel.scripted.state.mm_types import MmStruct, Page

_T = TypeVar("_T")


class HostControl(Protocol):
    """What steps ask of whoever made the host under the machine."""

    def host_resized(self, frames: int) -> None:
        """The host has *frames* frames from now on.

        :raises ValueError: if it cannot have them.
        """

    def host_discards(self, pages: Collection[int] | None) -> None:
        """The host drops now what it may drop without I/O of *pages* (absolute page numbers), or (None) of all."""

    def host_evicts(self, page: int) -> bool:
        """The host takes the frame of absolute page *page* now; whether it had one."""
        ...


class World:
    """A kernel with these *settings* on *machine*, with *files* and *trees* on its disk, and what there is in it.

    :param host: whoever made the host.
    :param advanced: called with the number of pages that the step has dealt with since the last call.
    """

    def __init__(
        self,
        machine: Machine,
        settings: KernelSettings,
        files: Sequence[File],
        trees: Sequence[Tree],
        *,
        host: HostControl,
        advanced: Callable[[int], None],
    ) -> None:
        self.settings = settings
        self.machine = machine
        self.host = host
        self._advanced = advanced
        self.kernel = Kernel(
            machine,
            patches=frozenset(self.settings.patches),
            cmma=self.settings.cmma,
            kernel_pages=self.settings.image_pages,
            balloon=self.settings.balloon,
            swap_pages=self.settings.swap_pages,
        )
        self.outcome = ScenarioOutcome([], [])
        self.number = 1
        """Of the step that is being done."""
        self.cpu = 0
        """The CPU that does it."""
        self.files = {file.name: AddressSpace(inode, file.pages) for inode, file in enumerate(files, 1)}
        for file in files:
            self.files[file.name].accounts_dirty = file.dirty_accounting
        self.tree_settings = {tree.name: tree for tree in trees}
        self.trees: dict[str, list[AddressSpace]] = {}
        inode = len(self.files) + 1
        for tree in trees:
            self.trees[tree.name] = [AddressSpace(inode + at, size) for at, size in enumerate(file_pages(tree))]
            inode += len(self.trees[tree.name])
        self.expected = ExpectedContent()
        for mapping in [*self.files.values(), *(mapping for tree in self.trees.values() for mapping in tree)]:
            self.expected.add_file(mapping.inode, mapping.size)
        self.processes: dict[str, MmStruct] = {}
        self.stores = 0
        """How often processes have stored something."""
        self.marks: dict[str, Page] = {}
        """Pages that have been given names."""
        self.suspended: dict[int, Suspended] = {}
        """What CPUs are in the middle of."""
        self.watcher = PageWatcher()
        self._next_tick = self.settings.tick_every or None
        """The work at which there is a timer interruption again."""
        self.known_directories: set[str] = set()
        """The trees whose directories have been read."""
        self.groups: dict[str, PageGroup] = {}
        self.file_system = FileSystem(self.kernel, self.group(SLAB_GROUP))
        self._buffers: dict[int, Page] = {}

    def watch_pages(self) -> None:
        """Have the watcher note what happens to pages, which takes time."""
        self.machine.observers.append(self.watcher)

    def begin(self, number: int, cpu: int, *, only_looks: bool) -> None:
        """The step with this *number* is the one that is being done from now on, by *cpu*."""
        self.number, self.cpu = number, cpu
        if not only_looks:
            self.watcher.begin()

    def perform(self, script: Script[None], until: str | None) -> None:
        """Run *script* on the CPU of the step, to its end or up to *until*.

        :raises ScenarioError: if it does not get there.
        """
        if until is None:
            self.run(script)
            return
        suspended = Suspended(Running(self.kernel, script, self.cpu), self.number)
        self.suspended[self.cpu] = suspended
        suspended.go_on(until)

    def run(self, script: Script[_T]) -> _T:
        """Run *script* on the CPU of the step, and then what comes by itself: the timer, the monitor's requests."""
        result = run(self.kernel, script, self.cpu)
        if self._next_tick is not None and self.machine.timing.work >= self._next_tick:
            self._next_tick = self.machine.timing.work + self.settings.tick_every
            run(self.kernel, page_shrink_discard_list(self.kernel), self.cpu)
        # Whoever is in the middle of something may hold what the balloon would wait for.
        if self.kernel.cmm is not None and not self.kernel.busy_cpus:
            run(self.kernel, between_scripts(self.kernel), self.cpu)
        return result

    def advance(self, pages: int) -> None:
        """Note that the step has dealt with *pages* more pages.

        :raises Interrupted: if the machine was asked to stop.
        """
        self._advanced(pages)
        if self.machine.stop_requested:
            raise Interrupted

    def group(self, name: str) -> PageGroup:
        """The group *name*, a new one if there is none."""
        if name not in self.groups:
            self.groups[name] = PageGroup(name, len(self.groups) + 1)
        return self.groups[name]

    def buffer(self) -> Page:
        """The page into which files are read on the CPU of the step."""
        if self.cpu not in self._buffers:
            self._buffers[self.cpu] = self.run(alloc_pages(self.kernel))
        return self._buffers[self.cpu]

    def open(self, file: AddressSpace, first: int, end: int) -> None:
        """Have the kernel allocate what it needs to have the pages from *first* to *end* - 1 of *file* in its cache."""
        self.run(self.file_system.open(file.inode))
        self.run(self.file_system.index(file, first, end))

    def read_range(self, file: AddressSpace, first: int, end: int, until: str | None = None) -> None:
        """Read the pages from *first* to *end* - 1 of *file*, one after the other, and check them.

        :param until: as for :meth:`perform`.
        """
        self.open(file, first, end)
        buffer = self.buffer()
        for index in range(first, end):
            self.perform(read_page(self.kernel, file, index, buffer=buffer, content=self.expected.file_bytes), until)
            self.advance(1)
