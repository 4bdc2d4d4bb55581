# SPDX-License-Identifier: GPL-2.0-or-later
"""Plain data: what states (:mod:`emu.state`) are made of, and how two of them are compared.

Plain data are None, booleans, integers, floats, strings, bytes, lists, and dictionaries whose keys are integers or
strings: all that MessagePack has.  A numpy array is a dictionary of its type, shape and bytes, and an integer of more
than 64 bits one with its digits.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, MutableMapping, MutableSequence, MutableSet
from typing import Any, Final

import numpy as np


class StateError(ValueError):
    """A declaration does not fit the objects, or a state does not fit the object that it is put into.

    The text names section and field.
    """


_ARRAY: Final = "#array"
_INTEGER: Final = "#integer"
_SHORT: Final = range(-(1 << 63), 1 << 64)
"""The integers that MessagePack has."""


def plain_array(value: np.ndarray[Any, Any]) -> dict[str, Any]:
    """The plain data of an array."""
    return {_ARRAY: value.dtype.str, "shape": list(value.shape), "data": value.tobytes()}


def array_of(saved: Any) -> np.ndarray[Any, Any]:
    """The array, which can be read only, whose plain data *saved* are; for functions of :func:`emu.state.computed`.

    :raises StateError: if that is no array.
    """
    if not isinstance(saved, dict) or saved.keys() != {_ARRAY, "shape", "data"}:
        raise StateError("expected an array")
    return np.frombuffer(saved["data"], dtype=saved[_ARRAY]).reshape(saved["shape"])


def plain_integer(value: int) -> Any:
    """The plain data of an integer."""
    return value if value in _SHORT else {_INTEGER: f"{value:#x}"}


def is_long_integer(saved: Any) -> bool:
    """Whether *saved* is a dictionary that stands for an integer."""
    return isinstance(saved, dict) and saved.keys() == {_INTEGER}


def shortened(data: Any) -> Any:
    """*data* with lists for tuples, and with integers of at most 64 bits."""
    if isinstance(data, dict):
        return {key: shortened(item) for key, item in data.items()}
    if isinstance(data, (list, tuple)):
        return [shortened(item) for item in data]
    return plain_integer(data) if type(data) is int else data


def lengthened(saved: Any) -> Any:
    """The inverse, as far as integers go."""
    if isinstance(saved, dict):
        if saved.keys() == {_INTEGER}:
            return int(saved[_INTEGER], 0)
        return {key: lengthened(item) for key, item in saved.items()}
    return [lengthened(item) for item in saved] if isinstance(saved, list) else saved


# Putting back


def fill_array(value: np.ndarray[Any, Any], saved: np.ndarray[Any, Any]) -> None:
    """Put the elements of *saved* into *value*.

    :raises StateError: if they are not as many, or of another type.
    """
    if (value.shape, value.dtype) != (saved.shape, saved.dtype):
        expected, found = (f"{list(each.shape)} elements of {each.dtype}" for each in (value, saved))
        raise StateError(f"expected {expected}, not {found}")
    value[...] = saved


def replace(owner: Any, name: str, saved: Any) -> None:
    """Make *saved* the value of the attribute, in the container that is there, if there is one that can be filled."""
    value = getattr(owner, name, None)
    if isinstance(value, array):
        del value[:]
        value.extend(saved)
    elif isinstance(value, MutableSequence) and isinstance(saved, list):
        value.clear()
        value.extend(saved)
    elif isinstance(value, MutableMapping) and isinstance(saved, Mapping):
        value.clear()
        value.update(saved)
    elif isinstance(value, MutableSet) and isinstance(saved, (list, set, frozenset)):
        value.clear()
        value |= set(saved)
    else:
        setattr(owner, name, saved)


# Comparing


def differences(first: Any, second: Any) -> list[str]:
    """Where two states differ, as ``field.field[index]``; of arrays and bytes the first place that does."""
    return list(_differences(first, second, ""))


def _differences(first: Any, second: Any, path: str) -> Iterator[str]:
    if isinstance(first, dict) and isinstance(second, dict):
        if first.keys() == second.keys() == {_ARRAY, "shape", "data"}:
            yield from _array_differences(array_of(first), array_of(second), path)
            return
        for key in (*first, *(key for key in second if key not in first)):
            inside = f"{path}.{key}" if path and isinstance(key, str) else f"{path}[{key}]" if path else str(key)
            if key in first and key in second:
                yield from _differences(first[key], second[key], inside)
            else:
                yield inside
    elif isinstance(first, list) and isinstance(second, list) and len(first) == len(second):
        for index, (one, other) in enumerate(zip(first, second, strict=True)):
            yield from _differences(one, other, f"{path}[{index}]")
    elif isinstance(first, bytes) and isinstance(second, bytes) and len(first) == len(second):
        yield from _array_differences(np.frombuffer(first, np.uint8), np.frombuffer(second, np.uint8), path)
    elif type(first) is not type(second) or first != second:
        yield path


def _array_differences(first: np.ndarray[Any, Any], second: np.ndarray[Any, Any], path: str) -> Iterator[str]:
    if (first.shape, first.dtype) != (second.shape, second.dtype):
        yield path
        return
    unequal = np.flatnonzero(first != second)
    if len(unequal):
        yield f"{path}[{int(unequal[0])}]"
