# SPDX-License-Identifier: GPL-2.0-or-later
"""Writing a trace: chunk by chunk, each of which is in the file when the next is begun."""

from __future__ import annotations

import zlib
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, Self

import msgspec
import numpy as np
import zstandard

from emu.errors import TraceError
from emu.traces import prediction, schema, summary
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
    PackedSet,
    PackedStream,
)
from emu.traces.packing import LEVEL, Packer
from emu.traces.parts import ChunkPart, divided

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import TracebackType

    from emu.traces.prediction import Rows

CHUNK_INSTRUCTIONS: Final = 1 << 18
"""How many instructions a chunk should have, about: fewer are kept in more bytes, more take longer to look at."""

_METADATA_LEVEL: Final = 3

Record = tuple[ChunkHead, list[bytes]]
"""The head of a chunk, and its body in pieces."""


class ChunkWriter(Protocol):
    """Who takes chunks: :class:`TraceWriter`, above all."""

    def chunk(
        self,
        first: int,
        end: int,
        streams: Mapping[str, Rows],
        blob: bytes | bytearray | memoryview = b"",
        *,
        time: int,
        end_time: int,
        has_gap: bool = False,
    ) -> None:
        """See :meth:`TraceWriter.chunk`."""


class TraceWriter:
    """Writes the file *path*; a context manager, which closes it."""

    def __init__(self, path: Path, metadata: Mapping[str, Any], *, level: int = LEVEL, last: int | None = None) -> None:
        """Begin the file.

        :param metadata: what JSON can hold; see the README of this room for what is there.
        :param level: of compression.
        :param last: keep the chunks in memory, drop the oldest as long as the others have so many instructions, and
            write what is left when it is closed.
        :raises TraceError: if it cannot be written; so do all methods.
        """
        self.path = path
        self._packer = Packer(level)
        self._last = last
        self._kept: deque[Record] = deque()
        self._dropped = _DroppedBlocks()
        self._chunks: list[tuple[int, int, ChunkHead]] = []
        self._size = 0
        described = {**metadata, "schema": description()}
        start = zstandard.ZstdCompressor(level=_METADATA_LEVEL).compress(msgspec.json.encode(described))
        try:
            self._file = path.open("wb", buffering=0)
        except OSError as reason:
            raise TraceError(f"{path}: cannot be written: {reason.strerror}") from None
        self._write([START.pack(MAGIC, schema.VERSION, len(start), zlib.crc32(start)), start])

    def chunk(
        self,
        first: int,
        end: int,
        streams: Mapping[str, Rows],
        blob: bytes | bytearray | memoryview = b"",
        *,
        time: int,
        end_time: int,
        has_gap: bool = False,
    ) -> None:
        """Write the rows of the instructions from *first* up to, not including, *end*; very many become several chunks.

        :param streams: by their names, of the dtypes in :mod:`emu.traces.schema`; those that are not there are empty.
        :param blob: what their offsets lead into.
        :param time: virtual time at the beginning; *end_time* at the end.
        :param has_gap: something was left out, in it or before it.
        """
        for part in divided(ChunkPart(first, end, streams, blob, time, end_time), CHUNK_INSTRUCTIONS):
            self._take(part, has_gap=has_gap and part.first == first)

    def _take(self, part: ChunkPart, *, has_gap: bool) -> None:
        record = self._pack(part.first, part.end, part.streams, part.blob, (part.time, part.end_time), has_gap)
        if self._last is None:
            self._write_chunk(record)
            return
        self._kept.append(record)
        self._dropped.note(part.streams.get("blocks"), part.blob)
        while len(self._kept) > 1 and part.end - self._kept[1][0].first >= self._last:
            self._kept.popleft()
            self._dropped.drop()

    def _pack(
        self,
        first: int,
        end: int,
        streams: Mapping[str, Rows],
        blob: bytes | bytearray | memoryview,
        times: tuple[int, int],
        has_gap: bool,
    ) -> Record:
        packer = self._packer
        packed = []
        for name, rows in streams.items():
            if rows.size:
                columns = {each: packer.column(kept) for each, kept in prediction.keep(name, rows).items()}
                packed.append(PackedStream(name, rows.size, columns))
        sets = {
            name: PackedSet(values.size, packer.column(np.diff(values, prepend=np.uint64(0))))
            for name, values in summary.sets_of(streams).items()
        }
        head = ChunkHead(
            first=first,
            end=end,
            time=times[0],
            end_time=times[1],
            has_gap=has_gap,
            streams=packed,
            blob_length=len(blob),
            blob=packer.blob(blob),
            sets=sets,
            counts=summary.counts_of(streams),
        )
        return head, packer.take()

    def _write_chunk(self, record: Record) -> None:
        head, pieces = record
        packed, length = msgspec.msgpack.encode(head), sum(map(len, pieces))
        self._chunks.append((self._size + RECORD.size + len(packed), length, head))
        self._write([RECORD.pack(CHUNK, len(packed), length, zlib.crc32(packed)), packed, *pieces])

    def close(self, ending: Mapping[str, Any] | None = None) -> None:
        """Write what is left, and the index.

        :param ending: what whoever recorded it has to say in the end, such as why the run stopped.
        """
        if self._file.closed:
            return
        if self._kept:
            first = self._kept[0][0]
            blocks, code = self._dropped.rows()
            self._write_chunk(
                self._pack(first.first, first.first, {"blocks": blocks}, code, (first.time, first.time), True)
            )
            while self._kept:
                self._write_chunk(self._kept.popleft())
        ending = {name: msgspec.Raw(msgspec.msgpack.encode(value)) for name, value in (ending or {}).items()}
        packed, begin = msgspec.msgpack.encode(Index(self._chunks, ending)), self._size
        self._write([RECORD.pack(INDEX, len(packed), 0, zlib.crc32(packed)), packed, TRAILER.pack(begin, END)])
        self._file.close()

    def _write(self, pieces: Iterable[bytes]) -> None:
        data = memoryview(b"".join(pieces))
        self._size += len(data)
        try:
            while data:
                data = data[self._file.write(data) :]
        except OSError as reason:
            self._file.close()
            raise TraceError(f"{self.path}: cannot be written: {reason.strerror}") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, reason: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _DroppedBlocks:
    """The blocks of the chunks that are dropped, which later ones may execute."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[Rows, bytes]] = deque()
        self._rows: list[Rows] = []
        self._code = bytearray()

    def note(self, blocks: Rows | None, blob: bytes | bytearray | memoryview) -> None:
        """Note those that are in a chunk."""
        rows = schema.empty("blocks") if blocks is None else blocks.copy()
        code = bytearray()
        for row in rows:
            start = int(row["code"])
            row["code"] = len(code)
            code += blob[start : start + int(row["length"])]
        self._waiting.append((rows, bytes(code)))

    def drop(self) -> None:
        """Keep those of the oldest chunk that was not dropped before."""
        rows, code = self._waiting.popleft()
        rows["code"] += len(self._code)
        self._rows.append(rows)
        self._code += code

    def rows(self) -> tuple[Rows, bytes]:
        """All of them, and their blob."""
        return np.concatenate([schema.empty("blocks"), *self._rows]), bytes(self._code)


def description() -> dict[str, Any]:
    """The schema, for who reads a trace without this program."""
    return {
        "version": schema.VERSION,
        "streams": {
            name: {
                column: {
                    "type": dtype.fields[column][0].name,
                    "kept": predicted[column].name if column in predicted else "",
                }
                for column in dtype.names or ()
            }
            for name, dtype, predicted in (
                (name, dtype, prediction.PREDICTIONS[name]) for name, dtype in schema.STREAMS.items()
            )
            if dtype.fields is not None
        },
    }
