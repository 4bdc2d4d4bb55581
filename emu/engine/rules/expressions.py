# SPDX-License-Identifier: GPL-2.0-or-later
"""The expressions of the subset (see :mod:`emu.engine.rules.translator`)."""

from __future__ import annotations

import ast
import builtins
import dataclasses
import inspect
from collections.abc import Callable
from enum import Enum
from types import FunctionType, MappingProxyType, MethodType
from typing import Any, Final, NewType

from emu.engine.rules import arithmetic, conditions
from emu.engine.rules.calls import BUILTINS, construct, method_of_number
from emu.engine.rules.core import Scope, apply, condition_of
from emu.engine.rules.displays import Displays
from emu.engine.rules.narrowing import narrowed
from emu.engine.rules.octets import compare_octets, concatenated, is_length_of, joined, part
from emu.engine.rules.values import (
    Closure,
    Either,
    Flag,
    Generator,
    Method,
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
    is_number,
    number,
)
from emu.engine.rules.writer import Block
from emu.program_interruption import ProgramInterruption

_IDENTITY: Final = (ast.Is, ast.IsNot)
_MEMBERSHIP: Final = (ast.In, ast.NotIn)
_LONGEST_CHAIN: Final = 16
"""The most entries of a dictionary that an unknown key is compared with one by one."""


class Expressions(Displays):
    """Carries expressions out."""

    def evaluate(self, node: ast.expr, scope: Scope) -> Value:
        """The value of *node*.

        :raises OutsideSubsetError: if it is outside of the subset.
        """
        method: Callable[[Any, Scope], Value] | None = getattr(self, f"_{type(node).__name__.lower()}", None)
        if method is None:
            raise OutsideSubsetError(f"{type(node).__name__.lower()}: {ast.unparse(node)}")
        return method(node, scope)

    def condition(self, node: ast.expr, scope: Scope) -> Static | Flag:
        """Whether *node* counts as true."""
        match node:
            case ast.BoolOp(operator, [first, *rest]):
                for_both = isinstance(operator, ast.And)
                left = self.condition(first, scope)
                second = rest[0] if len(rest) == 1 else ast.BoolOp(operator, rest)
                if isinstance(left, Static):
                    return self.condition(second, scope) if bool(left.value) == for_both else left
                return self._connected(left, second, scope, for_both=for_both)
            case ast.UnaryOp(ast.Not(), operand):
                return arithmetic.negated(self.condition(operand, scope))
        return condition_of(self, self.evaluate(node, scope))

    def _connected(self, left: Flag, node: ast.expr, scope: Scope, *, for_both: bool) -> Static | Flag:
        """*left* and *node*, or *left* or *node*: the second is carried out only if it matters."""
        scratch = Block()
        translator = self
        with translator.inside(scratch):
            before = dict(translator.fields)
            right = self.condition(node, scope)
            is_simple = not scratch.content and translator.fields == before
        if is_simple:
            return (arithmetic.both if for_both else arithmetic.either)(left, right)
        # What was written into the scratch block is written again, where it belongs.
        sides: list[Callable[[], Value]] = [lambda: self.condition(node, scope), lambda: Static(not for_both)]
        found = translator.choose(left, *(sides if for_both else reversed(sides)))
        assert isinstance(found, Static | Flag)
        return found

    # Names and parts

    def _constant(self, node: ast.Constant, scope: Scope) -> Value:
        return Static(node.value)

    def _name(self, node: ast.Name, scope: Scope) -> Value:
        if node.id in scope.variables:
            return scope.variables[node.id]
        if node.id in scope.module:
            return Static(scope.module[node.id])
        if hasattr(builtins, node.id):
            return Static(getattr(builtins, node.id))
        raise OutsideSubsetError(f"{node.id} may have no value")

    def _attribute(self, node: ast.Attribute, scope: Scope) -> Value:
        return self.distribute(self.evaluate(node.value, scope), lambda owner: self.attribute(owner, node.attr))

    def attribute(self, owner: Value, name: str) -> Value:
        """The attribute *name* of *owner*."""
        translator = self
        match owner:
            case Static(known):
                return apply(translator, getattr, known, name)
            case ObjectPlace():
                return translator.model.attribute(translator, owner, name)
            case Structure(kind, fields):
                if name in fields:
                    return fields[name]
                return self.class_attribute(kind, name, owner)
            case Number() | Flag():
                return method_of_number(owner, name)
        raise OutsideSubsetError(f"the attribute {name} of {describe(owner)}")

    def class_attribute(self, kind: type, name: str, owner: Value) -> Value:
        """The attribute *name* that the class *kind* of *owner* has: a property, a method, a constant."""
        found = next((vars(each)[name] for each in kind.__mro__ if name in vars(each)), None)
        match found:
            case property(fget=FunctionType() as getter):
                return self.call(getter, [owner], {})
            case FunctionType():
                return Method(found, owner)
            case classmethod():
                return Method(found.__func__, Static(kind))
            case staticmethod():
                return Static(found.__func__)
        raise OutsideSubsetError(f"{kind.__name__}.{name}")

    def _subscript(self, node: ast.Subscript, scope: Scope) -> Value:
        owner = self.evaluate(node.value, scope)
        if isinstance(node.slice, ast.Slice) and isinstance(owner, Stored | Several | Octets):
            return self._part(owner, node.slice, scope)
        index = self.evaluate(node.slice, scope)
        return self.distribute(owner, lambda each: self.distribute(index, lambda key: self.item(each, key)))

    def _part(self, owner: Stored | Several | Octets, bounds: ast.Slice, scope: Scope) -> Value:
        limits = [None if each is None else self.evaluate(each, scope) for each in (bounds.lower, bounds.upper)]
        match owner, limits:
            case Stored() | Octets(), [Static(0), end] if end is not None and is_length_of(end, owner):
                return owner
            case Stored(), [None, Static(int(end))] if bounds.step is None:
                return part(self, owner, 0, end)
            case Stored(), [Static(int(first)), Static(int(end))] if bounds.step is None:
                return part(self, owner, first, end)
            case Several(items, count), [None, Number(_, low, _) as most] if bounds.step is None and low >= 0:
                return Several(items, number(self.bound(self.called(Static(min), [count, most], {}))))
        raise OutsideSubsetError(f"slice: {ast.unparse(bounds)}")

    def item(self, owner: Value, index: Value) -> Value:
        """The element *index* of *owner*."""
        match owner, index:
            case Static(known), Static(key):
                return apply(self, lambda: known[key])
            case Sequence(items), Static(int() as key):
                return items[key]
            case Several(items, count), Static(int() as key) if 0 <= key < count.low:
                return items[key]
            case ObjectPlace(), _:
                return self.model.element(self, owner, index)
            case Static(dict() | MappingProxyType() as known), _:
                return self._entry(list(known.items()), index, lambda: self._missing(index))
            case Static(tuple() | list() as known), _:
                return self._entry(list(enumerate(known)), index, lambda: self._missing(index))
        raise OutsideSubsetError(f"{describe(owner)}[{describe(index)}]")

    def _missing(self, index: Value) -> Value:
        raise self.fails(KeyError(describe(index)))

    def _entry(self, entries: list[tuple[Any, Any]], key: Value, default: Callable[[], Value]) -> Value:
        """The value of the one of *entries* that has this *key*."""
        if len(entries) > _LONGEST_CHAIN:
            raise OutsideSubsetError(f"a table of {len(entries)} entries with the index {describe(key)}")
        if not entries:
            return default()
        (first, value), *rest = entries
        is_first = self.compared(ast.Eq, key, Static(first))
        found = condition_of(self, is_first)
        return self.choose(found, lambda: Static(value), lambda: self._entry(rest, key, default))

    # Operators

    def _binop(self, node: ast.BinOp, scope: Scope) -> Value:
        return self.binary(type(node.op), self.evaluate(node.left, scope), self.evaluate(node.right, scope))

    def binary(self, kind: type[ast.operator], left: Value, right: Value) -> Value:
        """*left* and *right* with an operator between them."""
        translator = self
        if isinstance(left, Either) or isinstance(right, Either):
            return translator.distribute(
                left, lambda one: translator.distribute(right, lambda other: self.binary(kind, one, other))
            )
        if isinstance(left, Static) and isinstance(right, Static):
            return apply(translator, arithmetic.PYTHON_OPERATORS[kind], left.value, right.value)
        if kind is ast.Add and (isinstance(left, Octets) or isinstance(right, Octets)):
            return concatenated([left, right])
        if not (is_number(left) and is_number(right)):
            return apply(translator, _unsupported, kind, left, right)
        return arithmetic.binary(kind, left, right)

    def _unaryop(self, node: ast.UnaryOp, scope: Scope) -> Value:
        if isinstance(node.op, ast.Not):
            return self.condition(node, scope)
        operand = self.evaluate(node.operand, scope)
        if isinstance(operand, Static):
            return apply(self, arithmetic.PYTHON_OPERATORS[type(node.op)], operand.value)
        return arithmetic.unary(type(node.op), operand)

    def _boolop(self, node: ast.BoolOp, scope: Scope) -> Value:
        first, *rest = node.values
        for_both = isinstance(node.op, ast.And)
        left = self.evaluate(first, scope)
        second = rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)
        return self.distribute(left, lambda each: self._one_of(each, second, scope, for_both=for_both))

    def _one_of(self, left: Value, node: ast.expr, scope: Scope, *, for_both: bool) -> Value:
        if isinstance(left, Flag):
            return self._connected(left, node, scope, for_both=for_both)
        sides: list[Callable[[], Value]] = [lambda: self.evaluate(node, scope), lambda: left]
        return self.choose(condition_of(self, left), *(sides if for_both else reversed(sides)))

    def _compare(self, node: ast.Compare, scope: Scope) -> Value:
        found: Static | Flag = Static(True)
        left = self.evaluate(node.left, scope)
        for operator, comparator in zip(node.ops, node.comparators, strict=True):
            right = self.evaluate(comparator, scope)
            found = arithmetic.both(found, condition_of(self, self.compared(type(operator), left, right)))
            left = right
        return found

    def compared(self, kind: type[ast.cmpop], left: Value, right: Value) -> Value:
        """Whether *left* and *right* are as the operator *kind* says."""
        translator = self
        if isinstance(left, Either):
            return translator.distribute(left, lambda one: self.compared(kind, one, right))
        if isinstance(right, Either):
            return translator.distribute(right, lambda other: self.compared(kind, left, other))
        if isinstance(left, Static) and isinstance(right, Static):
            return apply(translator, arithmetic.PYTHON_OPERATORS[kind], left.value, right.value)
        if kind in _MEMBERSHIP:
            found = self._is_member(left, right)
            return arithmetic.negated(found) if kind is ast.NotIn else found
        if is_number(left) and is_number(right):
            if kind in _IDENTITY:
                kind = ast.Eq if kind is ast.Is else ast.NotEq
            return arithmetic.compare(kind, left, right)
        if isinstance(left, Stored) and isinstance(right, Stored):
            return compare_octets(self, kind, left, right)
        if kind in (ast.Eq, ast.NotEq) and (isinstance(left, Sequence) or isinstance(right, Sequence)):
            same = self._are_same(self.items(left), self.items(right))
            return same if kind is ast.Eq else arithmetic.negated(same)
        if kind in (*_IDENTITY, ast.Eq, ast.NotEq) and _surely_differ(left, right):
            return Static(kind in (ast.IsNot, ast.NotEq))
        raise OutsideSubsetError(f"a comparison of {describe(left)} and {describe(right)}")

    def _are_same(self, first: list[Value], second: list[Value]) -> Static | Flag:
        found: Static | Flag = Static(len(first) == len(second))
        for one, other in zip(first, second, strict=False):
            found = arithmetic.both(found, condition_of(self, self.compared(ast.Eq, one, other)))
        return found

    def _is_member(self, item: Value, container: Value) -> Static | Flag:
        if isinstance(container, ObjectPlace):
            return self.model.contains(self, container, item)
        found: Static | Flag = Static(False)
        for each in self.items(container):
            found = arithmetic.either(found, condition_of(self, self.compared(ast.Eq, item, each)))
        return found

    def _ifexp(self, node: ast.IfExp, scope: Scope) -> Value:
        sides = [
            Scope(narrowed(self, node.test, scope, holds=holds), scope.module, scope.endings) for holds in (True, False)
        ]
        return self.choose(
            self.condition(node.test, scope),
            lambda: self.evaluate(node.body, sides[0]),
            lambda: self.evaluate(node.orelse, sides[1]),
        )

    # Lambdas and calls

    def _lambda(self, node: ast.Lambda, scope: Scope) -> Value:
        return Closure(node, scope.variables, scope.module)

    def _call(self, node: ast.Call, scope: Scope) -> Value:
        function = self.evaluate(node.func, scope)
        arguments: list[Value] = []
        for each in node.args:
            if isinstance(each, ast.Starred):
                arguments += self.items(self.evaluate(each.value, scope))
            else:
                arguments.append(self.evaluate(each, scope))
        keywords = {each.arg: self.evaluate(each.value, scope) for each in node.keywords if each.arg}
        return self.distribute(function, lambda each: self.called(each, arguments, keywords))

    def called(self, function: Value, arguments: list[Value], keywords: dict[str, Value]) -> Value:
        """What a call of *function* gives."""
        translator = self
        match function:
            case Primitive(_, perform):
                return perform(*arguments, **keywords)
            case Method(plain, owner):
                return translator.call(plain, [owner, *arguments], keywords)
            case Closure(node, variables, module):
                names = [each.arg for each in node.args.args]
                inner = Scope(variables | dict(zip(names, arguments, strict=True)), module)
                return self.evaluate(node.body, inner)
            case Static(known):
                return self._called_known(known, arguments, keywords)
        raise OutsideSubsetError(f"a call of {describe(function)}")

    def _called_known(self, known: Any, arguments: list[Value], keywords: dict[str, Value]) -> Value:
        translator, given = self, (arguments, keywords)
        if known is None:
            raise translator.fails(TypeError("None is called"))
        primitive = translator.model.function(known)
        found = None if primitive is None else primitive(translator, *arguments, **keywords)
        if found is not None:
            return found
        if isinstance(known, NewType):
            return arguments[0]
        if known in BUILTINS:
            return self._called_builtin(BUILTINS[known], known, arguments, keywords)
        if isinstance(known, type) and (dataclasses.is_dataclass(known) or known is ProgramInterruption):
            is_condition = known is ProgramInterruption
            return conditions.constructed(self, *given) if is_condition else construct(known, *given)
        values = [*arguments, *keywords.values()]
        if isinstance(known, FunctionType) and known.__module__.startswith(translator.model.package):
            is_generator = inspect.isgeneratorfunction(known)
            return Generator(known, tuple(arguments), keywords) if is_generator else translator.call(known, *given)
        if isinstance(known, MethodType) and known.__func__.__module__.startswith(translator.model.package):
            return translator.call(known.__func__, [Static(known.__self__), *arguments], keywords)
        if all(isinstance(each, Static) for each in values):
            plain = [each.value for each in arguments if isinstance(each, Static)]
            named = {name: each.value for name, each in keywords.items() if isinstance(each, Static)}
            return apply(translator, lambda: known(*plain, **named))
        owner, name = getattr(known, "__self__", None), getattr(known, "__name__", "")
        if isinstance(owner, dict) and name == "get":
            default = arguments[1] if len(arguments) > 1 else Static(None)
            return self._entry(list(owner.items()), arguments[0], lambda: default)
        if isinstance(owner, bytes) and name == "join":
            parts = arguments[0]
            return joined(parts) if isinstance(parts, Several) else concatenated(self.items(parts))
        if isinstance(known, type) and issubclass(known, int):
            # A member of an enumeration is its number.
            return number(arguments[0])
        raise OutsideSubsetError(f"a call of {describe(Static(known))}")

    def _called_builtin(
        self, perform: Callable[..., Value], known: Any, arguments: list[Value], keywords: dict[str, Value]
    ) -> Value:
        try:
            inspect.signature(perform).bind(self, *arguments, **keywords)
        except TypeError:
            raise OutsideSubsetError(f"{known.__name__} with these arguments") from None
        return perform(self, *arguments, **keywords)


def _surely_differ(left: Value, right: Value) -> bool:
    """Whether one is None and the other not, or one is a number and the other something else."""
    for known, other in ((left, right), (right, left)):
        if isinstance(known, Static) and not isinstance(other, Static):
            if known.value is None:
                return True
            if isinstance(other, Number | Flag):
                return isinstance(known.value, str | bytes | tuple | Enum | FunctionType | type)
    return False


def _unsupported(kind: type[ast.operator], left: Value, right: Value) -> None:
    known = [each.value if isinstance(each, Static) else 0 for each in (left, right)]
    if all(each is not None for each in known):
        raise OutsideSubsetError(f"{describe(left)} {kind.__name__} {describe(right)}")
    raise TypeError(f"{describe(left)} {kind.__name__} {describe(right)}")
