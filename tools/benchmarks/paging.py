# SPDX-License-Identifier: GPL-2.0-or-later
"""Benchmarks of the host: how quickly pages are dropped, supplied and paged, and how quickly the clock sweeps."""

from __future__ import annotations

import time
from typing import Final

import numpy as np

from emu.machine import Machine
from emu.page_states import CONTENT_MASK, Content, Usage
from host.age_lists import AgeLists
from host.page_manager import PageManager
from host.paging_device import PagingDevice

PAGES: Final = 1 << 15
BATCH: Final = 256
RECORDS: Final = 1_000_000
_FIRST: Final = 2
"""The pages before this one are the prefix area, which stays."""


def _manager(device: PagingDevice) -> PageManager:
    """A host with one guest, all of whose pages have been touched, and none lately."""
    manager = PageManager(PAGES, device=device)
    Machine(PAGES << 12, hypervisor=manager.guest())
    _touch(manager)
    return manager


def _touch(manager: PageManager) -> None:
    frame = manager.guests[0].frame
    for page in range(_FIRST, PAGES):
        frame(page)
    manager.lists.sweep(manager.pool.referenced)


def _reclaim(manager: PageManager) -> float:
    """Take all frames but those that stay, batch by batch; give the seconds."""
    guest = manager.guests[0]
    started = time.perf_counter()
    while guest.resident > BATCH:
        manager.reclaim(BATCH)
    manager.reclaim(guest.resident)
    return time.perf_counter() - started


def discard_rate() -> float:
    """Volatile pages dropped a second."""
    with PagingDevice(None, 0) as device:
        manager = _manager(device)
        guest = manager.guests[0]
        guest.states.array[_FIRST:] = Usage.VOLATILE
        resident = guest.resident
        seconds = _reclaim(manager)
        return (resident - guest.resident) / seconds


def supply_rate() -> float:
    """Pages dropped and then supplied again with frames of zeros, a second."""
    with PagingDevice(None, 0) as device:
        manager = _manager(device)
        guest = manager.guests[0]
        guest.states.array[_FIRST:] = Usage.VOLATILE
        resident = guest.resident
        seconds = _reclaim(manager)
        guest.states.array[_FIRST:] = Usage.STABLE | Content.ZERO
        started = time.perf_counter()
        _touch(manager)
        return resident / (seconds + time.perf_counter() - started)


def paging_rate() -> float:
    """Stable pages written to the paging device and read back, a second."""
    with PagingDevice(None, PAGES) as device:
        manager = _manager(device)
        content = manager.pool.doublewords
        content[:, 0] = np.arange(1, len(content) + 1)
        seconds = _reclaim(manager)
        written = int(np.count_nonzero(manager.guests[0].states.array & CONTENT_MASK == Content.PRESERVED))
        started = time.perf_counter()
        _touch(manager)
        return written / (seconds + time.perf_counter() - started)


def sweep_milliseconds() -> float:
    """Milliseconds for one sweep over a million records, of which a random half was referenced."""
    lists = AgeLists(RECORDS)
    generator = np.random.default_rng(1)
    lists.insert_many(generator.permutation(RECORDS).astype(np.int32))
    referenced = generator.integers(0, 2, RECORDS).astype(np.uint8)
    started = time.perf_counter()
    lists.sweep(referenced)
    return (time.perf_counter() - started) * 1000


def bytes_per_page() -> int:
    """What the host and the machine keep of each guest page, resident or not."""
    with PagingDevice(None, 0) as device:
        manager = PageManager(PAGES, device=device)
        machine = Machine(PAGES << 12, hypervisor=manager.guest())
        locations, flags = manager.guests[0].locations, machine.storage.code_flags
        return sum(each.nbytes for each in (machine.states.array, machine.keys.array, locations, flags)) // PAGES
