# SPDX-License-Identifier: GPL-2.0-or-later
"""Rows of random content, but in the order in which a recorder writes them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from emu.traces import schema
from emu.traces.writer import TraceWriter

Rows = np.ndarray
MakeStreams = Callable[[int, int, int], tuple[dict[str, Rows], bytes]]


def random_rows(stream: str, count: int, random: np.random.Generator, first: int = 0) -> Rows:
    """Rows whose columns have any value, but numbers that never fall."""
    rows = np.empty(count, dtype=schema.STREAMS[stream])
    for name in rows.dtype.names or ():
        kind = rows.dtype[name]
        rows[name] = random.integers(0, np.iinfo(kind).max, count, dtype=kind, endpoint=True)
    if "number" in (rows.dtype.names or ()):
        rows["number"] = first + np.sort(random.integers(0, 100, count))
    return rows


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(20090301)


@pytest.fixture
def written(tmp_path: Path, random: np.random.Generator) -> tuple[Path, list[tuple[dict[str, Rows], bytes]]]:
    """A file of four chunks of 100 instructions with all streams, and what is in it."""
    path = tmp_path / "a.trace"
    chunks = []
    with TraceWriter(path, {"program": "x"}) as writer:
        for number in range(4):
            streams = {name: random_rows(name, 50, random, 100 * number) for name in schema.STREAMS}
            streams["blocks"]["id"] = np.arange(50) + 50 * number
            streams["flow"]["block"] = random.integers(0, 50 * number + 50, 50)
            blob = random.bytes(1000)
            writer.chunk(
                100 * number, 100 * number + 100, streams, blob, time=7 * number, end_time=7 * number + 7,
                has_gap=number == 2,
            )  # fmt: skip
            chunks.append((streams, blob))
        writer.close({"stop": "done"})
    return path, chunks
