# SPDX-License-Identifier: GPL-2.0-or-later
"""Frames in order of age: an active and an inactive list, and the clock sweep over their reference flags.

Inferred: the classical two-list clock.  The sources only say that the host does normal LRU paging (page-hinting
reference 5.1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, TypeVar

import numpy as np

from emu.state import Section, array_of, computed
from host import age_loops
from host.age_loops import NOWHERE

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    Frames = NDArray[np.intp]
    AnyFrames = NDArray[np.int32] | NDArray[np.intp]

_Integer = TypeVar("_Integer", np.int32, np.intp)
_INACTIVE_SHARE: Final = 3
"""One in so many listed frames should be inactive."""


class AgeLists:
    """The listed ones of *frames* frames, in order of age.

    The rules (inferred: classical two-list clock):

    - A new frame is the youngest of the active list.
    - A scan of the active list goes from the oldest on.  An unreferenced frame becomes the youngest inactive one; a
      referenced one has its flag reset and becomes the youngest active one.
    - A scan of the inactive list goes from the oldest on.  An unreferenced frame is a victim; a referenced one has its
      flag reset and becomes the youngest active one.

    Only the scans of :meth:`oldest` and :meth:`sweep` look at the flags, which are the caller's.

    The youngest inactive frame is next in age to the oldest active one, so both lists are one array, in order of age,
    with a boundary in it: to make an unreferenced frame inactive is to move the boundary.  A frame that goes leaves a
    hole; the holes are closed when the array has been used up to its end.  An array of twice the frames, and the place
    of each frame in it: 12 bytes a frame.
    """

    STATE: ClassVar = Section(
        "age lists",
        "active_count",
        "inactive_count",
        "_head",
        "_boundary",
        "_tail",
        "_hand",
        computed(
            "order",
            "_listed",
            "_set_listed",
            of=("_order", "_place"),
        ),
        excluded={
            "_end": "a parameter",
            "_order_view": "a view",
            "_place_view": "a view",
            "_addresses": "a view",
            "_ends": "of no meaning between two scans",
            "_ends_address": "a view",
        },
    )

    def __init__(self, frames: int) -> None:
        self.active_count = 0
        self.inactive_count = 0
        self._order = np.empty(2 * frames, dtype=np.int32)
        self._place = np.full(frames, NOWHERE, dtype=np.int32)
        self._end = len(self._order)
        self._head = 0
        """No frame is before this place."""
        self._boundary = 0
        """The inactive list is before this place, the active list from here on."""
        self._tail = 0
        """The place of the next frame to come."""
        self._hand = 0
        """Where :meth:`oldest` scans the inactive list."""
        self._order_view = self._order.data
        self._place_view = self._place.data
        self._addresses = self._order.ctypes.data, self._place.ctypes.data
        ends = np.empty(2, dtype=np.int64)
        self._ends = ends.data
        """What :func:`age_loops.scan` is given, and gives."""
        self._ends_address = ends.ctypes.data

    def insert(self, frame: int) -> None:
        """List *frame*, which is not listed, as the youngest of the active list."""
        tail = self._tail
        if tail == self._end:
            self._close_holes()
            tail = self._tail
        self._order_view[tail] = frame
        self._place_view[frame] = tail
        self._tail = tail + 1
        self.active_count += 1

    def remove(self, frame: int) -> None:
        """Take *frame* off its list; no effect if it is not listed."""
        place = self._place_view[frame]
        if place < 0:
            return
        self._order_view[place] = NOWHERE
        self._place_view[frame] = NOWHERE
        if place < self._boundary:
            self.inactive_count -= 1
        else:
            self.active_count -= 1

    def insert_many(self, frames: AnyFrames) -> None:
        """List *frames*, none of which is listed, as the youngest of the active list; the last will be the youngest."""
        self._make_room(len(frames))
        self._append(frames)
        self.active_count += len(frames)

    def remove_many(self, frames: AnyFrames) -> None:
        """Take *frames*, each named once, off their lists; no effect on those that are not listed."""
        frames = frames.astype(np.intp, copy=False)
        places = _without_holes(self._place[frames].astype(np.intp))
        self._order[places] = NOWHERE
        self._place[frames] = NOWHERE
        inactive = int(np.count_nonzero(places < self._boundary))
        self.inactive_count -= inactive
        self.active_count -= len(places) - inactive

    def oldest(self, count: int, referenced: NDArray[np.uint8]) -> Frames:
        """Up to *count* victims, the oldest first; fewer only if fewer are listed.

        First the inactive list is refilled until it has *count* frames or more: a third of those listed, as far as
        twice *count* additional ones suffice.  (So it grows to its share in a few calls, none of which scans much.)
        Then it is scanned, and refilled again if too many of its frames were referenced.  That comes to an end because
        a frame is found referenced once only.

        Victims stay the oldest inactive frames until the caller removes them; one that it means to keep should be
        removed and inserted again.
        """
        listed = self.active_count + self.inactive_count
        count = min(count, listed)
        if count <= 0:
            return np.empty(0, dtype=np.intp)
        self._refill(max(count, min(listed // _INACTIVE_SHARE, self.inactive_count + 2 * count)), referenced)
        self._hand = self._head
        missing = count
        while missing:
            if self._hand == self._boundary:
                self._refill(count, referenced)
            self._make_room(1)
            tail = self._tail
            found, self._hand = self._scan(self._hand, self._boundary, missing, referenced)
            missing -= found
            self.inactive_count -= self._tail - tail
            self.active_count += self._tail - tail
        # All that was scanned and is still there is a victim.
        victims = _without_holes(self._order[self._head : self._hand]).astype(np.intp)
        self._head = self._place_view[victims[0]]
        return victims

    def _refill(self, wanted: int, referenced: NDArray[np.uint8]) -> None:
        """Scan the active list until the inactive list has *wanted* frames; so many are listed."""
        while self.inactive_count < wanted:
            self._make_room(1)
            missing = wanted - self.inactive_count
            found, self._boundary = self._scan(self._boundary, self._tail, missing, referenced)
            self.inactive_count += found
            self.active_count -= found

    def _scan(self, start: int, stop: int, wanted: int, referenced: NDArray[np.uint8]) -> tuple[int, int]:
        """Scan from *start*, up to *stop* or until *wanted* frames are unreferenced, which stay where they are.

        Referenced ones become the youngest active frames, with their flags reset.  Give how many are unreferenced, and
        the place where the scan ended, which is before *stop* too where there is no more room.
        """
        ends = self._ends
        ends[0], ends[1] = self._tail, self._end
        found = age_loops.scan(*self._addresses, referenced, start, stop, wanted, self._ends_address)
        self._tail = ends[0]
        return found, ends[1]

    def sweep(self, referenced: NDArray[np.uint8]) -> int:
        """Scan all that is listed once, and reset all flags, also of frames not listed; give how many were referenced.

        Then the active list has the frames that were referenced, and the inactive list those that were not, each in
        order of age.
        """
        listed = self.active_count + self.inactive_count
        aside = np.empty(listed, dtype=np.int32)
        active = age_loops.sweep(*self._addresses, referenced, self._head, self._tail, aside)
        self._head, self._tail = 0, listed
        self._boundary = self.inactive_count = listed - active
        self.active_count = active
        referenced.fill(0)
        return active

    def _append(self, frames: AnyFrames) -> None:
        """Give *frames* the next places, for which there is room."""
        tail = self._tail
        self._tail = tail + len(frames)
        self._order[tail : self._tail] = frames
        self._place[frames.astype(np.intp, copy=False)] = np.arange(tail, self._tail, dtype=np.int32)

    def _listed(self) -> NDArray[np.int32]:
        """The places from the head to the tail."""
        return self._order[self._head : self._tail]

    def _set_listed(self, saved: Any) -> None:
        """Put back those, with the holes among them."""
        order = array_of(saved)
        self._order[self._head : self._tail] = order
        self._place.fill(NOWHERE)
        filled = np.flatnonzero(order >= 0)
        self._place[order[filled]] = filled + self._head

    def _make_room(self, frames: int) -> None:
        """Have room behind the tail for *frames* frames, or for all that are listed."""
        if self._tail + frames > self._end:
            self._close_holes()

    def _close_holes(self) -> None:
        order = self._order[self._head : self._tail]
        self._hand = int(np.count_nonzero(order[: max(self._hand - self._head, 0)] >= 0))
        self._head, self._boundary, self._tail = 0, self.inactive_count, 0
        # Without holes it lies in the second half of the array, so that it does not move to where a part of it lies.
        self._append(_without_holes(order))


def _without_holes(numbers: NDArray[_Integer]) -> NDArray[_Integer]:
    """The frames, or the places, that are among *numbers*: all but those that are :data:`NOWHERE`."""
    is_there = numbers >= 0
    if np.count_nonzero(is_there) == len(numbers):
        return numbers
    # Several times as fast as by a mask.
    return numbers.take(is_there.nonzero()[0], mode="clip")
