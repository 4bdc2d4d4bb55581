# SPDX-License-Identifier: GPL-2.0-or-later
"""Moments of a machine: its whole state between two instructions, of which pages that are equal are kept once.

What a moment has is what the owners have declared (:mod:`emu.state`), with the host and what the guest has written on
its consoles and disks.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np

from emu.debugging.page_store import EMPTY, KeptPages, PageStore
from emu.debugging.recorded_console import RecordedConsole
from emu.devices.disk_image import DiskImage
from emu.devices.disk_journal import DiskJournal
from emu.leaves import leaves
from emu.state import Section, sections

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emu.leaves import Path
    from emu.machine import Machine
    from emu.operator import Operator
    from emu.page_contents import PageContents, PageNumbers
    from emu.state import StateField

_STORAGE: Final = ("configuration", "hypervisor", "contents")
"""The path of the contents of absolute storage where every page has a frame of its own."""
_CPUS_AND_TIME: Final = ("cpus", "timing")


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A moment of a run."""

    instruction: int
    """How many instructions had ended on all CPUs."""
    step: int = 0
    """How many steps had been made since then that ended no instruction: interruptions taken, and waits."""


@dataclass(frozen=True, slots=True)
class Moment:
    """The state of a machine at a position."""

    position: Position
    values: dict[Path, Any]
    """The plain data of each leaf of the state but for contents of pages."""
    tables: dict[Path, KeptPages]
    """The contents of pages."""
    operator: Operator | None
    """Who types from now on."""
    is_cut: bool
    """The machine was changed from outside: it does not become this by running on from an earlier moment."""
    size: int
    """Bytes it takes besides the pages that it has, less what it shares with the moment before."""


class _Recorded:
    """All that a moment is of, in the order in which it is put back."""

    STATE: ClassVar = Section("recorded machine", "host", "configuration", "consoles", "disks")

    def __init__(self, machine: Machine, host: object | None) -> None:
        self.host = host
        self.configuration = machine.configuration
        self.consoles: list[RecordedConsole] = []
        self.disks: list[DiskJournal] = []


class _Contents:
    """Some contents of pages, and what they held when they were last taken or put back."""

    def __init__(self, contents: PageContents, store: PageStore) -> None:
        self.contents = contents
        self._store = store
        self._table = EMPTY
        self._suspects: PageNumbers | None = None

    def take(self) -> KeptPages:
        """See :meth:`PageStore.take`."""
        self._ask()
        table = self._store.take(self.contents, self._table, self._suspects)
        self._is_now(table)
        return table

    def put(self, table: KeptPages) -> PageNumbers:
        """See :meth:`PageStore.put`."""
        self._ask()
        written = self._store.put(table, self.contents, self._table, self._suspects)
        self._is_now(table)
        return written

    def _ask(self) -> None:
        """Add to the pages that may have been written; they are told once only, and what needs them may fail."""
        more = self.contents.suspects()
        if more is None or self._suspects is None:
            self._suspects = None
        else:
            self._suspects = np.union1d(self._suspects, more)

    def _is_now(self, table: KeptPages) -> None:
        self._store.hold(table)
        self._store.release(self._table)
        self._table, self._suspects = table, EMPTY.pages


class Recorder:
    """Takes moments of *machine* and of the *host* that its pages are on, and puts them back.

    :param host: what has a declared state below the machine; None if every page just has a frame.
    """

    def __init__(self, machine: Machine, host: object | None, store: PageStore) -> None:
        self._machine = machine
        self._store = store
        self._recorded = _Recorded(machine, host)
        self._contents = {
            path: _Contents(field.contents(owner), store)
            for path, owner, field in leaves(self._recorded)
            if field.contents is not None
        }
        images = {id(owner): owner for _, owner, _ in leaves(self._recorded) if isinstance(owner, DiskImage)}
        self._recorded.disks = [DiskJournal(image) for image in images.values() if image.is_writable]

    @property
    def disk_bytes(self) -> int:
        """Bytes that are kept of what was written on disks."""
        return sum(each.size for each in self._recorded.disks)

    def follow_consoles(self) -> None:
        """Have what the guest writes go through :class:`RecordedConsole` objects, if it does not yet."""
        sclp, consoles = self._machine.sclp, self._recorded.consoles
        for name in ("console", "line_console"):
            console = getattr(sclp, name)
            if console is not None and console not in consoles:
                # Of a history that there was before, nothing is kept.
                inner = console.inner if isinstance(console, RecordedConsole) else console
                consoles.append(RecordedConsole(inner))
                setattr(sclp, name, consoles[-1])

    def is_new_future(self) -> None:
        """What was written later than now was so in a run that is given up."""
        for console in self._recorded.consoles:
            console.forget_later()
        for disk in self._recorded.disks:
            disk.forget_later()

    def begins_at(self, first: Moment) -> None:
        """Nothing before *first* is gone back to any more."""
        for number, disk in enumerate(self._recorded.disks):
            disk.forget_before(first.values["disks", number, "position"])

    # Moments

    def take(self, position: Position, before: Moment | None, *, is_cut: bool = False) -> Moment:
        """The moment that is now, with *before* shared as far as it is equal; the machine does not change.

        :raises StoreFull: if there is no room.
        :raises StateError: if something in it has declared no state.
        :raises HostFailure: if a preserved page cannot be read.
        """
        values, size = {}, 0
        shared = {} if before is None else before.values
        for path, owner, field in self._leaves():
            value = field.get(owner)
            if path in shared and shared[path] == value:
                value = shared[path]
            else:
                size += size_of(value)
            values[path] = value
        tables: dict[Path, KeptPages] = {}
        try:
            for path, each in self._contents.items():
                tables[path] = each.take()
        except BaseException:
            for table in tables.values():
                self._store.release(table)
            raise
        size += sum(table.size for table in tables.values())
        return Moment(position, values, tables, self._machine.operator, is_cut, size)

    def put(self, moment: Moment) -> None:
        """Let the machine be as it was at *moment*.

        :raises HostFailure: if a preserved page or a disk cannot be put back; the machine is of no use then.
        """
        configuration = self._machine.configuration
        written = {path: each.put(moment.tables[path]) for path, each in self._contents.items()}
        if _STORAGE in written:
            self._forget_code(written[_STORAGE], moment.tables[_STORAGE].pages)
        else:
            configuration.translations.forget_all_code()
        self._machine.operator = moment.operator
        owners = {}
        for path, owner, field in self._leaves():
            if path in moment.values:
                field.put(owner, moment.values[path])
            owners[id(owner)] = owner
        for owner in owners.values():
            for section in sections(owner):
                if isinstance(section.restored, str):
                    getattr(owner, section.restored)()
                elif section.restored is not None:
                    section.restored(owner)

    def forget(self, moment: Moment) -> None:
        """Give up what only *moment* has."""
        for table in moment.tables.values():
            self._store.release(table)

    def look(self) -> dict[Path, Any]:
        """What tells two steps at the same instruction number apart: CPUs, and time."""
        return {path: field.get(owner) for path, owner, field in self._leaves() if is_of_cpus_or_time(path)}

    def _leaves(self) -> Iterator[tuple[Path, Any, StateField]]:
        return (
            (path, owner, field)
            for path, owner, field in leaves(self._recorded)
            if field.contents is None and not (field.name == "content" and _is_written(owner))
        )

    def _forget_code(self, written: PageNumbers, resident: PageNumbers) -> None:
        """Forget what was translated of pages that hold something else now, or nothing."""
        configuration = self._machine.configuration
        translated = np.flatnonzero(configuration.storage.code_flags)
        stale = np.isin(translated, written) | ~np.isin(translated, resident)
        for page in translated[stale].tolist():
            configuration.translations.code_written(page)


def _is_written(owner: object) -> bool:
    """Whether *owner* is a disk that can be written: its content follows from its journal."""
    return isinstance(owner, DiskImage) and owner.is_writable


def is_of_cpus_or_time(path: Path) -> bool:
    """Whether *path* leads to the state of a CPU, or to the time."""
    return path[0] == "configuration" and path[1] in _CPUS_AND_TIME


def size_of(value: Any) -> int:
    """The bytes that plain data take, roughly."""
    if isinstance(value, dict):
        return sum(size_of(each) for each in value.values()) + sys.getsizeof(value)
    if isinstance(value, list):
        return sum(map(size_of, value)) + sys.getsizeof(value)
    return sys.getsizeof(value)
