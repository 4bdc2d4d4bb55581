# SPDX-License-Identifier: GPL-2.0-or-later
"""Unicorn's constant data in this process: where it lies, and writing into it.

The system has made it read-only after the library had been loaded; it is made so again when something was changed.
"""

from __future__ import annotations

import ctypes
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from emu.addresses import PAGE_SIZE
from emu.engine.library import EngineError

if TYPE_CHECKING:
    import numpy.typing as npt

_READ: Final = 1
_WRITE: Final = 2


class Writable:
    """A context in which the constant data from *start* to *end* can be written."""

    def __init__(self, start: int, end: int) -> None:
        first = start & -PAGE_SIZE
        self._area = (ctypes.c_void_p(first), ctypes.c_size_t(((end + PAGE_SIZE - 1) & -PAGE_SIZE) - first))

    def __enter__(self) -> None:
        if _protect(*self._area, _READ | _WRITE):
            raise EngineError("Unicorn's constant data cannot be written")

    def __exit__(self, *_: object) -> None:
        _protect(*self._area, _READ)


_protect = ctypes.CDLL(None, use_errno=True).mprotect


@cache
def constant_regions() -> list[tuple[int, int]]:
    """Where the library's constant data lies in this process."""
    regions = []
    for line in Path("/proc/self/maps").read_text(encoding="ascii", errors="replace").splitlines():
        span, permissions, *rest = line.split()
        if rest and "libunicorn" in rest[-1] and permissions.startswith("r--"):
            low, high = span.split("-")
            regions.append((int(low, 16), int(high, 16)))
    return regions


def relocated_words() -> tuple[int, npt.NDArray[np.uint64]]:
    """That part of it which holds addresses, as words where it lies: where it begins, and what is in it.

    The loader has put them there; it is the last region, behind code and what else is the same wherever it is loaded.
    """
    low, high = constant_regions()[-1]
    return low, np.frombuffer(memoryview((ctypes.c_char * (high - low)).from_address(low)), dtype=np.uint64)
