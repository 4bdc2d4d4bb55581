# SPDX-License-Identifier: GPL-2.0-or-later
"""The functions of Python itself that the subset has."""

from __future__ import annotations

import ast
import inspect
import operator
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from emu.engine.rules.core import Core, condition_of
from emu.engine.rules.octets import integer, length_of, octets
from emu.engine.rules.values import (
    Number,
    ObjectPlace,
    Octets,
    OutsideSubsetError,
    Primitive,
    Sequence,
    Several,
    Static,
    Stored,
    Structure,
    Value,
    describe,
    exact,
    number,
)

MOST_ITEMS: Final = 16
"""The most items of a list whose length is not known."""


def construct(kind: type, arguments: list[Value], keywords: dict[str, Value]) -> Structure:
    """An object of the dataclass *kind*."""
    bound = inspect.signature(kind).bind(*arguments, **keywords)
    fields = {
        name: bound.arguments.get(name, Static(parameter.default))
        for name, parameter in inspect.signature(kind).parameters.items()
    }
    return Structure(kind, fields)


def method_of_number(owner: Value, name: str) -> Value:
    """The method *name* of an integer."""
    if name == "to_bytes":
        return Primitive("int.to_bytes", lambda length, order: octets(owner, length, order))
    raise OutsideSubsetError(f"int.{name}")


def _bool(translator: Core, value: Value) -> Value:
    return condition_of(translator, value)


def _int(translator: Core, value: Value) -> Value:
    return translator.distribute(value, number)


def _len(translator: Core, value: Value) -> Value:
    match value:
        case ObjectPlace():
            return translator.model.length(value)
        case Static(known):
            return Static(len(known))
        case Sequence(items):
            return Static(len(items))
        case Several(_, count):
            return count
        case Octets() | Stored():
            return length_of(value)
    raise OutsideSubsetError(f"the length of {describe(value)}")


def _extreme(kind: type[ast.cmpop]) -> Callable[..., Value]:
    def perform(translator: Core, first: Value, second: Value) -> Value:
        is_first = condition_of(translator, translator.compared(kind, first, second))
        return translator.choose(is_first, lambda: first, lambda: second)

    return perform


def _isinstance(translator: Core, value: Value, kind: Value) -> Value:
    assert isinstance(kind, Static)

    def one(each: Value) -> Value:
        match each:
            case Structure(found, _):
                return Static(issubclass(found, kind.value))
            case Static(known):
                return Static(isinstance(known, kind.value))
        return Static(kind.value is int)

    return translator.distribute(value, one)


def _range(translator: Core, *limits: Value) -> Value:
    match limits:
        case [Number(_, low, high) as count] if low >= 0 and high <= MOST_ITEMS:
            return Several(tuple(Static(each) for each in range(high)), count)
        case [Number(_, 1, _) as count]:
            # Where there may be many, just one is plain.
            translator.writer.refuse_if(f"({exact(count, 'a length').text} != uint64(1))")
            return Static(range(1))
    if not all(isinstance(each, Static) for each in limits):
        raise OutsideSubsetError(f"a range to {describe(limits[-1])}")
    return Static(range(*(each.value for each in limits if isinstance(each, Static))))


def _enumerate(translator: Core, value: Value) -> Value:
    items = value.items if isinstance(value, Several) else translator.items(value)
    numbered = tuple(Sequence((Static(place), each)) for place, each in enumerate(items))
    return Several(numbered, value.count) if isinstance(value, Several) else Sequence(numbered)


def _from_bytes(translator: Core, value: Value, order: Value) -> Value:
    if isinstance(value, Static):
        return Static(int.from_bytes(value.value, "big"))
    return integer(translator, value, order)


def _list(translator: Core, value: Value) -> Value:
    return value if isinstance(value, Several) else Sequence(tuple(translator.items(value)))


def _operator(kind: type[ast.operator]) -> Callable[..., Value]:
    return lambda translator, left, right: translator.binary(kind, left, right)


def _partial(translator: Core, function: Value, *known: Value) -> Value:
    return Primitive("partial", lambda *rest: translator.called(function, [*known, *rest], {}))


class _Table(dict[Any, Callable[..., Value]]):
    """Functions by themselves; what cannot be looked up is not there."""

    def __contains__(self, key: object) -> bool:
        try:
            return super().__contains__(key)
        except TypeError:
            return False


BUILTINS: Final = _Table(
    {
        bool: _bool,
        int: _int,
        len: _len,
        min: _extreme(ast.LtE),
        max: _extreme(ast.GtE),
        isinstance: _isinstance,
        range: _range,
        enumerate: _enumerate,
        list: _list,
        partial: _partial,
        int.from_bytes: _from_bytes,
        operator.and_: _operator(ast.BitAnd),
        operator.or_: _operator(ast.BitOr),
        operator.xor: _operator(ast.BitXor),
    }
)
