# SPDX-License-Identifier: GPL-2.0-or-later
"""Taking frames from their pages: what becomes of each page is looked up in the tables, and is then done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from emu.page_states import NO_DAT
from host import data_loss
from host.outcomes import AFTER, AFTER_ZERO, OUTCOMES, EvictionOutcome, may_drop, table_index
from host.paging_device import NOWHERE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType
    from typing import Self

    from numpy.typing import NDArray

    from host.guest import Guest
    from host.host_storage import HostStorage

    Frames = NDArray[np.intp]
    Pages = NDArray[np.intp]

_NO_PAGES: Final = np.empty(0, dtype=np.intp)
# A member of an enumeration is looked up anew at each use, which takes longer than a batch has for it.
_DROP: Final = int(EvictionOutcome.DROP)
_PRESERVE: Final = int(EvictionOutcome.PRESERVE)
_NO_DAT: Final = np.uint8(NO_DAT)


class Batch:
    """Frames taken from the pages of *guests* together; use it in a ``with`` statement.

    At its end the pages that kept their frames become the youngest, and every machine drops its translations, once.
    """

    def __init__(self, storage: HostStorage, guests: Sequence[Guest]) -> None:
        self.freed = 0
        """How many frames have been made free."""
        self._storage = storage
        self._guests = guests
        self._pages: dict[int, list[Pages]] = {}
        """The pages that lost their frames, by the number of their guest."""
        self._stayed: list[Frames] = []

    def __enter__(self) -> Self:
        """The batch itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, reason: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End it, whatever happened in it."""
        for stayed in self._stayed:
            self._storage.lists.insert_many(stayed)
        for guest in self._guests:
            pages = self._pages.get(guest.number)
            guest.configuration.frames_taken(np.concatenate(pages) if pages else _NO_PAGES)

    def evict(self, frames: Frames) -> None:
        """Take *frames* from their pages as the states of these say (reference 5.1).

        A page that cannot be written keeps its frame.

        :raises DataLoss: if the host is about to lose something; the pages of that guest keep their frames then.
        """
        for guest, indices in by_guest(frames, self._storage, self._guests):
            self._evict_from(guest, frames[indices])

    def _evict_from(self, guest: Guest, frames: Frames) -> None:
        storage = self._storage
        storage.lists.remove_many(frames)
        pages = storage.pool.page[frames].astype(np.intp)
        states, changed = guest.describe(pages)
        index = table_index(states, changed)
        outcomes, after = OUTCOMES[guest.profile][index], AFTER[guest.profile][index]
        slots = np.full(len(frames), NOWHERE, dtype=np.int32)
        preserved = (outcomes == _PRESERVE).nonzero()[0]
        if len(preserved):
            is_zero = np.zeros(len(frames), dtype=np.bool_)
            slots[preserved], is_zero[preserved] = self._write(frames[preserved])
            after[is_zero] = AFTER_ZERO[guest.profile][index[is_zero]]
            is_taken = (outcomes != _PRESERVE) | is_zero | (slots != NOWHERE)
            taken = int(np.count_nonzero(is_taken))
            if taken < len(frames):
                self._stayed.append(frames[~is_taken])
                guest.could_not_be_written(len(frames) - taken)
                frames, pages, slots, index = frames[is_taken], pages[is_taken], slots[is_taken], index[is_taken]
                states, changed, outcomes, after = (each[is_taken] for each in (states, changed, outcomes, after))
        try:
            data_loss.check(guest, storage, frames=frames, slots=slots, states=states, changed=changed)
        except data_loss.DataLoss:
            # Other guests go on, and one of them may have these pages: they stay where they were.
            storage.device.release_many(slots[slots != NOWHERE])
            self._stayed.append(frames)
            raise
        if len(preserved):
            guest.preserved(written=int(np.count_nonzero(slots != NOWHERE)), zeros=int(np.count_nonzero(is_zero)))
            index = index[outcomes == _DROP]
        guest.dropped(index)
        guest.evicted(pages, before=states, after=after | (states & _NO_DAT), places=slots + 1)
        storage.pool.give_back_many(frames)
        self.freed += len(frames)
        self._pages.setdefault(guest.number, []).append(pages)

    def _write(self, frames: Frames) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
        """Write *frames* to the paging device, unless they are all zeros; give their slots, and which are zeros.

        What cannot be written has no slot.
        """
        pool = self._storage.pool
        is_zero = pool.are_zero(frames)
        written = np.flatnonzero(~is_zero)
        slots = np.full(len(frames), NOWHERE, dtype=np.int32)
        slots[written] = self._storage.device.write_many([pool.content(frame) for frame in frames[written].tolist()])
        return slots, is_zero


def by_guest(
    frames: Frames, storage: HostStorage, guests: Sequence[Guest]
) -> list[tuple[Guest, NDArray[np.intp] | slice]]:
    """Each guest that has some of *frames*, and the indices of those."""
    if len(guests) == 1:
        return [(guests[0], slice(None))]
    owners = storage.pool.owner[frames]
    return [(guests[number], np.flatnonzero(owners == number)) for number in np.unique(owners).tolist()]


def describe(
    frames: Frames, storage: HostStorage, guests: Sequence[Guest]
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """The state bytes of the pages in *frames*, and which of them may be dropped without I/O."""
    states = np.empty(len(frames), dtype=np.uint8)
    droppable = np.empty(len(frames), dtype=np.bool_)
    for guest, indices in by_guest(frames, storage, guests):
        states[indices], changed = guest.describe(storage.pool.page[frames[indices]].astype(np.intp))
        droppable[indices] = may_drop(guest.profile, states[indices], changed)
    return states, droppable
