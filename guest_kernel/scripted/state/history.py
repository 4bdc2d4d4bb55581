# SPDX-License-Identifier: GPL-2.0-or-later
"""What has happened to each page: its last ten events, told when its content is found to be wrong.

They are noted as numbers, some millions in a run, and become words in a failure only.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np

from emu.events import Observer
from emu.page_states import DISCARDED, OperationRequest, Usage
from emu.page_states import name as state_name
from guest_kernel.scripted.cpu.bug import KernelBug

if TYPE_CHECKING:
    from emu.cpu import Cpu
    from emu.machine import Machine
    from guest_kernel.scripted.state.mm_types import Page

_Content = TypeVar("_Content", bytes, int)

EVENTS: Final = 10
"""Events that are kept of each page."""
_CPU_SHIFT: Final = 8
_DETAIL_SHIFT: Final = 16
_INDEX_BITS: Final = 24
_DETAIL_MASK: Final = (1 << 2 * _INDEX_BITS) - 1


class Event(IntEnum):
    """What can happen to a page; each says what the number that goes with it, the detail, means."""

    ESSA = 1
    """The guest executed ESSA: request, state before and state after, a byte each."""
    HOST = 2
    """The host took its frame or gave it one: state before and state after, a byte each."""
    ALLOCATED = 3
    """It was allocated: the order of the block."""
    FREED = 4
    """Its last reference has gone: the order of the block."""
    CACHED = 5
    """It got into the page cache: inode and index."""
    UNCACHED = 6
    """It was taken out of the page cache: inode and index."""
    MAPPED = 7
    """A page-table entry leads to it: how many do now."""
    UNMAPPED = 8
    """A page-table entry leads to it no more: how many still do."""
    DEVICE_READ = 9
    """A device has transferred something into it."""
    DEVICE_WRITE = 10
    """A device has transferred its content away."""
    DISCARD = 11
    """page_discard removes it."""
    SWAP_CACHED = 12
    """It got into the swap cache: the swap slot."""
    SWAP_UNCACHED = 13
    """It was taken out of the swap cache: the swap slot."""


_ESSA: Final = int(Event.ESSA)


def of_file(inode: int, index: int) -> int:
    """The detail of an event that concerns page *index* of a file."""
    return inode << _INDEX_BITS | index & (1 << _INDEX_BITS) - 1


class PageHistory(Observer):
    """The last events of every page of *machine*, each with its virtual time and CPU."""

    def __init__(self, machine: Machine) -> None:
        pages = machine.memory >> 12
        # An event is two numbers: the work, and kind, CPU + 1 and detail packed.  As yet untouched, they cost nothing.
        self._events = np.zeros(pages * EVENTS * 2, dtype=np.uint64).data
        self._next = bytearray(pages)
        """Where in a page's events the next one goes: in place of the oldest."""
        self._timing = machine.timing
        machine.observers.append(self)

    def note(self, page: int, kind: int, detail: int = 0, cpu: int | None = None) -> None:
        """Note an event of absolute page *page*."""
        place = self._next[page]
        at = 2 * (page * EVENTS + place)
        self._events[at] = self._timing.work
        self._events[at + 1] = (
            kind | (0 if cpu is None else cpu + 1 << _CPU_SHIFT) | (detail & _DETAIL_MASK) << _DETAIL_SHIFT
        )
        self._next[page] = place + 1 if place < EVENTS - 1 else 0

    def state_changed(self, cpu: Cpu, page: int, request: int, before: int, after: int) -> None:
        """See :meth:`Observer.state_changed`."""
        # As note() does: this is by far the most frequent one.
        place = self._next[page]
        at = 2 * (page * EVENTS + place)
        events = self._events
        events[at] = self._timing.work
        events[at + 1] = _ESSA | cpu.address + 1 << 8 | request << 32 | before << 24 | after << 16
        self._next[page] = place + 1 if place < EVENTS - 1 else 0

    def host_changed(self, page: int, before: int, after: int) -> None:
        """See :meth:`Observer.host_changed`."""
        self.note(page, Event.HOST, before << 8 | after)

    def events(self, page: int) -> list[str]:
        """The last events of absolute page *page* in words, the oldest first."""
        first, place = page * EVENTS, self._next[page]
        order = [*range(first + place, first + EVENTS), *range(first, first + place)]
        events = [self._events[2 * at : 2 * at + 2].tolist() for at in order]
        return [_describe(work, what) for work, what in events if what]


_TEXTS: Final = {
    Event.ALLOCATED: "allocated, order {detail}",
    Event.FREED: "freed, order {detail}",
    Event.CACHED: "into the page cache: inode {inode}, page {index}",
    Event.UNCACHED: "out of the page cache: inode {inode}, page {index}",
    Event.MAPPED: "page-table entry set: {detail} now",
    Event.UNMAPPED: "page-table entry cleared: {detail} left",
    Event.DEVICE_READ: "filled by a device",
    Event.DEVICE_WRITE: "written by a device",
    Event.DISCARD: "page_discard",
    Event.SWAP_CACHED: "into the swap cache: slot {detail}",
    Event.SWAP_UNCACHED: "out of the swap cache: slot {detail}",
}


def _describe(work: int, what: int) -> str:
    kind, cpu, detail = Event(what & 0xFF), what >> _CPU_SHIFT & 0xFF, what >> _DETAIL_SHIFT
    before, after = detail >> 8 & 0xFF, detail & 0xFF
    if kind is Event.ESSA:
        text = f"ESSA {_request(detail >> 16)}: {_states(before, after)}"
    elif kind is Event.HOST:
        text = f"{_host_action(after)}: {_states(before, after)}"
    else:
        inode, index = detail >> _INDEX_BITS, detail & (1 << _INDEX_BITS) - 1
        text = _TEXTS[kind].format(detail=detail, inode=inode, index=index)
    other = "host" if kind is Event.HOST else "device"
    return f"work {work:,}, {f'CPU {cpu - 1}' if cpu else other}: {text}"


def _request(code: int) -> str:
    return OperationRequest(code).name.lower().replace("_", " ")


def _states(before: int, after: int) -> str:
    return f"{state_name(before)} -> {state_name(after)}"


def _host_action(after: int) -> str:
    """What the host has done, by the states: only the content of what it discards is nowhere afterwards."""
    if not after & 0x03:
        return "brought in"
    if after & 0x0F == DISCARDED:
        return "discarded"
    return "dropped" if after & 0x0C == Usage.UNUSED else "evicted"


def told(history: PageHistory, page: Page) -> str:
    """*page*, and below it its last events."""
    events = history.events(page.frame) or ["none"]
    return "\n  ".join([f"{page!r}; its last events:", *events])


def wrong_content(history: PageHistory, page: Page, where: str, found: _Content, expected: _Content) -> KernelBug:
    """The failure that *page* does not have the content that it ought to have: who has it, and what happened to it.

    :param where: whose page it is: a file and the index in it, a process and the address, a swap slot, a group.
    :param found: all its bytes, the first wrong one of which is named, or a number; *expected* is of the same kind.
    """
    if isinstance(found, bytes) and isinstance(expected, bytes):
        at = next(place for place, byte in enumerate(found) if byte != expected[place])
        where = f"{where}, byte {at:#x}"
        difference = f"{found[at]:#04x}, not {expected[at]:#04x}"
    else:
        difference = f"{found:#x}, not {expected:#x}"
    return KernelBug(f"wrong content: {where}: {difference}: {told(history, page)}")
