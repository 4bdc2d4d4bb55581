# SPDX-License-Identifier: GPL-2.0-or-later
"""The formats of the vector instructions: where the fields lie (PoP chapter 5)."""

from __future__ import annotations

from typing import Final

FORMATS: Final = {
    "VRI-a": "v1:8 i2:16/16 m3:32",
    "VRI-b": "v1:8 i2:16/8 i3:24/8 m4:32",
    "VRI-c": "v1:8 v3:12 i2:16/16 m4:32",
    "VRI-d": "v1:8 v2:12 v3:16 i4:24/8 m5:32",
    "VRI-e": "v1:8 v2:12 i3:16/12 m5:28 m4:32",
    "VRR-a": "v1:8 v2:12 m5:24 m4:28 m3:32",
    "VRR-b": "v1:8 v2:12 v3:16 m5:24 m4:32",
    "VRR-c": "v1:8 v2:12 v3:16 m6:24 m5:28 m4:32",
    "VRR-d": "v1:8 v2:12 v3:16 m5:20 m6:24 v4:32",
    "VRR-e": "v1:8 v2:12 v3:16 m6:20 m5:28 v4:32",
    "VRR-f": "v1:8 r2:12 r3:16",
    "VRS-a": "v1:8 v3:12 b2:16 d2:20/12 m4:32",
    "VRS-b": "v1:8 r3:12 b2:16 d2:20/12 m4:32",
    "VRS-c": "r1:8 v3:12 b2:16 d2:20/12 m4:32",
    "VRV": "v1:8 v2:12 b2:16 d2:20/12 m3:32",
    "VRX": "v1:8 x2:12 b2:16 d2:20/12 m3:32",
}
"""Each field with its first bit, and its width unless that is four bits."""
_HIGH_BIT: Final = {8: 36, 12: 37, 16: 38, 32: 39}
"""Where the RXB field has the leftmost bit of a vector register number."""


def fields(form: str) -> dict[str, tuple[int, int]]:
    """First bit and width of each field of *form*."""
    found = {}
    for text in FORMATS[form].split():
        name, _, place = text.partition(":")
        start, _, width = place.partition("/")
        found[name] = int(start), int(width or 4)
    return found


def encode(opcode: int, form: str, values: dict[str, int]) -> bytes:
    """The instruction *opcode* (first and last byte) with these values of fields; what is left out is zero."""
    raw = opcode >> 8 << 40 | opcode & 0xFF
    for name, (start, width) in fields(form).items():
        value = values.get(name, 0)
        raw |= (value & (1 << width) - 1) << 48 - start - width
        if name[0] == "v":
            raw |= value >> 4 << 47 - _HIGH_BIT[start]
    return raw.to_bytes(6, "big")
