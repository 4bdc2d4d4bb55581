# SPDX-License-Identifier: GPL-2.0-or-later
"""What the head of a chunk says of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from emu.traces import schema, summary
from emu.traces.reader import TraceFile

Written = tuple[Path, list[tuple[dict[str, np.ndarray], bytes]]]


def test_sets_are_what_is_there(written: Written) -> None:
    path, chunks = written
    with TraceFile(path) as trace:
        for chunk, (streams, _) in zip(trace.chunks, chunks, strict=True):
            assert set(chunk.set_of(summary.BLOCKS).tolist()) == set(streams["flow"]["block"].tolist())


@pytest.mark.parametrize("high", (0, 1 << 50))
def test_pages_of_operands(high: int) -> None:
    rows = np.zeros(4, dtype=schema.STREAMS["accesses"])
    rows["kind"] = [0, 1, 1, 0]
    rows["logical"] = [0x1000, high + 0x2FFF, high + 0x2000, 0x5000]
    rows["absolute"] = [0x3000, 0x4000, 0x4FFF, 0x5000]
    sets = summary.sets_of({"accesses": rows})
    found = {name: values.tolist() for name, values in sets.items()}
    assert found == {
        "logical pages of each store": [high + 0x2000 >> 12],
        "absolute pages of each store": [4],
        "logical pages of each fetch": [1, 5],
        "absolute pages of each fetch": [3, 5],
    }


def test_counts() -> None:
    essa = np.zeros(3, dtype=schema.STREAMS["page_states"])
    essa["request"] = [1, 2, 1]
    taken = np.zeros(2, dtype=schema.STREAMS["interruptions"])
    taken["code"] = [0x1A, 0x1A]
    assert summary.counts_of({"page_states": essa, "interruptions": taken}) == {
        "requests": {1: 2, 2: 1},
        "interruptions": {summary.interruption_key(schema.InterruptionClass.PROGRAM, 0x1A): 2},
    }
    assert summary.interruption_key(schema.InterruptionClass.SVC, 3) == 0x1_0000_0003
