# SPDX-License-Identifier: GPL-2.0-or-later
"""Steps about the kernel's own pages: the boot, groups of allocated pages, timer interruptions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from emu.addresses import PAGE_SHIFT
from guest_kernel.scripted.boot import boot_blocks, cmma_init, late_init
from guest_kernel.scripted.mm.page_alloc import free_pages_ok, page_shrink_discard_list
from guest_kernel.scripted.scenarios.settings import ScenarioError, require, require_name
from guest_kernel.scripted.scenarios.slab import SLAB_GROUP
from guest_kernel.scripted.scenarios.steps.accesses import checked_load
from guest_kernel.scripted.scenarios.steps.step import Step
from guest_kernel.scripted.state.block_device import page_content
from guest_kernel.scripted.state.kernel import FIRST_FREE_FRAME

if TYPE_CHECKING:
    from guest_kernel.scripted.scenarios.forecast import Forecast
    from guest_kernel.scripted.scenarios.page_group import PageGroup
    from guest_kernel.scripted.scenarios.world import World

_MAX_ORDER: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Boot(Step):
    """The kernel finds out whether there is ESSA, and frees all storage but its image.  Always the first step."""

    do: ClassVar[str] = "boot"
    cpu: int = 0

    def check(self, forecast: Forecast) -> None:
        """See :meth:`Step.check`."""
        if forecast.number > 1:
            raise ScenarioError("expected only as the first step", "do")

    def size(self, world: World) -> int:
        """See :meth:`Step.size`."""
        return len(world.kernel.mem_map)

    def carry_out(self, world: World) -> None:
        """See :meth:`Step.carry_out`."""
        kernel = world.kernel
        # The image is loaded as IPL does it, by a device and without a CPU.
        end = FIRST_FREE_FRAME + world.settings.image_pages
        for frame in range(FIRST_FREE_FRAME, end):
            world.machine.load_storage(frame << PAGE_SHIFT, page_content(0, frame))
        world.run(cmma_init(kernel))
        world.advance(end)
        for page, order in boot_blocks(kernel):
            world.run(free_pages_ok(kernel, page, order))
            world.advance(1 << order)
        world.run(late_init(kernel))


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocate(Step):
    """Allocate pages for data of the kernel or of processes, and keep them in a group."""

    do: ClassVar[str] = "allocate"
    group: str
    """Slab, page tables, stacks: whatever they are called; several steps may add to a group."""
    pages: int
    """A multiple of the block size that *order* means."""
    order: int = 0
    touched: int | None = None
    """To how many of them, from the first on, something is stored; None: all."""
    cpu: int = 0

    def __post_init__(self) -> None:
        require_name("group", self.group)
        if self.group == SLAB_GROUP:
            raise ScenarioError(f"{SLAB_GROUP!r} is what the kernel itself allocates; expected another name", "group")
        require("pages", self.pages, 1)
        require("order", self.order, 0, _MAX_ORDER)
        if self.pages % (1 << self.order):
            raise ScenarioError(f"expected a multiple of the block of {1 << self.order} pages", "pages")
        require("touched", self.touched, 0, self.pages)

    def check(self, forecast: Forecast) -> None:
        """See :meth:`Step.check`."""
        touched = self.pages if self.touched is None else self.touched
        forecast.untouched[self.group] = forecast.untouched.get(self.group, 0) + self.pages - touched

    def size(self, world: World) -> int:
        """See :meth:`Step.size`."""
        return self.pages

    def carry_out(self, world: World) -> None:
        """See :meth:`Step.carry_out`."""
        group = world.group(self.group)
        block = 1 << self.order
        touched = self.pages if self.touched is None else self.touched
        for done in range(0, self.pages, block):
            world.run(group.grow(world.kernel, self.order, touched=max(0, min(block, touched - done))))
            world.advance(block)


@dataclass(frozen=True, slots=True, kw_only=True)
class Touch(Step):
    """Store to pages of a group to which nothing has been stored, the first ones first."""

    do: ClassVar[str] = "touch"
    group: str
    pages: int
    cpu: int = 0

    def __post_init__(self) -> None:
        require_name("group", self.group)
        require("pages", self.pages, 1)

    def check(self, forecast: Forecast) -> None:
        """See :meth:`Step.check`."""
        forecast.require_group(self.group)
        left = forecast.untouched[self.group]
        if self.pages > left:
            raise ScenarioError(f"only {left:,} pages of {self.group!r} are untouched", "pages")
        forecast.untouched[self.group] = left - self.pages

    def size(self, world: World) -> int:
        """See :meth:`Step.size`."""
        return self.pages

    def carry_out(self, world: World) -> None:
        """See :meth:`Step.carry_out`."""
        group = world.groups[self.group]
        for _ in range(self.pages):
            world.run(group.touch())
            world.advance(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Free(Step):
    """Free the pages of a group after a look at what is in them."""

    do: ClassVar[str] = "free"
    group: str
    cpu: int = 0

    def __post_init__(self) -> None:
        require_name("group", self.group)

    def check(self, forecast: Forecast) -> None:
        """See :meth:`Step.check`."""
        forecast.require_group(self.group)
        del forecast.untouched[self.group]

    def carry_out(self, world: World) -> None:
        """See :meth:`Step.carry_out`."""
        group = world.groups[self.group]
        _verify(world, group)
        while world.run(group.shrink(world.kernel)):
            world.advance(0)
        del world.groups[self.group]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verify(Step):
    """Load from each touched page of a group, and check what is in it; or of all groups and processes."""

    do: ClassVar[str] = "verify"
    group: str | None = None
    process: str | None = None
    """Load what this process, or another one that shares it, has stored, and nothing else."""
    cpu: int = 0

    def __post_init__(self) -> None:
        if self.group is not None and self.process is not None:
            raise ScenarioError("expected either a group or a process", "process")

    def check(self, forecast: Forecast) -> None:
        """See :meth:`Step.check`."""
        if self.group is not None:
            forecast.require_group(self.group)
        if self.process is not None:
            forecast.require_process(self.process)

    def carry_out(self, world: World) -> None:
        """See :meth:`Step.carry_out`."""
        is_everything = self.group is None and self.process is None
        for name, group in world.groups.items():
            if is_everything or name == self.group:
                _verify(world, group)
        for name in world.processes:
            if is_everything or name == self.process:
                for address in world.expected.stored(name):
                    world.run(checked_load(world, name, address))
                    world.advance(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick(Step):
    """Timer interruptions on a CPU: discarded pages whose freeing was delayed get free (patch 6)."""

    do: ClassVar[str] = "tick"
    times: int = 1
    cpu: int = 0

    def __post_init__(self) -> None:
        require("times", self.times, 1)

    def carry_out(self, world: World) -> None:
        """See :meth:`Step.carry_out`."""
        for _ in range(self.times):
            world.run(page_shrink_discard_list(world.kernel))


def _verify(world: World, group: PageGroup) -> None:
    for number in range(group.touched):
        world.run(group.verify(world.kernel, number))
        world.advance(0)
