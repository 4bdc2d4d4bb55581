# SPDX-License-Identifier: GPL-2.0-or-later
"""Strings of bytes in storage, as the doublewords that the state of a case has."""

from __future__ import annotations

from collections.abc import Mapping

from tools.conform.architecture.source import Value


def area(name: str, length: int, parts: Mapping[int, bytes], around: int = 0xEE) -> dict[Value, int]:
    """The doublewords of *length* bytes at *name*: *parts* by their distances, and bytes *around* them elsewhere."""
    content = bytearray([around]) * length
    for distance, octets in parts.items():
        if distance + len(octets) > length:
            raise ValueError(f"{len(octets)} bytes at {distance} do not fit in {length}")
        content[distance : distance + len(octets)] = octets
    return {f"{name}+{at}": int.from_bytes(content[at : at + 8], "big") for at in range(0, length, 8)}
