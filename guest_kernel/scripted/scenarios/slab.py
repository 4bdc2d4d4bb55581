# SPDX-License-Identifier: GPL-2.0-or-later
"""What the kernel keeps of files beside their pages: inodes, dentries, index nodes, and the blocks that describe them.

All of it is stable.  A slab page is allocated when the objects on the others are used up; none is given back, for the
shrinkers of the caches are left out.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

from guest_kernel.scripted.mm.page_alloc import alloc_pages

if TYPE_CHECKING:
    from guest_kernel.scripted.cpu.script import Script
    from guest_kernel.scripted.scenarios.page_group import PageGroup
    from guest_kernel.scripted.state.kernel import Kernel
    from guest_kernel.scripted.state.mm_types import AddressSpace, Page

SLAB_GROUP: Final = "slab"
"""The group of the pages that the kernel needs for files."""
BLOCK_DEVICE: Final = 0
"""The inode number that stands for the disk itself: its blocks hold inodes and directories."""
INODES_PER_BLOCK: Final = 32
"""Inodes of 128 bytes in a block of the disk."""
ENTRIES_PER_BLOCK: Final = 170
"""Entries of a directory, with names of about 16 characters, in a block of the disk."""
_NODE_SHIFT: Final = 6
"""A radix-tree node has 64 slots."""


class SlabCache(Enum):
    """Caches by the number of their objects on a page, as /proc/slabinfo shows it on 64-bit kernels of the time."""

    EXT3_INODE = ("ext3_inode_cache", 5)
    DENTRY = ("dentry_cache", 18)
    RADIX_TREE_NODE = ("radix_tree_node", 7)
    BUFFER_HEAD = ("buffer_head", 40)

    def __init__(self, text: str, per_page: int) -> None:
        self.text = text
        self.per_page = per_page


class FileSystem:
    """What the kernel has in its caches of the file system; its slab pages are in *group*."""

    def __init__(self, kernel: Kernel, group: PageGroup) -> None:
        self._kernel = kernel
        self._group = group
        self._left = dict.fromkeys(SlabCache, 0)
        self._buffers: list[Page] = []
        self._opened: set[int] = set()
        self._nodes: dict[int, set[tuple[int, int]]] = {}

    def allocate(self, cache: SlabCache) -> Script[None]:
        """kmem_cache_alloc: one object more."""
        if not self._left[cache]:
            yield from self._group.grow(self._kernel)
            self._left[cache] = cache.per_page
        self._left[cache] -= 1

    def read_block(self) -> Script[None]:
        """Read a block of the disk into the buffer cache: its page is stable, and stays."""
        page = yield from alloc_pages(self._kernel)
        self._kernel.disk.read(BLOCK_DEVICE, len(self._buffers), page)
        self._buffers.append(page)
        yield from self.allocate(SlabCache.BUFFER_HEAD)

    def open_directory(self, entries: int) -> Script[None]:
        """Read a directory of *entries* entries for the first time."""
        yield from self._look_up()
        for _ in range(-(-entries // ENTRIES_PER_BLOCK)):
            yield from self.read_block()

    def open(self, inode: int) -> Script[None]:
        """Have the *inode* of a file and its name in the caches."""
        if inode not in self._opened:
            self._opened.add(inode)
            yield from self._look_up()
            if len(self._opened) % INODES_PER_BLOCK == 1:
                yield from self.read_block()

    def _look_up(self) -> Script[None]:
        yield from self.allocate(SlabCache.EXT3_INODE)
        yield from self.allocate(SlabCache.DENTRY)

    def index(self, mapping: AddressSpace, first: int, end: int) -> Script[None]:
        """Have the nodes of the radix tree that the pages from *first* to *end* - 1 of the cache hang from.

        A tree that has only page 0 needs none.
        """
        nodes = self._nodes.setdefault(mapping.inode, set())
        shift = _NODE_SHIFT
        while (end - 1) >> (shift - _NODE_SHIFT):
            wanted = {(shift, number) for number in range(first >> shift, ((end - 1) >> shift) + 1)} - nodes
            nodes |= wanted
            for _ in wanted:
                yield from self.allocate(SlabCache.RADIX_TREE_NODE)
            shift += _NODE_SHIFT
