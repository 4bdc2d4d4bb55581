# SPDX-License-Identifier: GPL-2.0-or-later
"""Tuples, lists, dictionaries and generators of the subset (see :mod:`emu.engine.rules.translator`)."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from emu.engine.rules.core import Core, Scope
from emu.engine.rules.values import OutsideSubsetError, Sequence, Several, Static, Value, describe


class Displays(Core):
    """Carries them out."""

    def _tuple(self, node: ast.Tuple | ast.List, scope: Scope) -> Value:
        items = [self.evaluate(each, scope) for each in node.elts]
        if all(isinstance(each, Static) for each in items):
            return Static(tuple(each.value for each in items if isinstance(each, Static)))
        return Sequence(tuple(items))

    _list = _tuple

    def _dict(self, node: ast.Dict, scope: Scope) -> Value:
        pairs = [
            (self.evaluate(key, scope), self.evaluate(value, scope))
            for key, value in zip(node.keys, node.values, strict=True)
            if key is not None
        ]
        known = {
            key.value: value.value for key, value in pairs if isinstance(key, Static) and isinstance(value, Static)
        }
        if len(known) < len(node.keys):
            raise OutsideSubsetError(ast.unparse(node))
        return Static(known)

    def _generatorexp(self, node: ast.GeneratorExp | ast.ListComp, scope: Scope) -> Value:
        (loop,) = node.generators
        if loop.ifs or not isinstance(loop.target, ast.Name):
            raise OutsideSubsetError(ast.unparse(node))
        iterable = self.evaluate(loop.iter, scope)
        if isinstance(iterable, Several):
            with self.ahead():
                return Several(self._elements(node, loop.target.id, iterable.items, scope), iterable.count)
        return Sequence(self._elements(node, loop.target.id, self.items(iterable), scope))

    def _elements(
        self, node: ast.GeneratorExp | ast.ListComp, target: str, items: Iterable[Value], scope: Scope
    ) -> tuple[Value, ...]:
        inner = (Scope(scope.variables | {target: each}, scope.module) for each in items)
        return tuple(self.evaluate(node.elt, each) for each in inner)

    _listcomp = _generatorexp

    def items(self, value: Value) -> list[Value]:
        """The elements of *value*, whose number must be known."""
        match value:
            case Sequence(items):
                return list(items)
            case Static(known) if isinstance(known, Iterable):
                return [Static(each) for each in known]
        raise OutsideSubsetError(f"the elements of {describe(value)}")
