# SPDX-License-Identifier: GPL-2.0-or-later
"""Operators on numbers: the expression that compiled code has for each, and the bounds of what comes out."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any, Final

from emu.engine.rules.values import (
    UNBOUNDED,
    WORD,
    Flag,
    Number,
    OutsideSubsetError,
    Static,
    Value,
    constant,
    describe,
    exact,
    number,
    static_integer,
)

PYTHON_OPERATORS: Final[dict[type[ast.AST], Callable[..., Any]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
    ast.Invert: operator.invert,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda item, container: item in container,
    ast.NotIn: lambda item, container: item not in container,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
}
_SIGNS: Final = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.BitAnd: "&", ast.BitOr: "|", ast.BitXor: "^"}
_COMPARISONS: Final = {ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}
_LARGEST_SHIFT: Final = 63


def _clamped(low: int, high: int) -> tuple[int, int]:
    return max(low, -UNBOUNDED), min(high, UNBOUNDED)


def _bitwise_bounds(kind: type[ast.operator], left: Number, right: Number) -> tuple[int, int]:
    if kind is ast.BitAnd:
        limits = [each.high for each in (left, right) if each.low >= 0]
        if limits:
            return 0, min(limits)
    elif left.low >= 0 and right.low >= 0:
        return 0, (1 << max(left.high, right.high).bit_length()) - 1
    return -UNBOUNDED, UNBOUNDED


def _bounds(kind: type[ast.operator], left: Number, right: Number) -> tuple[int, int]:
    """The bounds of a sum, difference, product, or of what a bitwise operation gives."""
    if kind is ast.Add:
        return left.low + right.low, left.high + right.high
    if kind is ast.Sub:
        return left.low - right.high, left.high - right.low
    if kind is ast.Mult:
        corners = [one * other for one in (left.low, left.high) for other in (right.low, right.high)]
        return min(corners), max(corners)
    return _bitwise_bounds(kind, left, right)


def _shift(kind: type[ast.operator], left: Number, amount: Number) -> Number:
    if kind is ast.LShift:
        shifts = [each << min(amount.high, 200) for each in (left.low, left.high)] + [left.low, left.high]
        bounds = min(shifts), max(shifts)
        sign, function = "<<", "shift_left"
    else:
        left = exact(left, "what is shifted right")
        bounds = left.low >> min(amount.high, 200), left.high >> amount.low
        sign, function = ">>", "shift_right"
    if amount.high <= _LARGEST_SHIFT:
        text = f"({left.text} {sign} {amount.text})"
    else:
        # The processor takes the amount modulo 64.
        text = f"{function}({left.text}, {amount.text})"
    return Number(text, *_clamped(*bounds))


def _divide(kind: type[ast.operator], left: Number, divisor: Value) -> Number:
    known = static_integer(divisor)
    if known is None or known <= 0:
        raise OutsideSubsetError(f"a division by {describe(divisor)}")
    is_power = not known & known - 1
    if kind is ast.Mod and is_power:
        # It divides 2**64: what is congruent modulo that has the same remainder.
        high = min(known - 1, left.high) if left.is_exact else known - 1
        return Number(f"({left.text} & {constant(known - 1)})", 0, high)
    left = exact(left, "what is divided")
    if kind is ast.Mod:
        return Number(f"({left.text} % {constant(known)})", 0, min(known - 1, left.high))
    if is_power:
        return _shift(ast.RShift, left, number(Static(known.bit_length() - 1)))
    return Number(f"({left.text} // {constant(known)})", left.low // known, left.high // known)


def binary(kind: type[ast.operator], left: Value, right: Value) -> Value:
    """*left* and *right*, of which one is not known, with an operator between them."""
    first = number(left)
    if kind in (ast.FloorDiv, ast.Mod):
        return _divide(kind, first, right)
    if kind in (ast.LShift, ast.RShift):
        return _shift(kind, first, exact(right, "the amount of a shift"))
    if kind not in _SIGNS:
        raise OutsideSubsetError(f"the operator {kind.__name__}")
    second = number(right)
    if kind is ast.Add and Static(0) in (left, right):
        return second if left == Static(0) else first
    if kind in (ast.BitAnd, ast.BitOr) and _is_truth(left) and _is_truth(right):
        return (both if kind is ast.BitAnd else either)(truth(left), truth(right))
    text = f"({first.text} {_SIGNS[kind]} {second.text})"
    carry = f"({text} < {second.text})" if kind is ast.Add and first.is_exact and second.is_exact else ""
    return Number(text, *_clamped(*_bounds(kind, first, second)), carry)


def _is_truth(value: Value) -> bool:
    return isinstance(value, Flag) or (isinstance(value, Static) and isinstance(value.value, bool))


def unary(kind: type[ast.unaryop], operand: Value) -> Value:
    """*operand*, which is not known, with an operator before it."""
    found = number(operand)
    if kind is ast.Invert:
        return Number(f"(~{found.text})", -found.high - 1, -found.low - 1)
    if kind is ast.USub:
        return Number(f"(ZERO - {found.text})", -found.high, -found.low)
    raise OutsideSubsetError(f"the operator {kind.__name__}")


def compare(kind: type[ast.cmpop], left: Value, right: Value) -> Value:
    """Whether *left* and *right*, of which one is not known, are as *kind* says."""
    if kind not in _COMPARISONS:
        raise OutsideSubsetError(f"the comparison {kind.__name__} of {describe(left)} and {describe(right)}")
    first, second = number(left), number(right)
    if max(first.high, second.high) - min(first.low, second.low) < WORD and kind in (ast.Eq, ast.NotEq):
        # Congruent values so near to each other are equal.
        return Flag(f"({first.text} {_COMPARISONS[kind]} {second.text})")
    if (
        all(each.low >= -WORD // 2 and each.high < WORD // 2 for each in (first, second))
        and min(first.low, second.low) < 0
    ):
        return Flag(f"(int64({first.text}) {_COMPARISONS[kind]} int64({second.text}))")
    words = [
        exact(each, f"what is compared with {describe(other)}").text for each, other in ((first, right), (second, left))
    ]
    return Flag(f"({words[0]} {_COMPARISONS[kind]} {words[1]})")


def truth(value: Value) -> Static | Flag:
    """Whether *value* counts as true."""
    match value:
        case Flag():
            return value
        case Static(known):
            return Static(bool(known))
        case Number(text, low, high):
            if low > 0 or high < 0:
                return Static(True)
            if high - low >= WORD:
                raise OutsideSubsetError(f"{text}, which may not fit in 64 bits, is asked whether it is zero")
            return Flag(f"({text} != ZERO)")
    raise OutsideSubsetError(f"{describe(value)} is asked whether it is true")


def both(left: Static | Flag, right: Static | Flag) -> Static | Flag:
    """Whether both are true."""
    if isinstance(left, Static):
        return right if left.value else left
    if isinstance(right, Static):
        return left if right.value else right
    return Flag(f"({left.text} and {right.text})")


def either(left: Static | Flag, right: Static | Flag) -> Static | Flag:
    """Whether one of them is true, or both."""
    if isinstance(left, Static):
        return left if left.value else right
    if isinstance(right, Static):
        return right if right.value else left
    return Flag(f"({left.text} or {right.text})")


def negated(value: Static | Flag) -> Static | Flag:
    """Whether it is false."""
    return Static(not value.value) if isinstance(value, Static) else Flag(f"(not {value.text})")
