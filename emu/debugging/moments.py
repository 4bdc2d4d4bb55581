# SPDX-License-Identifier: GPL-2.0-or-later
"""The moments that a history keeps, and which of them go when there is no room for all."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

from emu.addresses import PAGE_SIZE
from emu.debugging.page_store import PageStore, StoreFull
from emu.debugging.recorder import Recorder

if TYPE_CHECKING:
    from emu.debugging.recorder import Moment, Position
    from emu.machine import Machine


class HistoryFull(Exception):  # noqa: N818 - it is a state of the history
    """Not even one moment of the machine has room in the history; the text says how much it needs."""


class Moments:
    """Moments of *machine* and its *host*, in their order, in at most *limit* bytes.

    Where there is no room the moments are thinned: those go first that are nearest to their neighbours, measured by how
    long ago they are.  The first one goes last, and after it nothing before the second can be reached.  But where what
    was written on disks takes more than half of the room, it goes first.
    """

    def __init__(self, machine: Machine, host: object | None, limit: int) -> None:
        self.limit = limit
        self._store = PageStore(limit)
        self.recorder = Recorder(machine, host, self._store)
        self._moments: list[Moment] = []

    @property
    def used(self) -> int:
        """Bytes that are in use."""
        moments = sum(each.size for each in self._moments)
        return self._store.used * PAGE_SIZE + moments + self.recorder.disk_bytes

    @property
    def first(self) -> Moment | None:
        """The first moment that can be gone back to."""
        return self._moments[0] if self._moments else None

    @property
    def last(self) -> Moment | None:
        """The last one that is kept."""
        return self._moments[-1] if self._moments else None

    def __len__(self) -> int:
        return len(self._moments)

    def before(self, position: Position) -> Moment | None:
        """The last moment at *position* or before it."""
        index = bisect_right(self._moments, position, key=lambda each: each.position)
        return self._moments[index - 1] if index else None

    def at(self, position: Position) -> Moment | None:
        """The moment at *position*, if one is kept."""
        found = self.before(position)
        return found if found is not None and found.position == position else None

    def next_cut(self, position: Position) -> Moment | None:
        """The first moment behind *position* at which the machine was changed from outside."""
        index = bisect_right(self._moments, position, key=lambda each: each.position)
        return next((each for each in self._moments[index:] if each.is_cut), None)

    def last_cut(self, position: Position) -> Moment | None:
        """The last moment before *position* at which the machine was changed from outside."""
        index = bisect_left(self._moments, position, key=lambda each: each.position)
        return next((each for each in reversed(self._moments[:index]) if each.is_cut), None)

    def take(self, position: Position, *, is_cut: bool = False) -> Moment:
        """Keep what is now, at *position*; a moment that is kept there already is replaced if this one is a cut.

        :raises HistoryFull: if there is no room for it even if it is the only one.
        """
        known = self.at(position)
        if known is not None:
            if not is_cut:
                return known
            self._drop(self._moments.index(known))
        while True:
            try:
                made = self.recorder.take(position, self.before(position), is_cut=is_cut)
                break
            except StoreFull:
                self._thin()
        self._moments.insert(bisect_right(self._moments, position, key=lambda each: each.position), made)
        while self.used > self.limit:
            self._thin(but=made)
        return made

    def forget_later(self, position: Position) -> None:
        """Forget the moments behind *position*."""
        while self._moments and self._moments[-1].position > position:
            self._drop(len(self._moments) - 1)

    def _thin(self, but: Moment | None = None) -> None:
        """Forget one moment, but not *but*.

        :raises HistoryFull: if there is no other.
        """
        last = len(self._moments) - 1
        if last > 0 and self.recorder.disk_bytes > self.limit // 2:
            # What was written on disks gets less by no other.
            self._drop(0)
            return
        present = self._moments[-1].position.instruction if self._moments else 0
        choice: tuple[float, int] | None = None
        for index in range(1, last):
            moment = self._moments[index]
            if moment.is_cut or moment is but:
                continue
            before = self._moments[index - 1].position.instruction
            gap = self._moments[index + 1].position.instruction - before
            found = gap / (present - before + 1), index
            choice = found if choice is None else min(choice, found)
        if choice is not None:
            self._drop(choice[1])
        elif self._moments and self._moments[0] is not but:
            self._drop(0)
        else:
            raise HistoryFull(f"a moment of the machine needs more than the {self.limit} bytes of the history")

    def _drop(self, index: int) -> None:
        self.recorder.forget(self._moments.pop(index))
        if not index and self._moments:
            self.recorder.begins_at(self._moments[0])
