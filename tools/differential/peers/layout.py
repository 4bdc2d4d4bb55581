# SPDX-License-Identifier: GPL-2.0-or-later
"""Where everything lies in the image that executes streams: absolute addresses, and what a stream finds where.

A stream runs with DAT on, so that it reaches its own pages and nothing of what drives it: a page each for the virtual
addresses of :data:`DATA`, one of them protected, and two pages of code, which it cannot change.
"""

from __future__ import annotations

from functools import cache
from random import Random
from typing import Final

from emu.dat import PAGE_INVALID, PAGE_NO_EXECUTE, PAGE_PROTECTED

MEMORY: Final = 1 << 24
"""What every machine has: real addresses behind it are addressing exceptions."""
MOST_STREAMS: Final = 1024
"""In a batch."""

COUNT: Final = 0x2000
"""A doubleword: how many streams there are."""
BEGUN: Final = 0x2008
"""A doubleword: how many of them have been begun."""
FINISHED: Final = 0x2010
"""A doubleword: whether all have ended."""
HAS_VECTORS: Final = 0x2018
"""A doubleword: whether there are vector registers, and not only floating-point registers."""
RECORD: Final = 0x2020
"""A doubleword: the record of the stream that is next."""
OUTCOME: Final = 0x2028
"""A doubleword: where its outcome goes."""
REMAINING: Final = 0x2030
"""A doubleword: how many are left."""
TIMER: Final = 0x2038
"""A doubleword: what the CPU timer is set to before each stream: it ends one that loops."""
WAITING: Final = 0x2040
"""The PSW of the wait that ends a batch."""
DRIVER: Final = 0x3000
DRIVER_DATA: Final = 0x3C00
CODE: Final = 0x10000
"""Two pages, the same with DAT and without."""
CODE_BYTES: Final = 128
"""What a stream may have, and what is behind it."""
TARGETS: Final = CODE + 0x1800
"""Targets of EXECUTE, 8 bytes each."""
END: Final = bytes(2)
"""What ends a stream, as an operation exception: there is no instruction with the opcode 00."""

DATA: Final = (0, 0x1000, 0x20000, 0x21000, 0x22000, 0x24000, 0xFF_F000, 0x7FFF_F000)
"""The virtual addresses of the pages of data; 0x23000 between them is invalid."""
PROTECTED: Final = 0x24000
INVALID: Final = 0x23000
PATTERN: Final = 0x20000
"""What is in the pages of data at the beginning of each stream."""
FRAMES: Final = 0x30000
"""The pages of data, in the order of :data:`DATA`."""
UNUSED: Final = 0x3F000
"""Where a patch goes that is none."""
SEGMENT_TABLE: Final = 0x40000
DESIGNATION: Final = SEGMENT_TABLE | 3
"""Of the address space that streams run in: 2,048 segments."""
_PAGE_TABLES: Final = 0x44000
_SEGMENT_INVALID: Final = 0x20

RECORDS: Final = 0x10_0000
RECORD_BYTES: Final = 1024
OUTCOMES: Final = 0x20_0000
OUTCOME_BYTES: Final = 1024

DIGEST_FACTOR: Final = 0x4C95_7F2D
"""What the digest of a page is multiplied by before each doubleword is added: odd, so that no bit is lost."""
PATCHES: Final = 6
"""Doublewords of the data that a stream has for itself."""


def segments() -> dict[int, bytes]:
    """What is in storage beside the driver, by absolute address."""
    patterns = {PATTERN + 0x1000 * number: pattern_page(number) for number in range(len(DATA))}
    return {CODE: bytes(0x2000), **patterns, **_tables()}


@cache
def pattern_page(number: int) -> bytes:
    """What page *number* of the data begins with: texts, decimal and floating-point numbers, addresses, and bytes."""
    random = Random(number)
    page = b""
    while len(page) < 0x1000:
        page += _doubleword(random)
    return page


def _doubleword(random: Random) -> bytes:
    chance = random.random()
    if chance < 0.15:
        digits = "".join(random.choice("0123456789") for _ in range(15))
        return bytes.fromhex(digits + random.choice("cdcdf"))
    if chance < 0.25:
        return bytes(0xF0 | random.randrange(10) for _ in range(7)) + bytes((random.choice((0xC3, 0xD4, 0xF5)),))
    if chance < 0.35:
        return random.choice(
            (b"Abc 12 z", b"\xc3\xa9\xe2\x82\xac\x00ab", b"\0a\0b\xd8\x01\xdc\x02", b"aaaaaaab", b"\x40" * 8)
        )
    if chance < 0.5:
        number = random.choice((0x3FF0, 0x4000, 0xBFF8, 0x7FF0, 0x7FF8, 0x0000, 0x3F80, 0x4110, 0xC120, 0x4E00)) << 48
        return (number | random.choice((0, 1, random.getrandbits(48)))).to_bytes(8, "big")
    if chance < 0.6:
        return (random.choice(DATA) + random.randrange(0, 0x1000, 8)).to_bytes(8, "big")
    if chance < 0.75:
        return random.choice((0, 1, 2, 8, 255, (1 << 64) - 1, 1 << 63, 0x7FFF_FFFF)).to_bytes(8, "big")
    return random.randbytes(8)


def _tables() -> dict[int, bytes]:
    """The tables of the address space that streams run in: three segments are there."""
    tables = {segment: [PAGE_INVALID] * 256 for segment in (0, 15, 2047)}
    for frame, page in enumerate(DATA):
        # A stream that goes astray would execute what other streams must not depend on.
        entry = FRAMES + 0x1000 * frame | PAGE_NO_EXECUTE | (PAGE_PROTECTED if page == PROTECTED else 0)
        tables[page >> 20][page >> 12 & 0xFF] = entry
    for page in (CODE, CODE + 0x1000):
        tables[0][page >> 12] = page | PAGE_PROTECTED
    segments = [_SEGMENT_INVALID] * 2048
    found = {}
    for index, (segment, entries) in enumerate(tables.items()):
        at = _PAGE_TABLES + index * 0x800
        segments[segment] = at
        found[at] = b"".join(entry.to_bytes(8, "big") for entry in entries)
    return {SEGMENT_TABLE: b"".join(entry.to_bytes(8, "big") for entry in segments), **found}
