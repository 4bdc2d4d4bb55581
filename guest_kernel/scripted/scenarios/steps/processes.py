# SPDX-License-Identifier: GPL-2.0-or-later
"""Steps of processes: how they begin and end, what they load and store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from emu.addresses import PAGE_SIZE
from guest_kernel.scripted.mm.fork import fork
from guest_kernel.scripted.mm.memory_map import exit_mmap, mm_create
from guest_kernel.scripted.scenarios.settings import ScenarioError, require, require_name
from guest_kernel.scripted.scenarios.steps.accesses import OFFSET, checked_load, checked_store
from guest_kernel.scripted.scenarios.steps.mappings import OfRange, require_range
from guest_kernel.scripted.scenarios.steps.step import Step

if TYPE_CHECKING:
    from collections.abc import Callable

    from guest_kernel.scripted.cpu.script import Script
    from guest_kernel.scripted.scenarios.forecast import Forecast
    from guest_kernel.scripted.scenarios.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Process(Step):
    """A process begins; nothing is mapped in it."""

    do: ClassVar[str] = "process"
    name: str
    cpu: int = 0

    def __post_init__(self) -> None:
        require_name("name", self.name)

    def check(self, forecast: Forecast) -> None:
        """See :meth:`Step.check`."""
        forecast.add_process(self.name, "name")

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

    def check(self, forecast: Forecast) -> None:
        """See :meth:`Step.check`."""
        forecast.require_process(self.process)
        forecast.add_process(self.child, "child")

    def carry_out(self, world: World) -> None:
        """See :meth:`Step.carry_out`."""
        world.processes[self.child] = world.run(fork(world.kernel, world.processes[self.process]))
        world.expected.fork(self.process, self.child)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessExit(Step):
    """A process ends."""

    do: ClassVar[str] = "exit"
    process: str
    cpu: int = 0

    def __post_init__(self) -> None:
        require_name("process", self.process)

    def check(self, forecast: Forecast) -> None:
        """See :meth:`Step.check`."""
        forecast.require_process(self.process)
        forecast.processes.remove(self.process)

    def carry_out(self, world: World) -> None:
        """See :meth:`Step.carry_out`."""
        world.run(exit_mmap(world.kernel, world.processes.pop(self.process)))
        world.expected.end(self.process)


class _Accesses(OfRange):
    """What is common to loads and stores."""

    __slots__ = ()
    times: int
    until: str | None

    def __post_init__(self) -> None:
        require_range(self)
        require("times", self.times, 1)
        if self.until is not None:
            require_name("until", self.until)
            if (self.pages, self.times) != (1, 1):
                raise ScenarioError("expected only with one page, once", "until")

    def check(self, forecast: Forecast) -> None:
        """See :meth:`Step.check`."""
        forecast.require_process(self.process)
        forecast.suspend(self.cpu, self.until)

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
class ProcessLoad(_Accesses):
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
class ProcessStore(_Accesses):
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
