# SPDX-License-Identifier: GPL-2.0-or-later
"""The page manager: one pool of frames under one or several guests that together want more.

It does plain LRU paging, and looks at the state of each victim: what the guest can make again is dropped without I/O,
everything else goes to the paging device (page-hinting reference 5.1).  It never calls the guest and never touches its
tables, and it takes frames between instructions only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from emu.hypervisor import NEVER, FrameShortage, HostFailure
from emu.page_states import USAGE_MASK, Usage
from emu.storage_keys import CHANGE
from host import data_loss
from host.age_lists import AgeLists
from host.frames import FramePool
from host.guest import Guest
from host.outcomes import ACTIONS, AFTER, AFTER_ZERO, Action
from host.paging_device import DeviceFull, PagingError, PagingReadError
from host.policies import Policy, choose, window
from host.statistics import HostStatistics

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from emu.page_states import PageStates, Profile
    from emu.storage_keys import StorageKeys
    from host.attendance import Attendant
    from host.paging_device import PagingDevice

    Frames = NDArray[np.int32]

_NONE: Final = np.empty(0, dtype=np.int32)
_EVERYTHING: Final = 3
"""How often an instruction may be abandoned before all frames are taken that may be."""
FRAMES_FOR_AN_INSTRUCTION: Final = 64
"""Enough for any one instruction: two pages each of code, EXECUTE target and two operands, with their DAT tables."""
FRAMES_FOR_A_CPU: Final = 2
"""The prefix area, which stays."""


def minimum_frames(cpus: int) -> int:
    """The smallest pool in which *cpus* CPUs, of all guests together, can execute every instruction."""
    return FRAMES_FOR_AN_INSTRUCTION + cpus * FRAMES_FOR_A_CPU


def watermarks(capacity: int) -> tuple[int, int]:
    """The free frames at which a pool of *capacity* frames begins to reclaim, and those at which it is content."""
    low = min(max(capacity >> 6, 4), 256, capacity // 4)
    high = min(low + min(max(capacity >> 5, 4), 1024), max(capacity // 2, 1))
    return low, high


class _Batch:
    """What a batch has done so far."""

    def __init__(self) -> None:
        self.freed = 0
        self.pages: dict[int, list[Frames]] = {}
        """The pages that lost their frames, by the number of their guest."""
        self.stayed: list[Frames] = []
        """Frames whose pages could not be written."""


class PageManager:
    """A host with *frames* frames.

    :param policy: in which order victims are taken.
    :param low: reclaim begins when so few frames are free; by default :func:`watermarks`.
    :param high: it ends when so many are.
    :raises ValueError: unless 0 <= low < high <= frames.
    """

    def __init__(
        self,
        frames: int,
        *,
        device: PagingDevice,
        policy: Policy = Policy.LRU,
        low: int | None = None,
        high: int | None = None,
    ) -> None:
        self.pool = FramePool(frames)
        self.device = device
        self.policy = policy
        self.lists = AgeLists(frames)
        self.guests: list[Guest] = []
        self.statistics = HostStatistics()
        usual = watermarks(frames)
        self.low = usual[0] if low is None else low
        self.high = usual[1] if high is None else high
        self._watermarks_given = low is not None or high is not None
        if not 0 <= self.low < self.high <= frames:
            raise ValueError(f"watermarks must have 0 <= low < high <= {frames}, not {self.low} and {self.high}")
        self._attendants: list[Attendant] = []
        self._due: dict[tuple[int, int], int] = {}

    def guest(self, *, resident_unused_traps: bool = True) -> Callable[[int, PageStates, StorageKeys, Profile], Guest]:
        """What :class:`emu.machine.Machine` takes as its *hypervisor*: a new guest of this host.

        :param resident_unused_traps: whether an access to Ur is an addressing exception, as to Uz (z/VM profile).
        """

        def make(size: int, states: PageStates, keys: StorageKeys, profile: Profile) -> Guest:
            number = len(self.guests)
            guest = Guest(self, number, size, states, keys, profile, resident_unused_traps=resident_unused_traps)
            self.guests.append(guest)
            return guest

        return make

    # For guests that touch a page

    def take_frame(self, guest: Guest, page: int) -> int:
        """A frame for *page* of *guest*, its content undefined.

        :raises FrameShortage: if none is free.
        """
        pool = self.pool
        try:
            frame = pool.take(guest.number, page)
        except FrameShortage:
            self.statistics.shortages += 1
            raise
        if pool.capacity - pool.used == self.low:
            guest.machine.call_soon()
        return frame

    def page_in(self, guest: Guest, page: int, slot: int, frame: int) -> None:
        """Read *page* of *guest* from *slot* into *frame* and release the slot.

        :raises HostFailure: if that is impossible; the frame is given back, and the slot keeps what it has.
        """
        try:
            self.pool.content(frame)[:] = self.device.read(slot)
        except PagingReadError as reason:
            self.pool.give_back(frame)
            raise _unreadable(guest, page, slot, reason) from None
        self.device.release(slot)

    def look_at_slot(self, guest: Guest, page: int, slot: int) -> bytes:
        """The content of *slot*, which holds *page* of *guest*; nothing changes.

        :raises HostFailure: if it cannot be read.
        """
        try:
            return self.device.look(slot)
        except PagingReadError as reason:
            raise _unreadable(guest, page, slot, reason) from None

    # Between instructions

    def add_attendant(self, attendant: Attendant) -> None:
        """Have *attendant* called from now on."""
        self._attendants.append(attendant)
        for guest in self.guests:
            guest.machine.call_soon()

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
        wanted = self.high - self.pool.free_count
        if attempt < _EVERYTHING:
            self.reclaim(max(wanted, self.high) << attempt)
        elif attempt == _EVERYTHING:
            self.reclaim(self.pool.used)
        else:
            raise HostFailure(
                f"an instruction needs more pages than the pool of {self.pool.capacity} frames can hold for it"
            )
        if self.pool.free_count <= 0:
            raise HostFailure(self._why_nothing_is_free())

    def _why_nothing_is_free(self) -> str:
        device = self.device
        state = f"{device.used} of its {device.slots} slots are in use"
        if device.write_errors:
            state += f", and {device.write_errors} writes to it failed"
        return (
            f"no frame can be made free: {self.pool.used} frames are in use, {self.pool.capacity} are allowed, and of "
            f"the paging device {state}"
        )

    def reclaim(self, wanted: int) -> int:
        """Take up to *wanted* frames from their pages, in one batch; give how many were taken.

        Frames of pages that must stay, or whose content could not be written, become the youngest.
        """
        pinned = self._pinned_frames()
        self.lists.remove_many(pinned)
        batch = _Batch()
        try:
            while batch.freed < wanted:
                missing = wanted - batch.freed
                count = window(self.policy, missing, self.lists.active_count + self.lists.inactive_count)
                candidates = self.lists.oldest(count, self.pool.referenced)
                if not len(candidates):
                    break
                self.statistics.scanned += len(candidates)
                states, changed = self._describe(candidates)
                self._evict(candidates[choose(self.policy, states, changed, missing)], batch)
        finally:
            self._end(batch)
            self.lists.insert_many(pinned)
        self.statistics.reclaims += 1
        return batch.freed

    def evict(self, guest: int, page: int) -> bool:
        """Take the frame of *page* of that guest now; False if it has none, must stay, or cannot be written."""
        chosen = self.guests[guest]
        place = int(chosen.locations[page]) - 1
        is_resident = place >= 0 and not chosen.states.bytes[page] & 0x03
        if not is_resident or page in chosen.machine.pinned_pages():
            return False
        return self._take_now(np.array([place], dtype=np.int32)) == 1

    def discard_volatile(self) -> int:
        """Drop every resident page whose content may be dropped without I/O; give how many."""
        frames = np.flatnonzero(self.pool.owner >= 0).astype(np.int32)
        frames = frames[~np.isin(frames, self._pinned_frames())]
        return self._take_now(frames[self._actions(frames) == Action.DROP])

    def resize(self, frames: int) -> int:
        """Let the pool have *frames* frames from now on, and take frames away until it fits; give how many are used.

        More are used than it may have if the paging device cannot take their pages now.

        :raises ValueError: if there are not so many, or none.
        """
        if not 0 < frames <= self.pool.frames:
            raise ValueError(f"the pool can have 1 to {self.pool.frames} frames, not {frames}")
        self.pool.capacity = frames
        if not self._watermarks_given:
            self.low, self.high = watermarks(frames)
        if self.pool.free_count < 0:
            self.reclaim(-self.pool.free_count)
        return self.pool.used

    def _take_now(self, frames: Frames) -> int:
        """Take these frames in one batch, as far as their pages can be written; give how many."""
        batch = _Batch()
        try:
            self._evict(frames, batch)
        finally:
            self._end(batch)
        return batch.freed

    def _pinned_frames(self) -> Frames:
        places = [
            place - 1
            for guest in self.guests
            for page in guest.machine.pinned_pages()
            if (place := int(guest.locations[page])) and not guest.states.bytes[page] & 0x03
        ]
        return np.unique(np.array(places, dtype=np.int32))

    def _by_guest(self, frames: Frames) -> list[tuple[Guest, NDArray[np.intp]]]:
        """Each guest that has some of *frames*, and the indices of those."""
        if len(self.guests) == 1:
            return [(self.guests[0], np.arange(len(frames)))]
        owners = self.pool.owner[frames]
        return [(self.guests[number], np.flatnonzero(owners == number)) for number in np.unique(owners).tolist()]

    def _describe(self, frames: Frames) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """The state bytes, and the change bits as the guests have them, of the pages in *frames*."""
        states = np.empty(len(frames), dtype=np.uint8)
        changed = np.empty(len(frames), dtype=np.bool_)
        for guest, indices in self._by_guest(frames):
            pages = self.pool.page[frames[indices]]
            states[indices] = guest.states.array[pages]
            changed[indices] = guest.keys.array[pages] & CHANGE != 0
        return states, changed

    def _actions(self, frames: Frames) -> NDArray[np.uint8]:
        actions = np.empty(len(frames), dtype=np.uint8)
        states, changed = self._describe(frames)
        for guest, indices in self._by_guest(frames):
            actions[indices] = ACTIONS[guest.profile][_index(states[indices], changed[indices])]
        return actions

    def _evict(self, frames: Frames, batch: _Batch) -> None:
        """Take *frames* from their pages as the states of these say (reference 5.1), and note it in *batch*.

        A page that cannot be written keeps its frame.
        """
        states, changed = self._describe(frames)
        for guest, indices in self._by_guest(frames):
            mine = frames[indices]
            self.lists.remove_many(mine)
            before, is_changed = states[indices], changed[indices]
            index = _index(before, is_changed)
            after = AFTER[guest.profile][index]
            is_taken = np.ones(len(mine), dtype=np.bool_)
            preserved = np.flatnonzero(ACTIONS[guest.profile][index] == Action.PRESERVE)
            guest.locations[self.pool.page[mine]] = 0
            if len(preserved):
                self._preserve(guest, mine, preserved, index, after, is_taken)
            batch.stayed.append(mine[~is_taken])
            taken = mine[is_taken]
            pages = self.pool.page[taken]
            try:
                data_loss.check(guest, self.pool, self.device, taken, before[is_taken], is_changed[is_taken])
            except data_loss.DataLoss:
                # Other guests go on, and one of them may have these pages: they stay where they were.
                self._put_back(guest, taken, batch)
                raise
            self._count_discards(guest, before, is_changed, ACTIONS[guest.profile][index])
            guest.evicted(pages, before[is_taken], after[is_taken])
            self.pool.give_back_many(taken)
            batch.freed += len(taken)
            batch.pages.setdefault(guest.number, []).append(pages)

    def _preserve(
        self,
        guest: Guest,
        frames: Frames,
        preserved: NDArray[np.intp],
        index: NDArray[np.uint8],
        after: NDArray[np.uint8],
        is_taken: NDArray[np.bool_],
    ) -> None:
        """Write those of *frames* at the indices *preserved* to the paging device, unless they are all zeros.

        A page that cannot be written keeps its frame, and *is_taken* says so; *after* is put right for zeros.
        """
        pool, device, statistics = self.pool, self.device, guest.statistics
        is_full = False
        for at in preserved.tolist():
            frame = int(frames[at])
            page = int(pool.page[frame])
            if pool.is_zero(frame):
                after[at] = AFTER_ZERO[guest.profile][index[at]]
                statistics.zero_evictions += 1
                continue
            slot = None
            if not is_full:
                try:
                    slot = device.write(pool.content(frame))
                except PagingError as reason:
                    is_full = isinstance(reason, DeviceFull)
            if slot is None:
                guest.locations[page] = frame + 1
                is_taken[at] = False
                statistics.failed_writes += 1
            else:
                guest.locations[page] = slot + 1
                statistics.page_outs += 1

    def _put_back(self, guest: Guest, frames: Frames, batch: _Batch) -> None:
        """Let the pages that are about to lose *frames* keep them after all, and release the slots they were given."""
        pages = self.pool.page[frames]
        places = guest.locations[pages]
        self.device.release_many(places[places > 0] - 1)
        guest.locations[pages] = frames + 1
        batch.stayed.append(frames)

    @staticmethod
    def _count_discards(
        guest: Guest, states: NDArray[np.uint8], changed: NDArray[np.bool_], actions: NDArray[np.uint8]
    ) -> None:
        usage = states[actions == Action.DROP] & USAGE_MASK
        if not len(usage):
            return
        counts = np.bincount(usage, minlength=USAGE_MASK + 1)
        statistics = guest.statistics
        statistics.discards_unused += int(counts[Usage.UNUSED])
        statistics.discards_volatile += int(counts[Usage.VOLATILE])
        statistics.discards_potentially_volatile += int(counts[Usage.POTENTIALLY_VOLATILE])
        statistics.changed_volatile_discards += int(
            np.count_nonzero((usage == Usage.VOLATILE) & changed[actions == Action.DROP])
        )

    def _end(self, batch: _Batch) -> None:
        """Make the pages that stayed the youngest, and have every machine drop its translations, once for the batch."""
        for stayed in batch.stayed:
            self.lists.insert_many(stayed)
        for guest in self.guests:
            pages = batch.pages.get(guest.number)
            guest.machine.frames_taken(np.concatenate(pages) if pages else _NONE)


def _index(states: NDArray[np.uint8], changed: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """The index of the tables of :mod:`host.outcomes`."""
    return np.asarray((states & 0x0F) | (changed.astype(np.uint8) << 4))


def _unreadable(guest: Guest, page: int, slot: int, reason: PagingReadError) -> HostFailure:
    return HostFailure(f"guest {guest.number}, page {page:#x}, slot {slot} of the paging device: {reason}")
