# SPDX-License-Identifier: GPL-2.0-or-later
"""Faults to order, at the system calls, and what the device makes of them."""

from __future__ import annotations

import errno
import os
import random
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from host.paging_device import (
    DeviceFull,
    PagingDevice,
    PagingReadError,
    PagingWriteError,
)
from host.paging_faults import Faults

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


# At the system calls


@pytest.fixture
def file() -> Iterator[int]:
    """A file of four bytes."""
    with tempfile.TemporaryFile() as opened:
        os.pwrite(opened.fileno(), b"\x00\x01\x02\x03", 0)
        yield opened.fileno()


def read(faults: Faults, file: int) -> bytes:
    return faults.pread(file, 4, 0)


def test_without_faults(file: int) -> None:
    faults = Faults()
    assert faults.pwrite(file, b"ab", 1) == 2
    assert read(faults, file) == b"\x00ab\x03"
    assert faults.pending == 0


def test_operations_of_each_kind_count_from_one(file: int) -> None:
    faults = Faults()
    faults.corrupt_read(2, times=2)
    faults.fail_write(1, error=errno.ENOSPC)
    assert faults.pending == 3
    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        faults.pwrite(file, b"x", 0)
    good, bad = b"\x00\x01\x02\x03", b"\x00\x01\x03\x03"
    assert [read(faults, file) for _ in range(4)] == [good, bad, bad, good]
    assert faults.pending == 0


def test_one_read_meets_several(file: int) -> None:
    faults = Faults()
    faults.short_read(1)
    faults.corrupt_read(1)
    assert read(faults, file) == b"\x00\x00"


def test_a_read_that_fails_is_counted_by_all(file: int) -> None:
    faults = Faults()
    faults.fail_read(1)
    faults.short_read(2)
    with pytest.raises(OSError, match=os.strerror(errno.EIO)):
        read(faults, file)
    assert read(faults, file) == b"\x00\x01"


def test_impossible_orders_are_refused() -> None:
    faults = Faults()
    with pytest.raises(ValueError, match="operations count from 1"):
        faults.fail_read(0)
    with pytest.raises(ValueError, match="at least once"):
        faults.short_read(1, times=0)
    with pytest.raises(ValueError, match="-1 is no error number"):
        faults.fail_write(1, error=-1)


# In the device


def test_a_write_made_to_fail_changes_nothing(device: PagingDevice) -> None:
    slot = device.write(page(1))
    device.faults.fail_write(2, error=errno.ENOSPC)
    device.write(page(2))
    with pytest.raises(PagingWriteError, match="No space left on device") as failed:
        device.write(page(3))
    assert failed.value.slot is not None
    assert (device.used, device.writes, device.write_errors) == (2, 2, 1)
    with pytest.raises(ValueError, match="free"):
        device.read(failed.value.slot)
    assert device.read(slot) == page(1)
    assert device.read(device.write(page(3))) == page(3)


def test_a_slot_that_failed_is_tried_again_when_there_is_no_other(device: PagingDevice) -> None:
    device.faults.fail_write(1, times=2)
    for _ in range(2):
        with pytest.raises(PagingWriteError):
            device.write(page(0))
    slots = [device.write(page(n)) for n in range(8)]
    assert slots == [2, 3, 4, 5, 6, 7, 0, 1]
    with pytest.raises(DeviceFull):
        device.write(page(8))
    device.release_many(np.array([3, 5]))
    device.faults.fail_write(1)
    with pytest.raises(PagingWriteError) as failed:
        device.write(page(8))
    assert {failed.value.slot, device.write(page(8))} == {3, 5}
    assert device.write(page(9)) == failed.value.slot


def test_a_device_that_is_broken_stays_so_and_is_not_full(device: PagingDevice) -> None:
    device.faults.fail_write(1, times=20)
    for _ in range(20):
        with pytest.raises(PagingWriteError):
            device.write(page(1))
    assert (device.used, device.write_errors) == (0, 20)
    assert len({device.write(page(n)) for n in range(8)}) == 8


@pytest.mark.parametrize(
    ("inject", "message"),
    (
        (Faults.fail_read, "Input/output error"),
        (Faults.corrupt_read, "checksum [0-9a-f]{8} found, [0-9a-f]{8} expected"),
        (Faults.short_read, "2048 bytes found, 4096 expected"),
    ),
)
def test_a_read_made_to_fail_keeps_the_slot(device: PagingDevice, inject: Callable[..., None], message: str) -> None:
    slot = device.write(page(1))
    inject(device.faults, 2, times=2)
    assert device.read(slot) == page(1)
    for _ in range(2):
        with pytest.raises(PagingReadError, match=f"slot {slot} cannot be read: {message}") as failed:
            device.read(slot)
        assert failed.value.slot == slot
    assert device.read(slot) == page(1)
    assert (device.used, device.reads, device.read_errors) == (1, 2, 2)


def test_the_error_of_a_read_can_be_chosen(device: PagingDevice) -> None:
    slot = device.write(page(1))
    device.faults.fail_read(1, error=errno.ENXIO)
    with pytest.raises(PagingReadError, match="No such device or address"):
        device.read(slot)


def test_several_injections_count_on_their_own(device: PagingDevice) -> None:
    slot = device.write(page(1))
    device.faults.short_read(3)
    device.faults.fail_read(1)
    device.faults.fail_write(1)
    with pytest.raises(PagingReadError, match="Input/output error"):
        device.read(slot)
    device.faults.corrupt_read(1)
    with pytest.raises(PagingReadError, match="checksum"):
        device.read(slot)
    with pytest.raises(PagingReadError, match="2048 bytes"):
        device.read(slot)
    assert device.read(slot) == page(1)
    with pytest.raises(PagingWriteError):
        device.write(page(2))
    assert device.faults.pending == 0


def test_injections_for_one_operation_are_all_spent_by_it(device: PagingDevice) -> None:
    slot = device.write(page(1))
    device.faults.corrupt_read(1)
    device.faults.fail_read(1)
    device.faults.short_read(1)
    assert device.faults.pending == 3
    with pytest.raises(PagingReadError, match="Input/output error"):
        device.read(slot)
    assert device.faults.pending == 0
    assert device.read(slot) == page(1)


def test_a_page_can_be_short_and_corrupt(device: PagingDevice) -> None:
    slot = device.write(page(1))
    for inject in (device.faults.corrupt_read, device.faults.short_read, device.faults.corrupt_read):
        inject(1)
    with pytest.raises(PagingReadError, match="2048 bytes"):
        device.read(slot)


def test_nothing_found_cannot_be_corrupt(path: Path) -> None:
    with PagingDevice(path, 8) as device:
        slot = device.write(page(1))
        os.truncate(path, PAGE)
        device.faults.corrupt_read(1)
        with pytest.raises(PagingReadError, match="0 bytes found"):
            device.read(slot)


def test_what_is_in_the_file_stays_right_when_a_read_is_corrupt(path: Path) -> None:
    with PagingDevice(path, 8) as device:
        slot = device.write(page(1))
        device.faults.corrupt_read(1)
        with pytest.raises(PagingReadError):
            device.read(slot)
        assert path.read_bytes()[PAGE:] == page(1)


def test_a_write_made_to_fail_writes_nothing(path: Path) -> None:
    with PagingDevice(path, 8) as device:
        device.faults.fail_write(1)
        with pytest.raises(PagingWriteError):
            device.write(page(1))
        assert path.stat().st_size == PAGE


def test_a_full_device_makes_no_write_that_could_fail() -> None:
    with PagingDevice(None, 1) as device:
        slot = device.write(page(1))
        device.faults.fail_write(1)
        with pytest.raises(DeviceFull):
            device.write(page(2))
        device.release(slot)
        with pytest.raises(PagingWriteError):
            device.write(page(2))


@pytest.mark.parametrize(
    ("nth", "times", "error", "message"),
    (
        (0, 1, errno.EIO, "count from 1"),
        (-1, 1, errno.EIO, "count from 1"),
        (1, 0, errno.EIO, "at least once: 0 times"),
        (1, 1, 0, "0 is no error number"),
        (1, 1, 9999, "9999 is no error number"),
    ),
)
def test_injections_that_make_no_sense_are_refused(nth: int, times: int, error: int, message: str) -> None:
    faults = Faults()
    for fail in (faults.fail_write, faults.fail_read):
        with pytest.raises(ValueError, match=message):
            fail(nth, times, error)
    if error == errno.EIO:
        for spoil in (faults.corrupt_read, faults.short_read):
            with pytest.raises(ValueError, match=message):
                spoil(nth, times)
    assert faults.pending == 0
