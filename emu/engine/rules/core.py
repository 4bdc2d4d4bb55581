# SPDX-License-Identifier: GPL-2.0-or-later
"""What every part of the translator works with: the source being written, branches, and fields of the record."""

from __future__ import annotations

import ast
import inspect
import textwrap
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

from emu.engine.rules import arithmetic
from emu.engine.rules.joining import BranchEnd, join
from emu.engine.rules.values import (
    BoundCheck,
    Either,
    Flag,
    Number,
    ObjectPlace,
    OutsideSubsetError,
    Several,
    Static,
    Structure,
    Value,
    constant,
    describe,
    is_number,
    number,
)
from emu.engine.rules.writer import REFUSE, Block, Branch, SourceWriter

if TYPE_CHECKING:
    from collections.abc import Iterator


class DivergedError(Exception):
    """What follows in this block is never reached: the instruction has been left to the model."""


@dataclass
class Scope:
    """The variables of a function that is being carried out, and how it has ended so far."""

    variables: dict[str, Value]
    module: dict[str, Any]
    endings: list[BranchEnd] = field(default_factory=list)


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


class Objects(Protocol):
    """The objects of the model, as compiled code has them: :class:`emu.engine.rules.model.Model`."""

    @property
    def package(self) -> str:
        """Functions of modules that begin so are carried out."""

    def function(self, known: Any) -> Callable[..., Value] | None:
        """What is done in place of the function *known*, if it is not carried out itself."""

    def initial(self, name: str) -> Value:
        """What the field *name* holds before the instruction."""

    def attribute(self, translator: Core, owner: ObjectPlace, name: str) -> Value:
        """The attribute *name* of *owner*."""

    def set_attribute(self, translator: Core, owner: ObjectPlace, name: str, value: Value) -> None:
        """Set the attribute *name* of *owner*."""

    def element(self, translator: Core, owner: ObjectPlace, index: Value) -> Value:
        """The element *index* of *owner*."""

    def set_element(self, translator: Core, owner: ObjectPlace, index: Value, value: Value) -> None:
        """Set the element *index* of *owner*."""

    def contains(self, translator: Core, owner: ObjectPlace, item: Value) -> Static | Flag:
        """Whether *item* is in *owner*."""

    def length(self, owner: ObjectPlace) -> Number:
        """How many elements *owner* has."""

    def loop(self, translator: Core, owner: ObjectPlace, statement: ast.For, scope: Scope) -> None:
        """Carry out a loop over *owner*."""


class Core(ABC):
    """One function on its way into source."""

    def __init__(self, model: Objects) -> None:
        self.model = model
        self.writer = SourceWriter()
        self.fields: dict[str, Value] = {}
        """What fields of the record hold that have been changed, before the epilogue writes them."""
        self.is_ahead = False
        """Whether what is carried out may be more than the model does: it must change nothing, nor look at storage."""
        self.notes_conditions = False
        """Whether program-interruption conditions that are raised are noted, so that they can be taken."""

    @abstractmethod
    def evaluate(self, node: ast.expr, scope: Scope) -> Value:
        """The value of an expression."""

    @abstractmethod
    def attribute(self, owner: Value, name: str) -> Value:
        """The attribute *name* of *owner*."""

    @abstractmethod
    def class_attribute(self, kind: type, name: str, owner: Value) -> Value:
        """What the class *kind* of *owner* has as *name*."""

    @abstractmethod
    def binary(self, kind: type[ast.operator], left: Value, right: Value) -> Value:
        """*left* and *right* with an operator between them."""

    @abstractmethod
    def items(self, value: Value) -> list[Value]:
        """The elements of *value*, whose number must be known."""

    @abstractmethod
    def compared(self, kind: type[ast.cmpop], left: Value, right: Value) -> Value:
        """Whether *left* and *right* are as the operator *kind* says."""

    @abstractmethod
    def call(self, function: Callable[..., Any], arguments: list[Value], keywords: dict[str, Value]) -> Value:
        """Carry out *function* here, and give what it returns."""

    @abstractmethod
    def called(self, function: Value, arguments: list[Value], keywords: dict[str, Value]) -> Value:
        """What a call of *function*, a value, gives."""

    # Branches

    def refuse(self) -> DivergedError:
        """Leave the instruction to the model here; raise what this gives."""
        self.writer.block.line(REFUSE)
        return DivergedError()

    def meet(self, endings: list[BranchEnd]) -> Value:
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
        branch = Branch(condition.text, self.writer.block)
        endings = []
        for block, side in ((branch.then, first), (branch.other, second)):
            with self.inside(block):
                try:
                    value = side()
                except DivergedError:
                    continue
                endings.append(BranchEnd(self.writer.block, value, self.fields))
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
            case Number(text):
                return value if text.startswith("uint64(0x") or text.isidentifier() else self._named(value)
            case Flag(text):
                return Flag(self.writer.bind(text))
            case Structure(kind, fields):
                return Structure(kind, {name: self.bound(each) for name, each in fields.items()})
            case Several(items, count):
                return Several(tuple(self.bound(each) for each in items), number(self.bound(count)))
        return value

    def _named(self, value: Number) -> Number:
        name = self.writer.bind(value.text)
        check = None
        if value.carry and not value.is_exact:
            check = BoundCheck(value.carry.replace(value.text, name))
            self.writer.block.content.append(check)
        return Number(name, value.low, value.high, check=check)

    @contextmanager
    def ahead(self) -> Iterator[None]:
        """Carry out what the model may not reach."""
        before, self.is_ahead = self.is_ahead, True
        try:
            yield
        finally:
            self.is_ahead = before

    def require_reached(self, what: str) -> None:
        """Be sure that the model does here *what* is being carried out.

        :raises OutsideSubsetError: if that is not known.
        """
        if self.is_ahead:
            raise OutsideSubsetError(f"{what} for each of a number that is not known")

    # Fields and elements of the record

    def field(self, name: str) -> Value:
        """What the field *name* holds now."""
        return self.fields.get(name) or self.model.initial(name)

    def set_field(self, name: str, value: Value) -> None:
        """Let it hold *value* from now on."""
        self.require_reached(f"{name} is set")
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


def apply(translator: Core, operation: Callable[..., Any], *operands: Any) -> Static:
    """*operation* on what is known."""
    try:
        return Static(operation(*operands))
    except (TypeError, ValueError, LookupError, AttributeError, ArithmeticError) as reason:
        raise translator.fails(reason) from None


def condition_of(translator: Core, value: Value) -> Static | Flag:
    """Whether *value*, perhaps one of several, counts as true."""
    found = translator.distribute(value, lambda each: arithmetic.truth(_countable(each)))
    assert isinstance(found, Static | Flag), describe(found)
    return found


def _countable(value: Value) -> Value:
    """Objects count as true."""
    return Static(True) if isinstance(value, Structure) else value
