# SPDX-License-Identifier: GPL-2.0-or-later
"""What a paging device knows of each slot: whether it is in use, and the checksum of what was written to it."""

from __future__ import annotations

from typing import Final

import numpy as np

_FIRST_CAPACITY: Final = 1024


class SlotTables:
    """Two tables, 5 bytes a slot, for the slots before :attr:`capacity`; none of them is in use at first.

    As arrays they serve many slots together, as views, which are several times as quick, a single one.
    """

    def __init__(self, capacity: int = 0) -> None:
        self.in_use = np.zeros(capacity, np.bool_)
        self.checksums = np.zeros(capacity, np.uint32)
        """The CRC-32 of the page in each slot in use."""
        self._look_at_them()

    @property
    def capacity(self) -> int:
        """The slots that there is room for."""
        return len(self.in_use)

    def have_room(self, slots: int, most: int) -> None:
        """Have room for the first so many *slots* at least, and never for more than *most*.

        It is doubled, so that a device that grows slot by slot costs no more than one that is known from the start.
        """
        if slots > self.capacity:
            grown = SlotTables(min(most, max(_FIRST_CAPACITY, 2 * self.capacity, slots)))
            grown.in_use[: self.capacity], grown.checksums[: self.capacity] = self.in_use, self.checksums
            self.in_use, self.checksums = grown.in_use, grown.checksums
            self._look_at_them()

    def _look_at_them(self) -> None:
        self.is_used = self.in_use.data
        """A view of :attr:`in_use`."""
        self.checksum = self.checksums.data
        """A view of :attr:`checksums`."""
