# SPDX-License-Identifier: GPL-2.0-or-later
"""A service-call control block (SCCB), with which a guest and the SCLP talk; commands and response codes."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

HEADER: Final = 8
"""Bytes before the operands of a command."""


class Response(IntEnum):
    """Response codes."""

    READ_COMPLETION = 0x0010
    COMPLETION = 0x0020
    BOUNDARY_VIOLATION = 0x0100
    INVALID_COMMAND = 0x01F0
    INSUFFICIENT_LENGTH = 0x0300
    INVALID_FUNCTION = 0x40F0
    NO_EVENT_BUFFERS = 0x60F0
    INVALID_SELECTION_MASK = 0x70F0
    INCONSISTENT_LENGTHS = 0x72F0
    INVALID_MASK_LENGTH = 0x74F0


class Command(IntEnum):
    """Commands that there are."""

    READ_SCP_INFO = 0x0002_0001
    READ_SCP_INFO_FORCED = 0x0012_0001
    READ_CPU_INFO = 0x0001_0001
    WRITE_EVENT_DATA = 0x0076_0005
    READ_EVENT_DATA = 0x0077_0005
    WRITE_EVENT_MASK = 0x0078_0005


class Sccb:
    """The bytes of an SCCB, behind whose header of eight bytes the operands of the command lie."""

    def __init__(self, data: bytes) -> None:
        self.bytes = bytearray(data)

    def get(self, offset: int, length: int) -> int:
        """The big-endian integer of *length* bytes at *offset*."""
        return int.from_bytes(self.bytes[offset : offset + length], "big")

    def put(self, offset: int, length: int, value: int) -> None:
        """Store *value* there."""
        self.bytes[offset : offset + length] = value.to_bytes(length, "big")

    def clear_from(self, offset: int) -> None:
        """Zero everything from *offset* on."""
        self.bytes[offset:] = bytes(len(self.bytes) - offset)
