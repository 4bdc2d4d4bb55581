# SPDX-License-Identifier: GPL-2.0-or-later
"""Machine state in declared sections.

A class says once, beside its code, which attributes of its objects are machine state, and which are not, and why::

    class Clock:
        STATE = Section(
            "clock",
            "work",
            typed("alarms", list[Alarm]),
            excluded={"_face": "drawn from the work"},
        )

All else follows from that.  :func:`state_of` gives the state as plain data, :func:`restore_state` puts it into an
object that was made with the same parameters, :func:`differences` compares two states, and :func:`undeclared` finds
the attributes that somebody has forgotten to declare.

Plain data are None, booleans, integers, floats, strings, bytes, lists, and dictionaries whose keys are integers or
strings: all that MessagePack has.  A numpy array is a dictionary of its type, shape and bytes, and an integer of more
than 64 bits one with its digits.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Callable, Iterator, Mapping, MutableMapping, MutableSequence, MutableSet
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from typing import Any, Final

import numpy as np

State = dict[str, Any]
"""The state of an object: the plain data of each field, by its name."""

_ARRAY: Final = "#array"
_INTEGER: Final = "#integer"
_SHORT: Final = range(-(1 << 63), 1 << 64)
"""The integers that MessagePack has."""
_SEQUENCES: Final = (list, tuple, deque, array)
_SETS: Final = (set, frozenset)


class StateError(ValueError):
    """A declaration does not fit the objects, or a state does not fit the object that it is put into.

    The text names class and field.
    """


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a section: how plain data are made of it, and how they are put back."""

    name: str
    get: Callable[[Any], Any]
    put: Callable[[Any, Any], None]
    attributes: tuple[str, ...]
    """The attributes of the object that it stands for."""


class Section:
    """The declaration of the state of one class; subclasses add to it by a section of their own.

    :param name: what it is called in messages.
    :param declared: the fields, in the order in which they are restored.  An attribute is named by a string: its value
        may be plain, an enumeration, an array, a container of plain values, or an object or a list or dictionary of
        objects that have sections of their own and are there when the state is restored.  For everything else there
        are :func:`typed`, :func:`each` and :func:`computed`.
    :param excluded: the attributes that are not machine state, and why not.
    :param restored: called when all fields of an object have been restored: a function of it, or the name of a method.
    """

    def __init__(
        self,
        name: str,
        *declared: str | Field,
        excluded: Mapping[str, str] | None = None,
        restored: str | Callable[[Any], None] | None = None,
    ) -> None:
        self.name = name
        self.fields = [_attribute(each) if isinstance(each, str) else each for each in declared]
        self.excluded = dict(excluded or {})
        self.restored = restored


def typed(name: str, kind: Any) -> Field:
    """The attribute *name*, whose values are of the type *kind*: what msgspec can convert.

    For frozen dataclasses, for what may also be None, and for containers of such.
    """

    def get(owner: Any) -> Any:
        import msgspec

        value = getattr(owner, name)
        value = list(value) if isinstance(value, deque) else value
        return _shortened(msgspec.to_builtins(value, builtin_types=(bytes,)))

    def put(owner: Any, saved: Any) -> None:
        import msgspec

        try:
            value = msgspec.convert(_lengthened(saved), kind)
        except msgspec.ValidationError as reason:
            raise StateError(f"{type(owner).__name__}.{name}: {reason}") from None
        _replace(owner, name, value)

    return Field(name, get, put, (name,))


def each(name: str, make: Callable[[], Any]) -> Field:
    """The attribute *name*, a list or a dictionary of objects with sections, which *make* makes when it is restored."""

    def get(owner: Any) -> Any:
        return _plain(getattr(owner, name), _where(owner, name))

    def put(owner: Any, saved: Any) -> None:
        pairs = list(saved.items() if isinstance(saved, dict) else enumerate(saved))
        made = {key: make() for key, _ in pairs}
        for key, state in pairs:
            restore_state(made[key], state)
        _replace(owner, name, made if isinstance(saved, dict) else list(made.values()))

    return Field(name, get, put, (name,))


def computed(
    name: str, get: str | Callable[[Any], Any], put: str | Callable[[Any, Any], None], *, of: tuple[str, ...] = ()
) -> Field:
    """A field that *get* makes of the object, as plain data or an array, and *put* puts back.

    :param get: a function of the object, or the name of a method without parameters.
    :param put: a function of the object and of the plain data, or the name of a method that takes them.
    :param of: the attributes that it stands for.
    """
    return Field(
        name,
        lambda owner: _plain(_call(get, owner), _where(owner, name), nested=True),
        lambda owner, saved: _call(put, owner, _lengthened(saved)),
        of,
    )


def array_of(saved: Any) -> np.ndarray[Any, Any]:
    """The array, which can be read only, whose plain data *saved* are; for functions of :func:`computed`.

    :raises StateError: if that is no array.
    """
    if not isinstance(saved, dict) or saved.keys() != {_ARRAY, "shape", "data"}:
        raise StateError("expected an array")
    return np.frombuffer(saved["data"], dtype=saved[_ARRAY]).reshape(saved["shape"])


def state_of(owner: object) -> State:
    """The state of *owner*; nothing changes.

    :raises StateError: if it or something in it has not declared how.
    """
    return {field.name: field.get(owner) for field in _fields(owner)}


def restore_state(owner: object, state: State) -> None:
    """Put *state* into *owner*, which was made with the same parameters as the object that it is of.

    Arrays and containers are filled in place, so that what looks at them goes on to do so.

    :raises StateError: if it does not fit; *owner* is of no use then.
    """
    declared = _fields(owner)
    names = {field.name for field in declared}
    for name in sorted(names ^ state.keys()):
        raise StateError(f"{_where(owner, name)}: {'missing in the state' if name in names else 'unknown'}")
    for field in declared:
        field.put(owner, state[field.name])
    for section in _sections(owner):
        if section.restored is not None:
            _call(section.restored, owner)


def undeclared(owner: object) -> list[str]:
    """What is wrong with the declarations of *owner* and of all objects that belong to its state.

    That is every attribute that is neither a field nor excluded, every one that is declared and not there, and every
    object without a declaration, as ``Class.attribute: what is wrong``.
    """
    found: set[str] = set()
    seen: set[int] = set()
    waiting = [owner]
    while waiting:
        looked_at = waiting.pop()
        if id(looked_at) in seen:
            continue
        seen.add(id(looked_at))
        present = set(_attributes(looked_at))
        declared = {name for field in _fields(looked_at) for name in field.attributes}
        excluded = {name for section in _sections(looked_at) for name in section.excluded}
        found.update(f"{_where(looked_at, name)}: not declared" for name in present - declared - excluded)
        found.update(f"{_where(looked_at, name)}: declared and not there" for name in (declared | excluded) - present)
        found.update(f"{_where(looked_at, name)}: both a field and excluded" for name in declared & excluded)
        for field in _fields(looked_at):
            value = getattr(looked_at, field.name, None) if field.attributes == (field.name,) else None
            for part in (value, *_elements(value)):
                if _has_section(part):
                    waiting.append(part)
                elif not _is_known(part):
                    found.add(f"{_where(looked_at, field.name)}: {type(part).__name__} declares no state")
    return sorted(found)


def differences(first: Any, second: Any) -> list[str]:
    """Where two states differ, as ``field.field[index]``; of arrays and bytes the first place that does."""
    return list(_differences(first, second, ""))


# Declarations


def _sections(owner: object) -> list[Section]:
    """The sections of the class of *owner* and its bases, the bases first."""
    found = [each.__dict__["STATE"] for each in reversed(type(owner).__mro__) if "STATE" in each.__dict__]
    if not found and _is_record(owner):
        found = [Section(type(owner).__name__, *(field.name for field in fields(owner)))]  # type: ignore[arg-type]
    return found


def _fields(owner: object) -> list[Field]:
    sections = _sections(owner)
    if not sections:
        raise StateError(f"{type(owner).__name__} declares no state")
    return list({field.name: field for section in sections for field in section.fields}.values())


def _call(function: str | Callable[..., Any], owner: object, *arguments: Any) -> Any:
    if isinstance(function, str):
        return getattr(owner, function)(*arguments)
    return function(owner, *arguments)


def _is_record(owner: object) -> bool:
    """Whether *owner* is a dataclass whose fields can be set: they are its state if it does not say otherwise."""
    return is_dataclass(owner) and not isinstance(owner, type) and not owner.__dataclass_params__.frozen  # type: ignore[attr-defined]


def _has_section(value: object) -> bool:
    return hasattr(type(value), "STATE") or _is_record(value)


def _is_known(value: object) -> bool:
    """Whether *value* is something that needs no declaration: the codecs report what they cannot do."""
    plain = (type(None), bool, int, float, str, bytes, bytearray, np.ndarray, np.generic, Enum, Mapping)
    return isinstance(value, (*plain, *_SEQUENCES, *_SETS)) or is_dataclass(value)


def _attributes(owner: object) -> Iterator[str]:
    """The names of the attributes that *owner* has of its own."""
    yield from getattr(owner, "__dict__", ())
    for kind in type(owner).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name not in {"__dict__", "__weakref__"} and hasattr(owner, name):
                yield name


def _elements(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        yield from value.values()
    elif isinstance(value, (list, tuple, deque)):
        yield from value


def _where(owner: object, name: str) -> str:
    return f"{type(owner).__name__}.{name}"


# The fields that are named only


def _attribute(name: str) -> Field:
    return Field(
        name,
        lambda owner: _plain(getattr(owner, name), _where(owner, name)),
        lambda owner, saved: _put(owner, name, saved),
        (name,),
    )


def _plain(value: Any, where: str, *, nested: bool = False) -> Any:
    """The plain data of *value*; containers in containers, which do not tell what they were, only if *nested*."""
    if _has_section(value):
        return state_of(value)
    if isinstance(value, np.ndarray):
        return {_ARRAY: value.dtype.str, "shape": list(value.shape), "data": value.tobytes()}
    element = _nested if nested else _element
    if isinstance(value, Mapping):
        return {_scalar(key, where): element(item, where) for key, item in value.items()}
    if isinstance(value, _SETS):
        return sorted(element(item, where) for item in value)
    if isinstance(value, _SEQUENCES):
        return [element(item, where) for item in value]
    if isinstance(value, bytearray):
        return bytes(value)
    return _scalar(value.value if isinstance(value, Enum) else value, where)


def _nested(value: Any, where: str) -> Any:
    return _plain(value, where, nested=True)


def _element(value: Any, where: str) -> Any:
    """The plain data of an element of a container, which must tell by itself what it was."""
    return state_of(value) if _has_section(value) else _scalar(value, where)


def _scalar(value: Any, where: str) -> Any:
    if value is None or isinstance(value, (bool, float, str, bytes)):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, int):
        return _short(int(value))
    raise StateError(f"{where}: expected plain values, or a declaration as typed, each or computed: not {value!r}")


def _short(value: int) -> Any:
    return value if value in _SHORT else {_INTEGER: f"{value:#x}"}


def _put(owner: Any, name: str, saved: Any) -> None:
    """Put the plain data *saved* into the attribute *name*, in the form that its value has now."""
    value, where = getattr(owner, name), _where(owner, name)
    if _has_section(value):
        restore_state(value, saved)
    elif isinstance(value, np.ndarray):
        try:
            _fill(value, array_of(saved))
        except StateError as reason:
            raise StateError(f"{where}: {reason}") from None
    elif isinstance(value, bytearray):
        if len(value) != len(saved):
            raise StateError(f"{where}: expected {len(value)} bytes, not {len(saved)}")
        value[:] = saved
    elif isinstance(value, Enum):
        try:
            setattr(owner, name, type(value)(_lengthened(saved)))
        except ValueError as reason:
            raise StateError(f"{where}: {reason}") from None
    elif any(map(_has_section, _elements(value))):
        _put_elements(value, saved, where)
    elif isinstance(value, (Mapping, *_SEQUENCES, *_SETS)):
        _put_container(owner, name, value, _lengthened(saved))
    else:
        saved = _lengthened(saved)
        if isinstance(saved, (dict, list)):
            raise StateError(f"{where}: expected a plain value, or a declaration as typed or computed")
        setattr(owner, name, saved)


def _put_container(owner: Any, name: str, value: Any, saved: Any) -> None:
    items = saved.values() if isinstance(saved, dict) else saved
    if isinstance(saved, dict) is not isinstance(value, Mapping) or any(
        isinstance(item, (dict, list)) for item in items
    ):
        raise StateError(f"{_where(owner, name)}: expected plain elements, or a declaration as typed, each or computed")
    if isinstance(value, tuple | frozenset):
        saved = type(value)(saved)
    _replace(owner, name, saved)


def _put_elements(value: Any, saved: Any, where: str) -> None:
    """Restore each of the objects in the container *value*, all of which are there already."""
    pairs = dict(value) if isinstance(value, Mapping) else dict(enumerate(value))
    states = saved if isinstance(saved, dict) else dict(enumerate(saved))
    if pairs.keys() != states.keys():
        raise StateError(f"{where}: expected the objects {list(pairs)}, not {list(states)}")
    for key, item in pairs.items():
        restore_state(item, states[key])


def _fill(value: np.ndarray[Any, Any], saved: np.ndarray[Any, Any]) -> None:
    if (value.shape, value.dtype) != (saved.shape, saved.dtype):
        expected, found = (f"{list(each.shape)} elements of {each.dtype}" for each in (value, saved))
        raise StateError(f"expected {expected}, not {found}")
    value[...] = saved


def _replace(owner: Any, name: str, saved: Any) -> None:
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
    elif isinstance(value, MutableSet) and isinstance(saved, (list, *_SETS)):
        value.clear()
        value |= set(saved)
    else:
        setattr(owner, name, saved)


def _shortened(data: Any) -> Any:
    """*data* with lists for tuples, and with integers of at most 64 bits."""
    if isinstance(data, dict):
        return {key: _shortened(item) for key, item in data.items()}
    if isinstance(data, (list, tuple)):
        return [_shortened(item) for item in data]
    return _short(data) if type(data) is int else data


def _lengthened(saved: Any) -> Any:
    """The inverse, as far as integers go."""
    if isinstance(saved, dict):
        if saved.keys() == {_INTEGER}:
            return int(saved[_INTEGER], 0)
        return {key: _lengthened(item) for key, item in saved.items()}
    return [_lengthened(item) for item in saved] if isinstance(saved, list) else saved


# Comparing


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
