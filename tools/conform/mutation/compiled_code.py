# SPDX-License-Identifier: GPL-2.0-or-later
"""Compiled code function by function: each is object code of its own, so that one of them can be another one.

The engine has one piece of object code for each callback, with all that it calls in it.  Here the callbacks, and the
units that they are made of, are put together when they are loaded, which takes a hundredth of a second.

Like what it is about, only who compiles imports it.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from typing import Any, ClassVar, Final

from emu.engine import compiled
from emu.engine.compiled_keys import CALLBACKS, callback_keys, unit_key
from emu.engine.compiled_parts import Callback
from emu.engine.compiling import declared_units, function_module, name_functions, unit_module
from emu.engine.units import CompilationUnit
from emu.object_code import files
from tools.conform.mutation.mutants import Mutant, mutants_in

PREFIX: Final = "compiled/"
"""What the names of compiled functions begin with where others are files of rules."""
_SPEED_LEVEL: Final = 2
_ALONE: Final = "alone"
_NUMBERED: Final = re.compile(r"\b([tv])\d+\b")
"""Variables of the translator's."""
_IN_ADVANCE: Final = re.compile(r" *v\d+ = (?:ZERO|False)")
"""What the translator begins with: each of these variables gets another value before it is used."""
_TRACED: Final = "trace"
"""What the modules of functions have in their names that only work while the machine is traced, which no case is."""


@dataclass(frozen=True, slots=True)
class CompiledFunction:
    """A function that is compiled by itself."""

    symbol: str
    """What object code calls it."""
    declared: CompilationUnit | Callback
    source: str
    key: str
    """Of all that its object code depends on."""

    @property
    def name(self) -> str:
        """What people call it."""
        return PREFIX + self.symbol.removeprefix("unit.")

    def object_code(self) -> bytes:
        """Its object code, which is kept."""
        return self.kept(_ALONE, lambda: _emitted(self._module()))

    def code_of(self, tree: ast.Module, names: Mapping[str, Any] | None = None) -> bytes:
        """The object code that it has if *tree* is its source, which may use *names*, too."""
        [function] = tree.body
        assert isinstance(function, ast.FunctionDef)
        function.decorator_list.clear()
        namespace = {**self.declared.function.__globals__, **(names or {})}
        exec(compile(ast.fix_missing_locations(tree), f"<{self.name}>", "exec"), namespace)
        changed = replace(self.declared, function=namespace[function.name])
        return _emitted(function_module(changed, self.symbol))

    def is_kept(self, kind: str = _ALONE) -> bool:
        """Whether there is object code of this *kind*."""
        return files.is_kept(self._file(kind))

    def _file(self, kind: str) -> str:
        return f"{kind}-{self.symbol}-{self.key}.o"

    def kept(self, kind: str, make: Callable[[], bytes]) -> bytes:
        """Object code of it, of this *kind*, which *make* makes if it is not kept."""
        return files.kept(self._file(kind), make)

    def _module(self) -> Any:
        if isinstance(self.declared, CompilationUnit):
            return unit_module(self.declared)
        return function_module(self.declared, self.symbol)


@dataclass(frozen=True, slots=True)
class CompiledMutant(Mutant):
    """A compiled function that is broken."""

    is_compiled: ClassVar[bool] = True

    @property
    def name(self) -> str:
        """See :attr:`Mutant.name`; which of its numbered variables it is does not matter."""
        what = _NUMBERED.sub(r"\1", self.what)
        return f"{self.file}: {what}"

    @property
    def source(self) -> str:
        """See :attr:`Mutant.source`."""
        return compiled_functions()[self.file].source


def compiled_mutants(names: Sequence[str]) -> list[Mutant]:
    """All mutants of the compiled functions *names*, but of no value that a variable is given in advance."""
    functions = compiled_functions()
    found: list[Mutant] = []
    for name in names:
        source = functions[name].source
        first = next(number for number, line in enumerate(source.splitlines(), 1) if _is_rule(number, line))
        found += [each for each in mutants_in(source, name, CompiledMutant) if each.line >= first]
    return found


def _is_rule(number: int, line: str) -> bool:
    """Whether the *line* with this *number* is neither the head of a function nor a value given in advance."""
    return number > 1 and _IN_ADVANCE.fullmatch(line) is None


@cache
def compiled_functions() -> dict[str, CompiledFunction]:
    """The compiled functions that a case may execute, by their names."""
    return {function.name: function for function, module in _functions() if _TRACED not in module}


@cache
def _functions() -> list[tuple[CompiledFunction, str]]:
    """All that is compiled for machines that are not traced, and in which module it is."""
    found = [
        (CompiledFunction(symbol, unit, unit.translation or _text(unit.function), unit_key(unit)), unit.module)
        for symbol, unit in declared_units().items()
    ]
    for name in compiled.UNTRACED:
        module = CALLBACKS[name]
        declared = getattr(import_module(module), name)
        found.append((CompiledFunction(name, declared, _text(declared.function), callback_keys()[name]), module))
    return found


def _text(function: Any) -> str:
    """The text of *function*, with nothing in it that only readers need."""
    return ast.unparse(ast.parse(inspect.getsource(function)))


def load(changed: Mapping[str, bytes], *more: bytes) -> None:
    """Have the machines that this process makes use the object code in *changed* for the functions of these names.

    :param more: object code of what they call.
    """
    codes = [changed.get(function.name) or function.object_code() for function, _ in _functions()]
    name_functions()
    found = compiled.callbacks_in(files.load(*codes, *more))
    compiled.callbacks = lambda: found  # type: ignore[assignment]


def _emitted(module: Any) -> bytes:
    return files.emit(module, _SPEED_LEVEL)
