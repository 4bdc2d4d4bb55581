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
        codes = {}
        for name, function in compiled_functions().items():
            if name in names:
                codes[name] = _marking_code(function, len(self._lines))
            parts = parts_of(ast.parse(function.source))
            self._lines += [frozenset((name, line) for line in part.lines) for part in parts]
        self._marks = np.zeros(len(self._lines), dtype=np.uint8)
        place = llvm.parse_assembly(f'define i64 @"{_PLACE}"() {{ ret i64 {self._marks.ctypes.data} }}')
        load(codes, files.emit(place, speed_level=0))

    def clear(self) -> None:
        """Nothing has been executed."""
        self._marks.fill(0)

    @property
    def lines(self) -> Lines:
        """The lines of compiled functions that have been executed since then."""
        return frozenset().union(*(self._lines[number] for number in self._marks.nonzero()[0].tolist()))


def compile_function(name: str, *, is_marking: bool) -> None:
    """Have the object code of the function *name* kept, and if it *is marking* that which marks its parts."""
    first = 0
    for each, function in compiled_functions().items():
        if each == name:
            function.object_code()
            if is_marking:
                _marking_code(function, first)
        first += len(parts_of(ast.parse(function.source)))


def _marking_code(function: CompiledFunction, first: int) -> bytes:
    """The object code of *function* that marks what is executed.

    :param first: the number of its first part.
    """
    tree = ast.parse(function.source)
    for number, part in enumerate(parts_of(tree), first):
        mark = f"put_mark(place_of_marks() + number_of_mark({number}), number_of_mark(1))"
        part.body[part.place : part.place] = ast.parse(mark).body
    digest = hashlib.sha256(ast.unparse(tree).encode()).hexdigest()[:_KEY_LENGTH]

    def make() -> bytes:
        llvm.add_symbol(_PLACE, _NO_PLACE)
        return function.code_of(tree, _names())

    return function.kept(f"marking-{digest}", make)


@cache
def _names() -> dict[str, object]:
    return {
        "put_mark": store8,
        "number_of_mark": types.uint64,
        "place_of_marks": types.ExternalFunction(_PLACE, types.uint64()),
    }
