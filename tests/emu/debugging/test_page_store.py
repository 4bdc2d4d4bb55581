# SPDX-License-Identifier: GPL-2.0-or-later
"""The store of pages: equal contents are kept once, and go with the last table that has them."""

from __future__ import annotations

import numpy as np
import pytest

from emu.debugging.page_store import EMPTY, KeptPages, PageStore, StoreFull
from emu.page_contents import WORDS, PageNumbers, Words


class Pages:
    """Pages whose contents are a number each."""

    def __init__(self, **numbers: int) -> None:
        self.numbers = {int(page.removeprefix("p")): number for page, number in numbers.items()}
        self.read_pages: list[int] = []
        self.written_pages: list[int] = []

    def kept(self) -> PageNumbers:
        return np.array(sorted(self.numbers), dtype=np.int64)

    def suspects(self) -> PageNumbers | None:
        return None

    def read(self, pages: PageNumbers) -> Words:
        self.read_pages += pages.tolist()
        return np.array([[self.numbers.get(page, 0)] * WORDS for page in pages.tolist()], dtype=np.uint64)

    def write(self, pages: PageNumbers, words: Words) -> None:
        self.written_pages += pages.tolist()
        self.numbers.update(zip(pages.tolist(), words[:, 0].tolist(), strict=True))


def numbers(*pages: int) -> PageNumbers:
    return np.array(pages, dtype=np.int64)


def test_what_is_as_before_is_shared() -> None:
    store, pages = PageStore(1 << 20), Pages(p1=10, p2=20, p5=50)
    first = store.take(pages, EMPTY, None)
    assert store.used == 3
    pages.numbers[2] = 21
    second = store.take(pages, first, None)
    assert store.used == 4
    assert (first.slots == second.slots).tolist() == [True, False, True]


def test_a_page_of_zeros_takes_no_room() -> None:
    store, pages = PageStore(1 << 20), Pages(p1=0, p2=2)
    table = store.take(pages, EMPTY, None)
    assert store.used == 1
    pages.numbers = {1: 5, 2: 5}
    store.put(table, pages, EMPTY, None)
    assert pages.numbers == {1: 0, 2: 2}


def test_a_page_that_becomes_zeros_is_not_taken_for_what_it_was() -> None:
    store, pages = PageStore(1 << 20), Pages(p1=1)
    first = store.take(pages, EMPTY, None)
    pages.numbers[1] = 0
    second = store.take(pages, first, None)
    store.put(first, pages, second, None)
    assert pages.numbers == {1: 1}
    store.put(second, pages, first, None)
    assert pages.numbers == {1: 0}


def test_only_suspects_and_new_pages_are_read() -> None:
    store, pages = PageStore(1 << 20), Pages(p1=1, p2=2, p3=3)
    first = store.take(pages, EMPTY, None)
    pages.numbers |= {2: 20, 7: 7}
    pages.read_pages.clear()
    second = store.take(pages, first, numbers(2))
    assert sorted(pages.read_pages) == [2, 7]
    assert second.pages.tolist() == [1, 2, 3, 7]


def test_only_what_differs_is_put_back() -> None:
    store, pages = PageStore(1 << 20), Pages(p1=1, p2=2, p3=3)
    table = store.take(pages, EMPTY, None)
    pages.numbers = {1: 1, 2: 9, 3: 3}
    assert store.put(table, pages, table, None).tolist() == [2]
    pages.numbers[3] = 9
    pages.written_pages.clear()
    store.put(table, pages, table, numbers(3))
    assert (pages.written_pages, pages.numbers) == ([3], {1: 1, 2: 2, 3: 3})


def test_contents_go_with_the_last_table_that_has_them() -> None:
    store, pages = PageStore(1 << 20), Pages(p1=1, p2=2)
    first = store.take(pages, EMPTY, None)
    pages.numbers[1] = 10
    second = store.take(pages, first, None)
    store.release(first)
    assert store.used == 2
    store.hold(second)
    store.release(second)
    assert store.used == 2
    store.release(second)
    assert store.used == 0
    store.release(store.take(Pages(p1=0), EMPTY, None))
    assert store.used == 0


def test_where_there_is_no_room_nothing_changes() -> None:
    store, pages = PageStore(3 * 4096), Pages(p1=1, p2=2)
    first = store.take(pages, EMPTY, None)
    pages.numbers |= {1: 10, 2: 20}
    with pytest.raises(StoreFull):
        store.take(pages, first, None)
    assert (store.used, store.room) == (2, 1)
    store.release(first)
    assert store.take(pages, EMPTY, None).pages.tolist() == [1, 2]


def test_slots_of_pages_that_are_not_there() -> None:
    table = KeptPages(numbers(3, 5), np.array([30, 50], dtype=np.int32))
    assert table.find(numbers(2, 3, 4, 5, 6)).tolist() == [-1, 30, -1, 50, -1]
    assert EMPTY.find(numbers(1)).tolist() == [-1]
