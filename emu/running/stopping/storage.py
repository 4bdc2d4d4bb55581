# SPDX-License-Identifier: GPL-2.0-or-later
"""Stops at accesses to storage: what is watched for them, and which of them an access is meant for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.lowcore import PREFIX_AREA_SIZE
from emu.running.stopping.kinds import StopSpace, StorageAccess
from emu.running.stopping.view import StopEvent
from emu.teid import Access
from emu.watched_areas import WatchedArea

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from emu.configuration import Configuration
    from emu.cpu import Cpu
    from emu.engine.engine import Engine
    from emu.running.stopping.stop_point import StopPoint
    from emu.watching import NoticedAccess

_OWNER = "stops"


class StorageStops:
    """The stops of a machine that wait for accesses to storage."""

    def __init__(self, configuration: Configuration[Cpu], engines: Sequence[Engine]) -> None:
        self._configuration = configuration
        self._engines = engines
        self._points: list[StopPoint] = []
        self._prefixes: list[int] = []

    def changed(self, enabled: Sequence[StopPoint]) -> None:
        """The *enabled* stops are others now."""
        before, self._points = self._points, [point for point in enabled if isinstance(point.on, StorageAccess)]
        if self._points or before:
            self._watch()

    def _watch(self) -> None:
        configuration = self._configuration
        self._prefixes = [cpu.prefix for cpu in configuration.cpus]
        areas = [area for point in self._points for area in self._areas(point)]
        configuration.watching.watch(areas)
        stores = any(area.is_absolute and Access.STORE in area.kinds for area in areas)
        configuration.storage.stored = configuration.watching.stored if stores else None
        for engine in self._engines:
            engine.watch(_OWNER, areas)

    def follow_prefixes(self) -> None:
        """What a real address means may have changed."""
        if self._points and self._prefixes != [cpu.prefix for cpu in self._configuration.cpus]:
            self._watch()

    def _areas(self, point: StopPoint) -> Iterator[WatchedArea]:
        on = point.on
        assert isinstance(on, StorageAccess)
        kinds = frozenset(
            kind for kind, is_wanted in ((Access.STORE, on.stores), (Access.FETCH, on.fetches)) if is_wanted
        )
        for first, last in self._ranges(on):
            yield WatchedArea(first, last, kinds, is_absolute=on.space is not StopSpace.LOGICAL)

    def _ranges(self, on: StorageAccess) -> set[tuple[int, int]]:
        """The ranges that the addresses of *on* are, in logical or in absolute storage.

        A range of real addresses may be in two parts, one of which is in a prefix area.
        """
        if on.space is not StopSpace.REAL:
            return {(on.first, on.last)}
        found: set[tuple[int, int]] = set()
        for cpu in self._configuration.cpus:
            first = on.first
            while first <= on.last:
                last = min(first | PREFIX_AREA_SIZE - 1, on.last)
                absolute = cpu.real_to_absolute(first)
                found.add((absolute, absolute + last - first))
                first = last + 1
        return found

    def events(self) -> Iterator[tuple[StopPoint, Cpu | None, StopEvent]]:
        """What was accessed since this was asked last: for each stop one event, of the stores if there are any."""
        watching = self._configuration.watching
        if not watching.noticed:
            return
        noticed = watching.noticed[:]
        watching.noticed.clear()
        for point in self._points:
            on = point.on
            assert isinstance(on, StorageAccess)
            meant = [access for access in noticed if self._is_meant(on, access)]
            if meant:
                stores = [access for access in meant if access.kind is Access.STORE]
                yield self._event(point, stores or meant)

    def _event(self, point: StopPoint, meant: list[NoticedAccess]) -> tuple[StopPoint, Cpu | None, StopEvent]:
        """What *point* is told of the accesses that are *meant*, which are of one kind."""
        address = min(access.address for access in meant)
        end = max(access.address + access.length for access in meant)
        cpu = meant[0].cpu
        is_store = meant[0].kind is Access.STORE
        event = StopEvent(address=address, length=end - address, is_store=is_store)
        return point, None if cpu is None else self._configuration.cpus[cpu], event

    def _is_meant(self, on: StorageAccess, access: NoticedAccess) -> bool:
        if not (on.stores if access.kind is Access.STORE else on.fetches):
            return False
        if access.is_absolute is (on.space is StopSpace.LOGICAL):
            return False
        if on.asce is not None and on.asce != access.designation:
            return False
        last = access.address + access.length - 1
        return any(first <= last and access.address <= end for first, end in self._ranges(on))
