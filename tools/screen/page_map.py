# SPDX-License-Identifier: GPL-2.0-or-later
"""A map of the pages of a machine: a cell for each page, or for many, with its state or its storage key."""

from __future__ import annotations

from itertools import groupby, islice
from operator import itemgetter
from typing import TYPE_CHECKING, Final

import numpy as np
from rich.text import Text

from emu.addresses import PAGE_SHIFT
from emu.page_states import CONTENT_MASK, USAGE_MASK, Content, Usage, name
from emu.storage_keys import CHANGE, FETCH_PROTECTION, REFERENCE

if TYPE_CHECKING:
    import numpy.typing as npt

    Bytes = npt.NDArray[np.uint8]

_LETTERS: Final = {Usage.STABLE: "S", Usage.UNUSED: "U", Usage.POTENTIALLY_VOLATILE: "P", Usage.VOLATILE: "V"}
_COLOURS: Final = {
    Usage.STABLE: "white on blue",
    Usage.UNUSED: "black on green",
    Usage.POTENTIALLY_VOLATILE: "black on yellow",
    Usage.VOLATILE: "white on magenta",
}
_CHANGED: Final = "bold white on red"
LEGEND: Final = (
    "S stable, U unused, P potentially volatile, V volatile: resident; small and underlined: preserved by the host",
    "small: logically zero (stable: a dot); red: changed by the last command; of many pages, the most frequent not S",
)
KEY_LEGEND: Final = ("the access-control bits; underlined: fetch protection; blue: referenced, yellow: changed",)
_NO_PAGE: Final = 0xFF
"""In a cell that is partly behind the end of the memory."""
_WORTH_A_LOOK: Final = (Usage.VOLATILE, Usage.POTENTIALLY_VOLATILE, Usage.UNUSED)


class PageMap:
    """Which pages are shown, how many in a cell, and on which of them the cursor is."""

    def __init__(self, pages: int) -> None:
        """Show all *pages* of a machine."""
        self._pages = pages
        self.cursor = 0
        """A page."""
        self.shows_keys = False
        """Whether the storage keys are laid over the states."""
        self._zoom: int | None = None
        self._first = 0
        self._width, self._height = 1, 1

    # How much is shown

    def resize(self, width: int, height: int) -> None:
        """Have so many cells."""
        self._width, self._height = max(width, 1), max(height, 1)

    @property
    def _cells(self) -> int:
        return self._width * self._height

    @property
    def _widest(self) -> int:
        """The power of two of pages in a cell with which the whole memory is shown."""
        return max(-(-self._pages // self._cells) - 1, 0).bit_length()

    @property
    def pages_per_cell(self) -> int:
        """How many pages a cell stands for, a power of two."""
        return 1 << (self._widest if self._zoom is None else min(self._zoom, self._widest))

    @property
    def first(self) -> int:
        """The page of the first cell: the cursor is always shown."""
        per_line = self.pages_per_cell * self._width
        line, first = self.cursor // per_line, self._first // per_line
        last = max(-(-self._pages // per_line) - self._height, 0)
        self._first = min(max(min(first, line), line - self._height + 1), last) * per_line
        return self._first

    def zoom(self, by: int) -> None:
        """Show twice as much for each of *by*, or half of it if that is negative, around the cursor."""
        wanted = self.pages_per_cell.bit_length() - 1 + by
        self._zoom = None if wanted >= self._widest else max(wanted, 0)
        self._first = max(self.cursor - self.pages_per_cell * self._cells // 2, 0)

    def move(self, cells: int = 0, lines: int = 0) -> None:
        """Move the cursor."""
        self.show(self.cursor + (cells + lines * self._width) * self.pages_per_cell)

    def show(self, page: int) -> None:
        """Put the cursor on *page*, or the nearest that there is."""
        self.cursor = min(max(page, 0), self._pages - 1)

    # What is shown

    def cell(self, page: int) -> int:
        """The cell that *page* is in; it may be outside what is shown."""
        return (page - self.first) // self.pages_per_cell

    def draw(self, states: Bytes, keys: Bytes, changed: npt.NDArray[np.intp]) -> Text:
        """The cells, those with a page that has *changed* highlighted, and the one under the cursor reversed."""
        drawn = self._key_cells(keys) if self.shows_keys else self._state_cells(states)
        lit = set(np.unique((changed - self.first) // self.pages_per_cell).tolist())
        cursor = self.cell(self.cursor)
        styled = (
            (letter, self._style(style, is_lit=number in lit, is_under_cursor=number == cursor))
            for number, (letter, style) in enumerate(drawn)
        )
        text = Text(no_wrap=True)
        for first in range(0, len(drawn), self._width):
            if first:
                text.append("\n")
            # Neighbours that look the same are one piece, of which a picture has thousands otherwise.
            for style, run in groupby(islice(styled, self._width), key=itemgetter(1)):
                text.append("".join(letter for letter, _ in run), style)
        return text

    @staticmethod
    def _style(style: str, *, is_lit: bool, is_under_cursor: bool) -> str:
        shown = _CHANGED if is_lit else style
        return f"{shown} reverse" if is_under_cursor else shown

    def _in_cells(self, of_pages: Bytes) -> Bytes:
        """What is shown of an array of all pages, a line for each cell."""
        per_cell, first = self.pages_per_cell, self.first
        part = of_pages[first : first + per_cell * self._cells]
        return np.pad(part, (0, -len(part) % per_cell), constant_values=_NO_PAGE).reshape(-1, per_cell)

    def _state_cells(self, states: Bytes) -> list[tuple[str, str]]:
        cells = self._in_cells(states)
        exist = cells != _NO_PAGE
        usages = cells & USAGE_MASK
        shown = np.full(len(cells), int(Usage.STABLE), dtype=np.uint8)
        most = np.zeros(len(cells), dtype=np.intp)
        for usage in _WORTH_A_LOOK:
            count = np.count_nonzero((usages == usage) & exist, axis=1)
            shown[count > most] = usage
            most = np.maximum(most, count)
        of_shown = (usages == shown[:, None]) & exist
        contents = cells & CONTENT_MASK
        resident = (of_shown & (contents == Content.RESIDENT)).any(axis=1)
        preserved = (of_shown & (contents == Content.PRESERVED)).any(axis=1)
        return [
            _state_cell(Usage(usage), is_resident=is_resident, is_preserved=is_preserved)
            for usage, is_resident, is_preserved in zip(
                shown.tolist(), resident.tolist(), preserved.tolist(), strict=True
            )
        ]

    def _key_cells(self, keys: Bytes) -> list[tuple[str, str]]:
        cells = self._in_cells(keys)
        cells = np.where(cells == _NO_PAGE, 0, cells)
        access = (cells >> 4).max(axis=1).tolist()
        bits = np.bitwise_or.reduce(cells, axis=1).tolist()
        return [_key_cell(*each) for each in zip(access, bits, strict=True)]


def _state_cell(usage: Usage, *, is_resident: bool, is_preserved: bool) -> tuple[str, str]:
    letter, colour = _LETTERS[usage], _COLOURS[usage]
    if is_resident:
        return letter, f"bold {colour}"
    if is_preserved:
        return letter.lower(), f"underline {colour}"
    return ("·", "dim") if usage is Usage.STABLE else (letter.lower(), colour)


def _key_cell(access: int, bits: int) -> tuple[str, str]:
    colour = "black on yellow" if bits & CHANGE else "white on blue" if bits & REFERENCE else "dim"
    underline = "underline " if bits & FETCH_PROTECTION else ""
    return f"{access:x}", f"{underline}{colour}"


def totals(states: Bytes) -> str:
    """How many pages there are of each usage."""
    return "  ".join(
        f"{letter} {np.count_nonzero(states & USAGE_MASK == usage):,}" for usage, letter in _LETTERS.items()
    )


def describe(page: int, states: Bytes, keys: Bytes) -> str:
    """The state and the key of *page*."""
    return f"page {page:x} ({page << PAGE_SHIFT:x}): {name(int(states[page]))}, key {int(keys[page]):02x}"
