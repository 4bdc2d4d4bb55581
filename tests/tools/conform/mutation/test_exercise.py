# SPDX-License-Identifier: GPL-2.0-or-later
"""Which lines of the rules cases execute, and in which order they are held against a mutant."""

from __future__ import annotations

import inspect

from emu.isa import storage_key_instructions
from tools.conform.architecture.collection import read_cases
from tools.conform.mutation.exercise import Exercise, ExercisedCase, exercise
from tools.conform.mutation.mutants import Mutant

FILE = "emu/isa/storage_key_instructions.py"
RESET, INSERT = "storage-keys/reset-reference-4", "storage-keys/set-and-insert-10"


def lines_of(function: object) -> set[tuple[str, int]]:
    lines, first = inspect.getsourcelines(function)  # type: ignore[arg-type]
    return {(FILE, number) for number in range(first, first + len(lines))}


def test_lines_of_cases_and_of_loading() -> None:
    cases = {name: case for name, case in read_cases().items() if name in (RESET, INSERT)}
    found = exercise(cases, (FILE, "emu/dat.py"), jobs=1)
    assert found is not None
    assert found.cases.keys() == cases.keys()
    assert found.cases[RESET].lines & lines_of(storage_key_instructions.rrbe)
    assert not found.cases[INSERT].lines & lines_of(storage_key_instructions.rrbe)
    assert found.cases[INSERT].lines & lines_of(storage_key_instructions.iske)
    assert not any(file == "emu/dat.py" for each in found.cases.values() for file, _ in each.lines)
    # The table of the request codes, and the line of a function's name, but not what is in it.
    first = min(lines_of(storage_key_instructions._real_page))[1]
    assert (FILE, first) in found.at_loading
    assert not {line for line in lines_of(storage_key_instructions._real_page) if line[1] > first} & found.at_loading
    assert any(file == "emu/dat.py" for file, _ in found.at_loading)


def mutant(first: int, last: int, around: tuple[int, int]) -> Mutant:
    return Mutant("f", first, 0, "function", "what", (first, last), around)


def test_the_order_of_cases() -> None:
    lines = {"a": {1, 2, 3}, "b": {1, 2, 3, 4}, "c": {1}, "d": {2, 9}, "e": {1, 3, 5}}
    cases = {name: ExercisedCase(b"", frozenset(("f", each) for each in some)) for name, some in lines.items()}
    found = Exercise(cases, frozenset({("f", 7)}))
    # Those that execute lines 2 or 3; first those that execute what few of them do.
    assert found.order(mutant(2, 3, (1, 9))) == ["b", "e", "d", "a"]
    assert not found.order(mutant(6, 6, (1, 9)))
    assert not found.is_at_loading(mutant(2, 3, (1, 9)))
    # What is evaluated when it is loaded may be noticed by any.
    assert sorted(found.order(mutant(7, 7, (7, 7)))) == ["a", "b", "c", "d", "e"]
    assert found.is_at_loading(mutant(7, 7, (7, 7)))
