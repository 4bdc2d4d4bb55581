# SPDX-License-Identifier: GPL-2.0-or-later
"""The storage of the host, real and auxiliary: the frames in order of age, and the paging device.

All guests share it.  What a page means to its guest is not known here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from emu.hypervisor import FrameShortage, HostFailure
from emu.state import Section
from host.age_lists import AgeLists
from host.frames import FramePool
from host.paging_device import PagingReadError
from host.statistics import HostStatistics

if TYPE_CHECKING:
    from host.paging_device import PagingDevice


def watermarks(capacity: int) -> tuple[int, int]:
    """The free frames at which a pool of *capacity* frames begins to reclaim, and those at which it is content."""
    low = min(max(capacity >> 6, 4), 256, capacity // 4)
    high = min(low + min(max(capacity >> 5, 4), 1024), max(capacity // 2, 1))
    return low, high


class HostStorage:
    """*frames* frames, and the pages of *device*.

    :param low: reclaim begins when so few frames are free; by default :func:`watermarks`.
    :param high: it ends when so many are.
    :raises ValueError: unless 0 <= low < high <= frames.
    """

    STATE: ClassVar = Section(
        "host storage",
        "pool",
        "lists",
        "device",
        "statistics",
        "low",
        "high",
        excluded={"_watermarks_given": "a parameter"},
    )

    def __init__(self, frames: int, device: PagingDevice, *, low: int | None = None, high: int | None = None) -> None:
        self.pool = FramePool(frames)
        self.lists = AgeLists(frames)
        self.device = device
        self.statistics = HostStatistics()
        usual = watermarks(frames)
        self.low = usual[0] if low is None else low
        self.high = usual[1] if high is None else high
        self._watermarks_given = low is not None or high is not None
        if not 0 <= self.low < self.high <= frames:
            raise ValueError(f"watermarks must have 0 <= low < high <= {frames}, not {self.low} and {self.high}")

    def set_capacity(self, frames: int) -> None:
        """Let at most *frames* frames be in use; the watermarks follow, unless they were given.

        :raises ValueError: if there are not so many, or none.
        """
        if not 0 < frames <= self.pool.frames:
            raise ValueError(f"the pool can have 1 to {self.pool.frames} frames, not {frames}")
        self.pool.capacity = frames
        if not self._watermarks_given:
            self.low, self.high = watermarks(frames)

    def take_frame(self, guest: int, page: int) -> int:
        """A frame for *page* of that guest, its content undefined; its age begins when it is put into the lists.

        :raises FrameShortage: if none is free.
        """
        try:
            return self.pool.take(guest, page)
        except FrameShortage:
            self.statistics.shortages += 1
            raise

    def give_back(self, frame: int) -> None:
        """Make *frame*, which is in the lists, free."""
        self.lists.remove(frame)
        self.pool.give_back(frame)

    def page_in(self, guest: int, page: int, *, slot: int, frame: int) -> None:
        """Read *page* of that guest from *slot* into *frame* and release the slot.

        :raises HostFailure: if that is impossible; the frame is given back, and the slot keeps what it has.
        """
        try:
            self.pool.content(frame)[:] = self.device.read(slot)
        except PagingReadError as reason:
            self.pool.give_back(frame)
            raise _unreadable(guest, page, slot, reason) from None
        self.device.release(slot)

    def look_at_slot(self, guest: int, page: int, slot: int) -> bytes:
        """The content of *slot*, which holds *page* of that guest; nothing changes.

        :raises HostFailure: if it cannot be read.
        """
        try:
            return self.device.look(slot)
        except PagingReadError as reason:
            raise _unreadable(guest, page, slot, reason) from None

    def why_nothing_is_free(self) -> str:
        """What the end of a run says for which no frame can be made free."""
        pool, device = self.pool, self.device
        state = f"{device.used} of its {device.slots} slots are in use"
        if device.write_errors:
            state += f", and {device.write_errors} writes to it failed"
        return (
            f"no frame can be made free: {pool.used} frames are in use, {pool.capacity} are allowed, and of the paging "
            f"device {state}"
        )


def _unreadable(guest: int, page: int, slot: int, reason: PagingReadError) -> HostFailure:
    return HostFailure(f"guest {guest}, page {page:#x}, slot {slot} of the paging device: {reason}")
