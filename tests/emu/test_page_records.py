# SPDX-License-Identifier: GPL-2.0-or-later
"""Records of pages: zeros that can be changed, and memory for what is touched only."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from emu.page_records import page_records

_MANY = 1 << 28
"""Pages of 1 TiB."""


def resident_kilobytes() -> int:
    """What this process has in memory (proc(5), status)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


@pytest.mark.parametrize("pages", (1, 1 << 10, 1 << 24))
@pytest.mark.parametrize("kind", (np.uint8, np.uint64))
def test_zeros_that_can_be_changed(pages: int, kind: type[np.generic]) -> None:
    records = page_records(pages, kind)
    assert (len(records), records.dtype) == (pages, kind)
    assert not records.any()
    records[-1] = 1
    assert np.count_nonzero(records) == 1
    assert not page_records(pages, kind).any()


def test_a_record_that_is_touched_takes_little_memory() -> None:
    records = page_records(_MANY, np.uint64)
    before = resident_kilobytes()
    records[:: _MANY >> 10] = 1
    assert resident_kilobytes() - before < 64 << 10


def test_a_record_that_is_only_read_takes_no_memory() -> None:
    records = page_records(_MANY, np.uint8)
    before = resident_kilobytes()
    assert not records[:: _MANY >> 16].any()
    assert resident_kilobytes() - before < 4 << 10
