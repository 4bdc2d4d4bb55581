# SPDX-License-Identifier: GPL-2.0-or-later
"""The pages that engines execute from: copies of guest pages, with traps where an instruction is intercepted.

Data accesses see the guest's own page, since the engine asks separately for each kind of access.  A copy is good until
its guest page is written; the engine makes sure that it hears of that first.
"""

from __future__ import annotations

import ctypes
import mmap
from typing import Final

from emu.addresses import PAGE_SIZE
from emu.storage import Storage

CAPACITY: Final = 1 << 14
"""How many pages of code there can be at a time (64 MB)."""


class CodeFull(Exception):  # noqa: N818 - the engine's cue to start afresh
    """No slot is free."""


class CodePages:
    """The copies, in slots of one memory region that all engines of a machine map."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._memory = mmap.mmap(-1, CAPACITY * PAGE_SIZE)
        self.address = ctypes.addressof(ctypes.c_char.from_buffer(self._memory))
        """Where the region lies in this process."""
        self._marks = mmap.mmap(-1, CAPACITY * PAGE_SIZE)
        self.marks_address = ctypes.addressof(ctypes.c_char.from_buffer(self._marks))
        """Where as many bytes lie that say of each byte there whether a trap begins with it.

        A program may hold the same unassigned opcode; it must not be taken for a trap.
        """
        self._marked: set[int] = set()
        self.bytes = CAPACITY * PAGE_SIZE
        self._slots: dict[int, int] = {}
        self._pages: dict[int, int] = {}
        self._free: list[int] = []
        self._used = 0

    def slot(self, page: int) -> int:
        """The slot that holds the code of absolute *page*, copied now if it was not.

        :raises CodeFull: if all slots are taken.
        """
        found = self._slots.get(page)
        if found is not None:
            return found
        if self._free:
            slot = self._free.pop()
        elif self._used < CAPACITY:
            slot = self._used
            self._used += 1
        else:
            raise CodeFull
        start = slot * PAGE_SIZE
        self._memory[start : start + PAGE_SIZE] = bytes(self._storage.frame_view(page))
        if slot in self._marked:
            self._marked.remove(slot)
            self._marks[start : start + PAGE_SIZE] = bytes(PAGE_SIZE)
        self._slots[page] = slot
        self._pages[slot] = page
        self._storage.code_pages[page] = 1
        return slot

    def find(self, page: int) -> int | None:
        """The slot of *page*, or None."""
        return self._slots.get(page)

    def page(self, slot: int) -> int:
        """The page that *slot* is a copy of."""
        return self._pages[slot]

    def release(self, page: int) -> None:
        """Give up the slot of *page*; the engines have dropped what they translated from it."""
        slot = self._slots.pop(page, None)
        if slot is not None:
            self._free.append(slot)

    def contents(self, slot: int) -> bytes:
        """The bytes of *slot*, traps included."""
        return self._memory[slot * PAGE_SIZE : (slot + 1) * PAGE_SIZE]

    def patch(self, slot: int, offset: int, data: bytes, *, begins: bool) -> None:
        """Put *data*, a trap or a part of one, at *offset* of *slot*; the engines must then drop what they translated.

        :param begins: it is the beginning of the trap.
        """
        start = slot * PAGE_SIZE + offset
        self._memory[start : start + len(data)] = data
        if begins:
            self._marked.add(slot)
            self._marks[start] = 1

    def pages(self) -> list[int]:
        """The pages that have a slot."""
        return list(self._slots)
