# SPDX-License-Identifier: GPL-2.0-or-later
"""The ballooner's monitor, for comparison with page hinting.

Without hints the host cannot know which pages a guest could do without, so somebody has to find out how much each can
spare and ask for it.  On z/VM that was VMRM Cooperative Memory Management (VMRM-CMM): the VM Resource Manager looked at
CP's monitor data (system and storage domains), recognised that storage was short, worked out how much each of the
guests in its configuration file should release, and told them by the command SMSG, with the keyword SHRINK; a guest
gave the pages up by DIAGNOSE 0x10 (IBM, "VM Resource Manager (VMRM) Cooperative Memory Management", 2008).

How it worked the amounts out is not public: the rule of :func:`requests` is ours.  Two things are simpler than there.
The text is ``SHRINK n`` for *n* more pages, where Linux (arch/s390/mm/cmm.c) takes ``CMM SHRINK n`` for *n* pages in
all; and nothing is ever given back to a guest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from emu.devices.messages import SpecialMessages
from emu.state import Section, typed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from host.guest import Guest
    from host.page_manager import PageManager

SMALLEST_REQUEST: Final = 16
"""Pages: fewer are not worth an interruption of the guest."""
LARGEST_SHARE: Final = 8
"""A guest is asked for at most one in so many of its resident pages at a time."""
TARGET_SHARE: Final = 16
"""One in so many frames of the pool should be free."""


@dataclass(frozen=True, slots=True)
class Observation:
    """What the monitor knows of a guest: its resident pages now, and what the host has paged since the last look.

    That is all there is to estimate a working set with: what is resident, and whether that is too little.
    """

    resident: int
    page_ins: int = 0
    page_outs: int = 0


def requests(observations: Mapping[int, Observation], free: int, target: int) -> dict[int, int]:
    """How many pages to ask each guest for, by its number; a guest that is not asked is not in it.

    The pool is tight if fewer than *target* frames are *free*, or if the host has paged.  Then what is wanted is the
    frames missing from the target, and one more for every page that had to come back or to go, whichever are more,
    since each was a frame that the pool did not have.  The guests share it by their resident pages, within bounds: at
    least :data:`SMALLEST_REQUEST`, at most one in :data:`LARGEST_SHARE` of the resident pages; a guest too small for
    both is left alone.
    """
    paged = max(
        sum(each.page_ins for each in observations.values()), sum(each.page_outs for each in observations.values())
    )
    wanted = max(target - free, 0) + paged
    if not wanted:
        return {}
    resident = sum(each.resident for each in observations.values())
    asked = {}
    for number, each in observations.items():
        most = each.resident // LARGEST_SHARE
        if most >= SMALLEST_REQUEST:
            share = -(-wanted * each.resident // resident)
            asked[number] = min(max(share, SMALLEST_REQUEST), most)
    return asked


class Monitor:
    """An attendant (:mod:`host.attendance`) that looks at all guests of *manager* and asks them for pages.

    It looks every *interval* units of work of each guest, so with several guests they are all looked at as often as the
    guests together say.  A guest is left alone that takes no special messages, or has not taken the last request yet.

    :param target: the frames that should be free; by default one in :data:`TARGET_SHARE`, even of a pool that shrinks.
    :raises ValueError: if *interval* is not positive.
    """

    STATE: ClassVar = Section(
        "monitor",
        typed("_paged", dict[int, tuple[int, int]]),
        "looks",
        "requests",
        "pages_asked",
        excluded={"_manager": "has the monitor", "_interval": "a parameter", "_target": "a parameter"},
    )

    def __init__(self, manager: PageManager, interval: int, *, target: int | None = None) -> None:
        if interval <= 0:
            raise ValueError(f"the interval must be at least one unit of work, not {interval}")
        self._manager = manager
        self._interval = interval
        self._target = target
        self._paged: dict[int, tuple[int, int]] = {}
        """The page-ins and page-outs of each guest at the last look."""
        self.looks = 0
        self.requests = 0
        """Messages sent."""
        self.pages_asked = 0

    def attend(self, guest: Guest, work: int) -> int:
        """See :meth:`host.attendance.Attendant.attend`."""
        self.look()
        return work + self._interval

    def look(self) -> None:
        """Look at every guest, and ask those that should give pages."""
        self.looks += 1
        pool = self._manager.pool
        target = pool.capacity // TARGET_SHARE if self._target is None else self._target
        observations = {guest.number: self._observe(guest) for guest in self._manager.guests}
        messages = {guest.number: guest.configuration.device(SpecialMessages) for guest in self._manager.guests}
        may_be_asked = {number: each for number, each in messages.items() if each.is_authorized and not each.waiting}
        for number, pages in requests(observations, pool.free_count, target).items():
            if number in may_be_asked and may_be_asked[number].send(f"SHRINK {pages}"):
                self.requests += 1
                self.pages_asked += pages

    def as_dict(self) -> dict[str, int]:
        """All counters by name."""
        return {"looks": self.looks, "requests": self.requests, "pages_asked": self.pages_asked}

    def _observe(self, guest: Guest) -> Observation:
        statistics = guest.statistics
        page_ins, page_outs = self._paged.get(guest.number, (0, 0))
        self._paged[guest.number] = (statistics.page_ins, statistics.page_outs)
        return Observation(guest.resident, statistics.page_ins - page_ins, statistics.page_outs - page_outs)
