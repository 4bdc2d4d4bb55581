# SPDX-License-Identifier: GPL-2.0-or-later
"""What the kernel keeps of files beside their pages."""

from __future__ import annotations

from guest_kernel.scripted.scenarios.scenario import Grep, Read
from tests.support.counted_scenarios import numbers


def test_reading_a_file_takes_slab_pages() -> None:
    # The buffer of the process, the block with the inode, and a page each of inodes, dentries, nodes and buffer heads.
    booted, found = numbers(), numbers(Read(file="data"))
    assert found["S"] + found["V"] - booted["S"] == 100 + 2 + 4


def test_grep_reads_each_file_of_a_tree_with_its_directories() -> None:
    # 40 files of 2 pages; 3 directories of a block each, and blocks with 32 inodes each.
    booted, found = numbers(), numbers(Grep(tree="tree"))
    assert found["disk-reads"] == 80 + 3 + 2
    # 43 inodes, 5 a page, and dentries, 18 a page; 40 nodes, 7 a page; a page of buffer heads; the buffer.
    slab = 9 + 3 + 6 + 1
    assert found["S"] + found["V"] - booted["S"] == 80 + 5 + slab + 1
    assert numbers(Grep(tree="tree", times=3))["disk-reads"] == found["disk-reads"]
