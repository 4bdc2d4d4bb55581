# SPDX-License-Identifier: GPL-2.0-or-later
"""Pages that stops or PER watch as storage of a device, for the careful engine.

Unicorn says which page an instruction may access, but not whether and where it does.  Storage of a device it accesses
by calling a function, for a few bytes each time (see :mod:`emu.engine.low_storage`), whatever the instruction.  So a
page that holds watched bytes is shown as storage of a device, each in a place of its own; the bytes come from the frame
and go there.

A store is made of just the bytes that are stored.  For a fetch that is not aligned Unicorn puts together more than is
fetched; but it tells the callback for fetches of all of them before, with the place and the number of bytes (seen in
2.1.4; for a fetch from two pages the place is that in the first).
"""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any, Final

from unicorn import unicorn_const as uc_const

from emu import access
from emu.addresses import PAGE_OFFSET_MASK, PAGE_SHIFT, PAGE_SIZE
from emu.engine.library import DeviceFetchCallback, DeviceStoreCallback, EngineError, FetchCallback
from emu.teid import Access

if TYPE_CHECKING:
    from emu.configuration import Configuration
    from emu.cpu import Cpu
    from emu.engine.library import Unicorn
    from emu.engine.watched_pages import WatchedPages

_PLACE: Final = 1 << 37
"""Where it lies in the engine's physical memory: below all else."""
_PLACES: Final = 1 << 13
"""More pages than an instruction accesses; MOVE LONG, of 16 MiB at most, is the one of most."""


class WatchedStorage:
    """The device."""

    def __init__(self, configuration: Configuration[Cpu], cpu: Cpu, unicorn: Unicorn, watched: WatchedPages) -> None:
        """Be what the instructions of *cpu*, executed by *unicorn*, access of what is *watched*."""
        self._pages = watched
        self._storage = configuration.storage
        self._watching = configuration.watching
        self._cpu = cpu
        self._unicorn = unicorn
        self._shown: list[tuple[int, int, int]] = []
        """The logical address and the number of the absolute page at each place, and where in the pool its frame is."""
        self._functions = DeviceFetchCallback(self._fetch), DeviceStoreCallback(self._store)
        fetch, store = (ctypes.cast(function, ctypes.c_void_p).value or 0 for function in self._functions)
        unicorn.map_device(_PLACE, _PLACES * PAGE_SIZE, fetch, store, 0)
        self._told = FetchCallback(self._note_fetch)
        self._hook: int | None = None
        self._fetched = 0, 0
        """Place and number of bytes of the present fetch."""

    def watch(self) -> None:
        """Others are watched now, or none."""
        follower = self._cpu.configuration.follower
        is_told = self._watching.is_set or (follower is not None and follower.follows_fetches)
        if is_told == (self._hook is not None):
            return
        if self._hook is None:
            self._hook = self._unicorn.hook(uc_const.UC_HOOK_MEM_READ, self._told)
        else:
            self._unicorn.unhook(self._hook)
            self._hook = None
        # Code that was translated before calls it or not, as it was then.
        self._unicorn.drop_all_code()

    def forget(self) -> None:
        """Show nothing any more."""
        self._shown.clear()

    def is_for(self, address: int, page: int, kind: Access) -> bool:
        """Whether such an access in the page of logical *address*, which is absolute *page*, is to be noticed."""
        if is_each_followed(self._cpu, kind) or (kind is Access.STORE and self._is_recorded(address)):
            return True
        return self._pages.covers(address, page, kind)

    def _is_recorded(self, address: int) -> bool:
        """Whether a store in the page of logical *address* may be an event for PER."""
        cpu, recording = self._cpu, self._cpu.recording
        if recording is None:
            return False
        designation = access.space_designation(cpu, cpu.space) if cpu.dat else None
        return recording.watches(address & -PAGE_SIZE, PAGE_SIZE, designation)

    def show(self, address: int, page: int, frame: int) -> int:
        """Show absolute *page*, the page of logical *address*, whose frame is at *frame* in the pool; give its place.

        :raises EngineError: if an instruction accesses more pages than any does.
        """
        if len(self._shown) == _PLACES:
            raise EngineError("an instruction accesses more pages than there are places for")
        self._shown.append((address & -PAGE_SIZE, page, frame))
        return _PLACE + (len(self._shown) - 1 << PAGE_SHIFT)

    def _note_fetch(self, _: Any, __: int, place: int, size: int, ___: int, ____: Any) -> None:
        self._fetched = place, size

    def _fetch(self, _: Any, place: int, size: int, __: Any) -> int:
        address, page, frame = self._shown[place >> PAGE_SHIFT]
        offset = place & PAGE_OFFSET_MASK
        first, last = self.fetched_part(_PLACE + place, size)
        if first <= last:
            note(self._cpu, address | first, page, last - first + 1, Access.FETCH)
        return int.from_bytes(self._storage.read_frame(frame + offset, size), "big")

    def fetched_part(self, place: int, size: int) -> tuple[int, int]:
        """Of *size* bytes at *place*, the offsets in their page of the first and the last that is really fetched."""
        start, length = self._fetched
        first, last = start & PAGE_OFFSET_MASK, (start & PAGE_OFFSET_MASK) + length - 1
        if start >> PAGE_SHIFT != place >> PAGE_SHIFT:
            # The second of two pages.
            first, last = 0, last - PAGE_SIZE
        offset = place & PAGE_OFFSET_MASK
        return max(first, offset), min(last, offset + size - 1)

    def _store(self, _: Any, place: int, size: int, value: int, __: Any) -> None:
        address, page, frame = self._shown[place >> PAGE_SHIFT]
        offset = place & PAGE_OFFSET_MASK
        note(self._cpu, address | offset, page, size, Access.STORE)
        self._storage.write_frame(frame + offset, (value & (1 << 8 * size) - 1).to_bytes(size, "big"))


def is_each_followed(cpu: Cpu, kind: Access) -> bool:
    """Whether somebody is told each access of this kind of the instruction that *cpu* is executing alone."""
    follower = cpu.configuration.follower
    return follower is not None and follower.wants_each_access and (kind is Access.STORE or follower.follows_fetches)


def note(cpu: Cpu, address: int, page: int, length: int, kind: Access) -> None:
    """Note an access of *cpu* to *length* bytes at logical *address*, in absolute *page*, which is about to be made."""
    follower = cpu.configuration.follower
    if follower is not None and is_each_followed(cpu, kind):
        follower.accesses(cpu, address, length, kind, None, is_real=False)
    access.note_access(cpu, address, length, kind)
    cpu.configuration.watching.note(
        page << PAGE_SHIFT | address & PAGE_OFFSET_MASK, length, kind, cpu=cpu.address, is_absolute=True
    )
