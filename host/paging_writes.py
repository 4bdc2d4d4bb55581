# SPDX-License-Identifier: GPL-2.0-or-later
"""Many pages written to a paging file by few system calls."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import numpy as np

from emu.addresses import PAGE_SIZE
from host.paging_file import slot_offset

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_TOGETHER: Final = 512
"""Pages of one system call, which takes twice as many (IOV_MAX)."""


def write_pages(file: int, pages: Sequence[memoryview], slots: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Write *pages* to *slots*, as many as these are; say which have been written whole.

    What lies together in the file is written by one system call.  If that fails, each of its pages is tried alone.
    """
    is_written = np.ones(len(slots), dtype=np.bool_)
    order = np.argsort(slots)
    ends = np.flatnonzero(np.diff(slots[order]) != 1) + 1
    for run in np.split(order, ends):
        for first in range(0, len(run), _TOGETHER):
            numbers = run[first : first + _TOGETHER].tolist()
            if not _is_written(file, [pages[number] for number in numbers], int(slots[numbers[0]])):
                is_written[numbers] = [_is_written(file, [pages[each]], int(slots[each])) for each in numbers]
    return is_written


def _is_written(file: int, pages: list[memoryview], slot: int) -> bool:
    """Whether *pages* could be written whole to *slot* and those behind it."""
    try:
        return os.pwritev(file, pages, slot_offset(slot)) == len(pages) * PAGE_SIZE
    except OSError:
        return False
