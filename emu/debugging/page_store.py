# SPDX-License-Identifier: GPL-2.0-or-later
"""Contents of pages that are kept for a history: each once, as long as some moment has it."""

from __future__ import annotations

import mmap
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from emu.addresses import PAGE_SIZE
from emu.hypervisor import MAP_NORESERVE
from emu.page_contents import WORDS, PageContents, PageNumbers, Words

Slots = npt.NDArray[np.int32]

_ZEROS: Final = 0
"""The slot of the page of zeros, which is always there."""
_NONE: Final = -1
_CHUNK: Final = 1024
"""Pages that are looked at together: their contents fit in the cache of a CPU."""


class StoreFull(Exception):  # noqa: N818 - it is a state of the store
    """There is no room for so many pages more."""


@dataclass(frozen=True, slots=True)
class KeptPages:
    """What some pages hold at a moment: their numbers, ascending, and the slots of a store."""

    pages: PageNumbers
    slots: Slots

    def find(self, pages: PageNumbers) -> Slots:
        """The slots of *pages*; -1 for those that are not in it."""
        if not len(self.pages):
            return np.full(len(pages), _NONE, dtype=np.int32)
        at = np.minimum(np.searchsorted(self.pages, pages), len(self.pages) - 1)
        return np.where(self.pages[at] == pages, self.slots[at], _NONE).astype(np.int32)

    @property
    def size(self) -> int:
        """Bytes that the table itself takes."""
        return self.pages.nbytes + self.slots.nbytes


EMPTY: Final = KeptPages(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int32))


class PageStore:
    """Room for *size* bytes of pages; only what is used of it takes memory."""

    def __init__(self, size: int) -> None:
        self.slots = max(size // PAGE_SIZE, 1) + 1
        """How many pages there is room for, that of zeros among them."""
        self._mapping = mmap.mmap(
            -1, self.slots * PAGE_SIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | MAP_NORESERVE
        )
        self._words: Words = np.frombuffer(self._mapping, dtype=np.uint64).reshape(-1, WORDS)
        self._uses = np.zeros(self.slots, dtype=np.int32)
        """How many tables have each slot."""
        self._begun = 1
        """Slots from this one on were never used."""
        self._free: list[int] = []
        """Those before it that are free, as a stack."""

    @property
    def used(self) -> int:
        """How many pages are kept."""
        return self._begun - 1 - len(self._free)

    @property
    def room(self) -> int:
        """How many pages more can be kept."""
        return self.slots - 1 - self.used

    def take(self, contents: PageContents, before: KeptPages, suspects: PageNumbers | None) -> KeptPages:
        """A table of what *contents* holds now; what is as in *before* is shared with it.

        :param before: what they held at another moment; a table of this store that is still used.
        :param suspects: the pages that may have been written since then; None if it could be any.
        :raises StoreFull: if there is no room; nothing has changed then.
        :raises HostFailure: if one cannot be read.
        """
        pages = contents.kept()
        slots = before.find(pages)
        doubtful = _doubtful(pages, slots == _NONE, suspects)
        made: list[Slots] = []
        try:
            for start in range(0, len(chosen := np.flatnonzero(doubtful)), _CHUNK):
                part = chosen[start : start + _CHUNK]
                words = contents.read(pages[part])
                differ = (words != self._words[np.maximum(slots[part], _ZEROS)]).any(axis=1)
                # A page that was not there, and is all zeros, has been compared with zeros.
                slots[part[~differ & (slots[part] == _NONE)]] = _ZEROS
                new = self._keep(words[differ])
                made.append(new)
                slots[part[differ]] = new
        except BaseException:
            for each in made:
                self._free += each.tolist()
            raise
        self._uses[slots] += 1
        return KeptPages(pages, slots)

    def put(
        self, table: KeptPages, contents: PageContents, before: KeptPages, suspects: PageNumbers | None
    ) -> PageNumbers:
        """Let *contents* hold what *table* says; give the pages that were written for it.

        For *before* and *suspects* see :meth:`take`.

        :raises HostFailure: if one cannot be read or written.
        """
        doubtful = _doubtful(table.pages, before.find(table.pages) != table.slots, suspects)
        changed = []
        for start in range(0, len(chosen := np.flatnonzero(doubtful)), _CHUNK):
            part = chosen[start : start + _CHUNK]
            pages, words = table.pages[part], self._words[table.slots[part]]
            if suspects is None:
                differ = (contents.read(pages) != words).any(axis=1)
                pages, words = pages[differ], words[differ]
            contents.write(pages, words)
            changed.append(pages)
        return np.concatenate(changed) if changed else EMPTY.pages

    def hold(self, table: KeptPages) -> None:
        """Keep what *table* has until it is released once more."""
        self._uses[table.slots] += 1

    def release(self, table: KeptPages) -> None:
        """Forget *table*, and what only it has."""
        slots = table.slots[table.slots != _ZEROS]
        self._uses[slots] -= 1
        self._free += slots[self._uses[slots] == 0].tolist()

    def _keep(self, words: npt.NDArray[Any]) -> Slots:
        """The slots that hold *words* from now on; whoever keeps them counts their use.

        :raises StoreFull: if there is no room.
        """
        if len(words) > self.room:
            raise StoreFull
        reused = min(len(words), len(self._free))
        taken = [self._free.pop() for _ in range(reused)]
        begun = self._begun
        self._begun += len(words) - reused
        slots = np.array([*taken, *range(begun, self._begun)], dtype=np.int32)
        self._words[slots] = words
        return slots


def _doubtful(pages: PageNumbers, are_others: npt.NDArray[np.bool_], suspects: PageNumbers | None) -> Any:
    """Which of *pages* must be looked at: those that are others for certain, and those that may have been written."""
    if suspects is None:
        return np.ones(len(pages), dtype=np.bool_)
    return are_others | np.isin(pages, suspects)
