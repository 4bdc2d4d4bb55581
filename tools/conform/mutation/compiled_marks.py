# SPDX-License-Identifier: GPL-2.0-or-later
"""Which parts of compiled functions are executed: each part sets a byte of its own when it begins.

Like compiled code, only who compiles imports it.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

import llvmlite.binding as llvm
import numpy as np
from numba import types

from emu.engine.rules.words import store8
from emu.object_code import files
from tools.conform.mutation.compiled_code import CompiledFunction, compiled_functions, load
from tools.conform.mutation.mutants import head

if TYPE_CHECKING:
    from tools.conform.mutation.exercise import Lines

_PLACE: Final = "mutation.marks"
"""The function that gives where the bytes are."""
_KEY_LENGTH: Final = 16
_NO_PLACE: Final = 1
"""Its address for numba, which wants one of whatever is called."""


@dataclass(frozen=True, slots=True)
class CompiledPart:
    """Statements that are executed one after the other, as far as none of them ends the function."""

    body: list[ast.stmt]
    """What they stand in."""
    place: int
    """The place of the first of them there."""
    lines: frozenset[int]


def parts_of(tree: ast.Module) -> list[CompiledPart]:
    """The parts of a function; of a body the last one first, so that something can be put before each in turn."""
    found: list[CompiledPart] = []
    for node in ast.walk(tree):
        for name in ("body", "orelse"):
            body = getattr(node, name, None)
            if isinstance(body, list) and not isinstance(node, ast.Module):
                found += reversed(list(_parts_of_body(body)))
    return found


def _parts_of_body(body: list[ast.stmt]) -> Iterator[CompiledPart]:
    """Each ends with a compound statement, after which it may not go on."""
    start = 0
    lines: set[int] = set()
    for place, statement in enumerate(body):
        first, last = head(statement)
        lines.update(range(first, last + 1))
        if hasattr(statement, "body") or place == len(body) - 1:
            yield CompiledPart(body, start, frozenset(lines))
            start, lines = place + 1, set()


class Marks:
    """What this process has executed of compiled functions, in machines that were made after it."""

    def __init__(self, names: Collection[str]) -> None:
        """Have the functions *names* marked."""
        self._lines: list[Lines] = []
        for name, function in compiled_functions().items():
            parts = parts_of(ast.parse(function.source))
            self._lines += [frozenset((name, line) for line in part.lines) for part in parts]
        self._marks = np.zeros(len(self._lines), dtype=np.uint8)
        place = llvm.parse_assembly(f'define i64 @"{_PLACE}"() {{ ret i64 {self._marks.ctypes.data} }}')
        marking = {name: marking_functions()[name].object_code() for name in names}
        load(marking, files.emit(place, speed_level=0))

    def clear(self) -> None:
        """Nothing has been executed."""
        self._marks.fill(0)

    @property
    def lines(self) -> Lines:
        """The lines of compiled functions that have been executed since then."""
        return frozenset().union(*(self._lines[number] for number in self._marks.nonzero()[0].tolist()))


@dataclass(frozen=True, slots=True)
class MarkingFunction:
    """A compiled function that marks what is executed of it."""

    function: CompiledFunction
    first: int
    """The number of its first part."""

    def tree(self) -> ast.Module:
        """Its source with the marks."""
        tree = ast.parse(self.function.source)
        for number, part in enumerate(parts_of(tree), self.first):
            mark = f"put_mark(place_of_marks() + number_of_mark({number}), number_of_mark(1))"
            part.body[part.place : part.place] = ast.parse(mark).body
        return tree

    def object_code(self) -> bytes:
        """Its object code, which is kept."""

        def make() -> bytes:
            llvm.add_symbol(_PLACE, _NO_PLACE)
            return self.function.code_of(self.tree(), _names())

        return self.function.kept(self._kind, make)

    @property
    def is_kept(self) -> bool:
        """Whether there is object code of it."""
        return self.function.is_kept(self._kind)

    @property
    def _kind(self) -> str:
        return f"marking-{hashlib.sha256(ast.unparse(self.tree()).encode()).hexdigest()[:_KEY_LENGTH]}"


@cache
def marking_functions() -> dict[str, MarkingFunction]:
    """All compiled functions, each to be marked from where the one before it ends."""
    found: dict[str, MarkingFunction] = {}
    first = 0
    for name, function in compiled_functions().items():
        found[name] = MarkingFunction(function, first)
        first += len(parts_of(ast.parse(function.source)))
    return found


def is_all_kept(name: str, *, is_marking: bool) -> bool:
    """Whether :func:`compile_function` has nothing to do."""
    marking = marking_functions()[name]
    return marking.function.is_kept() and (marking.is_kept or not is_marking)


def compile_function(name: str, *, is_marking: bool) -> None:
    """Have the object code of the function *name* kept, and if it *is marking* that which marks its parts."""
    marking = marking_functions()[name]
    marking.function.object_code()
    if is_marking:
        marking.object_code()


@cache
def _names() -> dict[str, object]:
    return {
        "put_mark": store8,
        "number_of_mark": types.uint64,
        "place_of_marks": types.ExternalFunction(_PLACE, types.uint64()),
    }
