# SPDX-License-Identifier: GPL-2.0-or-later
"""The pages that a translation leads to, told to Unicorn or remembered, since everything was last forgotten.

Python and the compiled callback for fills both note them, in words that pages far apart share
(:func:`emu.engine.tables.held_word`).  To forget them all takes another mark, whatever the size of storage.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from emu.addresses import PAGE_SHIFT
from emu.engine.tables import (
    HELD_BITS,
    HELD_MARK,
    HELD_OWNER,
    HELD_PAGES,
    HELD_WRITABLE,
    LAST_MARK,
    held_index,
    held_owner,
    held_word,
    is_other_held,
)

if TYPE_CHECKING:
    import numpy.typing as npt

    from emu.engine.record import SharedRecord
    from emu.hypervisor import Hypervisor
    from emu.storage import Storage

_FRAME: int = (1 << HELD_WRITABLE) - 1


class HeldPages:
    """The held pages of one engine."""

    def __init__(self, shared: SharedRecord, storage: Storage) -> None:
        """Hold none, and tell compiled code what it needs to note some."""
        self._record = record = shared.fields
        self._table = np.zeros(min(storage.pages, HELD_PAGES), dtype=np.uint64)
        self._words: memoryview[int] = self._table.data
        record.held_address = _address(self._table)
        record.held_mark = 1
        record.code_pages_address = _address(storage.code_flags)
        record.pool_address = storage.hypervisor.frame_address
        _tell_tables(shared, storage.hypervisor)

    def hold(self, page: int, frame: int, *, is_store: bool) -> None:
        """Hold absolute *page*, whose frame is at the offset *frame* in the pool; there is no :meth:`other_page`."""
        self._record.is_holding = 1
        index = held_index(page)
        self._words[index] = held_word(self._record.held_mark, page, frame, self._words[index], is_store)

    def other_page(self, page: int) -> int | None:
        """The page that is held where absolute *page* would be, and must be released before; None if there is none."""
        index, mark = held_index(page), self._record.held_mark
        word = self._words[index]
        if not is_other_held(mark, page, word):
            return None
        return (word >> HELD_OWNER & (1 << HELD_MARK - HELD_OWNER) - 1) << HELD_BITS | index

    @property
    def is_empty(self) -> bool:
        """Whether none is held."""
        return not self._record.is_holding

    @property
    def mark(self) -> int:
        """What distinguishes those that are held now from those of before they were last all released."""
        return self._record.held_mark

    def frame(self, page: int) -> int | None:
        """The offset in the pool at which absolute *page* is held; None if it is not."""
        word = self._words[held_index(page)]
        if word >> HELD_OWNER != held_owner(self._record.held_mark, page):
            return None
        return (word & _FRAME) << PAGE_SHIFT

    def may_write(self, page: int) -> bool:
        """Whether it is held for stores."""
        return self._words[held_index(page)] >> HELD_WRITABLE == held_owner(self._record.held_mark, page) << 1 | 1

    def release(self, page: int) -> None:
        """Hold absolute *page*, which is held, no more."""
        self._words[held_index(page)] = 0

    def release_writable(self, page: int) -> None:
        """Hold absolute *page*, which is held, for stores no more."""
        self._words[held_index(page)] &= ~(1 << HELD_WRITABLE)

    def release_all(self) -> None:
        """Hold none."""
        self._record.is_holding = 0
        if self._record.held_mark == LAST_MARK:
            self._record.held_mark = 0
            self._table.fill(0)
        self._record.held_mark += 1


def _address(array: npt.NDArray[Any] | None) -> int:
    return 0 if array is None else int(array.ctypes.data)


def _tell_tables(shared: SharedRecord, hypervisor: Hypervisor) -> None:
    """Tell compiled code where the host keeps where pages are."""
    record, tables = shared.fields, hypervisor.frame_tables
    record.asks_host = tables is None
    if tables is not None:
        record.locations_address = _address(tables.locations)
        record.referenced_address = _address(tables.referenced)
        record.changed_address = _address(tables.changed)
        record.frame_pages_address = _address(tables.pages)
        record.host_watch_address = _address(tables.watched)
        record.touches_address = _address(tables.touches)
