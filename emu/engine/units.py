# SPDX-License-Identifier: GPL-2.0-or-later
"""Units: functions of compiled code that are compiled by themselves, and called by a symbol.

To find the types of a function and to translate it takes numba up to seconds.  A unit is compiled once, however many
call it; again only when it has changed; and several are compiled at a time.  They are put together to the code of a
callback at last (:mod:`emu.engine.compiling`).

Like the callbacks, only a compilation imports it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final

from numba import cfunc, from_dtype, types

from emu.engine.library import EngineError
from emu.engine.record import RECORD_TYPE

WORD: Final = types.uint64
NOTHING: Final = types.void
_RECORD: Final = from_dtype(RECORD_TYPE)


@dataclass(frozen=True, slots=True)
class CompilationUnit:
    """A function that takes the record and words, not compiled yet."""

    name: str
    function: Callable[..., Any]
    signature: Any
    module: str
    """Where what it calls is imported."""
    made_of: tuple[bytes, ...]
    """What it is made of beside the text of the module and of those that this imports."""
    translation: str = ""
    """Its source if the translator has made it; otherwise its function stands in the module."""

    @property
    def symbol(self) -> str:
        """What it is called by."""
        return f"unit.{self.name}"

    def compiled(self) -> Any:
        """The function as numba compiles it, which takes up to seconds."""
        return cfunc(self.signature)(self.function)


UNITS: Final[dict[str, CompilationUnit]] = {}
"""Those of the modules that have been imported, by their symbols."""


def unit(words: int, result: Any = WORD, made_of: Iterable[str | bytes] = ()) -> Callable[[Callable[..., Any]], Any]:
    """Declare a function of the record and so many *words* to be a unit; gives what compiled code calls in its place.

    :param result: the type of what it returns, a word or nothing.
    :param made_of: what it is made of beside the text of its module and of those that this imports: translations of
        the model, and tables made of it.
    """

    def declare(function: Callable[..., Any]) -> Any:
        return _declared(function, function.__name__, words, result, function.__module__, made_of)

    return declare


def translated_unit(source: str, name: str, module: ModuleType, words: int = 2) -> Any:
    """The function *name* of the record and so many *words* that *source* defines, as a unit.

    :param module: it has the names of what is called in its ``NAMES``.
    """
    namespace = dict(module.NAMES)
    exec(compile(source, f"<translated {name}>", "exec"), namespace)
    return _declared(namespace[name], name, words, WORD, module.__name__, (source,), source)


def _declared(
    function: Callable[..., Any],
    name: str,
    words: int,
    result: Any,
    module: str,
    made_of: Iterable[str | bytes],
    translation: str = "",
) -> Any:
    pieces = tuple(each.encode() if isinstance(each, str) else each for each in made_of)
    signature = result(_RECORD, *[WORD] * words)
    declared = CompilationUnit(name, function, signature, module, pieces, translation)
    if declared.symbol in UNITS:
        raise EngineError(f"there are two units that are called {name}")
    UNITS[declared.symbol] = declared
    return types.ExternalFunction(declared.symbol, signature)
