# SPDX-License-Identifier: GPL-2.0-or-later
"""The translator: a function of the model is carried out with values that are known now or only in compiled code.

It goes through the function's syntax tree as an interpreter would.  What is known (constants, the operands' places, which
function is called, a keyword such as ``real=True``) is computed; the rest becomes lines of source.  Calls are carried out
in place, so that one flat function comes of an instruction.  The subset:

* integers, truth values, None, members of enumerations, tuples, dataclasses, lambdas; bytes made of integers or fetched;
* assignments, ``if``, ``return``, ``for`` over what is known, ``assert``, ``try`` (see below), conditional expressions;
* objects of the model that :mod:`emu.engine.rules.model` says the compiled form of.

``raise`` leaves the instruction to the model, and so does whatever the model's own objects refuse.  Since no effect has
been done then (:mod:`emu.engine.rules.writer`), the model begins from the same state, and every handler of an exception
is its own affair: ``try`` is its body.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from emu.engine.rules import arithmetic
from emu.engine.rules.joining import Ending, join
from emu.engine.rules.values import (
    NONE,
    Check,
    Either,
    Flag,
    Number,
    OutsideSubsetError,
    Sequence,
    Static,
    Structure,
    Value,
    constant,
    describe,
    is_number,
)
from emu.engine.rules.writer import REFUSE, Block, Branch, Writer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emu.engine.rules.model import Model

_DEEPEST: Final = 40


class DivergedError(Exception):
    """What follows in this block is never reached: the instruction has been left to the model."""


@dataclass
class Scope:
    """The variables of a function that is being carried out, and how it has ended so far."""

    variables: dict[str, Value]
    module: dict[str, Any]
    endings: list[Ending] = field(default_factory=list)


@cache
def syntax_tree(function: Callable[..., Any]) -> ast.FunctionDef:
    """The definition of *function*.

    :raises OutsideSubsetError: if it has no source of its own.
    """
    try:
        source = textwrap.dedent(inspect.getsource(function))
    except (OSError, TypeError):
        raise OutsideSubsetError(f"{function!r} has no source") from None
    found = ast.parse(source).body[0]
    if not isinstance(found, ast.FunctionDef):
        raise OutsideSubsetError(f"{function.__qualname__} is no plain function")
    return found


class Translator:
    """One function on its way into source."""

    def __init__(self, model: Model) -> None:
        from emu.engine.rules.expressions import Expressions
        from emu.engine.rules.statements import Statements

        self.model = model
        self.writer = Writer()
        self.fields: dict[str, Value] = {}
        """What fields of the record hold that have been changed, before the epilogue writes them."""
        self._depth = 0
        self._expressions = Expressions(self)
        self._statements = Statements(self, self._expressions)

    def evaluate(self, node: ast.expr, scope: Scope) -> Value:
        """The value of an expression."""
        return self._expressions.evaluate(node, scope)

    def attribute(self, owner: Value, name: str) -> Value:
        """The attribute *name* of *owner*."""
        return self._expressions.attribute(owner, name)

    def class_attribute(self, kind: type, name: str, owner: Value) -> Value:
        """What the class *kind* of *owner* has as *name*."""
        return self._expressions.class_attribute(kind, name, owner)

    @staticmethod
    def setter(kind: type | None, name: str) -> Callable[..., Any] | None:
        """The function that sets the property *name* of the class *kind*."""
        found = getattr(kind, name, None)
        return found.fset if isinstance(found, property) else None

    @staticmethod
    def structure(kind: type, **fields: Value) -> Structure:
        """An object of the dataclass *kind*."""
        return Structure(kind, fields)

    # Functions

    def call(self, function: Callable[..., Any], arguments: list[Value], keywords: dict[str, Value]) -> Value:
        """Carry out *function* here, and give what it returns."""
        instead = self.model.function(function)
        if instead is not None:
            return instead(self, *arguments, **keywords)
        bound = inspect.signature(function).bind(*arguments, **keywords)
        variables = {}
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
            if self._statements.run(syntax_tree(function).body, scope):
                scope.endings.append(Ending(self.writer.block, NONE, dict(self.fields)))
        finally:
            self._depth -= 1
            self.writer.block = entry
        return self.meet(scope.endings)

    # Branches

    def refuse(self) -> DivergedError:
        """Leave the instruction to the model here; raise what this gives."""
        self.writer.block.line(REFUSE)
        return DivergedError()

    def meet(self, endings: list[Ending]) -> Value:
        """Go on behind the *endings* of branches: the value that each has come to, and its fields.

        :raises DivergedError: if there is none.
        """
        if not endings:
            raise DivergedError
        if len(endings) == 1:
            self.fields = dict(endings[0].fields)
            return endings[0].value
        names = {name: None for each in endings for name in each.fields}
        fields = {}
        for name in names:
            initial = self.model.initial(name)
            fields[name] = join(self.writer, [(each.block, each.fields.get(name, initial)) for each in endings])
        self.fields = fields
        return join(self.writer, [(each.block, each.value) for each in endings])

    @contextmanager
    def inside(self, block: Block) -> Iterator[None]:
        """Write into *block*, with fields of its own."""
        outer, fields = self.writer.block, self.fields
        self.writer.block, self.fields = block, dict(fields)
        try:
            yield
        finally:
            self.writer.block, self.fields = outer, fields

    def choose(self, condition: Static | Flag, first: Callable[[], Value], second: Callable[[], Value]) -> Value:
        """The value of *first* or of *second*, only one of which is carried out."""
        if isinstance(condition, Static):
            return first() if condition.value else second()
        branch = Branch(condition.text, Block(), Block())
        endings = []
        for block, side in ((branch.then, first), (branch.other, second)):
            with self.inside(block):
                try:
                    value = side()
                except DivergedError:
                    continue
                endings.append(Ending(self.writer.block, value, self.fields))
        if not (branch.then.content or branch.other.content):
            match [each.value for each in endings]:
                case [Static(True), Static(False)]:
                    return condition
                case [Static(False), Static(True)]:
                    return arithmetic.negated(condition)
        self.writer.block.content.append(branch)
        return self.meet(endings)

    def distribute(self, value: Value, action: Callable[[Value], Value]) -> Value:
        """What *action* makes of *value*; of each alternative, if it is one of several."""
        if not isinstance(value, Either):
            return action(value)
        return self._distribute(value, 0, action)

    def _distribute(self, value: Either, place: int, action: Callable[[Value], Value]) -> Value:
        if place == len(value.alternatives) - 1:
            return action(value.alternatives[place])
        return self.choose(
            Flag(f"({value.tag} == {constant(place)})"),
            lambda: action(value.alternatives[place]),
            lambda: self._distribute(value, place + 1, action),
        )

    def bound(self, value: Value) -> Value:
        """*value*, with a name for what it is computed by, so that it is computed once."""
        match value:
            case Number(text, low, high):
                return value if text.startswith("uint64(0x") or text.isidentifier() else self._named(value)
            case Flag(text):
                return Flag(self.writer.bind(text))
            case Structure(kind, fields):
                return Structure(kind, {name: self.bound(each) for name, each in fields.items()})
        return value

    def _named(self, value: Number) -> Number:
        name = self.writer.bind(value.text)
        check = None
        if value.carry and not value.is_exact:
            check = Check(value.carry.replace(value.text, name))
            self.writer.block.content.append(check)
        return Number(name, value.low, value.high, check=check)

    # Fields and elements of the record

    def field(self, name: str) -> Value:
        """What the field *name* holds now."""
        return self.fields.get(name) or self.model.initial(name)

    def set_field(self, name: str, value: Value) -> None:
        """Let it hold *value* from now on."""
        self.fields[name] = self.bound(value)

    def element(self, array: str, index: str, text: str, high: int) -> Number:
        """The element *index* of *array*, which *text* reads, or what has been written there before."""
        writes = [each for each in self.writer.writes if each.array == array]
        if not writes:
            return Number(text, 0, high)
        found = self.writer.variable("ZERO")
        self.writer.block.line(f"{found} = {text}")
        for each in writes:
            then, _ = self.writer.block.branch(f"({each.flag} and {each.index} == {index})")
            then.line(f"{found} = {each.value}")
        return Number(found, 0, high)

    def integer(self, value: Value) -> Value:
        """*value*, which the model stores as an integer: it fails itself where that is none."""
        return self.distribute(value, self._integer)

    def _integer(self, value: Value) -> Value:
        if not is_number(value):
            raise self.fails(TypeError(f"{describe(value)} is no integer"))
        return value

    def fails(self, reason: Exception) -> DivergedError:
        """The model itself raises *reason* here: it shall."""
        self.writer.block.line(f"# {type(reason).__name__}: {reason}".replace("\n", " ")[:100])
        return self.refuse()


def apply(translator: Translator, operation: Callable[..., Any], *operands: Any) -> Static:
    """*operation* on what is known."""
    try:
        return Static(operation(*operands))
    except (TypeError, ValueError, LookupError, AttributeError, ArithmeticError) as reason:
        raise translator.fails(reason) from None


def condition_of(translator: Translator, value: Value) -> Static | Flag:
    """Whether *value*, perhaps one of several, counts as true."""
    found = translator.distribute(value, lambda each: arithmetic.truth(_countable(each)))
    assert isinstance(found, Static | Flag), describe(found)
    return found


def _countable(value: Value) -> Value:
    """Objects count as true."""
    return Static(True) if isinstance(value, Structure) else value
