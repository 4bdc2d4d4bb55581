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

All else follows from that.  :func:`state_of` gives the state as plain data (:mod:`emu.plain_data`),
:func:`restore_state` puts it into an object that was made with the same parameters, :func:`differences` compares two
states, and :mod:`emu.undeclared` finds the attributes that somebody has forgotten to declare.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from dataclasses import replace as replace_field
from enum import Enum
from functools import cache
from typing import Any, Final

import numpy as np

from emu.page_contents import PageContents
from emu.plain_data import (
    StateError,
    array_of,
    differences,
    fill_array,
    is_long_integer,
    lengthened,
    plain_array,
    plain_integer,
    replace,
    shortened,
)

__all__ = [
    "Section",
    "State",
    "StateError",
    "StateField",
    "array_of",
    "computed",
    "constant",
    "differences",
    "each",
    "elements",
    "fields_of",
    "has_section",
    "is_container",
    "paged",
    "restore_state",
    "sections",
    "state_of",
    "typed",
]

State = dict[str, Any]
"""The state of an object: the plain data of each field, by its name."""

_SEQUENCES: Final = (list, tuple, deque, array)
_SETS: Final = (set, frozenset)


@dataclass(frozen=True, slots=True)
class StateField:
    """A field of a section: how plain data are made of it, and how they are put back."""

    name: str
    get: Callable[[Any], Any]
    put: Callable[[Any, Any], None]
    attributes: tuple[str, ...]
    """The attributes of the object that it stands for."""
    contents: Callable[[Any], PageContents] | None = None
    """Makes of the object what is kept page by page, of which a history keeps what changes; see :func:`paged`."""


class Section:
    """The declaration of the state of one class; subclasses add to it by a section of their own.

    :param name: what messages call it.
    :param declared: the fields, in the order in which they are restored.  An attribute is named by a string: its value
        may be plain, an enumeration, an array, a container of plain values, or an object or a list or dictionary of
        objects that have sections of their own and are there when the state is restored.  For everything else there
        are :func:`typed`, :func:`each`, :func:`computed` and :func:`constant`.
    :param excluded: the attributes that are not machine state, and why not.
    :param restored: called when all fields of an object have been restored: a function of it, or the name of a method.
    """

    def __init__(
        self,
        name: str,
        *declared: str | StateField,
        excluded: Mapping[str, str] | None = None,
        restored: str | Callable[[Any], None] | None = None,
    ) -> None:
        self.name = name
        self.fields = [_attribute(each) if isinstance(each, str) else each for each in declared]
        self.excluded = dict(excluded or {})
        self.restored = restored


def typed(name: str, kind: Any) -> StateField:
    """The attribute *name*, whose values are of the type *kind*: what msgspec can convert.

    For frozen dataclasses, for what may also be None, and for containers of such.
    """

    def get(owner: Any) -> Any:
        import msgspec

        value = getattr(owner, name)
        value = list(value) if isinstance(value, deque) else value
        return shortened(msgspec.to_builtins(value, builtin_types=(bytes,)))

    def put(owner: Any, saved: Any) -> None:
        import msgspec

        try:
            value = msgspec.convert(lengthened(saved), kind)
        except msgspec.ValidationError as reason:
            raise StateError(f"{_where(owner, name)}: {reason}") from None
        replace(owner, name, value)

    return StateField(name, get, put, (name,))


def each(name: str, make: Callable[[], Any]) -> StateField:
    """The attribute *name*, a list or a dictionary of objects with sections, which *make* makes when it is restored."""

    def get(owner: Any) -> Any:
        return _plain(getattr(owner, name), _where(owner, name))

    def put(owner: Any, saved: Any) -> None:
        pairs = list(saved.items() if isinstance(saved, dict) else enumerate(saved))
        made = {key: make() for key, _ in pairs}
        for key, state in pairs:
            restore_state(made[key], state)
        replace(owner, name, made if isinstance(saved, dict) else list(made.values()))

    return StateField(name, get, put, (name,))


def computed(
    name: str, get: str | Callable[[Any], Any], put: str | Callable[[Any, Any], None], *, of: tuple[str, ...] = ()
) -> StateField:
    """A field that *get* makes of the object, as plain data or an array, and *put* puts back.

    :param get: a function of the object, or the name of a method without parameters.
    :param put: a function of the object and of the plain data, or the name of a method that takes them.
    :param of: the attributes that it stands for.
    """
    return StateField(
        name,
        lambda owner: _plain(_call(get, owner), _where(owner, name), nested=True),
        lambda owner, saved: _call(put, owner, lengthened(saved)),
        of,
    )


def paged(
    name: str, get: str, put: str, contents: Callable[[Any], PageContents], *, of: tuple[str, ...] = ()
) -> StateField:
    """A field as :func:`computed`, whose plain data are contents of pages by number: too much to be taken often.

    :param contents: makes of the object what gives and takes some of them; it is made once for each object.
    """
    return replace_field(computed(name, get, put, of=of), contents=contents)


def constant(
    name: str, get: str | Callable[[Any], Any] | None = None, *, of: tuple[str, ...] | None = None
) -> StateField:
    """The attribute *name*, which is fixed when the object is made: to be restored it must be the same.

    :param get: makes the plain data of the object, as that of :func:`computed`; None means the attribute itself.
    :param of: the attributes that it stands for, if it is not that one.
    """

    def read(owner: Any) -> Any:
        value = getattr(owner, name) if get is None else _call(get, owner)
        return _plain(value, _where(owner, name), nested=True)

    def put(owner: Any, saved: Any) -> None:
        if (expected := read(owner)) != saved:
            raise StateError(f"{_where(owner, name)}: expected {expected!r}, as it is here, not {saved!r}")

    return StateField(name, read, put, (name,) if of is None else of)


def state_of(owner: object) -> State:
    """The state of *owner*; nothing changes.

    :raises StateError: if it or something in it has not declared how.
    """
    return {field.name: field.get(owner) for field in fields_of(owner)}


def restore_state(owner: object, state: State) -> None:
    """Put *state* into *owner*, which was made with the same parameters as the object that it is of.

    Arrays and containers are filled in place, so that what looks at them goes on to do so.

    :raises StateError: if it does not fit; *owner* is of no use then.
    """
    declared = fields_of(owner)
    names = {field.name for field in declared}
    for name in sorted(names ^ state.keys()):
        raise StateError(f"{_where(owner, name)}: {'missing in the state' if name in names else 'unknown'}")
    for field in declared:
        field.put(owner, state[field.name])
    for section in sections(owner):
        if section.restored is not None:
            _call(section.restored, owner)


# Declarations


def sections(owner: Any) -> tuple[Section, ...]:
    """The sections of the class of *owner* and its bases, the bases first."""
    return _sections_of_class(type(owner))  # type: ignore[arg-type]  # a class is hashable


@cache
def _sections_of_class(kind: type) -> tuple[Section, ...]:
    found = tuple(base.__dict__["STATE"] for base in reversed(kind.__mro__) if "STATE" in base.__dict__)
    if not found and _is_record(kind):
        return (Section(kind.__name__, *(field.name for field in fields(kind))),)
    return found


def fields_of(owner: Any) -> tuple[StateField, ...]:
    """The fields that these declare, in the order in which they are restored.

    :raises StateError: if there are none.
    """
    return _fields_of_class(type(owner))  # type: ignore[arg-type]  # a class is hashable


@cache
def _fields_of_class(kind: type) -> tuple[StateField, ...]:
    declared = _sections_of_class(kind)
    if not declared:
        raise StateError(f"{kind.__name__} declares no state")
    return tuple({field.name: field for section in declared for field in section.fields}.values())


def _is_record(kind: type) -> bool:
    """Whether objects of *kind* are dataclasses whose fields can be set: these are their state if it says no other."""
    return is_dataclass(kind) and not kind.__dataclass_params__.frozen  # type: ignore[attr-defined]


def has_section(value: object) -> bool:
    """Whether *value* is an object that has declared its state."""
    return bool(sections(value))


def _call(function: str | Callable[..., Any], owner: object, *arguments: Any) -> Any:
    if isinstance(function, str):
        return getattr(owner, function)(*arguments)
    return function(owner, *arguments)


def elements(value: Any) -> Iterator[Any]:
    """The elements of a container, and the values of a dictionary; nothing of all else."""
    if isinstance(value, Mapping):
        yield from value.values()
    elif isinstance(value, (list, tuple, deque)):
        yield from value


def _where(owner: object, name: str) -> str:
    """How messages call the field *name* of *owner*."""
    return f"{sections(owner)[-1].name}: {name}"


# The fields that are named only


def _attribute(name: str) -> StateField:
    return StateField(
        name,
        lambda owner: _plain(getattr(owner, name), _where(owner, name)),
        lambda owner, saved: _put(owner, name, saved),
        (name,),
    )


def _plain(value: Any, where: str, *, nested: bool = False) -> Any:
    """The plain data of *value*; containers in containers, which do not tell what they were, only if *nested*."""
    if has_section(value):
        return state_of(value)
    if isinstance(value, np.ndarray):
        return plain_array(value)
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
    return state_of(value) if has_section(value) else _scalar(value, where)


def _scalar(value: Any, where: str) -> Any:
    if value is None or isinstance(value, (bool, float, str, bytes)):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, int):
        return plain_integer(int(value))
    raise StateError(f"{where}: expected plain values, or a declaration as typed, each or computed: not {value!r}")


def _put(owner: Any, name: str, saved: Any) -> None:
    """Put the plain data *saved* into the attribute *name*, in the form that its value has now."""
    value, where = getattr(owner, name), _where(owner, name)
    if has_section(value):
        restore_state(value, saved)
    elif isinstance(value, np.ndarray):
        try:
            fill_array(value, array_of(saved))
        except StateError as reason:
            raise StateError(f"{where}: {reason}") from None
    elif isinstance(value, bytearray):
        if len(value) != len(saved):
            raise StateError(f"{where}: expected {len(value)} bytes, not {len(saved)}")
        value[:] = saved
    elif isinstance(value, Enum):
        try:
            setattr(owner, name, type(value)(lengthened(saved)))
        except ValueError as reason:
            raise StateError(f"{where}: {reason}") from None
    elif any(map(has_section, elements(value))) or (is_container(value) and any(map(_is_state, elements(saved)))):
        _put_elements(value, saved, where)
    elif is_container(value):
        _put_container(owner, name, value, lengthened(saved))
    else:
        saved = lengthened(saved)
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
    replace(owner, name, saved)


def is_container(value: Any) -> bool:
    """Whether *value* has elements."""
    return isinstance(value, (Mapping, *_SEQUENCES, *_SETS))


def _is_state(saved: Any) -> bool:
    """Whether the plain data *saved* are of an object, and no long integer."""
    return isinstance(saved, dict) and not is_long_integer(saved)


def _put_elements(value: Any, saved: Any, where: str) -> None:
    """Restore each of the objects in the container *value*, all of which are there already."""
    pairs = dict(value) if isinstance(value, Mapping) else dict(enumerate(value))
    states = saved if isinstance(saved, dict) else dict(enumerate(saved))
    if pairs.keys() != states.keys():
        raise StateError(f"{where}: expected the objects {list(pairs)}, not {list(states)}")
    for key, item in pairs.items():
        restore_state(item, states[key])
