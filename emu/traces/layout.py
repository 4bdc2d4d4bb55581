# SPDX-License-Identifier: GPL-2.0-or-later
"""How a trace lies in its file.

The file begins with :data:`MAGIC`, a version, and the metadata: JSON, compressed.  Then come *records*, each with a
head, which is MessagePack, and a body: chunks, and at the end an index, which has the heads of all chunks, and the
trailer, by which it is found.  Each record is written at once.  A file that was cut off has no index; then its heads
are read one after the other, up to the last whole chunk.  All integers are little-endian.
"""

from __future__ import annotations

import struct
from typing import Final

import msgspec

from emu.traces.packing import Packed

MAGIC: Final = b"essa trace\n"
START: Final = struct.Struct("<11s I Q I")
"""Magic, version, length and CRC-32 of the compressed metadata."""
RECORD: Final = struct.Struct("<4s I Q I")
"""Tag, lengths of head and body, CRC-32 of the head."""
TRAILER: Final = struct.Struct("<Q 8s")
"""Where the index begins, and :data:`END`."""
CHUNK: Final = b"CHNK"
INDEX: Final = b"INDX"
END: Final = b"essa end"


class PackedStream(msgspec.Struct, array_like=True, frozen=True):
    """A stream of a chunk."""

    name: str
    rows: int
    columns: dict[str, Packed]


class PackedSet(msgspec.Struct, array_like=True, frozen=True):
    """Numbers in order, each once: what is in a chunk of something."""

    length: int
    values: Packed


class ChunkHead(msgspec.Struct, array_like=True, frozen=True):
    """What is in a chunk."""

    first: int
    """The number of its first instruction."""
    end: int
    """One more than that of its last."""
    time: int
    """At its beginning."""
    end_time: int
    has_gap: bool
    """Whether something between the chunk before and this one, or in it, was not wanted and left out."""
    streams: list[PackedStream]
    blob_length: int
    blob: Packed
    sets: dict[str, PackedSet]
    """See :mod:`emu.traces.summary`."""
    counts: dict[str, dict[int, int]]
    """How often each code occurs: see there."""


class Index(msgspec.Struct, array_like=True, frozen=True):
    """The end of a trace that was not cut off."""

    chunks: list[tuple[int, int, ChunkHead]]
    """Where the body of each chunk begins, how long it is, and its head."""
    ending: dict[str, msgspec.Raw]
    """What whoever recorded it has to say in the end."""
