# SPDX-License-Identifier: GPL-2.0-or-later
"""The translator: a function of the model is carried out with values that are known now or only in compiled code.

It goes through the function's syntax tree as an interpreter would.  What is known (constants, which function is called,
a keyword such as ``real=True``) is computed; the rest becomes lines of source.  Calls are carried out in place, so that
one flat function comes of an instruction.  The subset:

* integers, truth values, None, members of enumerations, tuples, dataclasses, lambdas; bytes of integers, or fetched;
* lists that are known but for how many of their items there are: ranges, what is made of each, their bytes;
* assignments, ``if``, ``return``, ``for`` over what is known, and so often at most, ``assert``, ``try`` (see below),
  conditional expressions;
* objects of the model that :mod:`emu.engine.rules.model` says the compiled form of.

``raise`` leaves the instruction to the model, and so does whatever the model's own objects refuse.  Since no effect has
been done then (:mod:`emu.engine.rules.writer`), the model begins from the same state, and every handler of an exception
is its own affair: ``try`` is its body.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from emu.engine.rules.core import Scope, syntax_tree
from emu.engine.rules.joining import BranchEnd
from emu.engine.rules.statements import Statements
from emu.engine.rules.values import NONE, OutsideSubsetError, Sequence, Static, Value

if TYPE_CHECKING:
    from emu.engine.rules.core import Objects

_DEEPEST: Final = 40


class Translator(Statements):
    """Carries functions out."""

    def __init__(self, model: Objects) -> None:
        super().__init__(model)
        self._depth = 0

    def call(self, function: Callable[..., Any], arguments: list[Value], keywords: dict[str, Value]) -> Value:
        """Carry out *function* here, and give what it returns."""
        instead = self.model.function(function)
        found = None if instead is None else instead(self, *arguments, **keywords)
        if found is not None:
            return found
        bound = inspect.signature(function).bind(*arguments, **keywords)
        variables: dict[str, Value] = {}
        for name, value in bound.arguments.items():
            if isinstance(value, tuple):
                variables[name] = Sequence(tuple(self.bound(each) for each in value))
            else:
                variables[name] = self.bound(value)
        for name, parameter in inspect.signature(function).parameters.items():
            if name not in variables:
                if parameter.kind is parameter.VAR_POSITIONAL:
                    variables[name] = Static(())
                else:
                    variables[name] = Static(parameter.default)
        return self._carry_out(function, variables)

    def _carry_out(self, function: Callable[..., Any], variables: dict[str, Value]) -> Value:
        if self._depth == _DEEPEST:
            raise OutsideSubsetError(f"{function.__qualname__} calls itself")
        closure = inspect.getclosurevars(function).nonlocals if function.__closure__ else {}
        scope = Scope({name: Static(value) for name, value in closure.items()} | variables, function.__globals__)
        entry = self.writer.block
        self._depth += 1
        try:
            if self.run(syntax_tree(function).body, scope):
                scope.endings.append(BranchEnd(self.writer.block, NONE, dict(self.fields)))
        finally:
            self._depth -= 1
            self.writer.block = entry
        return self.meet(scope.endings)
