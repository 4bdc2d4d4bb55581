# SPDX-License-Identifier: GPL-2.0-or-later
"""Columns and byte strings, compressed by zstandard, with checksums.

A column is kept in as few bytes a value as all of its values fit in, none if all are zero; first the lowest byte of
each value, then the next of each, and so on, since these are like each other.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np
import zstandard

if TYPE_CHECKING:
    from emu.traces.prediction import Values

LEVEL: Final = 1
"""Of compression: see the README of this room for what others give."""

_WIDTHS: Final = ((0, 0), (1, 0xFF), (2, 0xFFFF), (4, 0xFFFF_FFFF), (8, 0xFFFF_FFFF_FFFF_FFFF))
"""How many bytes a value has, and what fits."""


class DamagedError(ValueError):
    """Bytes are not as they were written."""


class Packed(msgspec.Struct, array_like=True, frozen=True):
    """Where packed bytes lie in the body of a chunk, and what they are."""

    offset: int
    size: int
    """In bytes, as they are there."""
    checksum: int
    """CRC-32 of these bytes."""
    width: int
    """How many bytes each value has; zero if all are zero, and nothing is there."""


class Packer:
    """Makes a body piece by piece."""

    def __init__(self, level: int = LEVEL) -> None:
        self._compressor = zstandard.ZstdCompressor(level=level, write_checksum=False)
        self._pieces: list[bytes] = []
        self._size = 0

    def take(self) -> list[bytes]:
        """The pieces of the body, which is begun anew."""
        pieces, self._pieces, self._size = self._pieces, [], 0
        return pieces

    def column(self, values: Values) -> Packed:
        """Put a column there."""
        most = int(values.max()) if values.size else 0
        width = next(width for width, fits in _WIDTHS if most <= fits)
        if not width:
            return Packed(self._size, 0, 0, 0)
        narrow = np.ascontiguousarray(values, dtype=f"<u{width}")
        if width > 1:
            narrow = np.ascontiguousarray(narrow.view(np.uint8).reshape(-1, width).T)
        return self._put(narrow.data, width)

    def blob(self, data: bytes | bytearray | memoryview) -> Packed:
        """Put a byte string there."""
        return self._put(data, 1) if len(data) else Packed(self._size, 0, 0, 0)

    def _put(self, data: bytes | bytearray | memoryview, width: int) -> Packed:
        piece = self._compressor.compress(data)
        packed = Packed(self._size, len(piece), zlib.crc32(piece), width)
        self._pieces.append(piece)
        self._size += len(piece)
        return packed


class Unpacker:
    """Reads what is in bodies."""

    def __init__(self) -> None:
        self._decompressor = zstandard.ZstdDecompressor()

    def column(self, body: memoryview, packed: Packed, rows: int) -> Values:
        """A column of so many *rows*.

        :raises DamagedError: if it is not as it was written.
        """
        if not packed.width:
            return np.zeros(rows, dtype=np.uint8)
        flat = np.frombuffer(self._take(body, packed, rows * packed.width), dtype=np.uint8)
        if packed.width == 1:
            return flat
        return np.ascontiguousarray(flat.reshape(packed.width, -1).T).view(f"<u{packed.width}").ravel()

    def blob(self, body: memoryview, packed: Packed, length: int) -> bytes:
        """A byte string of *length* bytes.

        :raises DamagedError: if it is not as it was written.
        """
        return self._take(body, packed, length) if length else b""

    def _take(self, body: memoryview, packed: Packed, length: int) -> bytes:
        piece = body[packed.offset : packed.offset + packed.size]
        if len(piece) != packed.size or zlib.crc32(piece) != packed.checksum:
            raise DamagedError("its content does not fit its checksum")
        try:
            data = self._decompressor.decompress(piece, max_output_size=length)
        except zstandard.ZstdError as reason:
            raise DamagedError(str(reason)) from None
        if len(data) != length:
            raise DamagedError(f"expected {length} bytes, found {len(data)}")
        return data
