# SPDX-License-Identifier: GPL-2.0-or-later
"""Rules that are functions of integers: each is compiled from the function that Python calls."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from numba import njit

from emu.engine.rules.model import Model
from emu.engine.rules.translator import Translator
from emu.engine.rules.values import WORD, Flag, Number, OutsideSubsetError, Value, describe, is_number, number
from emu.engine.rules.writer import REFUSE

_ZERO: Final = np.uint64(0)
_NO_SHIFT: Final = np.uint64(64)


@njit
def shift_left(value: Any, amount: Any) -> Any:
    """*value* shifted left by any *amount*, modulo 2**64."""
    return value << amount if amount < _NO_SHIFT else _ZERO


@njit
def shift_right(value: Any, amount: Any) -> Any:
    """*value* shifted right by any *amount*."""
    return value >> amount if amount < _NO_SHIFT else _ZERO


NAMES: Final[dict[str, Any]] = {
    "ZERO": _ZERO,
    "uint64": np.uint64,
    "int64": np.int64,
    "shift_left": shift_left,
    "shift_right": shift_right,
}
"""What translated functions of integers call."""


def rule_source(function: Callable[..., Any]) -> str:
    """The source of *function* for words: of what it is given, and of what it returns.

    :raises OutsideSubsetError: if it may raise an exception, or is not of the subset.
    """
    names = list(inspect.signature(function).parameters)
    translator = Translator(Model())
    result = translator.call(function, [Number(name, 0, WORD - 1) for name in names], {})
    return pure_source(translator, function.__name__, names, result)


def pure_source(translator: Translator, name: str, arguments: Sequence[str], result: Value) -> str:
    """The source of a function *name* of words that does what *translator* has written, and returns *result*.

    :raises OutsideSubsetError: if it may raise an exception, or the result is no number.
    """
    if not is_number(result):
        raise OutsideSubsetError(f"{name} gives {describe(result)}")
    text = result.text if isinstance(result, Flag) else number(result).text
    lines = [f"def {name}({', '.join(arguments)}):"]
    lines += [f"    {each} = uint64({each})" for each in arguments]
    lines += translator.writer.declarations()
    lines += translator.writer.top.lines(1)
    source = "\n".join([*lines, f"    return {text}", ""])
    if REFUSE in source:
        raise OutsideSubsetError(f"{name} may raise an exception")
    return source


def rule(function: Callable[..., Any]) -> Any:
    """*function* for compiled code: the same function of words."""
    return compiled(rule_source(function), function.__name__, NAMES)


def compiled(source: str, name: str, names: dict[str, Any]) -> Any:
    """The function *name* that *source* defines, which numba compiles when it is first called by compiled code."""
    namespace = dict(names)
    exec(compile(source, f"<translated {name}>", "exec"), namespace)
    return njit(namespace[name])
