# SPDX-License-Identifier: GPL-2.0-or-later
"""Pages in which PER watches for storage alteration, for the careful engine.

Unicorn says which page an instruction may store into, but not whether and where it does.  Storage of a device it stores
into by calling a function, for a few bytes each time (see :mod:`emu.engine.low_storage`).  So a page of the area that
control registers 10 and 11 designate is shown as storage of a device while an instruction may store into it, each
virtual page in a place of its own; the bytes come from the frame and go there.
"""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any, Final

from emu import access
from emu.addresses import PAGE_SHIFT, PAGE_SIZE
from emu.engine.library import DeviceFetchCallback, DeviceStoreCallback, EngineError

if TYPE_CHECKING:
    from emu.cpu import Cpu
    from emu.engine.library import Unicorn
    from emu.storage import Storage

_PLACE: Final = 1 << 38
"""Where it lies in the engine's physical memory: below the storage of :mod:`emu.engine.low_storage`."""
_PLACES: Final = 1 << 13
"""More pages than an instruction stores into; MOVE LONG, of 16 MiB at most, is the one of most."""


class RecordedStorage:
    """The device."""

    def __init__(self, cpu: Cpu, storage: Storage, unicorn: Unicorn) -> None:
        """Be what the instructions of *cpu*, executed by *unicorn*, store into."""
        self._cpu = cpu
        self._storage = storage
        self._shown: list[tuple[int, int]] = []
        """The logical address of the page at each place, and where in the pool its frame lies."""
        self._functions = DeviceFetchCallback(self._fetch), DeviceStoreCallback(self._store)
        fetch, store = (ctypes.cast(function, ctypes.c_void_p).value or 0 for function in self._functions)
        unicorn.map_device(_PLACE, _PLACES * PAGE_SIZE, fetch, store, 0)

    def forget(self) -> None:
        """Show nothing any more."""
        self._shown.clear()

    def is_watched(self, address: int, length: int) -> bool:
        """Whether a store by the present instruction at logical *address* is an event."""
        cpu, recording = self._cpu, self._cpu.recording
        if recording is None:
            return False
        designation = access.space_designation(cpu, cpu.space) if cpu.dat else None
        return recording.watches(address, length, designation)

    def show(self, address: int, frame: int) -> int:
        """Show the page at logical *address*, whose frame is at offset *frame* in the pool; give its place.

        :raises EngineError: if an instruction stores into more pages than any does.
        """
        if len(self._shown) == _PLACES:
            raise EngineError("an instruction stores into more pages than there are places for")
        self._shown.append((address & -PAGE_SIZE, frame))
        return _PLACE + (len(self._shown) - 1 << PAGE_SHIFT)

    def _fetch(self, _: Any, place: int, size: int, __: Any) -> int:
        _address, frame = self._shown[place >> PAGE_SHIFT]
        return int.from_bytes(self._storage.read_frame(frame + place % PAGE_SIZE, size), "big")

    def _store(self, _: Any, place: int, size: int, value: int, __: Any) -> None:
        address, frame = self._shown[place >> PAGE_SHIFT]
        offset = place % PAGE_SIZE
        access.note_store(self._cpu, address + offset, size)
        self._storage.write_frame(frame + offset, (value & (1 << 8 * size) - 1).to_bytes(size, "big"))
