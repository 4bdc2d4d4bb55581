# SPDX-License-Identifier: GPL-2.0-or-later
"""Expressions in the commands of the stepper: conditions of stops, and addresses.

A condition is written as in Python: comparisons, ``and``, ``or``, ``not``, arithmetic, numbers decimal or with 0x.  The
names are registers (``gr2``, ``cr1``, ``cc``, ``pswa``, ``pswm``, ``prefix``), the fields of the instruction that comes
next (``r1``, ``m3``, ``d2`` ...), what has happened (``page``, ``before``, ``after``, ``code``, ``address``,
``length``), ``executed``, ``time``, ``cpu``, symbols, and ``mem(ADDRESS, LENGTH)``, which looks at virtual storage.
"""

from __future__ import annotations

import ast
import operator
from typing import TYPE_CHECKING, Any, Final

from emu.isa.declaration import Operands, decode

if TYPE_CHECKING:
    from collections.abc import Callable

    from emu.running.stopping.view import View

Lookup = "Callable[[str], int | None]"
"""The address of a symbol; None if there is none of that name."""

_BINARY: Final[dict[type[ast.operator], Callable[[Any, Any], Any]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
}
_COMPARISONS: Final[dict[type[ast.cmpop], Callable[[Any, Any], Any]]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_UNARY: Final[dict[type[ast.unaryop], Callable[[Any], Any]]] = {
    ast.Not: operator.not_,
    ast.USub: operator.neg,
    ast.Invert: operator.invert,
}
_NUMBERED: Final = {"gr": 16, "cr": 16, "ar": 16}
_EVENT: Final = frozenset({"page", "before", "after", "code", "address", "length"})
_FIELDS: Final = frozenset(Operands.__slots__) - {"raw", "length"}
_LONGEST_SHIFT: Final = 128


class ExpressionError(ValueError):
    """An expression was wrong; the message says what was expected."""


Value = "Callable[[View], Any]"


def parse_condition(text: str, symbol: Callable[[str], int | None]) -> Callable[[View], bool]:
    """The condition *text* as a function of what may be looked at.

    :param symbol: gives the address of a symbol, or None.
    :raises ExpressionError: if it is none.
    """
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ExpressionError(f"expected a condition such as gr2 == 0x1000 and cc != 0, not {text!r}") from None
    value = _compile(tree.body, symbol)
    return lambda view: bool(value(view))


def _compile(node: ast.expr, symbol: Callable[[str], int | None]) -> Callable[[View], Any]:
    match node:
        case ast.Constant(value=int() as number):
            return lambda _: number
        case ast.Name(id=name):
            return _name(name, symbol)
        case ast.UnaryOp(op=op, operand=operand) if type(op) in _UNARY:
            unary, inner = _UNARY[type(op)], _compile(operand, symbol)
            return lambda view: unary(inner(view))
        case ast.BinOp(left=first, op=op, right=second) if type(op) in _BINARY:
            return _binary(_BINARY[type(op)], _compile(first, symbol), _compile(second, symbol))
        case ast.BoolOp(op=op, values=values):
            parts = [_compile(each, symbol) for each in values]
            if isinstance(op, ast.And):
                return lambda view: all(part(view) for part in parts)
            return lambda view: any(part(view) for part in parts)
        case ast.Compare(left=left, ops=ops, comparators=others) if all(type(op) in _COMPARISONS for op in ops):
            return _comparison([_COMPARISONS[type(op)] for op in ops], [_compile(e, symbol) for e in (left, *others)])
        case ast.Call(func=ast.Name(id="mem"), args=[where, size], keywords=[]):
            return _storage(_compile(where, symbol), _compile(size, symbol))
    raise ExpressionError(f"not understood in a condition: {ast.unparse(node)}")


def _binary(
    act: Callable[[Any, Any], Any], left: Callable[[View], Any], right: Callable[[View], Any]
) -> Callable[[View], Any]:
    def value(view: View) -> Any:
        second = right(view)
        if act in (operator.lshift, operator.rshift) and not 0 <= second <= _LONGEST_SHIFT:
            return 0
        if act in (operator.floordiv, operator.mod) and not second:
            return 0
        return act(left(view), second)

    return value


def _comparison(tests: list[Callable[[Any, Any], Any]], values: list[Callable[[View], Any]]) -> Callable[[View], bool]:
    def holds(view: View) -> bool:
        found = [value(view) for value in values]
        return all(test(found[index], found[index + 1]) for index, test in enumerate(tests))

    return holds


def _storage(where: Callable[[View], Any], size: Callable[[View], Any]) -> Callable[[View], int]:
    """The integer at a virtual address; zero where there is no storage."""

    def value(view: View) -> int:
        absolute = view.absolute(where(view))
        try:
            return 0 if absolute is None else int.from_bytes(view.read(absolute, size(view)), "big")
        except IndexError:
            return 0

    return value


def _name(name: str, symbol: Callable[[str], int | None]) -> Callable[[View], Any]:
    if name[2:].isdecimal() and name[:2] in _NUMBERED and int(name[2:]) < _NUMBERED[name[:2]]:
        kind, number = name[:2], int(name[2:])
        return lambda view: getattr(view, kind)[number]
    simple: dict[str, Callable[[View], Any]] = {
        "cc": lambda view: view.psw.mask >> 44 & 3,
        "pswa": lambda view: view.psw.address,
        "pc": lambda view: view.psw.address,
        "pswm": lambda view: view.psw.mask,
        "prefix": lambda view: view.prefix,
        "executed": lambda view: view.executed,
        "time": lambda view: view.work,
        "cpu": lambda view: view.cpu,
    }
    if name in simple:
        return simple[name]
    if name in _EVENT:
        return lambda view: getattr(view.event, name) or 0
    if name in _FIELDS:
        return lambda view: _field(view.instruction, name)
    address = symbol(name)
    if address is None:
        raise ExpressionError(f"expected a register, a field of the instruction or a symbol, not {name!r}")
    return lambda _: address


def _field(instruction: bytes, name: str) -> int:
    """The operand field *name* of *instruction*; zero if it has none, or is not declared."""
    decoded = decode(instruction) if instruction else None
    value: int = 0 if decoded is None else getattr(decoded[1], name)
    return value
