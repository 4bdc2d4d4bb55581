# SPDX-License-Identifier: GPL-2.0-or-later
"""Pages of libraries that only the start needs: they are taken out of this process, which finds them again in the file.

The compiler's library loads the compiled callbacks and is not called again, yet 45 MB of it have come into memory on
the way; so have what was looked at in Unicorn's constant data, and libraries that other ones only name.
"""

from __future__ import annotations

import contextlib
import ctypes
import mmap
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_SMAPS: Final = Path("/proc/self/smaps")
_UNWRITTEN: Final = (b"r--p", b"r-xp")
_madvise = ctypes.CDLL(None).madvise


def release_clean_pages() -> None:
    """Take out of memory what mapped files hold there as it is in the file; what is needed after all comes back.

    What is mapped for writing stays, and so does a mapping of which any page was ever changed, by the dynamic linker
    above all.
    """
    with contextlib.suppress(OSError):
        for low, high in list(_clean_mappings()):
            # It is advice: where it is not taken, nothing has changed.
            _madvise(ctypes.c_void_p(low), ctypes.c_size_t(high - low), mmap.MADV_DONTNEED)


def _clean_mappings() -> Iterator[tuple[int, int]]:
    """Where the read-only mappings of files lie that have no page of their own (proc(5), smaps)."""
    area = None
    for line in _SMAPS.read_bytes().splitlines():
        word, rest = line.split(None, 1)
        if not word.endswith(b":"):
            permissions, *_, file = rest.split()
            area = word if permissions in _UNWRITTEN and file.startswith(b"/") else None
        elif area is not None and word == b"Anonymous:" and int(rest.split()[0]) == 0:
            low, _, high = area.partition(b"-")
            yield int(low, 16), int(high, 16)
