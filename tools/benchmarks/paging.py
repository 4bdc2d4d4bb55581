# SPDX-License-Identifier: GPL-2.0-or-later
"""Benchmarks of the host: how quickly pages are dropped, supplied and paged, and how quickly the clock sweeps."""

from __future__ import annotations

import time
from typing import Final

import numpy as np

from emu.machine import Machine
from emu.page_states import CONTENT_MASK, Content, Usage
from emu.storage import Storage
from host.age_lists import AgeLists
from host.guest import Guest
from host.page_manager import PageManager
from host.paging_device import PagingDevice

PAGES: Final = 1 << 15
BATCH: Final = 256
RECORDS: Final = 1_000_000
_FIRST: Final = 2
"""The pages before this one are the prefix area, which stays."""


def _guest(device: PagingDevice) -> Guest:
    """A guest all of whose pages have been touched, and none lately."""
    manager = PageManager(PAGES, device=device)
    Machine(PAGES << 12, hypervisor=manager.guest())
    guest = manager.guests[0]
    _touch(guest)
    return guest


def _touch(guest: Guest) -> None:
    for page in range(_FIRST, PAGES):
        guest.frame(page)
    guest.manager.lists.sweep(guest.manager.pool.referenced)


def _reclaim(guest: Guest) -> float:
    """Take all frames but those that stay, batch by batch; give the seconds."""
    started = time.perf_counter()
    while guest.resident > BATCH:
        guest.manager.reclaim(BATCH)
    guest.manager.reclaim(guest.resident)
    return time.perf_counter() - started


def discard_rate() -> float:
    """Volatile pages dropped a second."""
    with PagingDevice(None, 0) as device:
        guest = _guest(device)
        guest.states.array[_FIRST:] = Usage.VOLATILE
        resident = guest.resident
        seconds = _reclaim(guest)
        return (resident - guest.resident) / seconds


def supply_rate() -> float:
    """Pages dropped and then supplied again with frames of zeros, a second."""
    with PagingDevice(None, 0) as device:
        guest = _guest(device)
        guest.states.array[_FIRST:] = Usage.VOLATILE
        resident = guest.resident
        seconds = _reclaim(guest)
        guest.states.array[_FIRST:] = Usage.STABLE | Content.ZERO
        started = time.perf_counter()
        _touch(guest)
        return resident / (seconds + time.perf_counter() - started)


def paging_rate() -> float:
    """Stable pages written to the paging device and read back, a second."""
    with PagingDevice(None, PAGES) as device:
        guest = _guest(device)
        content = guest.manager.pool.doublewords
        content[:, 0] = np.arange(1, len(content) + 1)
        seconds = _reclaim(guest)
        written = int(np.count_nonzero(guest.states.array & CONTENT_MASK == Content.PRESERVED))
        started = time.perf_counter()
        _touch(guest)
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
        guest = _guest(device)
        storage: Storage = guest.machine.storage
        records = (guest.states.array, guest.keys.array, guest.locations, storage.code_flags)
        return sum(each.nbytes for each in records) // storage.pages
