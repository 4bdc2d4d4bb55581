# SPDX-License-Identifier: GPL-2.0-or-later
"""Steps about files: reading, writing, truncating, searching trees of them; and reclaim of what is cached of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from emu.addresses import PAGE_SIZE
from guest_kernel.scripted.cpu.instructions import MoveLong, Store
from guest_kernel.scripted.mm.file_write import truncate_inode_pages, write_page
from guest_kernel.scripted.mm.page_writeback import write_cache_pages
from guest_kernel.scripted.mm.vmscan import SWAP_CLUSTER_MAX, try_to_free_pages
from guest_kernel.scripted.scenarios.file_tree import directory_sizes
from guest_kernel.scripted.scenarios.settings import MOST_PAGES, ScenarioError, require, require_name
from guest_kernel.scripted.scenarios.steps.step import Step

if TYPE_CHECKING:
    from guest_kernel.scripted.cpu.script import Script
    from guest_kernel.scripted.scenarios.forecast import Forecast
    from guest_kernel.scripted.scenarios.world import World
    from guest_kernel.scripted.state.mm_types import Page

_PERIOD: Final = 32
"""Bytes after which the content of a page of a file is repeated."""
_ATTEMPTS: Final = 4
"""Rounds that free nothing after which reclaim is given up: one finds the pages referenced, the next one does not."""


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
    until: str | None = None
    """Go no further than before this operation; ``resume`` goes on.  Only with one page."""
    cpu: int = 0

    def __post_init__(self) -> None:
        _require_pages(self)
        if self.until is not None:
            require_name("until", self.until)
            if (self.pages, self.times) != (1, 1):
                raise ScenarioError("expected only with one page, once", "until")

    def check(self, forecast: Forecast) -> None:
        """See :meth:`Step.check`."""
        forecast.require_pages(self.file, self.first, self.pages)
        forecast.suspend(self.cpu, self.until)

    def size(self, world: World) -> int:
        """See :meth:`Step.size`."""
        return (self.pages or world.files[self.file].size - self.first) * self.times

    def carry_out(self, world: World) -> None:
        """See :meth:`Step.carry_out`."""
        file = world.files[self.file]
        end = file.size if self.pages is None else self.first + self.pages
        for _ in range(self.times):
            world.read_range(file, self.first, end, self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Write(Step):
    """Write a file, or whole pages of it, each time something else; the disk gets it later."""

    do: ClassVar[str] = "write"
    file: str
    first: int = 0
    """The first page that is written."""
    pages: int | None = None
    """How many; None: to the end of the file."""
    times: int = 1
    cpu: int = 0

    def __post_init__(self) -> None:
        _require_pages(self)

    def check(self, forecast: Forecast) -> None:
        """See :meth:`Step.check`."""
        forecast.require_pages(self.file, self.first, self.pages)

    def size(self, world: World) -> int:
        """See :meth:`Step.size`."""
        return (self.pages or world.files[self.file].size - self.first) * self.times

    def carry_out(self, world: World) -> None:
        """See :meth:`Step.carry_out`."""
        file = world.files[self.file]
        end = file.size if self.pages is None else self.first + self.pages
        world.open(file, self.first, end)
        buffer = world.buffer()
        for _ in range(self.times):
            for index in range(self.first, end):
                content = world.expected.write(file.inode, index)
                world.run(_fill(buffer, content.to_bytes()))
                world.run(write_page(world.kernel, file, index, buffer))
                world.advance(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Writeback(Step):
    """Write what is newer in the cache than on the disk, of a file or (None) of all, to the disk."""

    do: ClassVar[str] = "writeback"
    file: str | None = None
    cpu: int = 0

    def __post_init__(self) -> None:
        if self.file is not None:
            require_name("file", self.file)

    def check(self, forecast: Forecast) -> None:
        """See :meth:`Step.check`."""
        if self.file is not None:
            forecast.require_file(self.file)

    def carry_out(self, world: World) -> None:
        """See :meth:`Step.carry_out`."""
        for file in world.files.values() if self.file is None else [world.files[self.file]]:
            world.run(write_cache_pages(world.kernel, file))
            world.advance(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Truncate(Step):
    """Cut a file: only this many pages of it are left, and the others go, cached or mapped."""

    do: ClassVar[str] = "truncate"
    file: str
    pages: int
    cpu: int = 0

    def __post_init__(self) -> None:
        require_name("file", self.file)
        require("pages", self.pages, 0)

    def check(self, forecast: Forecast) -> None:
        """See :meth:`Step.check`."""
        forecast.require_file(self.file)
        size = forecast.files[self.file]
        if self.pages > size:
            raise ScenarioError(f"{self.file!r} has {size:,} pages and cannot grow: expected no more", "pages")
        forecast.files[self.file] = self.pages

    def carry_out(self, world: World) -> None:
        """See :meth:`Step.carry_out`."""
        file = world.files[self.file]
        world.run(truncate_inode_pages(world.kernel, file, self.pages))
        world.expected.truncate(file.inode, self.pages)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reclaim(Step):
    """The kernel frees this many of the pages that it could do without, the oldest first."""

    do: ClassVar[str] = "reclaim"
    pages: int
    cpu: int = 0

    def __post_init__(self) -> None:
        require("pages", self.pages, 1, MOST_PAGES)

    def size(self, world: World) -> int:
        """See :meth:`Step.size`."""
        return self.pages

    def carry_out(self, world: World) -> None:
        """See :meth:`Step.carry_out`."""
        freed = vain = 0
        while freed < self.pages:
            now = world.run(try_to_free_pages(world.kernel, min(SWAP_CLUSTER_MAX, self.pages - freed)))
            freed += now
            world.advance(now)
            vain = 0 if now else vain + 1
            if vain == _ATTEMPTS:
                raise ScenarioError(f"the kernel can free {freed:,} pages now, and not {self.pages:,}", "pages")


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

    def check(self, forecast: Forecast) -> None:
        """See :meth:`Step.check`."""
        forecast.require_tree(self.tree)

    def size(self, world: World) -> int:
        """See :meth:`Step.size`."""
        return sum(file.size for file in world.trees[self.tree]) * self.times

    def carry_out(self, world: World) -> None:
        """See :meth:`Step.carry_out`."""
        files = world.trees[self.tree]
        for _ in range(self.times):
            place = 0
            for size in directory_sizes(world.tree_settings[self.tree]):
                if self.tree not in world.known_directories:
                    world.run(world.file_system.open_directory(size))
                for file in files[place : place + size]:
                    world.read_range(file, 0, file.size)
                place += size
            world.known_directories.add(self.tree)


def _require_pages(step: Read | Write) -> None:
    """Check that a step names pages of a file."""
    require_name("file", step.file)
    require("first", step.first, 0)
    require("pages", step.pages, 1)
    require("times", step.times, 1)


def _fill(buffer: Page, content: bytes) -> Script[None]:
    """Let a process make the *content*, which has a period of four doublewords, in its *buffer*."""
    for offset in range(0, _PERIOD, 8):
        yield Store(buffer.address + offset, int.from_bytes(content[offset : offset + 8], "big"))
    filled = _PERIOD
    while filled < PAGE_SIZE:
        yield MoveLong(buffer.address + filled, buffer.address, filled)
        filled *= 2
