# SPDX-License-Identifier: GPL-2.0-or-later
"""Records of which there is one for each page of storage, in memory that is taken as they are touched."""

from __future__ import annotations

import mmap
from typing import TYPE_CHECKING, Any, Final, TypeVar

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

_SMALL: Final = 8 << 20
"""Bytes up to which the memory may as well come in large pieces: that is quicker, and not much is wasted."""
_Scalar = TypeVar("_Scalar", bound=np.generic)


def page_records(pages: int, kind: type[_Scalar]) -> npt.NDArray[_Scalar]:
    """Zeros of this *kind*, one for each of so many *pages*.

    numpy asks the system for its largest pages, so that a record that is touched would take 2 MB: of a large guest that
    touches pages here and there, gigabytes would be cleared.
    """
    size = pages * np.dtype(kind).itemsize
    if size <= _SMALL:
        return np.zeros(pages, dtype=kind)
    area: Any = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if hasattr(mmap, "MADV_NOHUGEPAGE"):
        area.madvise(mmap.MADV_NOHUGEPAGE)
    return np.frombuffer(area, dtype=kind)
