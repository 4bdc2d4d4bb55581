# SPDX-License-Identifier: GPL-2.0-or-later
"""Zeros in memory that is taken as they are touched, such as a record for each page of storage."""

from __future__ import annotations

import contextlib
import mmap
from typing import TYPE_CHECKING, Any, Final, TypeVar

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

_SMALL: Final = 8 << 20
"""Bytes up to which the memory may as well come in large pieces: that is quicker, and not much is wasted."""
_Scalar = TypeVar("_Scalar", bound=np.generic)


def sparse_zeros(count: int, kind: type[_Scalar] | np.dtype[_Scalar]) -> npt.NDArray[_Scalar]:
    """So many zeros of this *kind*, private to the process; nothing is cleared that an earlier array has given back.

    Bytes, one for each page of storage, come in the largest pages that the system has: one of 2 MB is enough for 8 GB
    of storage, and is sooner cleared than as many small ones are found.  Of what is wider, and touched here and there,
    gigabytes would be cleared.
    """
    size = count * np.dtype(kind).itemsize
    if size <= _SMALL:
        return np.zeros(count, dtype=kind)
    area: Any = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    advice = "MADV_HUGEPAGE" if size == count else "MADV_NOHUGEPAGE"
    if hasattr(mmap, advice):
        # It is advice: a system without large pages refuses it.
        with contextlib.suppress(OSError):
            area.madvise(getattr(mmap, advice))
    return np.frombuffer(area, dtype=kind)
