# SPDX-License-Identifier: GPL-2.0-or-later
"""The state and the storage key of every page of a guest, sample by sample, and what happened to it in between.

Of each sample is kept what differs from the one before, as runs of pages, compressed: a guest has many pages, most of
which stay as they are.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from emu.addresses import PAGE_SHIFT
from emu.events import Observer
from emu.page_states import CONTENT_MASK, DISCARDED, USAGE_MASK, Usage
from emu.program_interruption import ProgramInterruptionCode
from emu.state import Section, typed
from host.page_events import EVENT_COUNTERS, PageEvent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from emu.program_interruption import ProgramInterruption
    from host.guest import Guest

_KEY_SHIFT: Final = 8
_LEVEL: Final = 6


@dataclass(frozen=True, slots=True)
class PagePicture:
    """All pages of a guest at one moment."""

    sample: int
    """The number of the sample in its series."""
    counts: tuple[int, ...]
    """How often each event of :data:`EVENT_COUNTERS` had happened since the machine was made."""
    runs: bytes
    """Compressed: :func:`pack` of the pages whose state or key is another than in the picture before, each with its
    state and, eight bits further left, its key; before the first all are zero.  Behind it the same of the pages with
    events since then, each with its :class:`PageEvent`."""


def pack(pages: NDArray[np.intp], values: NDArray[np.uint16]) -> bytes:
    """*pages* in ascending order, each with its value, as runs of neighbours with equal values.

    The number of runs; of each the pages between it and the one before; of each its length, all as 32 bits, little
    endian; then of each the low, and of each the high byte of the value.
    """
    begins = np.empty(len(pages), dtype=np.bool_)
    begins[:1] = True
    begins[1:] = (np.diff(pages) != 1) | (np.diff(values) != 0)
    starts = np.flatnonzero(begins)
    lengths = np.diff(starts, append=len(pages))
    first, chosen = pages[starts], values[starts]
    skips = np.diff(first, prepend=0)
    skips[1:] -= lengths[:-1]
    columns = (np.array([len(starts)]), skips, lengths)
    numbers = [column.astype("<u4").tobytes() for column in columns]
    return b"".join([*numbers, chosen.astype(np.uint8).tobytes(), (chosen >> 8).astype(np.uint8).tobytes()])


def unpack(packed: bytes, offset: int = 0) -> tuple[NDArray[np.intp], NDArray[np.uint16], int]:
    """The pages and values that :func:`pack` has put at *offset* in *packed*, and where they end."""
    (count,) = np.frombuffer(packed, dtype="<u4", count=1, offset=offset).tolist()
    skips, lengths = np.frombuffer(packed, dtype="<u4", count=2 * count, offset=offset + 4).reshape(2, -1)
    low, high = np.frombuffer(packed, dtype=np.uint8, count=2 * count, offset=offset + 4 + 8 * count).reshape(2, -1)
    ends = np.cumsum(skips, dtype=np.intp) + np.cumsum(lengths, dtype=np.intp)
    # Within a run pages follow each other: its first is its end less its length.
    within = np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths, dtype=np.intp) - lengths, lengths)
    pages = np.repeat(ends - lengths, lengths) + within
    values = low.astype(np.uint16) | (high.astype(np.uint16) << _KEY_SHIFT)
    return pages, np.repeat(values, lengths), offset + 4 + 10 * count


class PagesOverTime(Observer):
    """The pictures of one *guest*, which is followed from now on; it implements :class:`host.page_events.PageFollower`.

    Compiled code tells nobody of which page a discard fault was: while somebody follows, Python takes all
    interruptions.
    """

    acts = True
    wants_interruptions = True

    STATE: ClassVar = Section(
        "pages over time",
        typed("pictures", list[PagePicture]),
        "_events",
        excluded={"_guest": "a parameter", "_last": "what the pictures come to"},
        restored="_look_again",
    )

    def __init__(self, guest: Guest) -> None:
        self._guest = guest
        self.pictures: list[PagePicture] = []
        self._events = np.zeros(len(guest.states.array), dtype=np.uint8)
        """Of each page, what has happened to it since the last picture."""
        self._last = np.zeros(len(guest.states.array), dtype=np.uint16)
        """State and key of each page in the last picture."""
        guest.follower = self
        guest.configuration.observers = [*guest.configuration.observers, self]

    @property
    def pages(self) -> int:
        """How many pages the guest has."""
        return len(self._last)

    def take(self, sample: int) -> None:
        """Take a picture, which belongs to the *sample* with this number."""
        guest, statistics = self._guest, self._guest.statistics
        now = np.left_shift(guest.keys.array, _KEY_SHIFT, dtype=np.uint16)
        now |= guest.states.array
        changed = np.flatnonzero(now != self._last)
        touched = np.flatnonzero(self._events)
        packed = pack(changed, now[changed]) + pack(touched, self._events[touched].astype(np.uint16))
        counts = tuple(sum(getattr(statistics, name) for name in names) for names in EVENT_COUNTERS.values())
        self.pictures.append(PagePicture(sample, counts, zlib.compress(packed, _LEVEL)))
        self._last = now
        self._events[:] = 0

    def restart(self) -> None:
        """Forget all pictures: there are none of what has been so far."""
        self.pictures.clear()
        self._last[:] = 0
        self._events[:] = 0

    def _look_again(self) -> None:
        self._last[:] = 0
        for picture in self.pictures:
            pages, values, _ = unpack(zlib.decompress(picture.runs))
            self._last[pages] = values

    # Between two pictures

    def lost_frames(
        self,
        pages: NDArray[np.signedinteger],
        *,
        before: NDArray[np.uint8],
        after: NDArray[np.uint8],
        places: NDArray[np.signedinteger],
    ) -> None:
        """See :meth:`host.page_events.PageFollower.lost_frames`."""
        self._events[pages[places != 0]] |= PageEvent.WRITTEN.value
        self._events[pages[after & (USAGE_MASK | CONTENT_MASK) == DISCARDED]] |= PageEvent.DISCARDED.value
        self._events[pages[before & USAGE_MASK == Usage.UNUSED]] |= PageEvent.DROPPED.value

    def read_in(self, page: int) -> None:
        """See :meth:`host.page_events.PageFollower.read_in`."""
        self._events[page] |= PageEvent.READ.value

    def refused(self, condition: ProgramInterruption) -> None:
        """See :meth:`host.page_events.PageFollower.refused`."""
        if condition.code is ProgramInterruptionCode.DISCARD_FAULT and condition.translation_exception is not None:
            self._events[condition.translation_exception >> PAGE_SHIFT] |= PageEvent.FAULT.value
