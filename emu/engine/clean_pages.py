# SPDX-License-Identifier: GPL-2.0-or-later
"""Pages of libraries that only the start needs: they are taken out of this process, which finds them again in the file.

The compiler's library loads the compiled callbacks and is not called again, yet 45 MB of it have come into memory on
the way, and what was looked at in Unicorn's constant data is looked at once.
"""

from __future__ import annotations

import ctypes
import mmap
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_SMAPS: Final = Path("/proc/self/smaps")
_UNWRITTEN: Final = (b"r--p", b"r-xp")
_madvise = ctypes.CDLL(None).madvise


def release_clean_pages(*names: str) -> None:
    """Take out of memory what mapped files whose names begin with one of *names* hold there, as it is in the file.

    What is mapped for writing stays, and so does a mapping of which any page was ever changed, by the dynamic linker
    above all.
    """
    for low, high in list(_clean_mappings(tuple(name.encode() for name in names))):
        # It is advice: where it is not taken, nothing has changed.
        _madvise(ctypes.c_void_p(low), ctypes.c_size_t(high - low), mmap.MADV_DONTNEED)


def _clean_mappings(names: tuple[bytes, ...]) -> Iterator[tuple[int, int]]:
    """Where the read-only mappings of such files lie that have no page of their own (proc(5), smaps)."""
    area = None
    for line in _SMAPS.read_bytes().splitlines():
        word, rest = line.split(None, 1)
        if not word.endswith(b":"):
            permissions, *_, file = rest.split()
            is_wanted = permissions in _UNWRITTEN and file.rpartition(b"/")[2].startswith(names)
            area = word if is_wanted else None
        elif area is not None and word == b"Anonymous:" and int(rest.split()[0]) == 0:
            low, _, high = area.partition(b"-")
            yield int(low, 16), int(high, 16)
