# SPDX-License-Identifier: GPL-2.0-or-later
"""Faults to order, at the system calls; how the device reports them is in test_paging_device.py."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator

import pytest

from host.paging_faults import Faults


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
