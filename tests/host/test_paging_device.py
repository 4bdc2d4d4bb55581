# SPDX-License-Identifier: GPL-2.0-or-later
"""The paging device: its file, its slots, and what happens when reading or writing goes wrong."""

from __future__ import annotations

import errno
import os
import random
import resource
import signal
import tracemalloc
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from host.paging_device import (
    NOWHERE,
    DeviceFull,
    PagingDevice,
    PagingError,
    PagingReadError,
    PagingWriteError,
)
from host.paging_file import PagingDeviceError

PAGE = 4096


def page(number: int) -> bytes:
    """A page that differs from every other in most bytes."""
    return random.Random(number).randbytes(PAGE)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "paging"


@pytest.fixture
def device() -> Iterator[PagingDevice]:
    with PagingDevice(None, 8) as device:
        yield device


# Slots


def test_a_page_reads_as_it_was_written(device: PagingDevice) -> None:
    slots = [device.write(page(n)) for n in range(8)]
    assert sorted(slots) == list(range(8))
    for n in (5, 0, 7, 1, 1, 6, 2, 3, 4):
        assert device.read(slots[n]) == page(n)


def test_a_page_is_written_from_a_view_of_storage(device: PagingDevice) -> None:
    storage = memoryview(bytearray(page(1) + page(2)))
    slot = device.write(storage[PAGE:])
    storage[PAGE:] = bytes(PAGE)
    assert device.read(slot) == page(2)


@pytest.mark.parametrize("length", (0, 1, PAGE - 1, PAGE + 1, 2 * PAGE))
def test_only_whole_pages_are_written(device: PagingDevice, length: int) -> None:
    with pytest.raises(ValueError, match=f"4096 bytes expected, not {length}$"):
        device.write(bytes(length))
    assert device.used == 0


def test_the_size_of_a_view_counts_in_bytes(device: PagingDevice) -> None:
    words = memoryview(bytes(4 * PAGE)).cast("I")
    with pytest.raises(ValueError, match="not 16384"):
        device.write(words)


def test_used_counts_slots(device: PagingDevice) -> None:
    first, second = device.write(page(1)), device.write(page(2))
    assert device.used == 2
    device.release(first)
    assert device.used == 1
    device.release(second)
    assert device.used == 0


def test_all_slots_can_be_used_and_no_more(device: PagingDevice) -> None:
    slots = [device.write(page(n)) for n in range(8)]
    with pytest.raises(DeviceFull, match="all 8 slots"):
        device.write(page(8))
    assert device.used == 8
    assert device.write_errors == 0
    device.release(slots[3])
    assert device.write(page(9)) == slots[3]
    assert [device.read(slots[n]) for n in range(8)] == [page(n if n != 3 else 9) for n in range(8)]


def test_a_device_without_slots_is_full() -> None:
    with PagingDevice(None, 0) as device, pytest.raises(DeviceFull):
        device.write(page(1))


def test_many_pages_are_written_as_one_after_the_other(device: PagingDevice) -> None:
    first = [device.write(page(number)) for number in range(4)]
    device.release_many(np.array(first[1:3]))
    slots = device.write_many([memoryview(page(number)) for number in range(10, 10 + device.slots)])
    assert slots[:3] == [2, 1, 4]
    assert slots[-2:] == [NOWHERE, NOWHERE]
    assert [device.read(slot) for slot in slots[:-2]] == [page(10 + number) for number in range(len(slots) - 2)]
    assert (device.used, device.writes, device.write_errors) == (device.slots, device.slots + 2, 0)


def test_of_many_pages_those_that_cannot_be_written_have_no_slot(
    device: PagingDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    pwritev = os.pwritev
    bad = page(11)

    def failing(file: int, data: list[memoryview], offset: int) -> int:
        if any(each == bad for each in data):
            raise OSError(5, "Input/output error")
        return pwritev(file, data, offset)

    monkeypatch.setattr(os, "pwritev", failing)
    slots = device.write_many([memoryview(page(number)) for number in (10, 11, 12)])
    assert slots == [0, NOWHERE, 2]
    assert (device.read(0), device.read(2)) == (page(10), page(12))
    assert (device.used, device.writes, device.write_errors) == (2, 2, 1)
    # When nothing else is free, the slot that failed is tried again.
    rest = device.write_many([memoryview(page(20))] * (device.slots - 2))
    assert rest[-1] == 1


def test_a_fault_to_order_hits_one_of_many(device: PagingDevice) -> None:
    device.faults.fail_write(2)
    assert device.write_many([memoryview(page(number)) for number in range(3)]) == [0, NOWHERE, 2]
    assert (device.writes, device.write_errors, device.faults.pending) == (2, 1, 0)


def test_released_slots_are_used_before_the_file_grows(path: Path) -> None:
    with PagingDevice(path, 100) as device:
        slots = [device.write(page(n)) for n in range(10)]
        size = path.stat().st_size
        for n in (2, 7, 4):
            device.release(slots[n])
        assert [device.write(page(n)) for n in range(3)] == [slots[4], slots[7], slots[2]]
        assert path.stat().st_size == size
        device.write(page(3))
        assert path.stat().st_size == size + PAGE


def test_a_free_slot_is_neither_read_nor_released(device: PagingDevice) -> None:
    kept, slot = device.write(page(1)), device.write(page(2))
    device.release(slot)
    for free in (slot, 5):
        for use in (device.read, device.release):
            with pytest.raises(ValueError, match=f"slot {free} is free"):
                use(free)
        with pytest.raises(ValueError, match=f"slot {free} is free"):
            device.checksums(np.array([kept, free]))
    assert (device.used, device.reads, device.read_errors) == (1, 0, 0)
    assert device.read(kept) == page(1)


@pytest.mark.parametrize("slot", (-1, 8, 2**31))
def test_a_slot_that_is_none_of_the_device_is_refused(device: PagingDevice, slot: int) -> None:
    for n in range(8):
        device.write(page(n))
    for use in (device.read, device.release, lambda slot: device.checksums(np.array([slot]))):
        with pytest.raises(ValueError, match=f"slot {slot} is not one of 8"):
            use(slot)
    with pytest.raises(ValueError, match=f"slot {slot} is not one of 8"):
        device.release_many(np.array([0, slot]))
    assert device.used == 8


def test_many_slots_are_released_at_once(device: PagingDevice) -> None:
    for n in range(8):
        device.write(page(n))
    device.release_many(np.array([6, 1, 3], np.int32))
    assert device.used == 5
    for slot in (6, 1, 3):
        with pytest.raises(ValueError, match="is free"):
            device.read(slot)
    assert device.read(2) == page(2)
    assert {device.write(page(n)) for n in range(3)} == {6, 1, 3}
    with pytest.raises(DeviceFull):
        device.write(page(1))


def test_no_slots_at_all_can_be_released(device: PagingDevice) -> None:
    device.release_many(np.array([], np.int32))
    device.write(page(1))
    device.release_many(np.array([], np.int32))
    assert device.used == 1


@pytest.mark.parametrize(
    ("slots", "message"),
    (([0, 5], "slot 5 is free"), ([0, 2], "slot 2 is free"), ([0, 1, 0], "slot 0 is to be released twice")),
)
def test_of_many_slots_none_is_released_if_one_may_not_be(device: PagingDevice, slots: list[int], message: str) -> None:
    for n in range(4):
        device.write(page(n))
    device.release(2)
    with pytest.raises(ValueError, match=message):
        device.release_many(np.array(slots, np.int32))
    assert device.used == 3
    assert [device.read(n) for n in (0, 1, 3)] == [page(n) for n in (0, 1, 3)]
    assert device.write(page(5)) == 2


def test_the_offset_of_a_slot_does_not_overflow_its_number_of_32_bits() -> None:
    with PagingDevice(None, 2**20) as device:
        device._begun = 2**19 + 7
        device._in_use = np.zeros(2**20, np.bool_)
        device._checksums = np.zeros(2**20, np.uint32)
        slot = np.int32(device.write(page(1)))
        assert slot == 2**19 + 7
        assert device.read(slot) == page(1)  # type: ignore[arg-type]


def test_the_tables_grow_and_keep_what_they_hold() -> None:
    with PagingDevice(None, 5000) as device:
        contents = [n.to_bytes(4, "big") * (PAGE // 4) for n in range(5000)]
        slots = [device.write(content) for content in contents]
        assert device.used == 5000
        assert all(device.read(slot) == content for slot, content in zip(slots, contents, strict=True))
        with pytest.raises(DeviceFull):
            device.write(page(1))


def test_slots_cost_nothing_until_they_are_used(path: Path) -> None:
    tracemalloc.start()
    try:
        with PagingDevice(path, 2**28) as device:
            device.write(page(1))
            assert tracemalloc.get_traced_memory()[1] < 100_000
        assert path.stat().st_size == PAGE
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("slots", (-1, 2**31))
def test_the_number_of_slots_has_limits(path: Path, slots: int) -> None:
    with pytest.raises(PagingDeviceError, match=f"paging: a paging device of 0 to 2147483647 slots .* not {slots}"):
        PagingDevice(path, slots)
    assert not path.exists()
    with pytest.raises(PagingDeviceError, match=f"not {slots}"):
        PagingDevice(None, slots)


# Real faults of the file


@contextmanager
def files_limited_to(size: int) -> Iterator[None]:
    """Let no file grow beyond *size* bytes."""
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)


def test_a_file_that_cannot_grow_takes_what_it_has_room_for() -> None:
    with PagingDevice(None, 8) as device:
        with files_limited_to(3 * PAGE):
            slots = [device.write(page(n)) for n in range(2)]
            with pytest.raises(PagingWriteError, match="slot 2 cannot be written: File too large") as failed:
                device.write(page(2))
            device.release(slots[0])
            slots[0] = device.write(page(3))
        assert failed.value.slot == 2
        assert (device.used, device.writes, device.write_errors) == (2, 3, 1)
        assert [device.read(slot) for slot in slots] == [page(3), page(1)]
        assert len({device.write(page(n)) for n in range(6)} | set(slots)) == 8


def test_a_page_written_in_part_is_not_written() -> None:
    with PagingDevice(None, 8) as device:
        with (
            files_limited_to(PAGE + 1000),
            pytest.raises(PagingWriteError, match="slot 0 cannot be written: 1000 bytes written, 4096 expected"),
        ):
            device.write(page(1))
        assert (device.used, device.writes, device.write_errors) == (0, 0, 1)
        assert device.read(device.write(page(2))) == page(2)


@pytest.mark.parametrize("size", (0, 1000))
def test_a_header_that_cannot_be_written_leaves_no_file(path: Path, size: int) -> None:
    with files_limited_to(size), pytest.raises(PagingDeviceError, match=r"paging: .*header"):
        PagingDevice(path, 8)
    assert not path.exists()


def test_a_header_written_in_part_leaves_no_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pwrite = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda file, data, offset: pwrite(file, data[:1000], offset))
    with pytest.raises(PagingDeviceError, match="paging: 1000 bytes of the header written, 4096 expected"):
        PagingDevice(path, 8)
    assert not path.exists()


def test_a_paging_file_survives_that_its_header_cannot_be_written(path: Path) -> None:
    PagingDevice(path, 8).close()
    made = path.read_bytes()
    with files_limited_to(0), pytest.raises(PagingDeviceError, match=r"paging: .*header"):
        PagingDevice(path, 8)
    assert path.read_bytes() == made
    PagingDevice(path, 8).close()


def test_every_bit_of_a_page_is_checked(path: Path) -> None:
    with PagingDevice(path, 8) as device, path.open("r+b", buffering=0) as file:
        slot = device.write(bytes(PAGE))
        for byte in (0, 1, 2047, 2048, 4094, 4095):
            for bit in range(8):
                file.seek(PAGE + byte)
                file.write(bytes([1 << bit]))
                with pytest.raises(PagingReadError):
                    device.read(slot)
                file.seek(PAGE + byte)
                file.write(b"\0")
        assert device.read(slot) == bytes(PAGE)


def test_a_page_changed_from_outside_is_found_out(path: Path) -> None:
    with PagingDevice(path, 8) as device:
        kept, slot = device.write(page(1)), device.write(page(2))
        with path.open("r+b") as file:
            file.seek(2 * PAGE)
            file.write(page(3))
        expected = f"slot {slot} .*checksum {zlib.crc32(page(3)):08x} found, {zlib.crc32(page(2)):08x} expected"
        with pytest.raises(PagingReadError, match=expected) as failed:
            device.read(slot)
        assert failed.value.slot == slot
        assert (device.used, device.reads, device.read_errors) == (2, 0, 1)
        assert device.read(kept) == page(1)


def test_pages_that_changed_places_are_found_out(path: Path) -> None:
    with PagingDevice(path, 8) as device:
        slots = [device.write(page(1)), device.write(page(2))]
        with path.open("r+b") as file:
            file.seek(PAGE)
            file.write(page(2) + page(1))
        for slot in slots:
            with pytest.raises(PagingReadError, match="checksum"):
                device.read(slot)


@pytest.mark.parametrize(("size", "found"), ((2 * PAGE + 10, 10), (2 * PAGE, 0), (0, 0)))
def test_a_file_cut_from_outside_is_found_out(path: Path, size: int, found: int) -> None:
    with PagingDevice(path, 8) as device:
        device.write(page(1))
        slot = device.write(page(2))
        os.truncate(path, size)
        with pytest.raises(PagingReadError, match=f"slot {slot} .*: {found} bytes found, 4096 expected") as failed:
            device.read(slot)
        assert failed.value.slot == slot
        assert (device.used, device.read_errors) == (2, 1)


def test_a_system_call_that_fails_is_a_paging_error(device: PagingDevice, tmp_path: Path) -> None:
    slot = device.write(page(1))
    copy = os.dup(device._file)
    directory = os.open(tmp_path, os.O_RDONLY)
    os.dup2(directory, device._file)
    with pytest.raises(PagingReadError, match=f"slot {slot} cannot be read: Is a directory"):
        device.read(slot)
    with pytest.raises(PagingWriteError, match="slot 1 cannot be written: Bad file descriptor"):
        device.write(page(2))
    os.dup2(copy, device._file)
    os.close(copy)
    os.close(directory)
    assert device.read(slot) == page(1)
    assert (device.used, device.write_errors, device.read_errors) == (1, 1, 1)


# Any sequence


class Paging(RuleBasedStateMachine):
    """Writes, reads, releases and faults, against a dictionary of what each slot holds."""

    SLOTS = 6

    def __init__(self) -> None:
        super().__init__()
        self.device = PagingDevice(None, self.SLOTS)
        self.pages: dict[int, bytes] = {}
        self.counts = dict.fromkeys(("writes", "write_errors", "reads", "read_errors"), 0)

    def some_slot(self, data: st.DataObject) -> int:
        return data.draw(st.sampled_from(sorted(self.pages)))

    @rule(number=st.integers(0, 2**16))
    def write(self, number: int) -> None:
        if len(self.pages) == self.SLOTS:
            with pytest.raises(DeviceFull):
                self.device.write(page(number))
            return
        slot = self.device.write(page(number))
        assert 0 <= slot < self.SLOTS
        assert slot not in self.pages
        self.pages[slot] = page(number)
        self.counts["writes"] += 1

    @rule(numbers=st.lists(st.integers(0, 2**16), max_size=SLOTS + 2), failing=st.none() | st.integers(1, SLOTS))
    def write_many(self, numbers: list[int], failing: int | None) -> None:
        """A failure leaves its slot free, for a later one of the pages if there is no other."""
        free = self.SLOTS - len(self.pages)
        fails = failing is not None and failing <= min(len(numbers), free)
        if fails:
            assert failing is not None
            self.device.faults.fail_write(failing)
        slots = self.device.write_many([memoryview(page(number)) for number in numbers])
        held = {slot: page(number) for slot, number in zip(slots, numbers, strict=True) if slot != NOWHERE}
        assert len(held) == min(len(numbers) - fails, free)
        assert held.keys() <= set(range(self.SLOTS)) - self.pages.keys()
        self.pages |= held
        self.counts["writes"] += len(held)
        self.counts["write_errors"] += fails

    @precondition(lambda self: len(self.pages) < self.SLOTS)
    @rule(error=st.sampled_from([errno.EIO, errno.ENOSPC, errno.EDQUOT]))
    def write_in_vain(self, error: int) -> None:
        self.device.faults.fail_write(1, error=error)
        with pytest.raises(PagingWriteError) as failed:
            self.device.write(page(1))
        assert failed.value.slot not in self.pages
        self.counts["write_errors"] += 1

    @precondition(lambda self: self.pages)
    @rule(data=st.data(), fault=st.sampled_from(["fail_read", "corrupt_read", "short_read"]))
    def read_in_vain(self, data: st.DataObject, fault: str) -> None:
        getattr(self.device.faults, fault)(1)
        slot = self.some_slot(data)
        with pytest.raises(PagingReadError) as failed:
            self.device.read(slot)
        assert failed.value.slot == slot
        self.counts["read_errors"] += 1

    @precondition(lambda self: self.pages)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        slot = self.some_slot(data)
        self.device.release(slot)
        del self.pages[slot]

    @rule(data=st.data())
    def release_many(self, data: st.DataObject) -> None:
        slots = data.draw(st.lists(st.sampled_from(sorted(self.pages)), unique=True)) if self.pages else []
        self.device.release_many(np.array(slots, np.int32))
        for slot in slots:
            del self.pages[slot]

    @rule(slots=st.lists(st.integers(-1, SLOTS), min_size=1, max_size=3))
    def release_what_may_not_be(self, slots: list[int]) -> None:
        if set(slots) <= set(self.pages) and len(set(slots)) == len(slots):
            return
        with pytest.raises(ValueError, match="slot"):
            self.device.release_many(np.array(slots, np.int32))

    @invariant()
    def slots_hold_what_was_written(self) -> None:
        assert self.device.used == len(self.pages)
        for slot in range(self.SLOTS):
            if slot in self.pages:
                assert self.device.read(slot) == self.pages[slot]
                assert self.device.checksums(np.array([slot])) == [zlib.crc32(self.pages[slot])]
                self.counts["reads"] += 1
            else:
                with pytest.raises(ValueError, match="free"):
                    self.device.read(slot)
        assert {name: getattr(self.device, name) for name in self.counts} == self.counts

    def teardown(self) -> None:
        self.device.close()


Paging.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None, derandomize=True)
TestPaging = Paging.TestCase


def test_every_failure_of_an_operation_is_a_paging_error() -> None:
    """So that the page manager can treat them alike."""
    for kind in (DeviceFull, PagingReadError, PagingWriteError):
        assert issubclass(kind, PagingError)
    assert not issubclass(PagingDeviceError, PagingError)
