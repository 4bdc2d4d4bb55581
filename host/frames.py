# SPDX-License-Identifier: GPL-2.0-or-later
"""The frame pool: the host's real storage, and what the host keeps of every frame."""

from __future__ import annotations

import ctypes
import mmap
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from emu.addresses import PAGE_SIZE
from emu.hypervisor import MAP_NORESERVE, FrameShortage
from emu.page_contents import MappedContents
from emu.state import Section, array_of, computed, paged

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

FREE: Final = -1
"""The owner of a free frame."""
_ZEROS: Final = bytes(PAGE_SIZE)


class FramePool:
    """*frames* frames of 4 KiB in one mapping of this process, which the engines of all guests use in place.

    A record of 12 bytes belongs to every frame, nothing to a guest page that has none.
    """

    STATE: ClassVar = Section(
        "frame pool",
        "capacity",
        "used",
        "owner",
        "page",
        "referenced",
        "changed",
        computed(
            "free",
            "_free_frames",
            "_set_free_frames",
            of=("_stack",),
        ),
        paged(
            "contents",
            "_contents",
            "_set_contents",
            lambda it: MappedContents(it.bytes, it._frames_in_use),  # noqa: SLF001 - its own
        ),
        excluded={
            "frames": "a parameter",
            "address": "of this process",
            "bytes": "the contents of the frames in use are a field",
            "doublewords": "the same bytes",
            "_mapping": "the same bytes",
            "_stack_address": "of this process",
            "_owner": "a view",
            "_page": "a view",
            "_referenced": "a view",
            "_changed": "a view",
            "_free": "a view",
        },
    )

    def __init__(self, frames: int) -> None:
        if frames <= 0:
            raise ValueError(f"a pool has at least one frame, not {frames}")
        self.frames = frames
        """The frames that there are."""
        self.capacity = frames
        """How many of them may be in use; less than all of them while the pool is shrunk."""
        self.used = 0
        size = frames * PAGE_SIZE
        # Without a reservation: of a large pool only what is used costs anything.
        self._mapping = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | MAP_NORESERVE)
        self.address = ctypes.addressof(ctypes.c_char.from_buffer(self._mapping))
        """Where the pool lies in this process."""
        self.bytes = memoryview(self._mapping).cast("B")
        """The whole pool."""
        self.doublewords = np.frombuffer(self._mapping, dtype=np.uint64).reshape(frames, PAGE_SIZE // 8)
        """The same by frame, for looking whether a frame is all zeros."""
        self.owner = np.full(frames, FREE, dtype=np.int16)
        """The number of the guest that has the frame."""
        self.page = np.zeros(frames, dtype=np.int32)
        """Which of its absolute pages the frame holds."""
        self.referenced = np.zeros(frames, dtype=np.uint8)
        """The host's own reference flags; resetting one asks for the translations to be dropped."""
        self.changed = np.zeros(frames, dtype=np.uint8)
        """The host's own change flags: whether the page may have been stored into since it got this frame."""
        self._owner, self._page = self.owner.data, self.page.data
        self._referenced, self._changed = self.referenced.data, self.changed.data
        # The first frames are given out first.
        self._stack = np.arange(frames - 1, -1, -1, dtype=np.int32)
        self._free = self._stack.data
        self._stack_address = int(self._stack.ctypes.data)

    @property
    def free_count(self) -> int:
        """How many frames can still be taken; negative while more are in use than the shrunk pool may have."""
        return self.capacity - self.used

    def take(self, owner: int, page: int) -> int:
        """A frame for *page* of guest *owner*, whatever its content.

        :raises FrameShortage: if none is free.
        """
        if self.used >= self.capacity:
            raise FrameShortage
        frame = self.take_as_it_is(owner, page)
        self._referenced[frame] = 1
        self._changed[frame] = 0
        return frame

    def take_as_it_is(self, owner: int, page: int) -> int:
        """The same of a frame that is free, with the flags that it has."""
        self.used += 1
        frame = self._free[self.frames - self.used]
        self._owner[frame] = owner
        self._page[frame] = page
        return frame

    @property
    def next_free_address(self) -> int:
        """Where the number of the frame that is taken next lies in this process; before it, those of the others."""
        return self._stack_address + self._stack.itemsize * (self.frames - self.used - 1)

    def give_back(self, frame: int) -> None:
        """Make one frame free."""
        self._owner[frame] = FREE
        self._free[self.frames - self.used] = frame
        self.used -= 1

    def give_back_many(self, frames: NDArray[np.integer[Any]]) -> None:
        """Make many frames free."""
        self.owner[frames] = FREE
        start = self.frames - self.used
        self._stack[start : start + len(frames)] = frames
        self.used -= len(frames)

    def clear(self, frame: int) -> None:
        """Fill the frame with zeros."""
        start = frame * PAGE_SIZE
        self.bytes[start : start + PAGE_SIZE] = _ZEROS

    def content(self, frame: int) -> memoryview:
        """The 4096 bytes of the frame, in place."""
        start = frame * PAGE_SIZE
        return self.bytes[start : start + PAGE_SIZE]

    def is_zero(self, frame: int) -> bool:
        """Whether the frame holds nothing but zeros."""
        return not self.doublewords[frame].any()

    def are_zero(self, frames: NDArray[np.intp]) -> NDArray[np.bool_]:
        """The same of many."""
        words = self.doublewords
        is_zero: NDArray[np.bool_] = words[frames, 0] == 0
        # Few that begin with zeros hold anything else: they are looked at one by one.
        for number in is_zero.nonzero()[0].tolist():
            is_zero[number] = not words[frames[number]].any()
        return is_zero

    # State

    def _free_frames(self) -> NDArray[np.int32]:
        """The free frames; the last is the next to be taken."""
        return self._stack[: self.frames - self.used]

    def _set_free_frames(self, saved: Any) -> None:
        free = array_of(saved)
        self._stack[: len(free)] = free

    def _contents(self) -> dict[int, bytes]:
        """The content of each frame in use that is not all zeros."""
        in_use = self._frames_in_use().tolist()
        return {frame: bytes(self.content(frame)) for frame in in_use if not self.is_zero(frame)}

    def _frames_in_use(self) -> NDArray[Any]:
        return np.flatnonzero(self.owner != FREE)

    def _set_contents(self, saved: dict[int, bytes]) -> None:
        self._mapping.madvise(mmap.MADV_DONTNEED)
        for frame, content in saved.items():
            self.content(frame)[:] = content
