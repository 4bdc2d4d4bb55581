# SPDX-License-Identifier: GPL-2.0-or-later
"""Program-event recording (PoP 4, "Program-Event Recording"): which events an instruction has, and what is stored.

The events are recognised where they happen and noted in a :class:`Recording`, which belongs to one instruction and is
made of what the PSW and control registers 9 to 11 were before it.  Zero-address detection, storage-key alteration and
transaction end belong to facilities that this machine does not have: their bits in control register 9 change nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from emu.bits import MASK_64, bit, field
from emu.psw import (
    ADDRESS_SPACE_CONTROL,
    BASIC_ADDRESSING,
    DAT,
    EXTENDED_ADDRESSING,
    AddressSpaceControl,
    address_limit,
)
from emu.teid import Access
from emu.watched_areas import WatchedArea

BRANCHING: Final = bit(0, 8)
"""Successful branching; these are bits of the PER code, and 32 places to the right of control register 9."""
FETCHING: Final = bit(1, 8)
"""Instruction fetching."""
ALTERATION: Final = bit(2, 8)
"""Storage alteration."""
REAL_STORE: Final = bit(4, 8)
"""With the bit of storage alteration: store using real address."""
NULLIFICATION: Final = bit(7, 8)
"""With the bit of instruction fetching: instruction-fetching nullification."""

CR9_EVENTS: Final = (BRANCHING | FETCHING | ALTERATION) << 24
"""Any event needs one of these bits of control register 9."""
REGISTERS: Final = (9, 10, 11)
"""The control registers of PER."""
_MOST_WATCHED: Final = 1 << 20
"""Bytes; in a larger area so many instructions store that each is executed alone."""
_CR9_BRANCH_ADDRESS: Final = bit(40)
_CR9_ALTERATION_SPACE: Final = bit(42)
_ALTERATION_EVENT: Final = bit(56)
"""In an address-space-control element: stores into this space are events, if control register 9 asks for that."""
_MODE_VALID: Final = bit(1, 8)
"""In the byte of the addressing-and-translation mode: it is one always."""


@dataclass(frozen=True, slots=True)
class ProgramEvent:
    """The events of one instruction, as its program interruption stores them."""

    code: int
    """The PER code, for real location 150."""
    mode: int
    """Addressing-and-translation-mode identification (ATMID) and PER ASCE identification, for real location 151."""
    address: int
    """The address of the instruction, or of the EXECUTE that it is the target of, for real location 152."""


@dataclass(frozen=True, slots=True)
class Controls:
    """Control registers 9, 10 and 11."""

    events: int
    """Register 9."""
    start: int
    """Register 10: the first byte of the designated area."""
    end: int
    """Register 11: its last byte; the area wraps around if that is lower than the first."""

    def asks_for(self, event: int) -> bool:
        """Whether register 9 has all bits of *event*, which are bits of the PER code."""
        return self.events >> 24 & event == event

    def designates(self, first: int, last: int) -> bool:
        """Whether a byte of *first* to *last*, which do not wrap around, is in the designated area."""
        if self.start <= self.end:
            return first <= self.end and last >= self.start
        return first <= self.end or last >= self.start

    @property
    def watched(self) -> tuple[WatchedArea, ...]:
        """The areas that stores must be watched in for every event to be noticed.

        There are none if there can be other events, of stores by real addresses among them, wherever these go, or if
        there are stores in too many pages: then every instruction may have one.
        """
        if self.events & (CR9_EVENTS | REAL_STORE << 24) != ALTERATION << 24:
            return ()
        ranges = [(self.start, self.end)]
        if self.start > self.end:
            ranges = [(self.start, MASK_64), (0, self.end)]
        if sum(last - first for first, last in ranges) > _MOST_WATCHED:
            return ()
        return tuple(WatchedArea(first, last, frozenset((Access.STORE,))) for first, last in ranges)


class Recording:
    """What is recorded of one instruction while PER is on."""

    def __init__(self, controls: Controls, mask: int, address: int) -> None:
        """Begin with the instruction at *address*, fetched from there while the PSW mask was *mask*."""
        self._controls = controls
        self._mask = mask
        self._address = address
        self._code = 0
        self._space: AddressSpaceControl | None = None
        """The space of the first storage alteration; None for a real address, or if there was none."""
        self.branches = False
        """The instruction branches successfully, if it is completed."""

    @property
    def watches_branches(self) -> bool:
        return self._controls.asks_for(BRANCHING)

    @property
    def watches_storage(self) -> bool:
        return self._controls.asks_for(ALTERATION)

    @property
    def nullifies(self) -> bool:
        """Whether an instruction-fetching-nullification event has been recognised: nothing is to be executed."""
        return bool(self._code & NULLIFICATION)

    def fetched(self, address: int) -> None:
        """Note that the first byte of an instruction, or of the target of an EXECUTE, was fetched from *address*."""
        if self._controls.asks_for(FETCHING) and self._controls.designates(address, address):
            self._code |= FETCHING
            if self._controls.asks_for(NULLIFICATION):
                self._code |= NULLIFICATION

    def watches(self, first: int, length: int, designation: int | None) -> bool:
        """Whether a store of *length* bytes at logical address *first* is a storage-alteration event.

        :param designation: the address-space-control element that translates the address; None if nothing does.
        """
        controls = self._controls
        if not self.watches_storage:
            return False
        if designation is not None and controls.events & _CR9_ALTERATION_SPACE and not designation & _ALTERATION_EVENT:
            return False
        limit = address_limit(self._mask)
        last = first + length - 1
        if last > limit:
            return controls.designates(first, limit) or controls.designates(0, last & limit)
        return controls.designates(first, last)

    def stored(self, first: int, length: int, space: AddressSpaceControl | None, designation: int | None) -> None:
        """Note that *length* bytes, one at least, were stored at logical address *first*, whatever was there before.

        :param space: the space of a virtual address; None if the address is real.
        :param designation: the address-space-control element that translates it.
        """
        if self.watches(first, length, designation) and not self._code & ALTERATION:
            self._code |= ALTERATION
            self._space = space

    def stored_by_real_address(self) -> None:
        """Note that STURA or STURG has stored; where does not matter."""
        if self._controls.asks_for(ALTERATION | REAL_STORE):
            self._code |= ALTERATION | REAL_STORE

    def forget_stores(self) -> None:
        """The instruction, or the unit of operation, has been undone: it has stored nothing."""
        self._code &= ~(ALTERATION | REAL_STORE)
        self._space = None

    def event(self, target: int | None) -> ProgramEvent | None:
        """The events of the instruction; None if there are none.

        :param target: where execution goes on if the instruction has been completed; None if it has not been.
        """
        code = self._code
        if target is not None and self.branches and self._is_branch_event(target):
            code |= BRANCHING
        return ProgramEvent(code, self._mode, self._address) if code else None

    def _is_branch_event(self, target: int) -> bool:
        controls = self._controls
        if not controls.asks_for(BRANCHING):
            return False
        return not controls.events & _CR9_BRANCH_ADDRESS or controls.designates(target, target)

    @property
    def _mode(self) -> int:
        mask = self._mask
        mode = bool(mask & EXTENDED_ADDRESSING) << 7 | _MODE_VALID | bool(mask & BASIC_ADDRESSING) << 5
        mode |= bool(mask & DAT) << 4 | field(mask & ADDRESS_SPACE_CONTROL, 16, 17) << 2
        return mode | (self._space or 0)
