# SPDX-License-Identifier: GPL-2.0-or-later
"""The map of pages: what a cell shows, zoom, and the cursor."""

from __future__ import annotations

import numpy as np
import pytest

from emu.page_states import Content, Usage
from tools.screen.page_map import PageMap

_NONE = np.empty(0, dtype=np.intp)


def _draw(states: list[int], width: int, height: int = 1, **options: object) -> str:
    pages = PageMap(len(states))
    pages.resize(width, height)
    pages.shows_keys = bool(options.get("keys"))
    array = np.array(states, dtype=np.uint8)
    return pages.draw(array, array, _NONE).plain


@pytest.mark.parametrize(
    ("state", "letter"),
    (
        (Usage.STABLE | Content.RESIDENT, "S"),
        (Usage.STABLE | Content.PRESERVED, "s"),
        (Usage.STABLE | Content.ZERO, "·"),
        (Usage.UNUSED | Content.RESIDENT, "U"),
        (Usage.UNUSED | Content.ZERO, "u"),
        (Usage.POTENTIALLY_VOLATILE | Content.PRESERVED, "p"),
        (Usage.VOLATILE | Content.ZERO, "v"),
    ),
)
def test_the_letter_of_a_page(state: int, letter: str) -> None:
    assert _draw([state], 1) == letter


def test_a_cell_of_many_shows_the_most_frequent_usage_that_is_not_stable() -> None:
    stable, unused, volatile = int(Content.ZERO), int(Usage.UNUSED), int(Usage.VOLATILE | Content.ZERO)
    assert _draw([stable] * 6 + [unused, volatile] + [stable] * 5 + [unused, unused, volatile], 2) == "vU"
    # Behind the end of the memory there is nothing: neither a page, nor a cell.
    assert _draw([stable] * 4 + [unused], 3) == "··U"
    assert _draw([stable, 0, stable], 2, 1) == "S·"


def test_keys() -> None:
    assert _draw([0x00, 0xA6, 0x90, 0x18], 4, keys=True) == "0a91"
    assert _draw([0x00, 0xA6, 0x90, 0x18], 2, keys=True) == "a9"


def test_zoom_stays_around_the_cursor() -> None:
    pages = PageMap(1 << 18)
    pages.resize(40, 10)
    assert pages.pages_per_cell == 1024
    pages.show(0x12345)
    for expected in (512, 256, 128, 64, 32, 16, 8, 4, 2, 1, 1):
        pages.zoom(-1)
        assert pages.pages_per_cell == expected
        assert 0 <= pages.cell(0x12345) < 400
    pages.zoom(20)
    assert (pages.pages_per_cell, pages.first) == (1024, 0)


def test_the_cursor_is_always_shown_and_stays_inside() -> None:
    pages = PageMap(256)
    pages.resize(4, 4)
    pages.zoom(-10)
    for page in (0, 255, 17, 128, 300, -1):
        pages.show(page)
        assert 0 <= pages.cell(pages.cursor) < 16
    assert pages.cursor == 0
    pages.move(lines=1)
    assert pages.cursor == 4
    pages.move(cells=-1)
    assert pages.cursor == 3


def test_what_has_changed_is_lit() -> None:
    pages = PageMap(8)
    pages.resize(4, 1)
    text = pages.draw(np.full(8, Content.ZERO, np.uint8), np.zeros(8, np.uint8), np.array([5]))
    assert [span.start for span in text.spans if "red" in str(span.style)] == [2]
