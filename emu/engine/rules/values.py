# SPDX-License-Identifier: GPL-2.0-or-later
"""What the translator knows of a value: that it is known now, or by which expression compiled code will compute it.

Compiled code has 64-bit unsigned words where Python has integers without end.  A :class:`Number` is therefore a word
that is *congruent* to the model's value modulo 2**64, together with the bounds of that value.  Adding, subtracting,
multiplying, shifting left and the bitwise operations keep the congruence; whatever looks at a value as a whole
(comparing, shifting right, dividing, indexing, storing) asks whether the bounds make word and value equal
(:attr:`Number.is_exact`), and a function of which that cannot be shown is not translated.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

WORD: Final = 1 << 64
UNBOUNDED: Final = 1 << 200
"""As a bound of a value: none is known."""


class OutsideSubsetError(Exception):
    """The translator does not do this; the message says what."""


@dataclass(frozen=True, slots=True)
class Static:
    """A value that is known while translating: a constant, a function, a class, a member of an enumeration, None."""

    value: Any


@dataclass
class BoundCheck:
    """A place in the source where a sum can be looked at: did it leave 64 bits, so that the model must go on?"""

    condition: str
    is_wanted: bool = False


@dataclass(frozen=True, slots=True)
class Number:
    """An integer that the expression *text* computes modulo 2**64; the model's value lies from *low* to *high*.

    Of a sum that may leave 64 bits *carry* says when it has; *check* is where that can be looked at once it has a name.
    """

    text: str
    low: int
    high: int
    carry: str = field(default="", compare=False)
    check: BoundCheck | None = field(default=None, compare=False)

    @property
    def is_exact(self) -> bool:
        """Whether the word is the value itself."""
        return self.low >= 0 and self.high < WORD


@dataclass(frozen=True, slots=True)
class Flag:
    """A truth value that *text* computes."""

    text: str


@dataclass(frozen=True, slots=True)
class ObjectPlace:
    """An object of the model that compiled code has in another form, by its *name* in :mod:`emu.engine.rules.model`."""

    name: str


@dataclass(frozen=True, slots=True)
class Method:
    """The function *function* of an object."""

    function: Callable[..., Any]
    owner: Value


@dataclass(frozen=True, slots=True)
class Primitive:
    """A function that the translator carries out itself, given the arguments."""

    name: str
    perform: Callable[..., Value]


@dataclass(frozen=True, slots=True)
class Closure:
    """A lambda, with the variables of the function that it is written in."""

    node: ast.Lambda
    variables: dict[str, Value]
    module: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Generator:
    """A call of the generator function *function*, of which a loop makes each round where it yields."""

    function: Callable[..., Any]
    arguments: tuple[Value, ...]
    keywords: dict[str, Value]


@dataclass(frozen=True, slots=True)
class Structure:
    """An object of the dataclass *kind*, whose fields are known one by one."""

    kind: type
    fields: dict[str, Value]


@dataclass(frozen=True, slots=True)
class Sequence:
    """A tuple or list whose length is known."""

    items: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Several:
    """The first *count* of *items*: a list of which only the greatest length is known."""

    items: tuple[Value, ...]
    count: Number


@dataclass(frozen=True, slots=True)
class Octets:
    """Bytes that integers make, big-endian: each (value, how many bytes); all of them, or only the first *count*."""

    pieces: tuple[tuple[Value, int], ...]
    count: Number | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """Bytes that lie in storage: at address *place* of this process, *length* of them."""

    place: str
    length: Value


@dataclass(frozen=True, slots=True)
class Either:
    """One of several values of different kinds: that one whose place in *alternatives* the word *tag* says."""

    tag: str
    alternatives: tuple[Value, ...]


Value = (
    Static
    | Number
    | Flag
    | ObjectPlace
    | Method
    | Primitive
    | Closure
    | Generator
    | Structure
    | Sequence
    | Several
    | Octets
    | Stored
    | Either
)

NONE: Final = Static(None)


def constant(value: int) -> str:
    """*value* modulo 2**64, as compiled code writes it."""
    return f"uint64({value % WORD:#x})"


def is_number(value: Value) -> bool:
    """Whether *value* is an integer or a truth value, known or not."""
    return isinstance(value, Number | Flag) or (isinstance(value, Static) and isinstance(value.value, int))


def number(value: Value) -> Number:
    """*value* as a number.

    :raises OutsideSubsetError: if it is none.
    """
    match value:
        case Number():
            return value
        case Flag(text):
            return Number(f"uint64({text})", 0, 1)
        case Static(int(known)):
            return Number(constant(int(known)), int(known), int(known))
    raise OutsideSubsetError(f"{describe(value)} is not a number")


def exact(value: Value, what: str) -> Number:
    """*value* as a number that is equal to its word, or else the instruction is left to the model.

    :raises OutsideSubsetError: if neither is known.
    """
    found = number(value)
    if found.check is not None and not found.is_exact:
        found.check.is_wanted = True
        return Number(found.text, found.low, WORD - 1)
    if not found.is_exact:
        raise OutsideSubsetError(f"{what} may not fit in 64 bits: {describe(value)}")
    return found


def static_integer(value: Value) -> int | None:
    """The integer that *value* is known to be, if it is one."""
    if isinstance(value, Static) and isinstance(value.value, int):
        return int(value.value)
    return None


def describe(value: Value) -> str:
    """*value* in a message."""
    match value:
        case Static(known):
            return f"{known!r}"
        case Number(text, _, _) | Flag(text):
            return text
        case ObjectPlace(name):
            return f"the {name}"
        case Method(function, _):
            return function.__qualname__
        case Primitive(name, _):
            return name
        case Either(_, alternatives):
            return " or ".join(map(describe, alternatives))
    return type(value).__name__.lower()
