# SPDX-License-Identifier: GPL-2.0-or-later
"""Functions of this process with the code of another source."""

from __future__ import annotations

from types import FunctionType
from typing import Any

import pytest

from tools.conform.mutation.breaking import break_functions, loaded_functions
from tools.conform.mutation.exercise import module_of
from tools.conform.mutation.mutants import ROOT, mutants_of

WHOLE = """
LIMIT = 3
def plain(x):
    return x + 1
class Thing:
    kept = 5
    @property
    def value(self):
        return 7
    def outer(self):
        def inner():
            return 9
        return inner
"""


def loaded(source: str) -> tuple[dict[str, Any], list[FunctionType]]:
    """A module of that source, and its functions."""
    names: dict[str, Any] = {"__name__": "loaded"}
    exec(compile(source, "source", "exec", dont_inherit=True), names)
    thing = names["Thing"]
    return names, [names["plain"], thing.value.fget, thing.outer]


@pytest.mark.parametrize(
    ("old", "new", "expected"), (("x + 1", "x - 1", (2, 7, 9)), ("7", "8", (4, 8, 9)), ("9", "10", (4, 7, 10)))
)
def test_a_function_has_other_code_wherever_it_is_known(old: str, new: str, expected: tuple[int, ...]) -> None:
    names, functions = loaded(WHOLE)
    plain, thing = names["plain"], names["Thing"]()
    # The lines need not be the same.
    assert break_functions(functions, WHOLE, "\n\n" + WHOLE.replace(old, new))
    assert (plain(3), thing.value, thing.outer()()) == expected


@pytest.mark.parametrize(("old", "new"), (("LIMIT = 3", "LIMIT = 4"), ("kept = 5", "kept = 6"), ("9", "9")))
def test_what_is_no_code_of_a_function_is_left_alone(old: str, new: str) -> None:
    names, functions = loaded(WHOLE)
    assert not break_functions(functions, WHOLE, WHOLE.replace(old, new))
    assert names["plain"](3) == 4
    assert names["LIMIT"] == 3


def test_of_a_mutant_only_what_is_broken_is_other_code() -> None:
    # The compiler marks places in the lines of what the module itself does: a table, an import of several lines.
    known = loaded_functions()
    for file in ("emu/access.py", "emu/interruption.py"):
        whole = (ROOT / file).read_text(encoding="utf-8")
        mutant = next(each for each in mutants_of(file) if each.function in ("probe", "count_call", "fetch_override"))
        assert break_functions([_copy(each) for each in known[module_of(file)]], whole, mutant.tree)


def _copy(function: FunctionType) -> FunctionType:
    return FunctionType(function.__code__, function.__globals__, closure=function.__closure__)


def test_a_function_that_is_not_found() -> None:
    _, functions = loaded(WHOLE)
    assert not break_functions(functions[1:], WHOLE, WHOLE.replace("x + 1", "x - 1"))


def test_those_of_the_machine_are_found() -> None:
    names = {each.__qualname__ for each in loaded_functions()["emu.page_states"]}
    assert {"touch", "PageStates.transition"} <= names
