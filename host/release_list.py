# SPDX-License-Identifier: GPL-2.0-or-later
"""KVM's collaborative block release list (page-hinting reference 6.2)."""

from __future__ import annotations

from typing import ClassVar, Final

from emu.state import Section

ENTRIES: Final = 511
"""How many entries the machine fills by itself; the next ESSA that needs one is intercepted."""


class ReleaseList:
    """The list of one CPU: absolute pages that ESSA made unused or volatile while they were not resident.

    A page may be listed many times, and may have become something else since.
    """

    STATE: ClassVar = Section("block release list", "_pages")

    def __init__(self) -> None:
        self._pages: list[int] = []

    def __len__(self) -> int:
        return len(self._pages)

    def is_full(self) -> bool:
        """Whether there is no room."""
        return len(self._pages) >= ENTRIES

    def append(self, page: int) -> None:
        """List *page*.

        :raises IndexError: if there is no room.
        """
        if self.is_full():
            raise IndexError(f"the block release list has {len(self._pages)} entries already")
        self._pages.append(page)

    def take(self) -> list[int]:
        """All entries, in the order in which they were made; the list is empty afterwards."""
        pages, self._pages = self._pages, []
        return pages
