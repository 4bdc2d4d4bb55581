# SPDX-License-Identifier: GPL-2.0-or-later
"""The paging device: a real file, in which the pages that the host has taken frames from are preserved.

The file is a header of one page and then slots of one page each.  It is sparse and grows as slots are first written.
Which slots are in use, and the checksum of each, are known in memory only: the file is worthless after the run.
"""

from __future__ import annotations

import contextlib
import os
import weakref
from array import array
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self, cast

import numpy as np
from zlib_ng import zlib_ng

from emu.addresses import PAGE_SIZE
from emu.hypervisor import HostFailure
from emu.page_contents import WORDS, PageNumbers, Words
from emu.state import Section, StateError, computed, paged
from host.paging_faults import Faults
from host.paging_file import SLOTS_MAXIMUM, PagingDeviceError, cause, open_named, open_unnamed, slot_offset
from host.paging_writes import write_pages
from host.slot_tables import SlotTables

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

NOWHERE: Final = -1
"""In place of a slot: there is none."""


class PagingError(Exception):
    """The paging device did not do what it was asked to; *slot* says where, if anywhere."""

    def __init__(self, message: str, slot: int | None = None) -> None:
        super().__init__(message)
        self.slot = slot


class DeviceFull(PagingError):  # noqa: N818 - it is a state of the device
    """Every slot is in use."""


class PagingWriteError(PagingError):
    """A page could not be written; its slot is as free as before, so nothing is lost."""


class PagingReadError(PagingError):
    """A page could not be read, or is not what was written; its slot stays in use."""


class _SlotContents:
    """The slots of *device* as :class:`emu.page_contents.PageContents`."""

    def __init__(self, device: PagingDevice) -> None:
        self._device = device

    def kept(self) -> PageNumbers:
        return self._device.slots_in_use().astype(np.int64)

    def suspects(self) -> PageNumbers | None:
        return self._device.written_slots()

    def read(self, pages: PageNumbers) -> Words:
        try:
            data = b"".join(self._device.look(slot) for slot in pages.tolist())
        except PagingReadError as reason:
            raise HostFailure(str(reason)) from None
        return np.frombuffer(data, dtype=np.uint64).reshape(-1, WORDS)

    def write(self, pages: PageNumbers, words: Words) -> None:
        try:
            for slot, content in zip(pages.tolist(), words, strict=True):
                self._device.put_back(slot, content.tobytes())
        except PagingWriteError as reason:
            raise HostFailure(str(reason)) from None


class PagingDevice:
    """*slots* places for one page each, in the file *path*.

    A file that does not exist is made, readable by its owner only.  One that was made here before is used again: its
    content is of a former run, which closed it or broke off, and worthless, so all slots are free and the number of
    slots is the new one.  Any other file is left as it is.  Without a path it is an unnamed file, gone when closed, in
    the directory for temporary files.

    A device costs nothing for slots that were never written; 9 bytes of memory at most for each that was, and up to
    twice that while its tables grow.

    :raises PagingDeviceError: if the number of slots is not one, or *path* is not a regular file that can be made, or
        was made here and is not open elsewhere.
    """

    STATE: ClassVar = Section(
        "paging device",
        "writes",
        "reads",
        "write_errors",
        "read_errors",
        "faults",
        "_begun",
        "_released",
        "_failed",
        computed(
            "checksums",
            "_used_checksums",
            "_set_checksums",
            of=("_tables",),
        ),
        paged(
            "contents",
            "_contents",
            "_set_contents",
            _SlotContents,
        ),
        excluded={
            "path": "a parameter",
            "slots": "a parameter",
            "_file": "the contents of the slots in use are a field",
            "_close_file": "of this process",
            "_written": "of whoever looks what was written",
        },
    )

    def __init__(self, path: Path | None, slots: int) -> None:
        if not 0 <= slots <= SLOTS_MAXIMUM:
            where = f"{path}: " if path else ""
            raise PagingDeviceError(f"{where}a paging device of 0 to {SLOTS_MAXIMUM} slots expected, not {slots}")
        self.path = path
        self.slots = slots
        self.faults = Faults()
        """Faults to be met by the next operations."""
        self.writes = 0
        """How many pages were written."""
        self.reads = 0
        """How many pages were read and found right."""
        self.write_errors = 0
        self.read_errors = 0
        self._file = open_unnamed() if path is None else open_named(path, slots)
        self._close_file = weakref.finalize(self, os.close, self._file)
        self._written: set[int] | None = None
        """The slots written since somebody has asked; None while nobody does."""
        self._free_all()

    def __enter__(self) -> Self:
        """The device itself, closed at the end of the context."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the device."""
        self.close()

    @property
    def used(self) -> int:
        """How many slots are in use."""
        return self._begun - len(self._released) - len(self._failed)

    def write(self, data: bytes | memoryview) -> int:
        """Preserve the page *data* and give the slot it is in.

        Slots are used again, the last released first, before the file grows.  A slot whose last write failed is tried
        again when there is no other, the one that failed first before the others.

        :raises DeviceFull: if no slot is free.
        :raises PagingWriteError: if the write failed, or was not complete: no slot is in use for it.
        :raises ValueError: if *data* is not one page, or the device is closed.
        """
        if memoryview(data).nbytes != PAGE_SIZE:
            raise ValueError(f"a page of {PAGE_SIZE} bytes expected, not {memoryview(data).nbytes}")
        self._check_open()
        checksum = zlib_ng.crc32(data)
        slot = self._take_slot()
        try:
            written = self.faults.pwrite(self._file, data, slot_offset(slot))
        except OSError as error:
            raise self._write_error(slot, cause(error)) from error
        if written != PAGE_SIZE:
            raise self._write_error(slot, f"{written} bytes written, {PAGE_SIZE} expected")
        self._tables.is_used[slot] = True
        self._tables.checksum[slot] = checksum
        self.writes += 1
        if self._written is not None:
            self._written.add(slot)
        return slot

    def write_many(self, pages: Sequence[memoryview]) -> list[int]:
        """Preserve *pages* as :meth:`write` does one after the other, and give their slots: NOWHERE if one has none.

        A page that cannot be written has none, and neither has one for which no slot is free.  What lies together in
        the file is written together, unless a fault was made to order that hits one operation.
        """
        slots = [] if self.faults.hit_writes else self._write_together(pages)
        for page in pages[len(slots) :]:
            try:
                slots.append(self.write(page))
            except DeviceFull:
                break
            except PagingWriteError:
                slots.append(NOWHERE)
        return slots + [NOWHERE] * (len(pages) - len(slots))

    def _write_together(self, pages: Sequence[memoryview]) -> list[int]:
        """The same for as many of *pages*, from the first on, as there are free slots that have not failed."""
        self._check_open()
        slots = self._take_slots(min(len(pages), len(self._released) + self.slots - self._begun))
        is_written = write_pages(self._file, pages, slots)
        good = slots[is_written]
        self._tables.in_use[good] = True
        self._tables.checksums[good] = [zlib_ng.crc32(pages[number]) for number in is_written.nonzero()[0].tolist()]
        self.writes += len(good)
        if self._written is not None:
            self._written.update(good.tolist())
        for slot in slots[~is_written].tolist():
            self._write_error(slot, "not written whole")
        slots[~is_written] = NOWHERE
        return cast("list[int]", slots.tolist())

    def _check_open(self) -> None:
        if not self._close_file.alive:
            raise ValueError("the paging device is closed")

    def read(self, slot: int) -> bytes:
        """The page in *slot*, exactly as it was written.

        :raises PagingReadError: if it cannot be read or is not what was written; the slot stays in use.
        :raises ValueError: if the slot is free.
        """
        try:
            data = self._checked(slot, self.faults.pread)
        except PagingReadError:
            self.read_errors += 1
            raise
        self.reads += 1
        return data

    def look(self, slot: int) -> bytes:
        """The same for somebody who looks at the page from outside: not counted, and no fault made to order hits it.

        :raises PagingReadError: as :meth:`read`.
        :raises ValueError: if the slot is free.
        """
        return self._checked(slot, os.pread)

    def _checked(self, slot: int, pread: Callable[[int, int, int], bytes]) -> bytes:
        """The page in *slot* as *pread* finds it, if it is what was written."""
        slot = self._used_slot(slot)
        try:
            data = pread(self._file, PAGE_SIZE, slot_offset(slot))
        except OSError as error:
            raise _unreadable(slot, cause(error)) from error
        if len(data) != PAGE_SIZE:
            raise _unreadable(slot, f"{len(data)} bytes found, {PAGE_SIZE} expected")
        found, expected = zlib_ng.crc32(data), self._tables.checksum[slot]
        if found != expected:
            raise _unreadable(slot, f"checksum {found:08x} found, {expected:08x} expected")
        return data

    def release(self, slot: int) -> None:
        """Make *slot* free: its page is not needed any more.

        :raises ValueError: if it is free already.
        """
        slot = self._used_slot(slot)
        self._tables.is_used[slot] = False
        self._released.append(slot)

    def release_many(self, slots: NDArray[np.integer[Any]]) -> None:
        """Make all of *slots* free.

        :raises ValueError: if one of them is free already, or there twice; nothing has changed then.
        """
        self._check_used(slots)
        different, times = np.unique(slots, return_counts=True)
        for slot in different[times > 1][:1].tolist():
            raise ValueError(f"paging slot {slot} is to be released twice")
        self._tables.in_use[slots] = False
        self._released.frombytes(slots.astype(np.intc).tobytes())

    def checksums(self, slots: NDArray[np.integer[Any]]) -> list[int]:
        """The CRC-32 of the page that was written to each of *slots*.

        :raises ValueError: if one is free.
        """
        self._check_used(slots)
        return cast("list[int]", self._tables.checksums[slots].tolist())

    def close(self) -> None:
        """Free all slots and the file; a named one stays, as its header only, and can be used again.

        A device that is closed already stays so.
        """
        if not self._close_file.alive:
            return
        # A file that cannot be cut is one whose run broke off, and can be used again like it.
        with contextlib.suppress(OSError):
            os.ftruncate(self._file, PAGE_SIZE)
        self._close_file()
        self._free_all()

    def _free_all(self) -> None:
        self._begun = 0  # slots from this one on were never tried
        self._released = array("i")  # free ones among those before, as a stack
        self._failed = array("i")  # free ones whose last write failed, as a queue
        self._tables = SlotTables()

    def _used_checksums(self) -> dict[int, int]:
        """The checksum of each slot in use."""
        slots = self.slots_in_use()
        return dict(zip(slots.tolist(), self._tables.checksums[slots].tolist(), strict=True))

    def _set_checksums(self, saved: dict[int, int]) -> None:
        if self._begun > self.slots:
            raise StateError(f"paging device: slots: expected at least {self._begun}, not {self.slots}")
        slots = np.fromiter(saved, np.intp, len(saved))
        self._tables = SlotTables(self._begun)
        self._tables.in_use[slots] = True
        self._tables.checksums[slots] = np.fromiter(saved.values(), np.uint32, len(saved))

    def slots_in_use(self) -> NDArray[np.integer[Any]]:
        """The numbers of the slots in use, ascending."""
        return np.flatnonzero(self._tables.in_use)

    def written_slots(self) -> PageNumbers | None:
        """The slots that were written since this was asked last, ascending; None at the first time."""
        written, self._written = self._written, set()
        return None if written is None else np.array(sorted(written), dtype=np.int64)

    def put_back(self, slot: int, data: bytes) -> None:
        """Let *slot* hold the page *data*, as it did before: not counted, and no fault made to order hits it.

        :raises PagingWriteError: if that fails.
        """
        try:
            written = os.pwrite(self._file, data, slot_offset(slot))
        except OSError as error:
            raise PagingWriteError(f"paging slot {slot} cannot be written: {cause(error)}", slot) from error
        if written != PAGE_SIZE:
            raise PagingWriteError(f"paging slot {slot} cannot be written", slot)

    def _contents(self) -> dict[int, bytes]:
        """The content of each slot in use."""
        return {slot: self.look(slot) for slot in self.slots_in_use().tolist()}

    def _set_contents(self, saved: dict[int, bytes]) -> None:
        os.ftruncate(self._file, PAGE_SIZE)
        for slot, content in saved.items():
            self.put_back(slot, content)

    def _take_slot(self) -> int:
        """The slot to be written next, taken from the free ones."""
        if self._released:
            return self._released.pop()
        if self._begun < self.slots:
            self._begun += 1
            self._tables.have_room(self._begun, self.slots)
            return self._begun - 1
        if self._failed:
            return self._failed.pop(0)
        raise DeviceFull(f"all {self.slots} slots of the paging device are in use")

    def _take_slots(self, count: int) -> NDArray[np.int64]:
        """The same *count* times, where so many are free that have not failed."""
        again = min(count, len(self._released))
        slots = np.arange(self._begun - again, self._begun + count - again)
        if again:
            slots[:again] = self._released[: -again - 1 : -1]
            del self._released[-again:]
        self._begun += count - again
        self._tables.have_room(self._begun, self.slots)
        return slots

    def _check_used(self, slots: NDArray[np.integer[Any]]) -> None:
        for slot in slots[(slots < 0) | (slots >= self._begun)][:1].tolist():
            self._used_slot(slot)
        for slot in slots[~self._tables.in_use[slots]][:1].tolist():
            self._used_slot(slot)

    def _used_slot(self, slot: int) -> int:
        """*slot* as a Python integer, of which offsets in the file can be made without overflow."""
        if not 0 <= slot < self.slots:
            raise ValueError(f"paging slot {slot} is not one of {self.slots}")
        if slot >= self._begun or not self._tables.is_used[slot]:
            raise ValueError(f"paging slot {slot} is free")
        return int(slot)

    def _write_error(self, slot: int, reason: str) -> PagingWriteError:
        """The failure to write *slot*, which goes back to the free ones."""
        self.write_errors += 1
        self._failed.append(slot)
        return PagingWriteError(f"paging slot {slot} cannot be written: {reason}", slot)


def _unreadable(slot: int, reason: str) -> PagingReadError:
    return PagingReadError(f"paging slot {slot} cannot be read: {reason}", slot)
