# SPDX-License-Identifier: GPL-2.0-or-later
"""Records of which there is one for each page of storage, in memory that is taken as they are touched."""

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


def page_records(pages: int, kind: type[_Scalar], *, is_written: bool = True) -> npt.NDArray[_Scalar]:
    """Zeros of this *kind*, one for each of so many *pages*.

    numpy asks the system for its largest pages, so that a record that is touched would take 2 MB: of a large guest that
    touches pages here and there, gigabytes would be cleared.

    :param is_written: false of records that are mostly read, of which few are ever changed: what is only read takes no
        memory, and of large pages there are few to be found.
    """
    size = pages * np.dtype(kind).itemsize
    if size <= _SMALL:
        return np.zeros(pages, dtype=kind)
    area: Any = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    advice = "MADV_NOHUGEPAGE" if is_written else "MADV_HUGEPAGE"
    if hasattr(mmap, advice):
        # It is advice: a system without large pages refuses it.
        with contextlib.suppress(OSError):
            area.madvise(getattr(mmap, advice))
    return np.frombuffer(area, dtype=kind)


def clear(records: npt.NDArray[Any]) -> None:
    """Make *records* of pages zeros again; the time goes by how many have been touched, not by how many there are.

    :param records: all of what :func:`page_records` gave.
    """
    area = records.base.obj if isinstance(records.base, memoryview) else None
    if isinstance(area, mmap.mmap):
        area.madvise(mmap.MADV_DONTNEED)
    else:
        records.fill(0)
