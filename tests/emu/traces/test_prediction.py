# SPDX-License-Identifier: GPL-2.0-or-later
"""Columns as differences from what is expected, and back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from emu.traces import prediction, schema

_STREAMS = sorted(schema.STREAMS)


@pytest.mark.parametrize("stream", _STREAMS)
@given(data=st.data())
def test_any_rows_come_back(stream: str, data: st.DataObject) -> None:
    rows = data.draw(arrays.arrays(schema.STREAMS[stream], st.integers(0, 40)))
    kept = prediction.keep(stream, rows)
    assert np.array_equal(prediction.make(stream, kept), rows)


@pytest.mark.parametrize("stream", _STREAMS)
def test_what_is_expected_is_of_columns_that_there_are(stream: str) -> None:
    assert set(prediction.PREDICTIONS[stream]) <= set(schema.STREAMS[stream].names or ())


def test_small_differences_are_small_numbers() -> None:
    differences = np.array([0, -1, 1, -2, 2], dtype=np.int64).view(np.uint64)
    assert prediction.folded(differences).tolist() == [0, 1, 2, 3, 4]


def kept(stream: str, **columns: list[int]) -> dict[str, list[int]]:
    rows = np.zeros(len(next(iter(columns.values()))), dtype=schema.STREAMS[stream])
    for name, values in columns.items():
        rows[name] = values
    return {name: values.tolist() for name, values in prediction.keep(stream, rows).items()}


def test_what_a_loop_does_is_all_zeros_but_for_the_first_round() -> None:
    found = kept("flow", number=[7, 10, 12, 15], time=[7, 10, 12, 15], block=[1, 2, 1, 2], count=[3, 2, 3, 2])
    assert found["number"] == [14, 0, 0, 0]
    assert found["time"] == [14, 0, 0, 0]
    assert found["count"] == [6, 4, 0, 0]


def test_the_old_content_of_a_register_is_what_was_put_there_last() -> None:
    found = kept("registers", cpu=[0, 0, 1, 0], register=[1, 2, 1, 1], old=[0, 5, 8, 3], new=[3, 6, 9, 4])
    assert found["old"] == [0, 10, 16, 0]
    assert found["new"] == [6, 2, 2, 2]


def test_pieces_lie_one_behind_the_other() -> None:
    nothing = schema.NOTHING
    found = kept("accesses", length=[8, 4, 2], old=[0, nothing, 20], new=[8, 16, 22])
    assert found["old"] == [1, 0, 1]
    assert found["new"] == [1, 1, 1]
