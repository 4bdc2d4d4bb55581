# SPDX-License-Identifier: GPL-2.0-or-later
"""A service-call control block (SCCB), with which a guest and the SCLP talk."""

from __future__ import annotations


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
