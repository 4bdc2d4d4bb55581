# SPDX-License-Identifier: GPL-2.0-or-later
"""What may happen to a page of a guest, and who is told of it."""

from __future__ import annotations

from enum import IntFlag
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from emu.program_interruption import ProgramInterruption


class PageEvent(IntFlag):
    """What may happen to a page."""

    DISCARDED = 1
    """The host threw it away, volatile or potentially volatile: the guest has to make its content again."""
    DROPPED = 2
    """The host took its frame without I/O, since it was unused."""
    WRITTEN = 4
    """It was written to the paging device."""
    READ = 8
    """It was read from there."""
    FAULT = 16
    """A discard fault was taken for it."""


EVENT_COUNTERS: Final = {
    PageEvent.DISCARDED: ("discards_volatile", "discards_potentially_volatile"),
    PageEvent.DROPPED: ("discards_unused",),
    PageEvent.WRITTEN: ("page_outs",),
    PageEvent.READ: ("page_ins",),
    PageEvent.FAULT: ("discard_faults",),
}
"""The counters of :class:`host.statistics.GuestStatistics` whose sum is how often each has happened."""


class PageFollower(Protocol):
    """Who wants to know what happens to which page of a guest.

    Of discard faults that compiled code takes nobody is told.
    """

    def lost_frames(
        self,
        pages: NDArray[np.signedinteger],
        *,
        before: NDArray[np.uint8],
        after: NDArray[np.uint8],
        places: NDArray[np.signedinteger],
    ) -> None:
        """The host has taken the frames of *pages*, as :meth:`host.guest.Guest.evicted` has it."""

    def read_in(self, page: int) -> None:
        """The host has read *page* from the paging device."""

    def refused(self, condition: ProgramInterruption) -> None:
        """A program interruption is taken for *condition*, which was raised here."""


class _Nobody:
    """Follows no pages."""

    def lost_frames(
        self,
        pages: NDArray[np.signedinteger],
        *,
        before: NDArray[np.uint8],
        after: NDArray[np.uint8],
        places: NDArray[np.signedinteger],
    ) -> None:
        """See :class:`PageFollower`."""

    def read_in(self, page: int) -> None:
        """See :class:`PageFollower`."""

    def refused(self, condition: ProgramInterruption) -> None:
        """See :class:`PageFollower`."""


NOBODY: Final = _Nobody()
"""Whoever is not followed is followed by this."""
