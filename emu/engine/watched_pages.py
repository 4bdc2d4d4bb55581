# SPDX-License-Identifier: GPL-2.0-or-later
"""The pages in which accesses are watched: no translation of one is kept, so that each access is asked for.

Compiled code looks into a table of bits, at the place that the page and the kind of access give
(:func:`emu.engine.tables.watched_index`).  A bit may stand for other pages, too: then Python, which knows better, is
asked in vain.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.addresses import PAGE_SHIFT
from emu.bits import MASK_64
from emu.engine.record_limits import WATCHED_BITS
from emu.engine.tables import watched_index
from emu.teid import Access

if TYPE_CHECKING:
    from collections.abc import Collection

    from emu.engine.record import SharedRecord
    from emu.watched_areas import WatchedArea


def _asked_for(area: WatchedArea) -> frozenset[Access]:
    """The kinds of access that must be asked for; where Unicorn may store, it does not ask before it fetches."""
    return area.kinds | {Access.STORE} if Access.FETCH in area.kinds else area.kinds


class WatchedPages:
    """The pages that are watched for one engine."""

    def __init__(self, shared: SharedRecord) -> None:
        """Watch nothing yet."""
        self._record = shared.fields
        self._table = shared.table("watched_pages")
        self._areas: dict[str, tuple[WatchedArea, ...]] = {}

    def watch(self, whose: str, areas: Collection[WatchedArea]) -> bool:
        """Let *areas* be those that *whose* watches, in place of others; give whether that changes anything."""
        before = self._areas.get(whose, ())
        self._areas[whose] = tuple(areas)
        if self._areas[whose] == before:
            return False
        self._record.watches_storage = any(self._areas.values())
        self._table[:] = 0
        for each in (area for areas in self._areas.values() for area in areas):
            first, last = each.first >> PAGE_SHIFT, each.last >> PAGE_SHIFT
            if last - first >= WATCHED_BITS:
                self._table[:] = MASK_64
                break
            for kind in _asked_for(each):
                for page in range(first, last + 1):
                    index = watched_index(page, kind)
                    self._record.watched_pages[index >> 6] |= 1 << (index & 63)
        return True

    def covers(self, address: int, page: int, kind: int) -> bool:
        """Whether an access of this *kind* at *address*, in absolute *page*, may be one that is watched."""
        if not self._record.watches_storage:
            return False
        return any(
            kind in _asked_for(each)
            and each.first >> PAGE_SHIFT
            <= (page if each.is_absolute else address >> PAGE_SHIFT)
            <= each.last >> PAGE_SHIFT
            for areas in self._areas.values()
            for each in areas
        )
