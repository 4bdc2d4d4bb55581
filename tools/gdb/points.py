# SPDX-License-Identifier: GPL-2.0-or-later
"""Breakpoints and watchpoints that gdb has set, as stops of the machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu.bits import MASK_64
from emu.running.stopping.kinds import AtAddress, StorageAccess
from tools.gdb.errors import PacketError
from tools.gdb.fields import numbers

if TYPE_CHECKING:
    from emu.running.stopping.kinds import StopOn
    from emu.running.stopping.stop_list import StopList
    from emu.running.stops import Hit

SOFTWARE, HARDWARE, WRITE, READ, ACCESS = range(5)
"""Types of points in the packets ``Z`` and ``z``; for neither breakpoint anything is put into the guest's code."""
_WATCHES: Final = {WRITE: b"watch", READ: b"rwatch", ACCESS: b"awatch"}
_BREAKS: Final = {SOFTWARE: b"swbreak", HARDWARE: b"hwbreak"}
_LONGEST: Final = 1 << 20
"""Bytes that may be watched."""

Key = tuple[int, int, int]
"""Type, address and length, as a packet has them."""


class Points:
    """What gdb has set; each is a stop in the list of the machine."""

    def __init__(self, stops: StopList) -> None:
        self._stops = stops
        self._numbers: dict[Key, int] = {}

    def insert(self, kind: bytes, fields: bytes) -> None:
        """Do what ``Z`` *kind* ``,`` *fields* asks for; setting a point again changes nothing.

        :raises PacketError: if there is no such point.
        """
        key = _key(kind, fields)
        if key not in self._numbers:
            try:
                self._numbers[key] = self._stops.add(_stop_of(key))
            except ValueError:
                raise PacketError from None

    def remove(self, kind: bytes, fields: bytes) -> None:
        """Do what ``z`` *kind* ``,`` *fields* asks for; removing what is not there changes nothing.

        :raises PacketError: if there is no such point.
        """
        number = self._numbers.pop(_key(kind, fields), None)
        if number is not None and any(point.number == number for point in self._stops):
            self._stops.remove(number)

    def clear(self) -> None:
        """Remove all."""
        numbers = {point.number for point in self._stops}
        for number in set(self._numbers.values()) & numbers:
            self._stops.remove(number)
        self._numbers.clear()

    def reason(self, hits: tuple[Hit, ...]) -> bytes | None:
        """What a stop reply says of the first of *hits* that is of gdb; None if none is."""
        # On the way back they have other numbers.
        keys = {_stop_of(key): key for key in self._numbers}
        for hit in hits:
            if hit.on not in keys:
                continue
            kind, address, _ = keys[hit.on]
            if kind in _BREAKS:
                return b"%s:;" % _BREAKS[kind]
            accessed = address if hit.event.address is None else max(hit.event.address, address)
            return b"%s:%x;" % (_WATCHES[kind], accessed)
        return None


def _key(kind: bytes, fields: bytes) -> Key:
    # Conditions and commands, which gdb sends to servers that say they take them, would follow a semicolon.
    address, length = numbers(fields.partition(b";")[0], 2)
    if kind not in (b"0", b"1", b"2", b"3", b"4"):
        raise PacketError
    return int(kind), address, length


def _stop_of(key: Key) -> StopOn:
    kind, address, length = key
    if kind in _BREAKS:
        return AtAddress(address)
    if not 0 < length <= _LONGEST or address + length - 1 > MASK_64:
        raise PacketError
    return StorageAccess(address, address + length - 1, stores=kind != READ, fetches=kind != WRITE)
