# SPDX-License-Identifier: GPL-2.0-or-later
"""A program that brings up the virtio disk on subchannel 0, and writes sectors on it.

Virtio 1.x, sections 2.7 (split virtqueues), 4.3 (channel I/O) and 5.2 (block device).
"""

from __future__ import annotations

from tests.support.elf import ENTRY, Elf, ending_program
from tests.support.virtio_driver import (
    READY,
    SET_QUEUE,
    SET_REVISION,
    VERSION_1,
    WRITE_FEATURES,
    WRITE_STATUS,
)

SECTOR = 512
_SCHIB, _ORB, _CCWS, _AREAS = 0x11000, 0x11100, 0x11200, 0x11300
"""The second is 0x100 behind the first, as the code has it."""
_DESCRIPTORS, _AVAILABLE, _USED, _HEADERS, _STATUSES = 0x12000, 0x13000, 0x13800, 0x14000, 0x15000
_CONTENT = 0x20000
_MOST = 64
"""Descriptors; each request has three."""
_NEXT, _IS_WRITTEN, _OUT = 1, 2, 1


def disk_writer(*writes: tuple[int, bytes], ending: int) -> Elf:
    """A program that makes *writes*, of the number of a sector and its content, and ends at *ending*."""
    assert 3 * len(writes) <= _MOST
    # LLILF 9, the subchannel-information block; LLILF 1, the subchannel; STSCH, OI of the enabled bit, MSCH, SSCH
    code = bytes.fromhex(f"c09f{_SCHIB:08x} c01f00010000 b2349000 96809005 b2329000 b2339100")
    for number in range(len(writes)):
        # LLILF 8, the ring; MVI of its index; LGHI 1,3; LLILF 2, the subchannel; LGHI 3,0; DIAGNOSE 0x500
        code += bytes.fromhex(f"c08f{_AVAILABLE:08x} 92{number + 1:02x}8002 a7190003 c02f00010000 a7390000 83000500")
    # LR 0,0 while the last request is served
    code += bytes.fromhex("1800" * 4)
    commands = [(SET_REVISION, bytes.fromhex("00020000"))]
    for word in (0, 1):
        features = (VERSION_1 >> 32 * word & 0xFFFF_FFFF).to_bytes(4, "little")
        commands.append((WRITE_FEATURES, features + bytes((word,))))
    queue = _DESCRIPTORS.to_bytes(8, "big") + bytes(6) + _MOST.to_bytes(2, "big")
    queue += _AVAILABLE.to_bytes(8, "big") + _USED.to_bytes(8, "big")
    commands += [(SET_QUEUE, queue), (WRITE_STATUS, bytes((READY,)))]
    orb = bytes.fromhex("00000000 0080ff00") + _CCWS.to_bytes(4, "big") + bytes(20)
    return ending_program(code, ending).changed(
        segments=(
            *ending_program(code, ending).segments,
            (_ORB, orb),
            *_channel_program(commands),
            *_rings(len(writes)),
            (_HEADERS, b"".join(_header(sector) for sector, _ in writes)),
            (_CONTENT, b"".join(content for _, content in writes)),
        ),
        entry=ENTRY,
    )


def _channel_program(commands: list[tuple[int, bytes]]) -> tuple[tuple[int, bytes], ...]:
    """CCWs of format 1, chained, and their areas."""
    ccws = areas = b""
    for number, (command, area) in enumerate(commands):
        chained = 0x40 if number + 1 < len(commands) else 0
        at = (_AREAS + len(areas)).to_bytes(4, "big")
        ccws += bytes((command, chained)) + len(area).to_bytes(2, "big") + at
        areas += area
    return (_CCWS, ccws), (_AREAS, areas)


def _header(sector: int) -> bytes:
    return _OUT.to_bytes(4, "little") + bytes(4) + sector.to_bytes(8, "little")


def _rings(requests: int) -> tuple[tuple[int, bytes], ...]:
    """The descriptors of so many requests, and the ring that offers them, of which none is available yet."""
    table = ring = b""
    for number in range(requests):
        first = 3 * number
        table += _descriptor(_HEADERS + 16 * number, 16, _NEXT, first + 1)
        table += _descriptor(_CONTENT + SECTOR * number, SECTOR, _NEXT, first + 2)
        table += _descriptor(_STATUSES + number, 1, _IS_WRITTEN, 0)
        ring += first.to_bytes(2, "little")
    return (_DESCRIPTORS, table), (_AVAILABLE, bytes(4) + ring)


def _descriptor(address: int, length: int, flags: int, following: int) -> bytes:
    numbers = ((address, 8), (length, 4), (flags, 2), (following, 2))
    return b"".join(value.to_bytes(size, "little") for value, size in numbers)
