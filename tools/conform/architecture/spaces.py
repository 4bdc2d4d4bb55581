# SPDX-License-Identifier: GPL-2.0-or-later
"""DAT tables for cases (PoP 3, "Dynamic Address Translation")."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from tools.conform.architecture import layout

INVALID: Final = 0x20
"""Bit 58 of region- and segment-table entries."""
PAGE_INVALID: Final = 0x400
PROTECTED: Final = 0x200
"""DAT protection, bit 54 of segment- and page-table entries, and with EDAT of region-table entries."""
NO_EXECUTION: Final = 0x100
"""Instruction-execution protection, bit 55 of page-table entries."""
COMMON_SEGMENT: Final = 0x10
LARGE: Final = 0x400
"""Format control of segment- and region-third-table entries, bit 53."""
PRIVATE: Final = 0x100
"""Bit 55 of an address-space-control element."""
REAL_SPACE: Final = 0x20
"""Bit 58 of one."""

_ENTRIES: Final = 512
_PAGE_ENTRIES: Final = 256


class TableLevel(IntEnum):
    """Tables, by the table-type bits of their entries; the designation of the highest has the same."""

    SEGMENT = 0
    REGION_THIRD = 1
    REGION_SECOND = 2
    REGION_FIRST = 3

    @property
    def shift(self) -> int:
        """How far to the right its index ends in an address."""
        return 20 + 11 * self


class TableSpace:
    """An address space whose highest table is one of *top*; each of its tables has 512 entries.

    Nothing but the page of the case's code is mapped, to itself.
    """

    def __init__(
        self, top: TableLevel = TableLevel.REGION_THIRD, *, flags: int = 0, origin: int = layout.TABLES
    ) -> None:
        self._top = top
        self._flags = flags
        self._next = origin
        self._tables: dict[tuple[int, int], int] = {}
        self._entries: dict[int, int] = {}
        self._top_origin = self._table(top, 0)
        self.map(layout.CODE, layout.CODE)

    @property
    def asce(self) -> int:
        """The address-space-control element."""
        return self._top_origin | self._flags | self._top << 2

    @property
    def storage(self) -> dict[int | str, int | bytes]:
        """The tables, for :attr:`Case.storage`."""
        found: dict[int | str, int | bytes] = {}
        for (level, _), origin in self._tables.items():
            count = _PAGE_ENTRIES if level < 0 else _ENTRIES
            empty = PAGE_INVALID if level < 0 else INVALID | level << 2
            entries = (self._entries.get(origin + 8 * index, empty) for index in range(count))
            found[origin] = b"".join(entry.to_bytes(8, "big") for entry in entries)
        return found

    def entry_address(self, level: int, virtual: int) -> int:
        """Where the entry of *virtual* in the table of *level* lies, -1 being the page table; the tables are made.

        Bits of the address left of what the highest table covers do not matter.
        """
        virtual &= (1 << self._top.shift + 11) - 1
        origin = self._top_origin
        for each in range(self._top, level - 1, -1):
            index = virtual >> 12 & 0xFF if each < 0 else virtual >> 20 + 11 * each & 0x7FF
            address = origin + 8 * index
            if each == level:
                return address
            origin = self._table(each - 1, virtual >> 20 + 11 * each)
            self._entries.setdefault(address, origin | (each << 2))
        raise ValueError(f"there is no table of level {level}")

    def set(self, level: int, virtual: int, entry: int) -> TableSpace:
        """Make *entry* the whole entry of *virtual* at *level*, what stands in it by default included."""
        self._entries[self.entry_address(level, virtual)] = entry
        return self

    def flag(self, level: int, virtual: int, flags: int) -> TableSpace:
        """Set *flags* in the entry of *virtual* at *level*."""
        self._entries[self.entry_address(level, virtual)] |= flags
        return self

    def map(self, virtual: int, real: int, flags: int = 0) -> TableSpace:
        """Map the page at *virtual* to *real*."""
        return self.set(-1, virtual, real | flags)

    def _table(self, level: int, key: int) -> int:
        if (level, key) not in self._tables:
            self._tables[level, key] = self._next
            self._next += 0x1000
        return self._tables[level, key]


PAGE: Final = -1
"""The level of page tables."""
