# SPDX-License-Identifier: GPL-2.0-or-later
"""The translation-lookaside buffers of all CPUs of a configuration, and what the engines translated of its code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from emu.storage import Storage
    from emu.watched_areas import WatchedArea

REACHED_BITS: Final = 22
REACHED_PAGES: Final = 1 << REACHED_BITS
"""For so many pages there is a byte of their own that says whether they are reached; of larger storage, pages that lie
so far apart share one.  So what is touched here and there lies near together, and forgetting it takes no longer."""
MANY_REACHED: Final = 0xFF
"""What such a byte holds when it may be any of those that share it."""


def reached_index(page: int) -> int:
    """Where the byte is that says whether a translation may lead to absolute *page*."""
    return page & REACHED_PAGES - 1


def reached_by(page: int) -> int:
    """What that byte holds if one leads to *page*, and to none of those that share it."""
    number = (page >> REACHED_BITS) + 1
    return min(number, MANY_REACHED)


def reached_with(page: int, before: int) -> int:
    """What it holds once one leads to *page*, too."""
    own = reached_by(page)
    return own if before in (0, own) else MANY_REACHED


def may_be_reached(page: int, held: int) -> bool:
    """Whether a translation may lead to *page* while that byte holds *held*."""
    return held == MANY_REACHED or held == reached_by(page)


def reached_without(held: int) -> int:
    """What it holds once the translations that lead to one of its pages have been dropped."""
    return MANY_REACHED if held == MANY_REACHED else 0


class LookasideBuffer(Protocol):
    """What others ask of the translation-lookaside buffer and of the translated code of one CPU."""

    def flush(self) -> None:
        """Forget every translation."""

    def flush_later(self) -> None:
        """The same before the CPU runs again; it may be asked for inside an access."""

    def forget_page(self, page: int) -> None:
        """Forget the translations that lead to absolute *page*."""

    def forget_writable(self, page: int) -> None:
        """Let the next store into absolute *page* ask again, since it is about to hold code."""

    def may_write(self, page: int) -> bool:
        """Whether a translation made since the last flush lets *page* be written."""

    def forget_code(self, page: int) -> None:
        """Drop what was translated of absolute *page*."""

    def end_soon(self) -> None:
        """Come back before the next block, if this CPU is running; it may be asked for inside an access."""

    def watch(self, whose: str, areas: Collection[WatchedArea]) -> None:
        """See :meth:`emu.engine_protocol.TranslationBuffer.watch`."""


class Translations:
    """All of them together."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self.buffers: list[LookasideBuffer] = []
        """One for each CPU, in the order of their addresses."""
        self.reached = np.zeros(min(storage.pages, REACHED_PAGES), dtype=np.uint8)
        """Whether a translation of some CPU's may lead to a page: see :func:`may_be_reached`."""
        storage.code_written = self.code_written

    def flush_all(self) -> None:
        """Drop the translations of every CPU."""
        for buffer in self.buffers:
            buffer.flush()
        self.reached.fill(0)

    def page_changed(self, page: int) -> None:
        """Drop translations wherever absolute *page* can be reached: its key, state or frame is about to matter."""
        index = reached_index(page)
        held = int(self.reached[index])
        if may_be_reached(page, held):
            for buffer in self.buffers:
                buffer.forget_page(page)
            self.reached[index] = reached_without(held)

    def reach(self, page: int) -> None:
        """Note that a translation leads to absolute *page*."""
        index = reached_index(page)
        self.reached[index] = reached_with(page, int(self.reached[index]))

    def code_written(self, page: int) -> None:
        """Forget what was translated of absolute *page*, which is being written."""
        for buffer in self.buffers:
            buffer.forget_code(page)
        self._storage.code_pages[page] = 0

    def forget_all_code(self) -> None:
        """Forget everything that was translated, and every translation."""
        for page in np.flatnonzero(self._storage.code_flags):
            self.code_written(int(page))
        self.flush_all()

    def frames_taken(self, pages: NDArray[np.integer[Any]]) -> None:
        """Drop every translation: the host has taken the frames of *pages*, and wants to see references again."""
        for page in pages[self._storage.code_flags[pages].nonzero()[0]].tolist():
            self.code_written(page)
        self.flush_all()

    def is_writable(self, page: int) -> bool:
        """Whether some CPU may store into absolute *page* without being noticed."""
        return any(buffer.may_write(page) for buffer in self.buffers)

    def forget_writable(self, page: int) -> None:
        """Let every CPU's next store into absolute *page* ask again, since it is about to hold code."""
        for buffer in self.buffers:
            buffer.forget_writable(page)

    def watch(self, whose: str, areas: Collection[WatchedArea]) -> None:
        """Let no access of any CPU to *areas* go unnoticed; they take the place of what *whose* has watched before."""
        for buffer in self.buffers:
            buffer.watch(whose, areas)

    def end_soon(self) -> None:
        """Have the CPU that is running come back before its next block."""
        for buffer in self.buffers:
            buffer.end_soon()
