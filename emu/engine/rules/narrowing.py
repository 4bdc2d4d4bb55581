# SPDX-License-Identifier: GPL-2.0-or-later
"""What a condition says of the kind of a variable that may be one of several."""

from __future__ import annotations

import ast
from collections.abc import Callable

from emu.engine.rules.core import Core, Scope
from emu.engine.rules.values import NONE, Either, Static, Structure, Value


def narrowed(translator: Core, test: ast.expr, scope: Scope, *, holds: bool) -> dict[str, Value]:
    """The variables where *test* holds, or does not: one of several kinds may be known to be of a kind."""
    match test:
        case ast.UnaryOp(ast.Not(), operand):
            return narrowed(translator, operand, scope, holds=not holds)
        case ast.Compare(ast.Name(name), [ast.Is() | ast.IsNot() as operator], [ast.Constant(None)]):
            is_none = isinstance(operator, ast.Is) == holds
            return _kept(name, scope, lambda each: (each == NONE) == is_none)
        case ast.Compare(
            ast.Attribute(ast.Name(name), attribute), [ast.Is() | ast.IsNot() as operator], [ast.Constant(None)]
        ):
            owner = scope.variables.get(name)
            if isinstance(owner, Structure) and attribute in owner.fields:
                is_none = isinstance(operator, ast.Is) == holds
                kept = _one_kept(owner.fields[attribute], lambda each: (each == NONE) == is_none)
                return scope.variables | {name: Structure(owner.kind, owner.fields | {attribute: kept})}
        case ast.Call(ast.Name("isinstance"), [ast.Name(name), kind]):
            found = translator.evaluate(kind, scope)
            return _kept(name, scope, lambda each: _is_of(each, found) == holds)
    return dict(scope.variables)


def _kept(name: str, scope: Scope, keeps: Callable[[Value], bool]) -> dict[str, Value]:
    variables = dict(scope.variables)
    if name in variables:
        variables[name] = _one_kept(variables[name], keeps)
    return variables


def _one_kept(value: Value, keeps: Callable[[Value], bool]) -> Value:
    """The only alternative of *value* that is kept; all of it if there are more, or it is no one of several."""
    if isinstance(value, Either):
        kept = [each for each in value.alternatives if keeps(each)]
        if len(kept) == 1:
            return kept[0]
    return value


def _is_of(value: Value, kind: Value) -> bool:
    if not isinstance(kind, Static):
        return False
    if isinstance(value, Structure):
        return issubclass(value.kind, kind.value)
    return isinstance(value, Static) and isinstance(value.value, kind.value)
