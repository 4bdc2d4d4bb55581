# SPDX-License-Identifier: GPL-2.0-or-later
"""The topology list of STORE SYSTEM INFORMATION (PoP, "SYSIB 15.1.x"): containers in each other, and the CPUs in them.

A list of fewer levels than there are tells of the innermost ones; the containers of its outermost level are then
counted through.  Inferred: the identifiers of containers, which are their numbers in those around them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu.bits import bits
from emu.identification import CpuPlace, max_cpus

if TYPE_CHECKING:
    from emu.configuration import Configuration
    from emu.cpu import Cpu

_CPU_TYPE: Final = 3
_DEDICATED: Final = 0x04
_IN_ENTRY: Final = 64
"""CPUs that one entry has a bit for."""


def topology_magnitudes(configuration: Configuration[Cpu], level: int) -> tuple[int, ...]:
    """How many there can be at most in each container, of the levels 1 to *level*."""
    shape = configuration.identification.shape
    cores = shape.cores or max_cpus(configuration.identification, len(configuration.cpus))
    sizes = (shape.sockets, shape.books, shape.drawers)
    outermost = 1
    for size in sizes[level - 2 :]:
        outermost *= size
    return (cores, *sizes[: level - 2], outermost)


def topology_list(configuration: Configuration[Cpu], level: int) -> bytes:
    """The entries of *level* nested levels, those of each container behind it."""
    sockets: dict[tuple[int, ...], list[tuple[int, CpuPlace]]] = {}
    for cpu in configuration.cpus:
        place = configuration.identification.shape.place(cpu.address)
        sockets.setdefault(_path(configuration, place, level), []).append((cpu.address, place))
    entries = b""
    before: tuple[int, ...] = ()
    for path, cpus in sorted(sockets.items()):
        for depth, number in enumerate(path):
            if path[: depth + 1] != before[: depth + 1]:
                entries += bytes((len(path) - depth,)).ljust(7, b"\0") + bytes((number & 0xFF,))
        before = path
        entries += _cpu_entries(cpus, is_vertical=configuration.topology.is_vertical)
    return entries


def _path(configuration: Configuration[Cpu], place: CpuPlace, level: int) -> tuple[int, ...]:
    """The numbers of the containers that *place* is in, from the outermost that is told to the socket."""
    shape = configuration.identification.shape
    book = place.drawer * shape.books + place.book
    return (
        (book * shape.sockets + place.socket,),
        (book, place.socket),
        (place.drawer, place.book, place.socket),
    )[level - 2]


def _cpu_entries(cpus: list[tuple[int, CpuPlace]], *, is_vertical: bool) -> bytes:
    """The entries of the *cpus* of a socket: by falling entitlement, dedicated ones first, then by address."""
    masks: dict[tuple[int, bool, int], int] = {}
    for address, place in cpus:
        origin = address // _IN_ENTRY * _IN_ENTRY
        key = (-place.entitlement if is_vertical else 0, not place.is_dedicated, origin)
        masks[key] = masks.get(key, 0) | bits(address - origin, address - origin)
    entries = b""
    for (polarization, is_shared, origin), mask in sorted(masks.items()):
        flags = -polarization | (0 if is_shared else _DEDICATED)
        entries += bytes((0, 0, 0, 0, flags, _CPU_TYPE)) + origin.to_bytes(2, "big") + mask.to_bytes(8, "big")
    return entries
