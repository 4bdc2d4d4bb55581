# SPDX-License-Identifier: GPL-2.0-or-later
"""Areas of processes: which page is where, and which area an address lies in."""

from __future__ import annotations

from itertools import count

from guest_kernel.scripted.state.mm_types import MmStruct, Page, VmArea
from guest_kernel.scripted.state.page_table import PageTable

START = 0x2000_0000
END = START + 4 * 4096


def area(mm: MmStruct) -> VmArea:
    return VmArea(mm, START, END, pgoff=7)


def test_a_page_of_a_linear_area_is_where_its_index_says() -> None:
    linear, page = area(MmStruct(PageTable(0x4000), count())), Page(5)
    assert [linear.linear_page_index(START + offset) for offset in (0, 4095, 4096, 3 * 4096)] == [7, 7, 8, 10]
    for index, address in ((7, START), (10, START + 3 * 4096), (6, None), (11, None)):
        page.index = index
        assert linear.address_of(page) == address


def test_an_address_lies_in_one_area_or_none() -> None:
    mm = MmStruct(PageTable(0x4000), count())
    mm.areas = [area(mm)]
    assert mm.find_vma(START) is mm.find_vma(END - 1) is mm.areas[0]
    assert mm.find_vma(START - 1) is mm.find_vma(END) is None


def test_a_failure_shows_counts_and_flags() -> None:
    page = Page(0x123)
    page.count, page.flags = 2, 0x0B
    assert repr(page) == "<page 0x123 count 2 mapcount 0 locked uptodate lru>"
