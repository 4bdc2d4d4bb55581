# SPDX-License-Identifier: GPL-2.0-or-later
"""The statements of the subset (see :mod:`emu.engine.rules.translator`)."""

from __future__ import annotations

import ast
import contextlib
from typing import TYPE_CHECKING, Any, Final

from emu.engine.rules import arithmetic, conditions
from emu.engine.rules.core import DivergedError, Scope
from emu.engine.rules.expressions import Expressions
from emu.engine.rules.joining import BranchEnd, join
from emu.engine.rules.narrowing import narrowed
from emu.engine.rules.values import (
    NONE,
    Flag,
    Generator,
    ObjectPlace,
    OutsideSubsetError,
    Several,
    Static,
    Value,
    constant,
)
from emu.engine.rules.writer import REFUSE, Block

if TYPE_CHECKING:
    from collections.abc import Callable

    from emu.engine.rules.core import Objects

MOST_ROUNDS: Final = 16
"""So many rounds of a loop are compiled whose number is not known; where there are more, they are the model's."""


class Statements(Expressions):
    """Carries statements out."""

    def __init__(self, model: Objects) -> None:
        super().__init__(model)
        self._loops: list[tuple[ast.For, Scope]] = []
        """Loops over what functions yield that are being carried out, the innermost last."""

    def run(self, body: list[ast.stmt], scope: Scope) -> bool:
        """Carry out *body* and give whether what follows it is reached; the writer then is where that belongs."""
        if _only_raises(body) and not self.notes_conditions:
            self.writer.block.line(REFUSE)
            return False
        for number, statement in enumerate(body):
            try:
                if isinstance(statement, ast.If):
                    # What follows may belong inside of a branch.
                    return self._if(statement, body[number + 1 :], scope)
                method: Callable[[Any, Scope], bool] | None
                method = getattr(self, f"_{type(statement).__name__.lower()}", None)
                if method is None:
                    raise OutsideSubsetError(f"{type(statement).__name__.lower()}: {ast.unparse(statement)[:60]}")
                if not method(statement, scope):
                    return False
            except DivergedError:
                return False
        return True

    # Branches

    def _if(self, statement: ast.If, rest: list[ast.stmt], scope: Scope) -> bool:
        condition = self.condition(statement.test, scope)
        if isinstance(condition, Static):
            return self.run((statement.body if condition.value else statement.orelse) + rest, scope)
        translator, writer = self, self.writer
        blocks = writer.block.branch(condition.text)
        known = len(scope.endings)
        sides: list[tuple[BranchEnd, dict[str, Value]]] = []
        for block, body, holds in zip(blocks, (statement.body, statement.orelse), (True, False), strict=True):
            inner = Scope(narrowed(self, statement.test, scope, holds=holds), scope.module, scope.endings)
            with translator.inside(block):
                if self.run(body, inner):
                    sides.append((BranchEnd(writer.block, NONE, dict(translator.fields)), inner.variables))
        if not sides:
            return False
        if len(sides) == 1:
            # The rest belongs to the branch that goes on.
            ending, scope.variables = sides[0]
            writer.block, translator.fields = ending.block, dict(ending.fields)
            return self.run(rest, scope)
        scope.variables = self._merged([(ending.block, variables) for ending, variables in sides])
        translator.meet([ending for ending, _ in sides])
        returned = scope.endings[known:]
        if (returned and rest) or returned:
            done = writer.variable("False")
            for each in returned:
                each.block.line(f"{done} = True")
            _, writer.block = writer.block.branch(done)
        return self.run(rest, scope)

    def _merged(self, sides: list[tuple[Block, dict[str, Value]]]) -> dict[str, Value]:
        """The variables where branches meet; one that not all of them have assigned has no value."""
        names = set.intersection(*(set(variables) for _, variables in sides))
        merged = {}
        for name in sorted(names):
            try:
                merged[name] = join(self.writer, [(block, variables[name]) for block, variables in sides])
            except OutsideSubsetError:
                # It matters only if it is used.
                continue
        return merged

    # Simple statements

    def _return(self, statement: ast.Return, scope: Scope) -> bool:
        value = self.evaluate(statement.value, scope) if statement.value else NONE
        value = self.bound(value)
        scope.endings.append(BranchEnd(self.writer.block, value, dict(self.fields)))
        return False

    def _raise(self, statement: ast.Raise, scope: Scope) -> bool:
        if self.notes_conditions and statement.exc is not None:
            # What cannot be noted is the model's.
            with contextlib.suppress(OutsideSubsetError):
                conditions.note(self, self.evaluate(statement.exc, scope))
        self.writer.block.line(REFUSE)
        return False

    def _pass(self, statement: ast.Pass, scope: Scope) -> bool:
        return True

    def _expr(self, statement: ast.Expr, scope: Scope) -> bool:
        if isinstance(statement.value, ast.Yield):
            return self._round(statement.value, scope)
        if not isinstance(statement.value, ast.Constant):
            self.evaluate(statement.value, scope)
        return True

    def _round(self, node: ast.Yield, scope: Scope) -> bool:
        """One round of the loop that goes through what the function yields, which changes no variable but its own."""
        loop, outer = self._loops.pop()
        try:
            round_scope = Scope(dict(outer.variables), outer.module)
            self._store(loop.target, self.bound(self.evaluate(node.value or ast.Constant(None), scope)), round_scope)
            goes_on = self.run(loop.body, round_scope)
            if round_scope.endings:
                raise OutsideSubsetError("a return out of a loop over what is yielded")
        finally:
            self._loops.append((loop, outer))
        return goes_on

    def _assert(self, statement: ast.Assert, scope: Scope) -> bool:
        found = arithmetic.negated(self.condition(statement.test, scope))
        if isinstance(found, Flag):
            self.writer.refuse_if(found.text)
        return not (isinstance(found, Static) and found.value)

    def _try(self, statement: ast.Try, scope: Scope) -> bool:
        body, notes = statement.body + statement.orelse + statement.finalbody, self.notes_conditions
        # What a handler makes of a condition is the model's.
        self.notes_conditions = notes and not statement.handlers
        try:
            return self.run(body, scope)
        finally:
            self.notes_conditions = notes

    def _for(self, statement: ast.For, scope: Scope) -> bool:
        if any(isinstance(each, ast.Break | ast.Continue) for each in ast.walk(statement)):
            raise OutsideSubsetError("break or continue")
        iterable = self.evaluate(statement.iter, scope)
        if isinstance(iterable, ObjectPlace):
            self.model.loop(self, iterable, statement, scope)
            return True
        if isinstance(iterable, Generator):
            self._loops.append((statement, scope))
            try:
                self.call(iterable.function, list(iterable.arguments), iterable.keywords)
            finally:
                self._loops.pop()
            return True
        items = iterable.items if isinstance(iterable, Several) else self.items(iterable)
        if isinstance(iterable, Several) and iterable.count.high > MOST_ROUNDS:
            items = items[:MOST_ROUNDS]
            self.writer.refuse_if(f"({iterable.count.text} > {constant(MOST_ROUNDS)})")
        # Unrolled: after a return in one round, the next ones belong inside of a branch.
        rounds: list[ast.stmt] = []
        for place, item in enumerate(items):
            name = f"{ast.unparse(statement.iter)}[{place}]"
            scope.variables[name] = item
            assignment = ast.Assign([statement.target], ast.Name(name))
            one = [ast.copy_location(assignment, statement), *statement.body]
            if isinstance(iterable, Several) and place >= iterable.count.low:
                reached = f"len({ast.unparse(statement.iter)}) > {place}"
                scope.variables[reached] = Flag(f"({iterable.count.text} > {constant(place)})")
                one = [ast.If(ast.Name(reached), one, [])]
            rounds += one
        return self.run(rounds, scope)

    # Assignments

    def _assign(self, statement: ast.Assign, scope: Scope) -> bool:
        value = self.bound(self.evaluate(statement.value, scope))
        for target in statement.targets:
            self._store(target, value, scope)
        return True

    def _annassign(self, statement: ast.AnnAssign, scope: Scope) -> bool:
        if statement.value is not None:
            self._store(statement.target, self.evaluate(statement.value, scope), scope)
        return True

    def _augassign(self, statement: ast.AugAssign, scope: Scope) -> bool:
        target = statement.target
        before = self.evaluate(target, scope)
        amount = self.evaluate(statement.value, scope)
        after = self.binary(type(statement.op), before, amount)
        self._store(target, self.bound(after), scope)
        return True

    def _store(self, target: ast.expr, value: Value, scope: Scope) -> None:
        match target:
            case ast.Name(name):
                scope.variables[name] = value
            case ast.Tuple(targets):
                for each, item in zip(targets, self.items(value), strict=True):
                    self._store(each, item, scope)
            case ast.Attribute(owner, name):
                found = self.evaluate(owner, scope)
                if not isinstance(found, ObjectPlace):
                    raise OutsideSubsetError(f"{ast.unparse(target)} is set")
                self.model.set_attribute(self, found, name, value)
            case ast.Subscript(owner, index):
                found = self.evaluate(owner, scope)
                if not isinstance(found, ObjectPlace):
                    raise OutsideSubsetError(f"{ast.unparse(target)} is set")
                self.model.set_element(self, found, self.evaluate(index, scope), value)
            case _:
                raise OutsideSubsetError(f"{ast.unparse(target)} is set")


def _only_raises(body: list[ast.stmt]) -> bool:
    """Whether nothing comes of *body* but an exception, so that it is the model's."""
    if not body or not isinstance(body[-1], ast.Raise):
        return False
    return not any(isinstance(each, ast.Return | ast.Yield) for statement in body for each in ast.walk(statement))
