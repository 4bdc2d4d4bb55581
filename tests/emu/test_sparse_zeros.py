# SPDX-License-Identifier: GPL-2.0-or-later
"""Zeros that can be changed, and memory for what is touched only."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from emu.sparse_zeros import sparse_zeros

_MANY = 1 << 28
"""Pages of 1 TiB."""


def resident_kilobytes() -> int:
    """What this process has in memory (proc(5), status)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


def flags_of(address: int) -> str:
    """What the kernel was advised of the mapping that *address* lies in (proc(5), smaps)."""
    area = (0, 0)
    for line in Path("/proc/self/smaps").read_text().splitlines():
        word, _, rest = line.partition(" ")
        if not word.endswith(":"):
            low, _, high = word.partition("-")
            area = int(low, 16), int(high, 16)
        elif word == "VmFlags:" and area[0] <= address < area[1]:
            return rest
    return ""


@pytest.mark.parametrize("pages", (1, 1 << 10, 1 << 24))
@pytest.mark.parametrize("kind", (np.uint8, np.uint64))
def test_zeros_that_can_be_changed(pages: int, kind: type[np.generic]) -> None:
    records = sparse_zeros(pages, kind)
    assert (len(records), records.dtype) == (pages, kind)
    assert not records.any()
    records[-1] = 1
    assert np.count_nonzero(records) == 1
    assert not sparse_zeros(pages, kind).any()


def test_a_record_that_is_touched_takes_little_memory() -> None:
    records = sparse_zeros(_MANY, np.uint64)
    before = resident_kilobytes()
    records[:: _MANY >> 10] = 1
    assert resident_kilobytes() - before < 64 << 10


def test_a_record_that_is_only_read_takes_no_memory() -> None:
    records = sparse_zeros(_MANY, np.uint8)
    before = resident_kilobytes()
    assert not records[:: _MANY >> 16].any()
    assert resident_kilobytes() - before < 4 << 10


def test_one_byte_of_what_is_wide_takes_a_small_page() -> None:
    records = sparse_zeros(_MANY, np.uint64)
    records[_MANY // 2] = 1
    # The kernel may have put another mapping beside it into the same area.
    assert "hg" not in flags_of(int(records.ctypes.data)).split()


@pytest.mark.parametrize("kind", (np.uint8, np.uint64))
def test_a_copy_of_the_process_has_its_own(kind: type[np.generic]) -> None:
    records = sparse_zeros(1 << 24, kind)
    child = os.fork()
    if not child:
        records[5] = 1
        os._exit(0)
    os.waitpid(child, 0)
    assert not records[5]
