# SPDX-License-Identifier: GPL-2.0-or-later
"""The host: how quickly pages are dropped, supplied and paged, and how quickly the clock sweeps."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from emu.machine import Machine
from emu.page_states import CONTENT_MASK, Content, Usage
from host.age_lists import AgeLists
from host.page_manager import PageManager
from host.paging_device import PagingDevice
from tools.benchmarks.figure import BenchmarkFigure, Effort, Measured, NotMeasured, Unit

if TYPE_CHECKING:
    from collections.abc import Callable

PAGES: Final = 1 << 15
BATCH: Final = 256
RECORDS: Final = 1_000_000
_FIRST: Final = 2
"""The pages before this one are the prefix area, which stays."""


def _manager(device: PagingDevice, pages: int) -> PageManager:
    """A host with one guest, all of whose pages have been touched, and none lately."""
    manager = PageManager(pages, device=device)
    Machine(pages << 12, hypervisor=manager.guest())
    _touch(manager)
    return manager


def _touch(manager: PageManager) -> None:
    guest = manager.guests[0]
    frame = guest.frame
    for page in range(_FIRST, len(guest.states.array)):
        frame(page)
    manager.lists.sweep(manager.pool.referenced)


def _reclaim(manager: PageManager) -> float:
    """Take all frames but those that stay, batch by batch; give the seconds."""
    guest = manager.guests[0]
    started = time.thread_time()
    while guest.resident > BATCH:
        manager.reclaim(BATCH)
    manager.reclaim(guest.resident)
    return time.thread_time() - started


def discard_rate(pages: int = PAGES) -> float:
    """Volatile pages dropped a second.

    :raises NotMeasured: if some are not.
    """
    with PagingDevice(None, 0) as device:
        manager = _manager(device, pages)
        guest = manager.guests[0]
        guest.states.array[_FIRST:] = Usage.VOLATILE
        resident = guest.resident
        seconds = _reclaim(manager)
        _require("dropped", resident - guest.resident, pages - _FIRST)
        return (resident - guest.resident) / seconds


def supply_rate(pages: int = PAGES) -> float:
    """Pages dropped and then supplied again with frames of zeros, a second.

    :raises NotMeasured: if some are not.
    """
    with PagingDevice(None, 0) as device:
        manager = _manager(device, pages)
        guest = manager.guests[0]
        guest.states.array[_FIRST:] = Usage.VOLATILE
        resident = guest.resident
        seconds = _reclaim(manager)
        dropped = resident - guest.resident
        _require("dropped", dropped, pages - _FIRST)
        guest.states.array[_FIRST:] = Usage.STABLE | Content.ZERO
        started = time.thread_time()
        _touch(manager)
        seconds += time.thread_time() - started
        _require("resident in the end", guest.resident, resident)
        return dropped / seconds


def paging_rate(pages: int = PAGES) -> float:
    """Stable pages written to the paging device and read back, a second.

    :raises NotMeasured: if some are not, or have lost what was in them.
    """
    with PagingDevice(None, pages) as device:
        manager = _manager(device, pages)
        content = manager.pool.doublewords
        content[:, 0] = np.arange(1, len(content) + 1)
        before = int(content[:, 0].sum())
        seconds = _reclaim(manager)
        written = int(np.count_nonzero(manager.guests[0].states.array & CONTENT_MASK == Content.PRESERVED))
        started = time.thread_time()
        _touch(manager)
        seconds += time.thread_time() - started
        _require("written", written, pages - _FIRST)
        _require("the sum of what was in them", int(manager.pool.doublewords[:, 0].sum()), before)
        return written / seconds


def sweep_milliseconds(records: int = RECORDS) -> float:
    """Milliseconds for one sweep over so many *records*, of which a random half was referenced."""
    lists = AgeLists(records)
    generator = np.random.default_rng(1)
    lists.insert_many(generator.permutation(records).astype(np.int32))
    referenced = generator.integers(0, 2, records).astype(np.uint8)
    started = time.thread_time()
    lists.sweep(referenced)
    return (time.thread_time() - started) * 1000


def _require(what: str, pages: int, expected: int) -> None:
    if pages != expected:
        raise NotMeasured(f"{what}: {pages:,}, not {expected:,}")


def bytes_per_page() -> int:
    """What the host and the machine keep of each guest page, resident or not."""
    with PagingDevice(None, 0) as device:
        manager = PageManager(PAGES, device=device)
        machine = Machine(PAGES << 12, hypervisor=manager.guest())
        locations, flags = manager.guests[0].locations, machine.storage.code_flags
        return sum(each.nbytes for each in (machine.states.array, machine.keys.array, locations, flags)) // PAGES


def _several(measure: Callable[[], float], effort: Effort) -> Measured:
    return Measured(tuple(measure() for _ in range(effort.pieces)))


def _records(_: Effort) -> Measured:
    return Measured((float(bytes_per_page()),))


FIGURES: Final = (
    BenchmarkFigure(
        "pages-dropped",
        "host: volatile pages dropped",
        Unit.RATE,
        partial(_several, discard_rate),
        5_000_000,
        more_is_better=True,
    ),
    BenchmarkFigure(
        "pages-supplied",
        "host: pages dropped and supplied again",
        Unit.RATE,
        partial(_several, supply_rate),
        more_is_better=True,
    ),
    BenchmarkFigure(
        "pages-paged",
        "host: pages written and read back",
        Unit.RATE,
        partial(_several, paging_rate),
        150_000,
        more_is_better=True,
    ),
    BenchmarkFigure(
        "sweep", "host: sweep of a million records", Unit.MILLISECONDS, partial(_several, sweep_milliseconds), 5
    ),
    BenchmarkFigure("page-records", "host: kept of a guest page", Unit.BYTES, _records, 16),
)
