# SPDX-License-Identifier: GPL-2.0-or-later
"""What steps work on: the kernel on its machine, its files, groups of pages, and what the steps before have left."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from guest_kernel.scripted.balloon.cmm import between_scripts
from guest_kernel.scripted.cpu.schedule import Running, run
from guest_kernel.scripted.hinting.delayed_free import page_shrink_discard_list
from guest_kernel.scripted.mm.file_read import read_page
from guest_kernel.scripted.mm.filemap import AddressSpace
from guest_kernel.scripted.mm.page_alloc import alloc_pages
from guest_kernel.scripted.scenarios.checks.expected_content import ExpectedContent
from guest_kernel.scripted.scenarios.checks.page_watcher import PageWatcher
from guest_kernel.scripted.scenarios.file_tree import file_pages
from guest_kernel.scripted.scenarios.listener import Interrupted, Outcome
from guest_kernel.scripted.scenarios.page_group import PageGroup
from guest_kernel.scripted.scenarios.slab import FileSystem
from guest_kernel.scripted.scenarios.steps.memory import SLAB_GROUP
from guest_kernel.scripted.scenarios.steps.points import Expect
from guest_kernel.scripted.scenarios.steps.suspension import Suspended
from guest_kernel.scripted.state.kernel import Kernel

if TYPE_CHECKING:
    from emu.machine import Machine
    from guest_kernel.scripted.cpu.script import Script
    from guest_kernel.scripted.mm.memory_map import MmStruct
    from guest_kernel.scripted.scenarios.listener import Listener
    from guest_kernel.scripted.scenarios.scenario import Scenario
    from guest_kernel.scripted.scenarios.steps.step import Step
    from guest_kernel.scripted.state.page import Page

_T = TypeVar("_T")


class World:
    """The kernel of *scenario* on *machine*, and what there is in it."""

    def __init__(self, scenario: Scenario, machine: Machine, listener: Listener) -> None:
        self.scenario = scenario
        self.settings = scenario.kernel
        self.machine = machine
        self.listener = listener
        self.kernel = Kernel(
            machine,
            patches=frozenset(self.settings.patches),
            cmma=self.settings.cmma,
            kernel_pages=self.settings.image_pages,
            balloon=self.settings.balloon,
            swap_pages=self.settings.swap_pages,
        )
        self.outcome = Outcome([], [])
        self.step: Step = scenario.steps[0]
        """The step that is being done."""
        self.number = 1
        """Its number."""
        self.files = {file.name: AddressSpace(inode, file.pages) for inode, file in enumerate(scenario.files, 1)}
        for file in scenario.files:
            self.files[file.name].accounts_dirty = file.dirty_accounting
        self.trees: dict[str, list[AddressSpace]] = {}
        inode = len(self.files) + 1
        for tree in scenario.trees:
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
        if any(isinstance(step, Expect) and step.page is not None for step in scenario.steps):
            machine.observers.append(self.watcher)
        self._next_tick = self.settings.tick_every or None
        """The work at which there is a timer interruption again."""
        self.known_directories: set[str] = set()
        """The trees whose directories have been read."""
        self.groups: dict[str, PageGroup] = {}
        self.file_system = FileSystem(self.kernel, self.group(SLAB_GROUP))
        self._buffers: dict[int, Page] = {}

    def begin(self, number: int, step: Step) -> None:
        """*step*, with this *number*, is the one that is being done from now on."""
        self.number, self.step = number, step
        if not step.only_looks:
            self.watcher.begin()

    def perform(self, script: Script[None], until: str | None) -> None:
        """Run *script* on the CPU of the step, to its end or up to *until*.

        :raises ScenarioError: if it does not get there.
        """
        if until is None:
            self.run(script)
            return
        suspended = Suspended(Running(self.kernel, script, self.step.cpu), self.number)
        self.suspended[self.step.cpu] = suspended
        suspended.go_on(until)

    def run(self, script: Script[_T]) -> _T:
        """Run *script* on the CPU of the step, and then what comes by itself: the timer, the monitor's requests."""
        result = run(self.kernel, script, self.step.cpu)
        if self._next_tick is not None and self.machine.timing.work >= self._next_tick:
            self._next_tick = self.machine.timing.work + self.settings.tick_every
            run(self.kernel, page_shrink_discard_list(self.kernel), self.step.cpu)
        # Whoever is in the middle of something may hold what the balloon would wait for.
        if self.kernel.cmm is not None and not self.kernel.busy_cpus:
            run(self.kernel, between_scripts(self.kernel), self.step.cpu)
        return result

    def advance(self, pages: int) -> None:
        """Note that the step has dealt with so many more *pages*.

        :raises Interrupted: if the machine was asked to stop.
        """
        self.listener.advanced(self.step, pages)
        if self.machine.stop_requested:
            raise Interrupted

    def group(self, name: str) -> PageGroup:
        """The group *name*, a new one if there is none."""
        if name not in self.groups:
            self.groups[name] = PageGroup(name, len(self.groups) + 1)
        return self.groups[name]

    def buffer(self) -> Page:
        """The page of its own into which whoever executes on the CPU of the step reads files."""
        cpu = self.step.cpu
        if cpu not in self._buffers:
            self._buffers[cpu] = self.run(alloc_pages(self.kernel))
        return self._buffers[cpu]

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
            self.perform(read_page(self.kernel, file, index, buffer, self.expected.file_bytes), until)
            self.advance(1)
