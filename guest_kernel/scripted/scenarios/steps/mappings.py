# SPDX-License-Identifier: GPL-2.0-or-later
"""Steps about what processes map at their addresses, and what they may do there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from emu.addresses import PAGE_SIZE
from guest_kernel.scripted.mm.faults import Signal
from guest_kernel.scripted.mm.fremap import remap_file_pages
from guest_kernel.scripted.mm.memory_map import MapError, mmap, munmap
from guest_kernel.scripted.mm.mlock import mlock, munlock
from guest_kernel.scripted.mm.mprotect import mprotect
from guest_kernel.scripted.scenarios.settings import ScenarioError, require, require_name
from guest_kernel.scripted.scenarios.steps.step import Step
from guest_kernel.scripted.state.page_table import TASK_SIZE

if TYPE_CHECKING:
    from guest_kernel.scripted.scenarios.forecast import Forecast
    from guest_kernel.scripted.scenarios.world import World

_MOST_PAGES: Final = TASK_SIZE // PAGE_SIZE


def require_range(step: Mmap | OfRange) -> None:
    """Check that a step names pages of a process."""
    require_name("process", step.process)
    require("at", step.at, 0, TASK_SIZE - PAGE_SIZE)
    if step.at % PAGE_SIZE:
        raise ScenarioError(f"expected the address of a page, not {step.at:#x}", "at")
    require("pages", step.pages, 1, _MOST_PAGES)


class OfRange(Step):
    """What is common to steps about pages of a process."""

    __slots__ = ()
    process: str
    at: int
    pages: int

    def __post_init__(self) -> None:
        require_range(self)

    def check(self, forecast: Forecast) -> None:
        """See :meth:`Step.check`."""
        forecast.require_process(self.process)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mmap(Step):
    """A process maps pages of a file, or memory of its own."""

    do: ClassVar[str] = "mmap"
    process: str
    at: int
    """The address of the first page."""
    pages: int
    file: str | None = None
    """None: memory that is zero at first."""
    first: int = 0
    """The page of the file that is mapped at *at*."""
    shared: bool = False
    """Whether what is stored there becomes the file's content."""
    writable: bool = True
    cpu: int = 0

    def __post_init__(self) -> None:
        require_range(self)
        if self.file is not None:
            require_name("file", self.file)
        require("first", self.first, 0)
        if self.file is None and self.first:
            raise ScenarioError("expected only with a file", "first")

    def check(self, forecast: Forecast) -> None:
        """See :meth:`Step.check`."""
        forecast.require_process(self.process)
        if self.file is not None:
            # More than the file has may be mapped, but not touched.
            forecast.require_pages(self.file, self.first)

    def carry_out(self, world: World) -> None:
        """See :meth:`Step.carry_out`."""
        file = None if self.file is None else world.files[self.file]
        mm = world.processes[self.process]
        try:
            mmap(
                mm, self.at, self.pages, file=file, pgoff=self.first, shared=self.shared, writable=self.writable
            )  # fmt: skip
        except MapError as reason:
            raise ScenarioError(str(reason), "at") from None
        inode = None if file is None else file.inode
        world.expected.map(
            self.process,
            self.at,
            self.pages,
            inode=inode,
            first=self.first,
            shared=self.shared,
            writable=self.writable,
        )
        if file is not None:
            world.open(file, self.first, min(self.first + self.pages, file.size))


@dataclass(frozen=True, slots=True, kw_only=True)
class Munmap(OfRange):
    """A process undoes the mappings of some pages."""

    do: ClassVar[str] = "munmap"
    process: str
    at: int
    pages: int
    cpu: int = 0

    def carry_out(self, world: World) -> None:
        """See :meth:`Step.carry_out`."""
        try:
            world.run(munmap(world.kernel, world.processes[self.process], self.at, self.pages))
        except MapError as reason:
            raise ScenarioError(str(reason), "at") from None
        world.expected.unmap(self.process, self.at, self.pages)


@dataclass(frozen=True, slots=True, kw_only=True)
class Remap(OfRange):
    """A process lets some pages of a shared mapping of a file be those from another page on (remap_file_pages)."""

    do: ClassVar[str] = "remap"
    process: str
    at: int
    pages: int
    first: int
    """The page of the file that is at *at* from now on."""
    cpu: int = 0

    def __post_init__(self) -> None:
        require_range(self)
        require("first", self.first, 0)

    def carry_out(self, world: World) -> None:
        """See :meth:`Step.carry_out`."""
        mm = world.processes[self.process]
        try:
            world.run(remap_file_pages(world.kernel, mm, self.at, pages=self.pages, pgoff=self.first))
        except MapError as reason:
            raise ScenarioError(str(reason), "at") from None
        world.expected.remap(self.process, self.at, self.pages, self.first)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mprotect(OfRange):
    """A process may store into some pages from now on, or may no longer."""

    do: ClassVar[str] = "mprotect"
    process: str
    at: int
    pages: int
    writable: bool
    cpu: int = 0

    def carry_out(self, world: World) -> None:
        """See :meth:`Step.carry_out`."""
        mm = world.processes[self.process]
        try:
            world.run(mprotect(world.kernel, mm, self.at, self.pages, writable=self.writable))
        except MapError as reason:
            raise ScenarioError(str(reason), "at") from None
        world.expected.protect(self.process, self.at, self.pages, writable=self.writable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mlock(OfRange):
    """A process has some pages brought into memory, to stay there; with patch 3 the pages of their file stay stable."""

    do: ClassVar[str] = "mlock"
    process: str
    at: int
    pages: int
    cpu: int = 0

    def carry_out(self, world: World) -> None:
        """See :meth:`Step.carry_out`."""
        try:
            world.run(mlock(world.kernel, world.processes[self.process], self.at, self.pages))
        except MapError as reason:
            raise ScenarioError(str(reason), "at") from None
        except Signal as signal:
            raise ScenarioError(f"{self.process}: {signal}", "at") from None
        world.expected.lock(self.process, self.at, self.pages)


@dataclass(frozen=True, slots=True, kw_only=True)
class Munlock(OfRange):
    """A process lets some pages go that it has locked in memory; patch 3 never makes their file's volatile again."""

    do: ClassVar[str] = "munlock"
    process: str
    at: int
    pages: int
    cpu: int = 0

    def carry_out(self, world: World) -> None:
        """See :meth:`Step.carry_out`."""
        try:
            munlock(world.processes[self.process], self.at, self.pages)
        except MapError as reason:
            raise ScenarioError(str(reason), "at") from None
