# SPDX-License-Identifier: GPL-2.0-or-later
"""What somebody outside the machine wants to know of at once: interruptions, and accesses to parts of storage.

Of storage it is asked only where an access is made that no translation was kept for (:mod:`emu.engine.watched_pages`),
so that nothing is slower while nothing is watched.  What an instruction has accessed is forgotten if it is undone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from emu.addresses import PAGE_SHIFT, PAGE_SIZE
from emu.teid import Access

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Container

    from emu.watched_areas import WatchedArea

_MOST_PAGES: Final = 1 << 12
"""If more are watched, all are looked at more closely."""


@dataclass(frozen=True, slots=True)
class NoticedAccess:
    """An access to bytes that are watched."""

    cpu: int | None
    """The address of the CPU; None if it was not the access of an operand."""
    address: int
    """Of the first byte."""
    length: int
    kind: Access
    is_absolute: bool
    """Whether the address is absolute, or the logical one of the operand."""
    designation: int | None = None
    """The address-space-control element that translates a logical address; None if nothing does."""


class Watching:
    """What is watched in one configuration."""

    def __init__(self) -> None:
        """Watch nothing."""
        self._areas: tuple[WatchedArea, ...] = ()
        self.is_set = False
        """Whether anything in storage is watched."""
        self.pages: Container[int] = ()
        """Numbers of the pages, logical and absolute ones alike, in which something is watched."""
        self.before_interruption: Callable[[int, str, int], None] | None = None
        """Called before a CPU takes an interruption: with its address, and the class and the code.  It may end the run
        by what it raises."""
        self.follows_interruptions = False
        """Whether somebody looks at what each interruption has changed, so that Python must take it."""
        self.noticed: list[NoticedAccess] = []
        """The accesses since they were looked at last."""

    def watch(self, areas: Collection[WatchedArea]) -> None:
        """Watch these *areas* and no others."""
        self._areas = tuple(areas)
        self.is_set = bool(areas)
        self.pages = _pages(areas)
        self.noticed.clear()

    def may_be_of(self, address: int, length: int) -> bool:
        """Whether a byte of these, logical or absolute, may be watched: this is quick."""
        pages, last = self.pages, address + length - 1
        return address >> PAGE_SHIFT in pages or last >> PAGE_SHIFT in pages or length > PAGE_SIZE

    def note(
        self,
        address: int,
        length: int,
        kind: Access,
        *,
        cpu: int | None = None,
        is_absolute: bool = False,
        designation: int | None = None,
    ) -> None:
        """Note an access, if a byte of it is watched; for the parameters see :class:`NoticedAccess`."""
        if not self.may_be_of(address, length):
            return
        last = address + length - 1
        for area in self._areas:
            if area.is_absolute is is_absolute and kind in area.kinds and area.first <= last and address <= area.last:
                self.noticed.append(NoticedAccess(cpu, address, length, kind, is_absolute, designation))
                return

    def note_logical(
        self, cpu: int, address: int, length: int, kind: Access, designation: int | None, limit: int
    ) -> None:
        """Note an access of *cpu* at logical *address*, in the addressing mode with this *limit*."""
        while length:
            part = min(length, limit + 1 - address)
            self.note(address, part, kind, cpu=cpu, designation=designation)
            address = address + part & limit
            length -= part

    def fetched(self, cpu: int, parts: Collection[tuple[int, int]]) -> None:
        """Note that *cpu* has fetched *parts*: absolute address and length of each."""
        for address, length in parts:
            self.note(address, length, Access.FETCH, cpu=cpu, is_absolute=True)

    def stored(self, address: int, length: int) -> None:
        """Note a store at absolute *address*, whoever makes it."""
        self.note(address, length, Access.STORE, is_absolute=True)

    def forget_from(self, number: int) -> None:
        """Forget all that was noticed but the first *number* of them: the instruction has been undone."""
        del self.noticed[number:]

    def forget_stores_from(self, number: int) -> None:
        """The same, but only of stores, since the instruction has made none."""
        self.noticed[number:] = [access for access in self.noticed[number:] if access.kind is Access.FETCH]

    def forget_fetches_from(self, number: int) -> None:
        """The same, but not of stores: of an instruction that was not executed, what it has stored before stays."""
        self.noticed[number:] = [access for access in self.noticed[number:] if access.kind is Access.STORE]


def _pages(areas: Collection[WatchedArea]) -> Container[int]:
    if sum(area.last - area.first >> PAGE_SHIFT for area in areas) > _MOST_PAGES:
        return range(1 << 64 - PAGE_SHIFT)
    return frozenset(page for area in areas for page in range(area.first >> PAGE_SHIFT, (area.last >> PAGE_SHIFT) + 1))
