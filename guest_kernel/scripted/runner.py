# SPDX-License-Identifier: GPL-2.0-or-later
"""Carrying out a scenario on a machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from emu.addresses import PAGE_SHIFT
from guest_kernel.scripted import scenario as steps
from guest_kernel.scripted.block_device import page_content
from guest_kernel.scripted.delayed_free import page_shrink_discard_list
from guest_kernel.scripted.expectation import compare, measure
from guest_kernel.scripted.file_read import ReadError, read_page
from guest_kernel.scripted.file_tree import directory_sizes, file_pages
from guest_kernel.scripted.filemap import AddressSpace
from guest_kernel.scripted.kernel import FIRST_FREE_FRAME, Kernel
from guest_kernel.scripted.page_alloc import OutOfMemory, alloc_pages
from guest_kernel.scripted.page_group import PageGroup
from guest_kernel.scripted.scenario import SLAB_GROUP
from guest_kernel.scripted.schedule import run
from guest_kernel.scripted.script import KernelBug
from guest_kernel.scripted.slab import FileSystem

if TYPE_CHECKING:
    from collections.abc import Callable

    from emu.machine import Machine
    from guest_kernel.scripted.expectation import Finding
    from guest_kernel.scripted.page import Page
    from guest_kernel.scripted.scenario import Scenario, ScenarioError, Step
    from guest_kernel.scripted.script import Script


@dataclass(frozen=True, slots=True)
class Point:
    """A named point of a scenario, and the numbers there."""

    name: str
    work: int
    """The machine's virtual time."""
    numbers: dict[str, int]
    """By the names of :data:`guest_kernel.scripted.expectation.NAMES`."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came out of a scenario."""

    points: list[Point]
    findings: list[Finding]

    @property
    def is_as_expected(self) -> bool:
        """Whether all expectations hold."""
        return all(finding.holds for finding in self.findings)


class Listener:
    """Base of those who want to hear how a run goes on: every method does nothing; override what is wanted."""

    def advanced(self, step: Step, pages: int) -> None:
        """*step* has dealt with *pages* more pages."""

    def table_reached(self, point: Point) -> None:
        """A named point has been reached."""

    def compared(self, step: steps.Expect, findings: list[Finding]) -> None:
        """The expectations of *step* were compared with what there is."""

    def host_resized(self, frames: int) -> None:
        """The scenario says that the host has so many *frames* from now on: whoever has made the host sees to it.

        :raises ValueError: if it cannot have them.
        """


class ScenarioFailure(Exception):  # noqa: N818 - the kernel has failed, not the scenario
    """An assertion of the kernel or a check of content does not hold; the message names the step and what was wrong."""


class Interrupted(Exception):  # noqa: N818 - nothing is wrong
    """The machine was asked to stop."""


class Runner:
    """Carries out *scenario* on a *machine* that is as the scenario says.

    :raises ScenarioError: if the kernel does not fit into the machine.
    """

    def __init__(self, scenario: Scenario, machine: Machine, listener: Listener | None = None) -> None:
        if (machine.memory >> PAGE_SHIFT, len(machine.cpus)) != (scenario.machine.pages, scenario.machine.cpus):
            raise ValueError("the machine is not the one that the scenario describes")
        settings = scenario.kernel
        if FIRST_FREE_FRAME + settings.image_pages >= scenario.machine.pages:
            text = f"expected less than {scenario.machine.pages - FIRST_FREE_FRAME:,}, not {settings.image_pages:,}"
            raise scenario.origin.error(text, "kernel", field="image_pages")
        self.scenario = scenario
        self.machine = machine
        self.kernel = Kernel(
            machine,
            patches=frozenset(settings.patches),
            cmma=settings.cmma,
            kernel_pages=settings.image_pages,
        )
        self.files = {file.name: AddressSpace(inode, file.pages) for inode, file in enumerate(scenario.files, 1)}
        self.trees: dict[str, list[AddressSpace]] = {}
        inode = len(self.files) + 1
        for tree in scenario.trees:
            sizes = file_pages(tree)
            self.trees[tree.name] = [AddressSpace(number, size) for number, size in enumerate(sizes, inode)]
            inode += len(sizes)
        self.groups: dict[str, PageGroup] = {}
        self.outcome = Outcome([], [])
        self._file_system = FileSystem(self.kernel, self._group(SLAB_GROUP))
        self._buffers: dict[int, Page] = {}
        """Where each CPU's process reads to."""
        self._listener = listener or Listener()
        self._step: Step = scenario.steps[0]
        self._number = 0
        self._known_directories: set[str] = set()
        self._steps: dict[type[Step], Callable[[Any], None]] = {
            steps.Boot: self._boot,
            steps.Allocate: self._allocate,
            steps.Touch: self._touch,
            steps.Free: self._free,
            steps.Verify: self._verify,
            steps.Read: self._read,
            steps.Grep: self._grep,
            steps.Tick: self._tick,
            steps.ResizeHost: self._resize_host,
            steps.Table: self._table,
            steps.Expect: self._expect,
        }

    def total_pages(self) -> int:
        """About how many pages all steps will have dealt with at the end."""
        return sum(self.step_pages(step) for step in self.scenario.steps)

    def step_pages(self, step: Step) -> int:
        """How many pages *step* deals with, as far as that is known before: what :meth:`Listener.advanced` tells."""
        if isinstance(step, steps.Boot):
            return self.scenario.machine.pages
        if isinstance(step, steps.Allocate | steps.Touch):
            return step.pages
        if isinstance(step, steps.Read):
            return (step.pages or self.files[step.file].size - step.first) * step.times
        if isinstance(step, steps.Grep):
            return sum(file.size for file in self.trees[step.tree]) * step.times
        return 0

    def run(self) -> Outcome:
        """Carry out all steps.

        :raises ScenarioError: if the kernel cannot do one: naming file, line and step.
        :raises ScenarioFailure: if the kernel finds something wrong.
        :raises Interrupted: if the machine is asked to stop.
        :raises guest_kernel.scripted.processor.MachineStopped: if the machine stops.
        """
        for number, step in enumerate(self.scenario.steps, 1):
            self._number, self._step = number, step
            try:
                self._steps[type(step)](step)
            except (ReadError, OutOfMemory) as reason:
                raise self._error(str(reason)) from None
            except KernelBug as reason:
                raise ScenarioFailure(str(self._error(str(reason)))) from reason
        return self.outcome

    def _error(self, text: str) -> ScenarioError:
        return self.scenario.step_error(self._number, text)

    def _run(self, script: Script[Any]) -> Any:
        return run(self.kernel, script, self._step.cpu)

    def _advance(self, pages: int) -> None:
        self._listener.advanced(self._step, pages)
        if self.machine.stop_requested:
            raise Interrupted

    def _group(self, name: str) -> PageGroup:
        if name not in self.groups:
            self.groups[name] = PageGroup(name, len(self.groups) + 1)
        return self.groups[name]

    def _boot(self, step: steps.Boot) -> None:
        # The image is loaded as IPL does it, by a device and without a CPU.
        for frame in range(FIRST_FREE_FRAME, FIRST_FREE_FRAME + self.scenario.kernel.image_pages):
            self.machine.load_storage(frame << PAGE_SHIFT, page_content(0, frame))
        self._run(self.kernel.mem_init())
        self._advance(self.scenario.machine.pages)

    def _allocate(self, step: steps.Allocate) -> None:
        group = self._group(step.group)
        block = 1 << step.order
        touched = step.pages if step.touched is None else step.touched
        for done in range(0, step.pages, block):
            self._run(group.grow(self.kernel, step.order, touched=max(0, min(block, touched - done))))
            self._advance(block)

    def _touch(self, step: steps.Touch) -> None:
        group = self.groups[step.group]
        for _ in range(step.pages):
            self._run(group.touch())
            self._advance(1)

    def _free(self, step: steps.Free) -> None:
        group = self.groups[step.group]
        self._verify_group(group)
        while self._run(group.shrink(self.kernel)):
            self._advance(0)
        del self.groups[step.group]

    def _verify(self, step: steps.Verify) -> None:
        for group in self.groups.values() if step.group is None else [self.groups[step.group]]:
            self._verify_group(group)

    def _verify_group(self, group: PageGroup) -> None:
        for number in range(group.touched):
            self._run(group.verify(number))
            self._advance(0)

    def _read(self, step: steps.Read) -> None:
        mapping = self.files[step.file]
        end = mapping.size if step.pages is None else step.first + step.pages
        for _ in range(step.times):
            self._read_range(mapping, step.first, end)

    def _grep(self, step: steps.Grep) -> None:
        files = self.trees[step.tree]
        tree = self.scenario.tree(step.tree)
        for _ in range(step.times):
            place = 0
            for size in directory_sizes(tree):
                if step.tree not in self._known_directories:
                    self._run(self._file_system.open_directory(size))
                for mapping in files[place : place + size]:
                    self._read_range(mapping, 0, mapping.size)
                place += size
            self._known_directories.add(step.tree)

    def _read_range(self, mapping: AddressSpace, first: int, end: int) -> None:
        """Read the pages from *first* to *end* - 1, one after the other."""
        self._run(self._file_system.open(mapping.inode))
        self._run(self._file_system.index(mapping, first, end))
        buffer = self._buffer()
        for index in range(first, end):
            self._run(read_page(self.kernel, mapping, index, buffer))
            self._advance(1)

    def _buffer(self) -> Page:
        cpu = self._step.cpu
        if cpu not in self._buffers:
            self._buffers[cpu] = self._run(alloc_pages(self.kernel))
        return self._buffers[cpu]

    def _tick(self, step: steps.Tick) -> None:
        for _ in range(step.times):
            self._run(page_shrink_discard_list(self.kernel))

    def _resize_host(self, step: steps.ResizeHost) -> None:
        try:
            self._listener.host_resized(step.frames)
        except ValueError as reason:
            raise self.scenario.step_error(self._number, str(reason), "frames") from None

    def _table(self, step: steps.Table) -> None:
        point = Point(step.name, self.machine.timing.work, measure(self.kernel))
        self.outcome.points.append(point)
        self._listener.table_reached(point)

    def _expect(self, step: steps.Expect) -> None:
        findings = compare(self._number, step, measure(self.kernel))
        self.outcome.findings.extend(findings)
        self._listener.compared(step, findings)
