# SPDX-License-Identifier: GPL-2.0-or-later
"""Plain data: what MessagePack can have, and comparing it."""

from __future__ import annotations

from array import array
from collections import Counter, deque
from typing import Any

import msgspec
import numpy as np
import pytest

from emu.plain_data import (
    StateError,
    array_of,
    differences,
    fill_array,
    lengthened,
    plain_array,
    plain_integer,
    replace,
    shortened,
)


@pytest.mark.parametrize("value", (0, -1, 1 << 63, (1 << 64) - 1, -(1 << 63), 1 << 64, -(1 << 63) - 1, 1 << 300))
def test_integers_of_any_length(value: int) -> None:
    data = msgspec.msgpack.decode(msgspec.msgpack.encode(plain_integer(value)))
    assert lengthened(data) == value


def test_integers_and_tuples_inside() -> None:
    data = shortened({"a": [(1, 1 << 70)], 5: True})
    assert data == {"a": [[1, {"#integer": hex(1 << 70)}]], 5: True}
    assert lengthened(data) == {"a": [[1, 1 << 70]], 5: True}


@pytest.mark.parametrize("value", (np.arange(6, dtype=np.int32).reshape(2, 3), np.zeros(0), np.array([True, False])))
def test_arrays(value: np.ndarray[Any, Any]) -> None:
    data = msgspec.msgpack.decode(msgspec.msgpack.encode(plain_array(value)))
    found = array_of(data)
    assert (found.dtype, found.shape) == (value.dtype, value.shape)
    assert (found == value).all()


@pytest.mark.parametrize("data", (5, [], {}, {"#array": "<i4"}))
def test_what_is_no_array(data: Any) -> None:
    with pytest.raises(StateError, match="expected an array"):
        array_of(data)


def test_an_array_is_filled_with_as_many_of_its_kind() -> None:
    value = np.zeros(2, dtype=np.uint8)
    fill_array(value, np.array([1, 2], dtype=np.uint8))
    assert value.tolist() == [1, 2]
    for wrong in (np.zeros(3, dtype=np.uint8), np.zeros(2, dtype=np.int8)):
        with pytest.raises(StateError, match=r"expected \[2\] elements of uint8, not \["):
            fill_array(value, wrong)


class Owner:
    value: Any


@pytest.mark.parametrize(
    ("value", "saved"),
    (
        ([1], [2, 3]),
        (deque([1]), [2]),
        (array("i", [1]), [2]),
        ({1}, [2, 3]),
        ({1: 1}, {2: 2}),
        (Counter({1: 1}), {1: 5}),
    ),
)
def test_a_container_stays_and_has_other_elements(value: Any, saved: Any) -> None:
    owner = Owner()
    owner.value = value
    replace(owner, "value", saved)
    assert owner.value is value
    assert value == type(value)("i", saved) if isinstance(value, array) else value == type(value)(saved)


@pytest.mark.parametrize(("value", "saved"), ((None, [1]), (5, None), ((1,), (2,)), ([1], None)))
def test_everything_else_is_replaced(value: Any, saved: Any) -> None:
    owner = Owner()
    owner.value = value
    replace(owner, "value", saved)
    assert owner.value is saved


def test_differences_of_equal_data() -> None:
    data = {"a": [1, {"b": b"x"}], "c": plain_array(np.arange(3))}
    assert differences(data, data | {"c": plain_array(np.arange(3))}) == []


@pytest.mark.parametrize(
    ("first", "second", "where"),
    (
        ({"a": 1}, {"a": 2}, ["a"]),
        ({"a": 1}, {"b": 1}, ["a", "b"]),
        ({"a": [1, 2]}, {"a": [1, 3]}, ["a[1]"]),
        ({"a": [1, 2]}, {"a": [1]}, ["a"]),
        ({"a": {"b": {5: b"abc"}}}, {"a": {"b": {5: b"abd"}}}, ["a.b[5][2]"]),
        ({"a": b"abc"}, {"a": b"ab"}, ["a"]),
        ({"a": plain_array(np.arange(4))}, {"a": plain_array(np.array([0, 1, 9, 9]))}, ["a[2]"]),
        ({"a": plain_array(np.arange(4))}, {"a": plain_array(np.arange(5))}, ["a"]),
        ({"a": None}, {"a": 0}, ["a"]),
    ),
)
def test_differences_say_where(first: Any, second: Any, where: list[str]) -> None:
    assert differences(first, second) == where


def test_true_is_not_one() -> None:
    assert differences({"a": True}, {"a": 1}) == ["a"]
