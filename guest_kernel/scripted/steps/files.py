# SPDX-License-Identifier: GPL-2.0-or-later
"""Steps about files: reading them and searching trees of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from guest_kernel.scripted.file_tree import directory_sizes
from guest_kernel.scripted.settings import require, require_name
from guest_kernel.scripted.steps.step import Step

if TYPE_CHECKING:
    from guest_kernel.scripted.steps.plan import Plan
    from guest_kernel.scripted.steps.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Read(Step):
    """Read a file, or pages of it, and check every byte."""

    do: ClassVar[str] = "read"
    file: str
    first: int = 0
    """The first page that is read."""
    pages: int | None = None
    """How many; None: to the end of the file."""
    times: int = 1
    cpu: int = 0

    def __post_init__(self) -> None:
        require_name("file", self.file)
        require("first", self.first, 0)
        require("pages", self.pages, 1)
        require("times", self.times, 1)

    def check(self, plan: Plan) -> None:
        """See :meth:`Step.check`."""
        plan.require_pages(self.file, self.first, self.pages)

    def size(self, world: World) -> int:
        """See :meth:`Step.size`."""
        return (self.pages or world.files[self.file].size - self.first) * self.times

    def carry_out(self, world: World) -> None:
        """See :meth:`Step.carry_out`."""
        file = world.files[self.file]
        end = file.size if self.pages is None else self.first + self.pages
        for _ in range(self.times):
            world.read_range(file, self.first, end)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grep(Step):
    """Read every file of a tree, and check every byte."""

    do: ClassVar[str] = "grep"
    tree: str
    times: int = 1
    cpu: int = 0

    def __post_init__(self) -> None:
        require_name("tree", self.tree)
        require("times", self.times, 1)

    def check(self, plan: Plan) -> None:
        """See :meth:`Step.check`."""
        plan.require_tree(self.tree)

    def size(self, world: World) -> int:
        """See :meth:`Step.size`."""
        return sum(file.size for file in world.trees[self.tree]) * self.times

    def carry_out(self, world: World) -> None:
        """See :meth:`Step.carry_out`."""
        files = world.trees[self.tree]
        for _ in range(self.times):
            place = 0
            for size in directory_sizes(world.scenario.tree(self.tree)):
                if self.tree not in world.known_directories:
                    world.run(world.file_system.open_directory(size))
                for file in files[place : place + size]:
                    world.read_range(file, 0, file.size)
                place += size
            world.known_directories.add(self.tree)
