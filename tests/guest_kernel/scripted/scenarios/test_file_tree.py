# SPDX-License-Identifier: GPL-2.0-or-later
"""Trees of files: their sizes."""

from __future__ import annotations

import statistics

import pytest

from guest_kernel.scripted.scenarios.file_tree import directory_sizes, file_pages
from guest_kernel.scripted.scenarios.scenario import Tree

SMALL = Tree(name="tree", files=100, directories=7, median_bytes=6000, sigma=1.0, seed=1)
# Trees


def test_a_tree_is_the_same_every_time_and_another_with_another_seed() -> None:
    sizes = file_pages(SMALL)
    assert sizes == file_pages(SMALL)
    assert sizes != file_pages(Tree(name="tree", files=100, median_bytes=6000, sigma=1.0, seed=2))
    assert len(sizes) == 100


def test_sizes_are_distributed_as_described() -> None:
    sizes = file_pages(Tree(name="t", files=5000, median_bytes=40960, sigma=1.0, largest_bytes=409600))
    # Half of the files are larger than the median of 10 pages, one in a hundred about more than ten times as large.
    assert statistics.median(sizes) == pytest.approx(10, abs=1)
    assert max(sizes) == 100
    assert 0.005 < sum(size == 100 for size in sizes) / 5000 < 0.02
    assert min(sizes) >= 1


def test_without_deviation_all_files_are_the_same() -> None:
    assert set(file_pages(Tree(name="t", files=9, median_bytes=4097))) == {2}
    assert set(file_pages(Tree(name="t", files=9, median_bytes=4096))) == {1}


def test_directories_share_the_files() -> None:
    assert directory_sizes(SMALL) == [15, 15, 14, 14, 14, 14, 14]
