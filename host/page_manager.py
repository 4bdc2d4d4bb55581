# SPDX-License-Identifier: GPL-2.0-or-later
"""The page manager: one pool of frames under one or several guests that together want more.

It does plain LRU paging, and looks at the state of each victim: what the guest can make again is dropped without I/O,
everything else goes to the paging device (page-hinting reference 5.1).  It never calls the guest and never touches its
tables, and it takes frames between instructions only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from emu.hypervisor import NEVER, HostFailure
from emu.state import Section, computed
from host.eviction import Batch, describe
from host.guest import Guest
from host.host_storage import HostStorage
from host.policies import Policy, choose, window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from emu.page_states import PageStates, Profile
    from emu.storage_keys import StorageKeys
    from host.age_lists import AgeLists
    from host.attendance import Attendant
    from host.frames import FramePool
    from host.paging_device import PagingDevice
    from host.statistics import HostStatistics

    Frames = NDArray[np.intp]

_EVERYTHING: Final = 3
"""How often an instruction may be abandoned before all frames are taken that may be."""
FRAMES_FOR_AN_INSTRUCTION: Final = 64
"""Enough for any one instruction: two pages each of code, EXECUTE target and two operands, with their DAT tables."""
FRAMES_FOR_A_CPU: Final = 2
"""The prefix area, which stays."""


def minimum_frames(cpus: int) -> int:
    """The smallest pool in which *cpus* CPUs, of all guests together, can execute every instruction."""
    return FRAMES_FOR_AN_INSTRUCTION + cpus * FRAMES_FOR_A_CPU


class PageManager:
    """A host with *frames* frames.

    :param policy: in which order victims are taken.
    :param low: reclaim begins when so few frames are free; by default :func:`host.host_storage.watermarks`.
    :param high: it ends when so many are.
    :raises ValueError: unless 0 <= low < high <= frames.

    Its state has that of the attendants, which must be there when it is restored; the guests are in those of their
    configurations.
    """

    STATE: ClassVar = Section(
        "page manager",
        "storage",
        "policy",
        "_attendants",
        computed(
            "due",
            "_dues",
            "_set_dues",
            of=("_due",),
        ),
        excluded={"guests": "each is in the state of its configuration"},
    )

    def __init__(
        self,
        frames: int,
        *,
        device: PagingDevice,
        policy: Policy = Policy.LRU,
        low: int | None = None,
        high: int | None = None,
    ) -> None:
        self.storage = HostStorage(frames, device, low=low, high=high)
        self.policy = policy
        self.guests: list[Guest] = []
        self._attendants: list[Attendant] = []
        self._due: dict[tuple[int, int], int] = {}
        """The work at which each attendant is called next for each guest, by the numbers of guest and attendant."""

    @property
    def pool(self) -> FramePool:
        """The frames."""
        return self.storage.pool

    @property
    def lists(self) -> AgeLists:
        """The frames in order of age."""
        return self.storage.lists

    @property
    def device(self) -> PagingDevice:
        """The paging device."""
        return self.storage.device

    @property
    def low(self) -> int:
        """Reclaim begins when so few frames are free."""
        return self.storage.low

    @property
    def high(self) -> int:
        """It ends when so many are."""
        return self.storage.high

    @property
    def statistics(self) -> HostStatistics:
        """What is counted of the host as a whole."""
        return self.storage.statistics

    def guest(self, *, resident_unused_traps: bool = True) -> Callable[[int, PageStates, StorageKeys, Profile], Guest]:
        """What a machine takes as its *hypervisor*: it makes a new guest of this host.

        :param resident_unused_traps: whether an access to Ur is an addressing exception, as to Uz (z/VM profile).
        """

        def make(size: int, states: PageStates, keys: StorageKeys, profile: Profile) -> Guest:
            guest = Guest(
                self,
                self.storage,
                number=len(self.guests),
                size=size,
                states=states,
                keys=keys,
                profile=profile,
                resident_unused_traps=resident_unused_traps,
            )
            self.guests.append(guest)
            return guest

        return make

    # Between instructions

    def add_attendant(self, attendant: Attendant) -> None:
        """Have *attendant* called from now on."""
        self._attendants.append(attendant)
        for guest in self.guests:
            guest.configuration.call_soon()

    def attend(self, guest: Guest, work: int) -> int:
        """Do what is due when the virtual time of *guest* is *work*; give the work at which to be called next."""
        if self.pool.free_count <= self.low:
            self.reclaim(self.high - self.pool.free_count)
        next_due = NEVER
        for index, attendant in enumerate(self._attendants):
            due = self._due.get((guest.number, index), 0)
            if work >= due:
                answer = attendant.attend(guest, work)
                due = self._due[guest.number, index] = NEVER if answer is None else answer
            next_due = min(next_due, due)
        return next_due

    def supply(self, attempt: int) -> None:
        """Make frames free for an instruction that found none, harder with each *attempt*.

        :raises HostFailure: if that is impossible.
        """
        pool, high = self.pool, self.high
        if attempt < _EVERYTHING:
            self.reclaim(max(high - pool.free_count, high) << attempt)
        elif attempt == _EVERYTHING:
            self.reclaim(pool.used)
        else:
            raise HostFailure(
                f"an instruction needs more pages than the pool of {pool.capacity} frames can hold for it"
            )
        if pool.free_count <= 0:
            raise HostFailure(self.storage.why_nothing_is_free())

    def reclaim(self, wanted: int) -> int:
        """Take up to *wanted* frames from their pages, in one batch; give how many were taken.

        Frames of pages that must stay, or whose content could not be written, become the youngest.
        """
        pinned = self._pinned_frames()
        for frame in pinned:
            self.lists.remove(frame)
        try:
            with Batch(self.storage, self.guests) as batch:
                while batch.freed < wanted and len(victims := self._victims(wanted - batch.freed)):
                    batch.evict(victims)
        finally:
            for frame in pinned:
                self.lists.insert(frame)
        self.statistics.reclaims += 1
        return batch.freed

    def _victims(self, wanted: int) -> Frames:
        """At most *wanted* frames to be taken next, in the order of the policy."""
        listed = self.lists.active_count + self.lists.inactive_count
        candidates = self.lists.oldest(window(self.policy, wanted, listed), self.pool.referenced)
        self.statistics.scanned += len(candidates)
        if self.policy.is_by_age:
            return candidates
        states, droppable = describe(candidates, self.storage, self.guests)
        return candidates[choose(self.policy, states, droppable, wanted)]

    def evict(self, guest: int, page: int) -> bool:
        """Take the frame of *page* of that guest now; False if it has none, must stay, or cannot be written."""
        chosen = self.guests[guest]
        frame = chosen.frame_of(page)
        if frame is None or page in chosen.configuration.pinned_pages():
            return False
        return self._take_now(np.array([frame], dtype=np.intp)) == 1

    def discard_volatile(self) -> int:
        """Drop every resident page whose content may be dropped without I/O; give how many."""
        return self._discard(np.flatnonzero(self.pool.owner >= 0))

    def discard(self, guest: int, pages: Iterable[int]) -> int:
        """Drop those of *pages* of that guest that are resident and may be dropped without I/O; give how many."""
        frames = [frame for frame in map(self.guests[guest].frame_of, dict.fromkeys(pages)) if frame is not None]
        return self._discard(np.array(frames, dtype=np.intp))

    def _discard(self, frames: Frames) -> int:
        frames = frames[~np.isin(frames, self._pinned_frames())]
        _, droppable = describe(frames, self.storage, self.guests)
        return self._take_now(frames[droppable])

    def resize(self, frames: int) -> int:
        """Let the pool have *frames* frames from now on, and take frames away until it fits; give how many are used.

        More are used than it may have if the paging device cannot take their pages now.

        :raises ValueError: if there are not so many, or none.
        """
        self.storage.set_capacity(frames)
        if self.pool.free_count < 0:
            self.reclaim(-self.pool.free_count)
        return self.pool.used

    def _take_now(self, frames: Frames) -> int:
        """Take these frames in one batch, as far as their pages can be written; give how many."""
        with Batch(self.storage, self.guests) as batch:
            batch.evict(frames)
        return batch.freed

    def _pinned_frames(self) -> list[int]:
        """In ascending order, each once."""
        return sorted({frame for guest in self.guests for frame in guest.pinned_frames()})

    # State

    def _dues(self) -> list[list[int]]:
        return [[guest, attendant, due] for (guest, attendant), due in self._due.items()]

    def _set_dues(self, saved: list[list[int]]) -> None:
        self._due = {(guest, attendant): due for guest, attendant, due in saved}
