# SPDX-License-Identifier: GPL-2.0-or-later
"""Where things are in the storage of a program of the differential driver, and what is the same for all programs."""

from __future__ import annotations

from functools import cache
from typing import Final

from emu import psw as psw_bits
from emu.dat import PAGE_INVALID, PAGE_PROTECTED
from emu.psw import Psw

MEGABYTES: Final = 17
"""More than a 24-bit address reaches."""
CODE: Final = 0x10000
"""Three pages, in each space the same."""
TARGETS: Final = CODE + 0x1800
"""Targets of EXECUTE, on the second page of code."""
DATA: Final = 0x20000
"""The first of six pages: two plain ones, an invalid one, a protected one, and two more."""
PLAIN, OTHER, INVALID, PROTECTED, FIFTH, SIXTH = range(DATA, DATA + 0x6000, 0x1000)
UNMAPPED: Final = 0x3_0000
"""The first page that has no frame with DAT."""
LAST_24: Final = 0xFF_F000
LAST_31: Final = 0x7FFF_F000
"""Only a virtual address."""
PREFIXES: Final = (0x40000, 0x42000, 0x44000)
TABLES: Final = (0x20_0000, 0x28_0000, 0x30_0000)
"""The segment tables of the primary, secondary and home space."""
FILLING: Final = range(0x500, 0x528)
"""Absolute pages that take frames of a host that pages."""
PAGES: Final = (0, 0x1000, 0x2000, PLAIN, OTHER, INVALID, PROTECTED, FIFTH, SIXTH, LAST_24, 0x100_0000)
WAITS: Final = {0x1A0: 0x120, 0x1B0: 0x130, 0x1C0: 0x140, 0x1D0: 0x150, 0x1E0: 0x160, 0x1F0: 0x170}
"""Where each new PSW is, which is also its address, and the old one."""
_NOT_MAPPED: Final = 0x400
_SEGMENT_INVALID: Final = 0x20


@cache
def image() -> dict[int, bytes]:
    """The bytes that every program finds in storage, by absolute address."""
    found = {}
    for page in (*PAGES, CODE, CODE + 0x1000, CODE + 0x2000, UNMAPPED - 0x1000):
        # To the end of the page: zeros that are stored shortly before it are seen as well.
        start = 0x200 if page in (0, 0x1000) else 0
        found[page + start] = bytes((7 * at + page // 4096) & 0xFF for at in range(0x1000 - start))
    for number, origin in enumerate(TABLES):
        found.update(_tables(origin, number))
    return found


def waits() -> dict[int, bytes]:
    """New PSWs, by their places behind the prefix: a disabled wait for each class of interruption."""
    mask = psw_bits.ADDRESSING_MODE | psw_bits.WAIT
    return {place: Psw(mask, place).to_bytes() for place in WAITS}


def _tables(origin: int, number: int) -> dict[int, bytes]:
    """Tables of three segments, which differ in two pages of data."""
    segments = [_SEGMENT_INVALID] * 2048
    pages = {segment: [_NOT_MAPPED] * 256 for segment in (0, 15, 16, 2047)}
    for page in (*range(UNMAPPED >> 12), *range(0x40, 0x46)):
        pages[0][page] = page << 12
    for page in (PLAIN, OTHER):
        pages[0][page >> 12] = page + number * 0x4000 if number < 2 else page
    pages[0][INVALID >> 12] |= PAGE_INVALID
    pages[0][PROTECTED >> 12] |= PAGE_PROTECTED
    pages[15][255] = LAST_24
    pages[16][0] = 0x100_0000
    pages[2047][255] = LAST_24
    found = {}
    for index, (segment, entries) in enumerate(pages.items()):
        at = origin + 0x4000 + index * 0x800
        segments[segment] = at
        found[at] = b"".join(entry.to_bytes(8, "big") for entry in entries)
    found[origin] = b"".join(entry.to_bytes(8, "big") for entry in segments)
    return found
