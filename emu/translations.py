# SPDX-License-Identifier: GPL-2.0-or-later
"""The translation-lookaside buffers of all CPUs of a configuration, and what the engines translated of its code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from emu.page_records import clear, page_records

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from emu.storage import Storage
    from emu.watched_areas import WatchedArea


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
        self.reached = page_records(storage.pages, np.uint8)
        """For each page, whether a translation of some CPU's may lead to it."""
        storage.code_written = self.code_written

    def flush_all(self) -> None:
        """Drop the translations of every CPU."""
        for buffer in self.buffers:
            buffer.flush()
        clear(self.reached)

    def page_changed(self, page: int) -> None:
        """Drop translations wherever absolute *page* can be reached: its key, state or frame is about to matter."""
        if self.reached[page]:
            for buffer in self.buffers:
                buffer.forget_page(page)
            self.reached[page] = 0

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
