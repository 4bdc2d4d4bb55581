# SPDX-License-Identifier: GPL-2.0-or-later
"""KVM's collaborative block release list (page-hinting reference 6.2)."""

from __future__ import annotations

from typing import ClassVar, Final

from emu.state import Section

ENTRIES: Final = 511
"""How many entries the machine fills by itself; the next ESSA that needs one is intercepted."""
RESERVED: Final = 1
"""One more, which only the host uses, when it executes ESSA itself with a full list."""


class ReleaseList:
    """The list of one CPU: absolute pages that ESSA made unused or volatile while they were not resident.

    A page may be listed many times, and may have become something else since.
    """

    STATE: ClassVar = Section("block release list", "_pages")

    def __init__(self) -> None:
        self._pages: list[int] = []

    def __len__(self) -> int:
        return len(self._pages)

    def is_full(self, *, by_host: bool = False) -> bool:
        """Whether there is no room, for the machine or, with its reserve, for the host."""
        return len(self._pages) >= ENTRIES + (RESERVED if by_host else 0)

    def append(self, page: int, *, by_host: bool = False) -> None:
        """List *page*.

        :raises IndexError: if there is no room.
        """
        if self.is_full(by_host=by_host):
            raise IndexError(f"the block release list has {len(self._pages)} entries already")
        self._pages.append(page)

    def take(self) -> list[int]:
        """All entries, in the order in which they were made; the list is empty afterwards."""
        pages, self._pages = self._pages, []
        return pages
