# SPDX-License-Identifier: GPL-2.0-or-later
"""Steps of processes: what they map, load and store, and how they begin and end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from emu.addresses import PAGE_SIZE
from guest_kernel.scripted.faults import Signal
from guest_kernel.scripted.fork import fork
from guest_kernel.scripted.fremap import remap_file_pages
from guest_kernel.scripted.memory_map import MapError, exit_mmap, mm_create, mmap, munmap
from guest_kernel.scripted.mlock import mlock, munlock
from guest_kernel.scripted.mprotect import mprotect
from guest_kernel.scripted.page_table import TASK_SIZE
from guest_kernel.scripted.settings import ScenarioError, require, require_name
from guest_kernel.scripted.steps.accesses import OFFSET, checked_load, checked_store
from guest_kernel.scripted.steps.step import Step

if TYPE_CHECKING:
    from collections.abc import Callable

    from guest_kernel.scripted.script import Script
    from guest_kernel.scripted.steps.plan import Plan
    from guest_kernel.scripted.steps.world import World

_MOST_PAGES: Final = TASK_SIZE // PAGE_SIZE


def _require_range(step: Mmap | _OfRange) -> None:
    """Check that a step names pages of a process."""
    require_name("process", step.process)
    require("at", step.at, 0, TASK_SIZE - PAGE_SIZE)
    if step.at % PAGE_SIZE:
        raise ScenarioError(f"expected the address of a page, not {step.at:#x}", "at")
    require("pages", step.pages, 1, _MOST_PAGES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Process(Step):
    """A process begins; nothing is mapped in it."""

    do: ClassVar[str] = "process"
    name: str
    cpu: int = 0

    def __post_init__(self) -> None:
        require_name("name", self.name)

    def check(self, plan: Plan) -> None:
        """See :meth:`Step.check`."""
        plan.add_process(self.name, "name")

    def carry_out(self, world: World) -> None:
        """See :meth:`Step.carry_out`."""
        world.processes[self.name] = world.run(mm_create(world.kernel))
        world.expected.begin(self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fork(Step):
    """A process makes a copy of itself."""

    do: ClassVar[str] = "fork"
    process: str
    child: str
    """What the copy is called."""
    cpu: int = 0

    def __post_init__(self) -> None:
        require_name("process", self.process)
        require_name("child", self.child)

    def check(self, plan: Plan) -> None:
        """See :meth:`Step.check`."""
        plan.require_process(self.process)
        plan.add_process(self.child, "child")

    def carry_out(self, world: World) -> None:
        """See :meth:`Step.carry_out`."""
        world.processes[self.child] = world.run(fork(world.kernel, world.processes[self.process]))
        world.expected.fork(self.process, self.child)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exit(Step):
    """A process ends."""

    do: ClassVar[str] = "exit"
    process: str
    cpu: int = 0

    def __post_init__(self) -> None:
        require_name("process", self.process)

    def check(self, plan: Plan) -> None:
        """See :meth:`Step.check`."""
        plan.require_process(self.process)
        plan.processes.remove(self.process)

    def carry_out(self, world: World) -> None:
        """See :meth:`Step.carry_out`."""
        world.run(exit_mmap(world.kernel, world.processes.pop(self.process)))
        world.expected.end(self.process)


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
        _require_range(self)
        if self.file is not None:
            require_name("file", self.file)
        require("first", self.first, 0)
        if self.file is None and self.first:
            raise ScenarioError("expected only with a file", "first")

    def check(self, plan: Plan) -> None:
        """See :meth:`Step.check`."""
        plan.require_process(self.process)
        if self.file is not None:
            # More than the file has may be mapped, but not touched.
            plan.require_pages(self.file, self.first)

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


class _OfRange(Step):
    """What is common to steps about pages of a process."""

    __slots__ = ()
    process: str
    at: int
    pages: int

    def __post_init__(self) -> None:
        _require_range(self)

    def check(self, plan: Plan) -> None:
        """See :meth:`Step.check`."""
        plan.require_process(self.process)


@dataclass(frozen=True, slots=True, kw_only=True)
class Munmap(_OfRange):
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
class Remap(_OfRange):
    """A process lets some pages of a shared mapping of a file be those from another page on (remap_file_pages)."""

    do: ClassVar[str] = "remap"
    process: str
    at: int
    pages: int
    first: int
    """The page of the file that is at *at* from now on."""
    cpu: int = 0

    def __post_init__(self) -> None:
        _require_range(self)
        require("first", self.first, 0)

    def carry_out(self, world: World) -> None:
        """See :meth:`Step.carry_out`."""
        mm = world.processes[self.process]
        try:
            world.run(remap_file_pages(world.kernel, mm, self.at, self.pages, self.first))
        except MapError as reason:
            raise ScenarioError(str(reason), "at") from None
        world.expected.remap(self.process, self.at, self.pages, self.first)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mprotect(_OfRange):
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
class Mlock(_OfRange):
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
class Munlock(_OfRange):
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


class _Accesses(_OfRange):
    """What is common to loads and stores."""

    __slots__ = ()
    times: int
    until: str | None

    def __post_init__(self) -> None:
        _require_range(self)
        require("times", self.times, 1)
        if self.until is not None:
            require_name("until", self.until)
            if (self.pages, self.times) != (1, 1):
                raise ScenarioError("expected only with one page, once", "until")

    def check(self, plan: Plan) -> None:
        """See :meth:`Step.check`."""
        plan.require_process(self.process)
        plan.suspend(self, self.until)

    def size(self, world: World) -> int:
        """See :meth:`Step.size`."""
        return self.pages * self.times

    def _access_all(self, world: World, access: Callable[[World, str, int], Script[None]]) -> None:
        for _ in range(self.times):
            for number in range(self.pages):
                address = self.at + number * PAGE_SIZE + OFFSET
                world.perform(access(world, self.process, address), self.until)
                world.advance(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Load(_Accesses):
    """A process loads a doubleword of each page, and it is checked."""

    do: ClassVar[str] = "load"
    process: str
    at: int
    pages: int = 1
    times: int = 1
    until: str | None = None
    """Go no further than before this operation; ``resume`` goes on."""
    cpu: int = 0

    def carry_out(self, world: World) -> None:
        """See :meth:`Step.carry_out`."""
        self._access_all(world, checked_load)


@dataclass(frozen=True, slots=True, kw_only=True)
class Store(_Accesses):
    """A process stores a doubleword, another one each time, into each page."""

    do: ClassVar[str] = "store"
    process: str
    at: int
    pages: int = 1
    times: int = 1
    until: str | None = None
    """Go no further than before this operation; ``resume`` goes on."""
    cpu: int = 0

    def carry_out(self, world: World) -> None:
        """See :meth:`Step.carry_out`."""
        self._access_all(world, checked_store)
