# SPDX-License-Identifier: GPL-2.0-or-later
"""The one fault that is mended inside Unicorn: it cannot translate SQXBR without crashing the process (seen in 2.1.4).

The translator's entry for SQXBR prepares one half of the result where two are needed, and interception comes too late,
since a block is translated before it is announced.  So the entry gets the preparing function that LXDBR has, which
prepares both.  Entries are recognised by their opcode and by the name that they point to.
"""

from __future__ import annotations

import ctypes
import re
import struct
from functools import cache
from pathlib import Path
from typing import Final

from emu.addresses import PAGE_SIZE
from emu.engine.library import EngineError

_SQUARE_ROOT: Final = (0xB316, b"SQXBR")
_LOAD_LENGTHENED: Final = (0xB305, b"LXDBR")
_NAME: Final = 8
"""Offset of the pointer to the name in an entry."""
_PREPARE: Final = 32
"""Offset of the pointer to the function that prepares the result."""
_ENTRY_BYTES: Final = 72
_READ: Final = 1
_WRITE: Final = 2


def _data_regions() -> list[tuple[int, int]]:
    """Where the library's constant data lies in this process."""
    regions = []
    for line in Path("/proc/self/maps").read_text(encoding="ascii", errors="replace").splitlines():
        span, permissions, *rest = line.split()
        if rest and "libunicorn" in rest[-1] and permissions.startswith("r--"):
            low, high = span.split("-")
            regions.append((int(low, 16), int(high, 16)))
    return regions


def _find_entry(regions: list[tuple[int, int]], opcode: int, name: bytes) -> int:
    """The address of the translator's entry for *opcode*.

    :raises EngineError: if it is not found.
    """
    pattern = re.compile(re.escape(struct.pack("=H", opcode)))
    for low, high in regions:
        data = ctypes.string_at(low, high - low)
        for match in pattern.finditer(data, 0, len(data) - _ENTRY_BYTES):
            if match.start() % 8:
                continue
            (pointer,) = struct.unpack_from("=Q", data, match.start() + _NAME)
            if any(start <= pointer < end - 8 for start, end in regions) and ctypes.string_at(pointer) == name:
                return low + match.start()
    raise EngineError(f"Unicorn's entry for {name.decode()} was not found; this project needs Unicorn 2.1.4")


@cache
def mend() -> None:
    """Mend the entry, once in a process.

    :raises EngineError: if the library is not as it is known.
    """
    regions = _data_regions()
    place = _find_entry(regions, *_SQUARE_ROOT) + _PREPARE
    prepare = ctypes.c_uint64.from_address(_find_entry(regions, *_LOAD_LENGTHENED) + _PREPARE).value
    if ctypes.c_uint64.from_address(place).value == prepare:
        return
    # The table was made read-only when the library had been loaded.  The pointer is aligned, so it lies in one page.
    page, size = ctypes.c_void_p(place & -PAGE_SIZE), ctypes.c_size_t(PAGE_SIZE)
    protect = ctypes.CDLL(None, use_errno=True).mprotect
    if protect(page, size, _READ | _WRITE):
        raise EngineError("Unicorn's table of instructions cannot be written")
    ctypes.c_uint64.from_address(place).value = prepare
    protect(page, size, _READ)
