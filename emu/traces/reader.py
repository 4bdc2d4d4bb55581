# SPDX-License-Identifier: GPL-2.0-or-later
"""Reading a trace: the file is mapped, and of each chunk only what is asked for is unpacked."""

from __future__ import annotations

import json
import mmap
import zlib
from bisect import bisect_right
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar, cast

import msgspec
import numpy as np
import zstandard

from emu.errors import TraceError
from emu.traces import prediction, schema
from emu.traces.layout import (
    CHUNK,
    END,
    INDEX,
    MAGIC,
    RECORD,
    START,
    TRAILER,
    ChunkHead,
    Index,
    PackedStream,
)
from emu.traces.packing import DamagedError, Unpacker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType

    from emu.traces.packing import Packed
    from emu.traces.prediction import Rows, Values

HeadT = TypeVar("HeadT", ChunkHead, Index)

_KEPT: Final = 64
"""How many unpacked streams are kept."""


class TraceFile:
    """The trace in the file *path*; a context manager, which closes it."""

    def __init__(self, path: Path) -> None:
        """Open it.

        :raises TraceError: if it is no trace, of another version, damaged, or cannot be read; so do all methods of it
            and of its chunks.
        """
        self.path = path
        self._unpacker = Unpacker()
        self._kept: OrderedDict[tuple[int, str], Any] = OrderedDict()
        try:
            with path.open("rb") as file:
                self._map = _mapped(file)
        except OSError as reason:
            raise TraceError(f"{path}: cannot be read: {reason.strerror}") from None
        self._view = memoryview(self._map)
        self.metadata, start = self._read_start()
        """What whoever recorded it has said of it."""
        self.last_read = 0
        """The number at the beginning of the chunk of which something was unpacked last."""
        self.ending: dict[str, Any] = {}
        """What was said in the end."""
        self.is_cut_off = False
        """Whether the end is missing: whoever wrote it was killed."""
        self.damage: str | None = None
        """What was damaged so that the rest, or the index, could not be read; None if nothing was."""
        index = self._find_index()
        if index is None:
            self.is_cut_off = True
            found = list(self._walk(start))
        else:
            found = index.chunks
            self.ending = {name: msgspec.msgpack.decode(value) for name, value in index.ending.items()}
        self.chunks = tuple(Chunk(self, number, *each) for number, each in enumerate(found))
        self._firsts = [chunk.first for chunk in self.chunks]

    # Where things are

    @property
    def first(self) -> int:
        """The number of the first instruction."""
        return self.chunks[0].first if self.chunks else 0

    @property
    def end(self) -> int:
        """One more than that of the last."""
        return self.chunks[-1].end if self.chunks else 0

    def chunk_of(self, number: int) -> Chunk | None:
        """The chunk that instruction *number* would be in; None if there is none."""
        index = bisect_right(self._firsts, number) - 1
        return self.chunks[index] if index >= 0 and number < self.chunks[index].end else None

    def chunks_between(self, first: int, last: int) -> Sequence[Chunk]:
        """Those that have instructions from *first* to *last*."""
        return [chunk for chunk in self.chunks if chunk.first <= last and chunk.end >= first]

    # Reading

    def _read_start(self) -> tuple[dict[str, Any], int]:
        if not bytes(self._view[: len(MAGIC)]) == MAGIC:
            raise TraceError(f"{self.path}: expected a trace, which begins with {MAGIC.decode().strip()!r}")
        if len(self._view) < START.size:
            raise self._too_short()
        _, version, length, checksum = START.unpack(self._view[: START.size])
        if version != schema.VERSION:
            raise TraceError(f"{self.path}: expected a trace of version {schema.VERSION}, not {version}")
        packed = self._view[START.size : START.size + length]
        if len(packed) < length:
            raise self._too_short()
        if zlib.crc32(packed) != checksum:
            raise TraceError(f"{self.path}: damaged: its metadata do not fit their checksum")
        try:
            metadata = json.loads(zstandard.ZstdDecompressor().decompress(packed))
        except (zstandard.ZstdError, ValueError):
            raise TraceError(f"{self.path}: damaged: its metadata cannot be read") from None
        return cast("dict[str, Any]", metadata), START.size + length

    def _too_short(self) -> TraceError:
        return TraceError(f"{self.path}: cut off before its first chunk")

    def _find_index(self) -> Index | None:
        if bytes(self._view[-len(END) :]) != END or len(self._view) < START.size + RECORD.size + TRAILER.size:
            return None
        begin, _ = TRAILER.unpack(self._view[-TRAILER.size :])
        try:
            head = self._head(begin, INDEX)
            if head is not None:
                return self._decoded(head[0], begin, Index)
        except TraceError:
            pass
        self.damage = "its index"
        return None

    def _head(self, place: int, tag: bytes) -> tuple[memoryview, int, int] | None:
        """The head of the record at *place*, where its body begins, and how long that is; None if it is not all there.

        :raises TraceError: if there is something else.
        """
        if place + RECORD.size > len(self._view):
            return None
        found, length, body_length, checksum = RECORD.unpack(self._view[place : place + RECORD.size])
        begin = place + RECORD.size
        if found not in (CHUNK, INDEX) or (tag == INDEX and found != INDEX):
            raise self._damaged_at(place)
        head = self._view[begin : begin + length]
        if found != tag or len(head) < length or begin + length + body_length > len(self._view):
            return None
        if zlib.crc32(head) != checksum:
            raise self._damaged_at(place)
        return head, begin + length, body_length

    def _walk(self, place: int) -> Iterator[tuple[int, int, ChunkHead]]:
        while place >= 0:
            try:
                head = self._head(place, CHUNK)
                if head is None:
                    return
                packed, begin, length = head
                chunk = self._decoded(packed, place, ChunkHead)
            except TraceError:
                self.damage = self.damage or f"byte {place}"
                # The next one that is whole.
                place = self._map.find(CHUNK, place + 1)
                continue
            yield begin, length, chunk
            place = begin + length

    def _decoded(self, packed: memoryview, place: int, kind: type[HeadT]) -> HeadT:
        try:
            return msgspec.msgpack.decode(packed, type=kind)
        except msgspec.DecodeError:
            raise self._damaged_at(place) from None

    def _damaged_at(self, place: int) -> TraceError:
        return TraceError(f"{self.path}: damaged at byte {place}: expected the head of a chunk")

    def unpacked(self, chunk: Chunk, name: str, unpack: Callable[[Unpacker, memoryview], Any]) -> Any:
        """What *unpack* makes of the body of *chunk*, kept by *name* for a while."""
        key = chunk.index, name
        self.last_read = chunk.first
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        try:
            made = unpack(self._unpacker, self._view[chunk.place : chunk.place + chunk.length])
        except DamagedError as reason:
            place = f"chunk {chunk.index}, of instructions {chunk.first:,} to {chunk.end:,}"
            raise TraceError(f"{self.path}: damaged in {place}: {reason}") from None
        self._kept[key] = made
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return made

    def close(self) -> None:
        """Let go of the file."""
        self._kept.clear()
        # An exception on its way may hold a part of the map, which then is closed when that is forgotten.
        with suppress(BufferError):
            self._view.release()
            if isinstance(self._map, mmap.mmap):
                self._map.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, reason: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Chunk:
    """One chunk of a trace."""

    def __init__(self, trace: TraceFile, index: int, place: int, length: int, head: ChunkHead) -> None:
        self._trace = trace
        self._streams = {each.name: each for each in head.streams}
        self.index = index
        self.place = place
        """Where in the file its body begins."""
        self.length = length
        """Of the body, in bytes."""
        self.head = head
        self.first = head.first
        self.end = head.end

    def rows(self, stream: str) -> Rows:
        """The rows of *stream*, perhaps none; not to be changed."""
        packed = self._streams.get(stream)
        if packed is None:
            return schema.empty(stream)
        found: Rows = self._trace.unpacked(self, stream, lambda unpacker, body: _rows(packed, unpacker, body))
        return found

    def count(self, stream: str) -> int:
        """How many rows of *stream* there are."""
        packed = self._streams.get(stream)
        return packed.rows if packed is not None else 0

    @property
    def blob(self) -> bytes:
        """What offsets lead into."""
        head = self.head
        found: bytes = self._trace.unpacked(
            self, "blob of all", lambda unpacker, body: unpacker.blob(body, head.blob, head.blob_length)
        )
        return found

    def set_of(self, name: str) -> Values:
        """A set of its summary (:mod:`emu.traces.summary`), in order."""
        packed = self.head.sets.get(name)
        if packed is None:
            return np.empty(0, dtype=np.uint64)
        length, values = packed.length, packed.values
        found: Values = self._trace.unpacked(
            self,
            f"set {name}",
            lambda unpacker, body: np.cumsum(unpacker.column(body, values, length), dtype=np.uint64),
        )
        return found

    def sizes(self) -> dict[str, int]:
        """How many bytes each stream takes in the file, the blob and the sets as well."""
        sizes = {each.name: sum(column.size for column in each.columns.values()) for each in self.head.streams}
        return {**sizes, "blob": self.head.blob.size, "sets": sum(each.values.size for each in self.head.sets.values())}


def _rows(packed: PackedStream, unpacker: Unpacker, body: memoryview) -> Rows:
    columns: dict[str, Packed] = packed.columns
    kept = {name: unpacker.column(body, column, packed.rows) for name, column in columns.items()}
    rows = prediction.make(packed.name, kept)
    rows.flags.writeable = False
    return rows


def _mapped(file: Any) -> mmap.mmap | bytes:
    try:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (ValueError, OSError):
        # It is empty, or cannot be mapped; it may have no end.
        begin = cast("bytes", file.read(len(MAGIC)))
        return begin + file.read() if begin == MAGIC else begin
