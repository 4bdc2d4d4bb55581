# SPDX-License-Identifier: GPL-2.0-or-later
"""The files of a directory tree that a scenario describes by their number and the distribution of their sizes."""

from __future__ import annotations

import math
from random import Random
from typing import TYPE_CHECKING

from emu.addresses import PAGE_SIZE

if TYPE_CHECKING:
    from guest_kernel.scripted.scenarios.settings import Tree


def file_pages(tree: Tree) -> list[int]:
    """The size of each file of *tree*, in pages; the same ones every time.

    Sizes of source files are distributed about log-normally (general knowledge): many small ones, few large ones.
    """
    random = Random(tree.seed)
    middle = math.log(tree.median_bytes)
    pages = []
    for _ in range(tree.files):
        size = min(random.lognormvariate(middle, tree.sigma), tree.largest_bytes)
        pages.append(max(1, math.ceil(size / PAGE_SIZE)))
    return pages


def directory_sizes(tree: Tree) -> list[int]:
    """How many files each directory has: as even as can be."""
    least, rest = divmod(tree.files, tree.directories)
    return [least + (number < rest) for number in range(tree.directories)]
