# SPDX-License-Identifier: GPL-2.0-or-later
"""The host as one machine sees it: where each of its pages is, and how it gets there at an access."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, Protocol

import numpy as np

from emu.hypervisor import FrameTables
from emu.page_states import (
    CONTENT_MASK,
    NO_TRANSITION,
    NOT_RESIDENT_STABLE,
    USAGE_MASK,
    Content,
    PageStates,
    Profile,
    Usage,
    touch,
    touch_table,
    without_content,
)
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode
from emu.sparse_zeros import sparse_zeros
from emu.state import Section, each
from emu.storage_keys import CHANGE
from host.outcomes import CHANGED, INDICES
from host.page_events import NOBODY, PageFollower
from host.release_list import ReleaseList
from host.statistics import GuestStatistics

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from emu.hypervisor import GuestConfiguration
    from emu.storage_keys import StorageKeys
    from host.host_storage import HostStorage

# A member of an enumeration is looked up anew at each use, which takes longer than an access or a batch has for it.
_UNUSED: Final = int(Usage.UNUSED)
_VOLATILE: Final = int(Usage.VOLATILE)
_POTENTIALLY_VOLATILE: Final = int(Usage.POTENTIALLY_VOLATILE)


class Reclaimer(Protocol):
    """What a guest asks of its page manager, between two instructions."""

    def attend(self, guest: Guest, work: int) -> int:
        """Do what is due when the virtual time of *guest* is *work*; give the work at which to be called next."""

    def supply(self, attempt: int) -> None:
        """Make frames free for an instruction that found none, harder with each *attempt*.

        :raises HostFailure: if that is impossible.
        """


class Guest:
    """One guest of a page manager; it implements :class:`emu.hypervisor.Hypervisor`.

    :param reclaimer: the page manager.
    :param number: by which the records of frames name the guest.
    :param size: bytes of its absolute storage.
    :param resident_unused_traps: whether an access to Ur is an addressing exception, as to Uz (z/VM profile).

    Of every page it keeps four bytes beside the state and the key: the frame or the slot that holds the page, plus
    one, or zero if it is nowhere.  Which of the two it is, the content state says.
    """

    STATE: ClassVar = Section(
        "guest of a page manager",
        "statistics",
        "resident",
        "locations",
        each("_release_lists", ReleaseList),
        excluded={
            "number": "a parameter",
            "profile": "a parameter",
            "resident_unused_traps": "a parameter",
            "states": "the machine's state",
            "keys": "the machine's state",
            "configuration": "the machine",
            "frame_address": "of this process",
            "frame_bytes": "a parameter of the pool",
            "_reclaimer": "the page manager",
            "_storage": "the page manager's state",
            "_pool": "the page manager's state",
            "_state": "a view",
            "_location": "a view",
            "_referenced": "a view",
            "_changed": "a view",
            "_touches": "a table",
            "_ignores_unused": "a parameter",
            "follower": "whoever follows says so itself",
            "_watched": "whatever watches pages says so itself when it is restored",
            "_watched_count": "how many those are",
            "frame_tables": "views",
            "_refusal": "no condition is on its way between two instructions",
        },
    )

    def __init__(
        self,
        reclaimer: Reclaimer,
        storage: HostStorage,
        *,
        number: int,
        size: int,
        states: PageStates,
        keys: StorageKeys,
        profile: Profile,
        resident_unused_traps: bool,
    ) -> None:
        self._reclaimer = reclaimer
        self.number = number
        self.states = states
        self.keys = keys
        self.profile = profile
        self.resident_unused_traps = resident_unused_traps
        self.statistics = GuestStatistics()
        self.configuration: GuestConfiguration
        """The guest's side, as far as its host may ask; there from :meth:`attach` on."""
        self.follower: PageFollower = NOBODY
        self.resident = 0
        """How many of its pages have a frame."""
        self.locations = sparse_zeros(size >> 12, np.int32)
        """For each page, the number of its frame or slot, plus one; zero if it is nowhere."""
        self._storage = storage
        self._pool = storage.pool
        self.frame_address = self._pool.address
        self.frame_bytes = len(self._pool.bytes)
        self._state = states.bytes
        self._location = self.locations.data
        self._referenced = self._pool.referenced.data
        self._changed = self._pool.changed.data
        self._watched: dict[int, Callable[[int], None]] = {}
        self._watched_count = np.zeros(1, dtype=np.uint64)
        touches = touch_table(profile, resident_unused_traps=resident_unused_traps)
        self._touches = touches.data
        # KVM does not read in what is of no interest (reference 6.2).
        self._ignores_unused = profile is Profile.KVM
        pool = self._pool
        tables = self.locations, pool.referenced, pool.changed, pool.page, self._watched_count, touches
        self.frame_tables = FrameTables(*tables)
        """See :meth:`emu.hypervisor.Hypervisor.frame_tables`."""
        self._release_lists: dict[int, ReleaseList] = {}
        self._refusal: ProgramInterruption | None = None
        """The last condition raised for an access here."""

    def attach(self, configuration: GuestConfiguration) -> None:
        """See :meth:`emu.hypervisor.Hypervisor.attach`."""
        self.configuration = configuration

    # Accesses

    def frame(self, page: int) -> int:
        """See :meth:`emu.hypervisor.Hypervisor.frame`."""
        if self._watched and page in self._watched:
            self._watched[page](page)
        state = self._state[page]
        if state & NOT_RESIDENT_STABLE:
            self._touch(page, state)
        frame = self._location[page] - 1
        self._referenced[frame] = 1
        return frame << 12

    def frame_for_store(self, page: int) -> int:
        """See :meth:`emu.hypervisor.Hypervisor.frame_for_store`."""
        offset = self.frame(page)
        self._changed[offset >> 12] = 1
        return offset

    def free_frames(self) -> tuple[int, int]:
        """See :meth:`emu.hypervisor.Hypervisor.free_frames`.

        None of them is one of the last, for which the page manager is called.
        """
        pool = self._pool
        return pool.next_free_address, max(pool.free_count - self._storage.low - 1, 0)

    def supplied(self, pages: Sequence[int]) -> None:
        """See :meth:`emu.hypervisor.Hypervisor.supplied`."""
        for page in pages:
            frame = self._pool.take_as_it_is(self.number, page)
            self._storage.lists.insert(frame)
        self.statistics.zero_fills += len(pages)
        self.resident += len(pages)

    def is_settled(self, page: int) -> bool:
        """See :meth:`emu.hypervisor.Hypervisor.is_settled`."""
        if (self._watched and page in self._watched) or self._state[page] & CONTENT_MASK:
            return False
        return bool(self._referenced[self._location[page] - 1])

    def _touch(self, page: int, state: int) -> None:
        after = self._touches[state]
        if after == NO_TRANSITION:
            self._refuse(page, state)
        if state & CONTENT_MASK:
            self.bring_in(page)
            self._state[page] = after
            for observer in self.configuration.observers:
                observer.host_changed(page, state, after)

    def _refuse(self, page: int, state: int) -> None:
        try:
            touch(state, page, self.profile, resident_unused_traps=self.resident_unused_traps)
        except ProgramInterruption as condition:
            self._refusal = condition
            raise

    def refused(self, condition: ProgramInterruption) -> None:
        """See :meth:`emu.hypervisor.Hypervisor.refused`.

        Only here is it counted, since the engine may look ahead, or try the same access again.
        """
        if condition is not self._refusal:
            return
        self.follower.refused(condition)
        if condition.code is ProgramInterruptionCode.DISCARD_FAULT:
            self.statistics.discard_faults += 1
        else:
            self.statistics.addressing_exceptions += 1

    def refused_discarded(self, count: int) -> None:
        """See :meth:`emu.hypervisor.Hypervisor.refused_discarded`."""
        self.statistics.discard_faults += count

    def bring_in(self, page: int) -> None:
        """See :meth:`emu.hypervisor.Hypervisor.bring_in`."""
        state = self._state[page]
        if not state & CONTENT_MASK:
            return
        storage, pool, slot = self._storage, self._pool, self._location[page] - 1
        frame = storage.take_frame(self.number, page)
        if pool.capacity - pool.used == storage.low:
            self.configuration.call_soon()
        if slot < 0:
            pool.clear(frame)
            self.statistics.zero_fills += 1
        elif self._ignores_unused and state & USAGE_MASK == _UNUSED:
            storage.device.release(slot)
            pool.clear(frame)
            self.statistics.zero_fills += 1
        else:
            storage.page_in(self.number, page, slot=slot, frame=frame)
            self.statistics.page_ins += 1
            self.follower.read_in(page)
        self._location[page] = frame + 1
        self.resident += 1
        storage.lists.insert(frame)

    def content(self, page: int) -> bytes | None:
        """See :meth:`emu.hypervisor.Hypervisor.content`.

        :raises HostFailure: if a preserved page cannot be read.
        """
        place = self._location[page] - 1
        if place < 0:
            return None
        if self._state[page] & CONTENT_MASK:
            return self._storage.look_at_slot(self.number, page, place)
        return bytes(self._pool.content(place))

    def place(self, page: int) -> str:
        """See :meth:`emu.hypervisor.Hypervisor.place`."""
        number = self._location[page] - 1
        if number < 0:
            return "nowhere"
        return f"{'slot' if self._state[page] & CONTENT_MASK else 'frame'} {number:x}"

    def watch(self, page: int, callback: Callable[[int], None]) -> None:
        """Have *callback* called with *page* whenever it is asked for; one callback a page."""
        self._watched[page] = callback
        self._watched_count[0] = len(self._watched)

    def unwatch(self, page: int) -> None:
        """End that."""
        self._watched.pop(page, None)
        self._watched_count[0] = len(self._watched)

    # What the guest gives up

    def drop(self, page: int) -> None:
        """See :meth:`emu.hypervisor.Hypervisor.drop`."""
        place, state = self._location[page] - 1, self._state[page]
        if place >= 0:
            if state & CONTENT_MASK:
                self._storage.device.release(place)
            else:
                self._storage.give_back(place)
                self.resident -= 1
            self._location[page] = 0
            self.statistics.released += 1
        self._state[page] = without_content(state, self.profile)

    def list_for_release(self, cpu: int, page: int) -> None:
        """See :meth:`emu.hypervisor.Hypervisor.list_for_release`.

        If the list is full the machine intercepts the ESSA instead: the host works the list off, and the instruction
        is executed again.
        """
        release_list = self._release_lists.setdefault(cpu, ReleaseList())
        if release_list.is_full():
            self.statistics.list_interceptions += 1
            for listed in release_list.take():
                self._zap(listed)
        release_list.append(page)

    def _zap(self, page: int) -> None:
        """Release the slot of a listed page, unless the page has become something else since (reference 6.2)."""
        state, slot = self._state[page], self._location[page] - 1
        content = state & CONTENT_MASK
        is_worthless = content == Content.ZERO or state & USAGE_MASK == Usage.UNUSED
        if slot >= 0 and content != Content.RESIDENT and is_worthless:
            self._storage.device.release(slot)
            self._location[page] = 0
            self.statistics.released += 1

    # Between instructions

    def attend(self, work: int) -> int:
        """See :meth:`emu.hypervisor.Hypervisor.attend`."""
        return self._reclaimer.attend(self, work)

    def supply(self, attempt: int) -> None:
        """See :meth:`emu.hypervisor.Hypervisor.supply`."""
        self._reclaimer.supply(attempt)

    # For the page manager, which takes frames

    def frame_of(self, page: int) -> int | None:
        """The frame of *page*; None if it has none."""
        return self._location[page] - 1 if self._location[page] and not self._state[page] & CONTENT_MASK else None

    def pinned_frames(self) -> list[int]:
        """The frames of the pages that must stay where they are, as far as they have some."""
        frames = map(self.frame_of, self.configuration.pinned_pages())
        return [frame for frame in frames if frame is not None]

    def describe(self, pages: NDArray[np.intp]) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """The state bytes of *pages*, and their change bits as the guest has them."""
        return self.states.array[pages], self.keys.array[pages] & CHANGE != 0

    def dropped(self, indices: NDArray[np.intp]) -> None:
        """Count pages that were dropped without I/O, by their :func:`host.outcomes.table_index`; all were resident."""
        counts, statistics = np.bincount(indices, minlength=INDICES).tolist(), self.statistics
        changed_volatile = counts[_VOLATILE | CHANGED]
        statistics.discards_unused += counts[_UNUSED] + counts[_UNUSED | CHANGED]
        statistics.discards_volatile += counts[_VOLATILE] + changed_volatile
        statistics.discards_potentially_volatile += (
            counts[_POTENTIALLY_VOLATILE] + counts[_POTENTIALLY_VOLATILE | CHANGED]
        )
        statistics.changed_volatile_discards += changed_volatile

    def preserved(self, *, written: int, zeros: int) -> None:
        """Count pages that were written, and those that needed not be since they were all zeros."""
        self.statistics.page_outs += written
        self.statistics.zero_evictions += zeros

    def could_not_be_written(self, pages: int) -> None:
        """Count so many pages, which stay."""
        self.statistics.failed_writes += pages

    def evicted(
        self,
        pages: NDArray[np.intp],
        *,
        before: NDArray[np.uint8],
        after: NDArray[np.uint8],
        places: NDArray[np.int32],
    ) -> None:
        """Note that *pages*, which were resident, have lost their frames and changed their states accordingly.

        :param places: their new :attr:`locations`.
        """
        self.locations[pages] = places
        self.states.array[pages] = after
        self.resident -= len(pages)
        self.follower.lost_frames(pages, before=before, after=after, places=places)
        if self.configuration.observers:
            changes = list(zip(pages.tolist(), before.tolist(), after.tolist(), strict=True))
            for observer in self.configuration.observers:
                for change in changes:
                    observer.host_changed(*change)
