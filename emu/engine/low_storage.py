# SPDX-License-Identifier: GPL-2.0-or-later
"""The first 8 KiB of logical addresses, where rules are finer than a page, for the careful engine.

Low-address protection and fetch-protection override (PoP 3, "Protection") hold of parts of pages 0 and 1.  Unicorn asks
for a page only, moves many bytes at once through a pointer, and tells the callbacks for accesses of few of its ways of
accessing.  But storage of a device it accesses in no other way than by calling two functions, for a few bytes each,
with their place.  So a page with such a rule is shown as storage of a device, whose places are effective addresses;
every byte that an instruction accesses is checked here, and then comes from or goes to the frame.

The parts with rules of their own begin and end at multiples of 512.  Unicorn accesses an aligned number of bytes at a
time, at most 8 (seen in 2.1.4: operands that are not aligned are put together of aligned ones), so that what holds of
the first byte holds of all.
"""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

from emu import access
from emu.addresses import PAGE_SHIFT, PAGE_SIZE
from emu.engine.blocks_of_low_storage import (
    BLOCK_OFFSET,
    BLOCK_SHIFT,
    FETCH_FUNCTION,
    REFUSED,
    STORE_FUNCTION,
    STORES,
    WORDS,
)
from emu.engine.fetched_operands import resolve_fetch
from emu.engine.library import DeviceFetchCallback, DeviceStoreCallback
from emu.engine.watched_storage import WatchedStorage, is_each_followed, note
from emu.teid import Access

if TYPE_CHECKING:
    from collections.abc import Callable

    from emu.configuration import Configuration
    from emu.cpu import Cpu
    from emu.psw import AddressSpaceControl

LOW_STORAGE: Final = 1 << 39
"""Where it lies in the engine's physical memory: below the host's frame pool."""


class AccessingInstruction(Protocol):
    """What the device needs of the instruction that accesses it."""

    @property
    def is_refused(self) -> bool:
        """Whether it ends with an exception already."""

    def attempt(self, checked: Callable[[], int]) -> int | None:
        """What *checked* gives; None, and the instruction ends, if it raises something."""

    def hold(self, page: int, kind: Access) -> int:
        """Hold absolute *page*, until everything is forgotten, and give the offset of its frame in the pool."""

    def storing(self, page: int) -> None:
        """It is about to store into absolute *page*, which is held for that."""


class LowStorage:
    """The device.

    What has been checked is accessed by compiled callbacks (:mod:`emu.engine.low_storage_callbacks`), the rest by
    :meth:`fetch` and :meth:`store`.
    """

    def __init__(
        self,
        instruction: AccessingInstruction,
        configuration: Configuration[Cpu],
        cpu: Cpu,
        watched: WatchedStorage,
    ) -> None:
        """Be what the instructions of *cpu* access."""
        self._instruction = instruction
        self._storage = configuration.storage
        self._cpu = cpu
        self._watching = configuration.watching
        self._watched = watched
        self._known: dict[tuple[int, Access], tuple[int, int]] = {}
        """The absolute page of each block of effective addresses, by kind of access, and where in the pool it lies."""
        self.stored: set[int] = set()
        """Offsets in the pool of the frames that may be stored into without being asked for."""
        self._words = np.zeros(WORDS, dtype=np.uint64)
        self._functions = DeviceFetchCallback(self.fetch), DeviceStoreCallback(self.store)
        for place, function in zip((FETCH_FUNCTION, STORE_FUNCTION), self._functions, strict=True):
            self._words[place] = ctypes.cast(function, ctypes.c_void_p).value or 0
        self._translation: tuple[bool, AddressSpaceControl] | None = None
        """The mode of translation that what is known holds in."""
        self._is_refusing = False

    @property
    def words_address(self) -> int:
        """Where the words for the compiled callbacks lie."""
        return int(self._words.ctypes.data)

    def begin(self) -> None:
        """An instruction begins."""
        if self._is_refusing:
            self._is_refusing = False
            self._words[REFUSED] = 0
        if self._known and self._translation != (self._cpu.dat, self._cpu.space):
            self.forget()

    def forget(self) -> None:
        """Check everything anew."""
        if self._known:
            self._known.clear()
            self.stored.clear()
            self._words[:FETCH_FUNCTION] = 0

    def refuse(self) -> None:
        """The present instruction ends with an exception, and may access nothing more."""
        self._is_refusing = True
        self._words[REFUSED] = 1

    def fetch(self, _: Any, address: int, size: int, __: Any) -> int:
        """The *size* bytes at effective *address*; zero if they may not be fetched."""
        known = self._checked(address, Access.FETCH)
        if known is None:
            return 0
        if self._watching.is_set or is_each_followed(self._cpu, Access.FETCH):
            first, last = self._watched.fetched_part(LOW_STORAGE + address, size)
            if first <= last:
                note(self._cpu, address & -PAGE_SIZE | first, known[0], last - first + 1, Access.FETCH)
        return int.from_bytes(self._storage.read_frame(known[1] + (address & BLOCK_OFFSET), size), "big")

    def store(self, _: Any, address: int, size: int, value: int, __: Any) -> None:
        """Store the last *size* bytes of *value* at effective *address*, if that may be."""
        known = self._checked(address, Access.STORE)
        if known is not None:
            self._instruction.storing(known[0])
            note(self._cpu, address, known[0], size, Access.STORE)
            data = (value & (1 << 8 * size) - 1).to_bytes(size, "big")
            self._storage.write_frame(known[1] + (address & BLOCK_OFFSET), data)

    def _checked(self, address: int, kind: Access) -> tuple[int, int] | None:
        """The absolute page of *address*, and where in the pool its block lies; None if the access is refused."""
        if self._instruction.is_refused:
            return None
        block = address >> BLOCK_SHIFT, kind
        known = self._known.get(block)
        if known is None:
            absolute = self._instruction.attempt(lambda: self._resolve(address, kind))
            if absolute is None:
                return None
            page = absolute >> PAGE_SHIFT
            offset = absolute & PAGE_SIZE - 1 & ~BLOCK_OFFSET
            frame = self._instruction.hold(page, kind)
            self._translation = self._cpu.dat, self._cpu.space
            known = self._known[block] = page, frame + offset
            is_noticed = (
                self._watching.is_set
                or (kind is Access.STORE and self._cpu.recording is not None)
                or is_each_followed(self._cpu, kind)
            )
            if not (is_noticed or (kind is Access.STORE and self._storage.code_pages[page])):
                where = STORES + block[0] if kind is Access.STORE else block[0]
                self._words[where] = self._storage.hypervisor.frame_address + frame + offset
            if kind is Access.STORE:
                self.stored.add(frame)
        return known

    def _resolve(self, address: int, kind: Access) -> int:
        if kind is Access.FETCH:
            return resolve_fetch(self._cpu, address)
        return access.resolve(self._cpu, address, kind)
