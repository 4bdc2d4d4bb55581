# SPDX-License-Identifier: GPL-2.0-or-later
"""The translation-lookaside buffer of one engine: what Unicorn was told, what is remembered of it, and what must go.

Unicorn has a small buffer of its own, which can only be flushed as a whole; fills are remembered beyond it
(:mod:`emu.engine.fills`).
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from emu.addresses import LOW_PAGES_END, PAGE_SHIFT, PAGE_SIZE
from emu.engine.blocks import FIRST_FILL_ACCESS
from emu.engine.code import FRAMES
from emu.engine.library import EXECUTABLE, READABLE, WRITABLE, FillAccess
from emu.lowcore import PREFIX_AREA_SIZE
from emu.teid import Access

if TYPE_CHECKING:
    from emu.addresses import AbsoluteAddress
    from emu.configuration import Configuration
    from emu.cpu import Cpu
    from emu.engine.fills import RememberedFills
    from emu.engine.held_pages import HeldPages
    from emu.engine.library import Unicorn
    from emu.engine.watched_pages import WatchedPages

Answer = tuple[int, int]
"""The engine-physical place of a page, and what is permitted there."""
_KINDS: Final = {
    Access.FETCH: FillAccess.READ,
    Access.STORE: FillAccess.WRITE,
    Access.INSTRUCTION_FETCH: FillAccess.FETCH,
}
_DOUBLEWORD: Final = struct.Struct(">Q")
PREFIX_PAGES: Final = range(PREFIX_AREA_SIZE >> 12)


class Tlb:
    """The buffer of the engine that runs freely."""

    def __init__(
        self,
        configuration: Configuration[Cpu],
        cpu: Cpu,
        unicorn: Unicorn,
        fills: RememberedFills,
        *,
        held: HeldPages,
        watched: WatchedPages,
    ) -> None:
        self._configuration = configuration
        self._cpu = cpu
        self._unicorn = unicorn
        self._fills = fills
        self._watched = watched
        self._pool = configuration.storage.pool
        self._held = held
        self._tables_mark = 0
        """What marked the held pages when the next was not empty."""
        self._tables: dict[int, int] = {}
        """Pages that a translation table was read from, and the offsets of their frames in the pool."""
        self.is_flush_due = False
        """Whether every translation is to be forgotten before one is used again."""
        self._is_buffer_due = False

    # What is held

    def hold(self, address: int, kind: int, page: int, *, is_real: bool = False) -> Answer | None:
        """Remember that *address* leads to absolute *page* for this kind of data access, and give the answer.

        None if it must be noticed each time: a store into a page of code, or what is watched.
        """
        if self._watched.covers(address, page, kind - FIRST_FILL_ACCESS):
            return None
        permissions = READABLE
        if kind == FillAccess.WRITE:
            if self._configuration.storage.code_pages[page]:
                return None
            permissions = WRITABLE
        return self._hold(address, kind, page, permissions, is_real=is_real)

    def hold_code(self, address: int, page: int) -> Answer | None:
        """The same for fetching instructions; None if that is watched."""
        if self._watched.covers(address, page, Access.INSTRUCTION_FETCH):
            return None
        return self._hold(address, FillAccess.FETCH, page, EXECUTABLE)

    def _hold(self, address: int, kind: int, page: int, permissions: int, *, is_real: bool = False) -> Answer:
        place = FRAMES + self._note(page, is_store=kind == FillAccess.WRITE)
        self._fills.remember(address, kind, self._cpu, place | permissions, is_real=is_real)
        return place, permissions

    def _note(self, page: int, *, is_store: bool) -> int:
        """Hold absolute *page*, and give the offset of its frame in the pool."""
        frame = self._configuration.hypervisor.frame(page)
        other = self._held.other_page(page)
        if other is not None:
            self.forget_page(other)
        self._held.hold(page, frame, is_store=is_store)
        self._configuration.translations.reach(page)
        return frame

    def may_write(self, page: int) -> bool:
        """Whether an answer given since the last flush lets *page* be written."""
        return self._held.may_write(page)

    def find(self, address: int, length: int, access: Access, *, is_real: bool) -> int | None:
        """See :meth:`emu.engine_protocol.TranslationBuffer.find`."""
        if self.is_flush_due or (address & (PAGE_SIZE - 1)) + length > PAGE_SIZE:
            return None
        place = self._fills.find(address, _KINDS[access], self._cpu, is_real=is_real)
        return place - FRAMES if place else None

    def note(self, address: int, absolute: AbsoluteAddress, access: Access, *, is_real: bool) -> None:
        """See :meth:`emu.engine_protocol.TranslationBuffer.note`."""
        # The rules for the low pages are finer than a page.
        if self.is_flush_due or address < LOW_PAGES_END:
            return
        if access is Access.INSTRUCTION_FETCH:
            self.hold_code(address, absolute >> 12)
        else:
            self.hold(address, _KINDS[access], absolute >> 12, is_real=is_real)

    def find_table_entry(self, address: int) -> int | None:
        """See :meth:`emu.engine_protocol.TranslationBuffer.find_table_entry`."""
        frame = self._tables.get(address >> PAGE_SHIFT)
        if frame is None or self.is_flush_due or self._tables_mark != self._held.mark:
            return None
        entry: int = _DOUBLEWORD.unpack_from(self._pool, frame + (address & PAGE_SIZE - 1))[0]
        return entry

    def note_table(self, address: AbsoluteAddress) -> None:
        """See :meth:`emu.engine_protocol.TranslationBuffer.note_table`."""
        if not self.is_flush_due:
            page = address >> PAGE_SHIFT
            if self._tables_mark != self._held.mark:
                # Everything has been forgotten since, by a compiled instruction perhaps.
                self._tables.clear()
                self._tables_mark = self._held.mark
            self._tables[page] = self._note(page, is_store=False)

    # What must go

    def flush(self) -> None:
        """Forget every translation."""
        if self.is_flush_due or not self._held.is_empty:
            self.is_flush_due = False
            self._held.release_all()
            self._tables.clear()
            self._fills.forget()
            self._unicorn.flush_tlb()

    def flush_later(self) -> None:
        """Forget every translation before Unicorn runs again."""
        self.is_flush_due = True

    def flush_buffer_later(self) -> None:
        """Have Unicorn's own buffer flushed before it runs again; what is remembered stays good."""
        self._is_buffer_due = True

    def context_changed(self) -> None:
        """Use no translation of the context that the CPU was in, unless it comes back to it."""
        self._is_buffer_due = True
        self._fills.context_changed()

    def make_ready(self) -> None:
        """Do what is due before Unicorn runs."""
        if self.is_flush_due:
            self.flush()
        if self._is_buffer_due:
            self._is_buffer_due = False
            self._unicorn.flush_tlb()

    def forget_page(self, page: int) -> None:
        """Forget the translations that lead to absolute *page*."""
        frame = self._held.frame(page)
        if frame is not None:
            self._held.release(page)
            self._tables.pop(page, None)
            self._fills.forget_page(FRAMES + frame)
            self._unicorn.flush_tlb()

    def forget_writable(self, page: int) -> None:
        """Let the next store into absolute *page* ask again."""
        frame = self._held.frame(page)
        if frame is not None and self._held.may_write(page):
            self._held.release_writable(page)
            self._fills.forget_place(FRAMES + frame | WRITABLE)
            self._unicorn.flush_tlb()
