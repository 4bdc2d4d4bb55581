# SPDX-License-Identifier: GPL-2.0-or-later
"""The streams of a trace as Parquet, a table for each, for pandas, polars and DuckDB; pyarrow writes them."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from emu.traces import schema
from tools.traces.functions import Functions, mnemonic_of
from tools.usage.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from emu.traces.filters import Filter
    from emu.traces.reader import Chunk
    from tools.traces.opened import OpenedTrace

_STREAMS: Final = tuple(name for name in schema.STREAMS if name not in ("blocks", "flow", "states"))


def write_parquet(trace: OpenedTrace, wanted: Filter, directory: Path) -> None:
    """Write what is *wanted* of *trace* to files in *directory*: ``instructions.parquet``, ``registers.parquet`` ...

    :raises UsageError: if pyarrow is not installed, or they cannot be written.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise UsageError("expected pyarrow to be there: pip install 'page-hinting-machine[parquet]'") from None
    try:
        directory.mkdir(exist_ok=True)
        with ExitStack() as files:
            writers: dict[str, Any] = {}
            functions = Functions(trace)
            for chunk in trace.file.chunks:
                for name, columns in _tables(trace, functions, wanted, chunk):
                    table = pa.table(columns)
                    if name not in writers:
                        path = directory / f"{name}.parquet"
                        writers[name] = files.enter_context(pq.ParquetWriter(path, table.schema, compression="zstd"))
                    writers[name].write_table(table)
    except OSError as reason:
        raise UsageError(f"{directory}: cannot be written: {reason.strerror or reason}") from None


def _tables(trace: OpenedTrace, functions: Functions, wanted: Filter, chunk: Chunk) -> Any:
    names = ["flow", *_STREAMS]
    streams = wanted.apply({name: chunk.rows(name) for name in names if chunk.count(name)}, trace.code)
    if "flow" in streams and streams["flow"].size:
        yield "instructions", _instructions(trace, functions, trace.code.expand(streams["flow"]))
    for name in _STREAMS:
        rows = streams.get(name)
        if rows is not None and rows.size:
            yield name, _columns(name, rows, chunk.blob)


def _instructions(trace: OpenedTrace, functions: Functions, executed: Any) -> dict[str, Any]:
    import pyarrow as pa

    places, index = np.unique(executed["place"], return_inverse=True)
    code = [trace.code.bytes_at(place) for place in places.tolist()]

    def dictionary(values: list[Any], kind: Any) -> Any:
        return pa.DictionaryArray.from_arrays(pa.array(index.astype(np.int32)), pa.array(values, type=kind))

    names = [functions.names[int(functions.of_place[place])] for place in places.tolist()]
    return {
        **{name: executed[name] for name in ("number", "time", "cpu", "kind", "mode", "address")},
        "code": dictionary(code, pa.binary()),
        "mnemonic": dictionary([mnemonic_of(each) for each in code], pa.string()),
        "function": dictionary(names, pa.string()),
    }


def _columns(stream: str, rows: Any, blob: bytes) -> dict[str, Any]:
    import pyarrow as pa

    # What they lead to stands in their place.
    pieces = schema.PIECES.get(stream, ())
    found: dict[str, Any] = {name: np.ascontiguousarray(rows[name]) for name in rows.dtype.names if name not in pieces}
    for name in pieces:
        lengths = schema.piece_lengths(stream, rows).tolist()
        content = [
            None if offset == schema.NOTHING else blob[offset : offset + length]
            for offset, length in zip(rows[name].tolist(), lengths, strict=True)
        ]
        found[name] = pa.array(content, type=pa.binary())
    return found
