# SPDX-License-Identifier: GPL-2.0-or-later
"""Compiled functions, one of which is another one, and what the suite notices of it."""

from __future__ import annotations

import re

import pytest

from tools.conform.architecture.collection import read_cases
from tools.conform.mutation.campaign import MutationRecord, run_mutants
from tools.conform.mutation.compiled_code import CompiledMutant, compiled_functions, compiled_mutants
from tools.conform.mutation.compiled_exercise import exercise_compiled
from tools.conform.mutation.mutants import Mutant

ESSA = "compiled/execute_ESSA"


def mutant(text: str, what: str) -> Mutant:
    """The first one of ESSA of the statement *text* that does *what*."""
    found = (each for each in compiled_mutants([ESSA]) if text in each.text and what in each.name)
    return next(found)


def test_functions_of_both_kinds_and_none_for_traces() -> None:
    functions = compiled_functions()
    assert "record.transitions_address" in functions[ESSA].source
    assert {"compiled/resolve", "compiled/find_frame", "compiled/exception_callback"} <= functions.keys()
    assert not [name for name in functions if "trace" in name or "follow_instruction" in name]


def test_names_have_no_numbers_that_the_translator_gives() -> None:
    found = compiled_mutants([ESSA])
    assert all(isinstance(each, CompiledMutant) and each.file == ESSA for each in found)
    assert not [each.name for each in found if re.search(r"\b[tv][0-9]", each.name)]
    assert f"{ESSA}: retire(record, extra) -> pass" in {each.name for each in found}
    # A value in advance is no rule, but the same statement in a branch is.
    assert min(each.line for each in found) > compiled_functions()[ESSA].source.splitlines().index("    v10 = False")
    assert any(re.fullmatch("v[0-9]+ = False", each.text) for each in found)


@pytest.mark.timeout(600)
def test_who_notices() -> None:
    """The guest, the counts, or nobody: what is broken is not reached, or means nothing."""
    cases = {"page-hinting/zvm-Sr-2": read_cases()["page-hinting/zvm-Sr-2"]}
    state = mutant("store8(record.states_address", "states_address - v")
    uncounted = mutant("retire(record, extra)", "-> pass")
    table = mutant("uint64(1024)", ">= uint64(1024): return Fals -> ")
    found = run_mutants([state, uncounted, table], MutationRecord(), cases=cases, exercise=exercise_compiled, jobs=1)
    noticed = {each.name: each.noticed_by for each in found}
    assert noticed[state.name] == "page-hinting/zvm-Sr-2 (free)"
    assert noticed[uncounted.name] == "page-hinting/zvm-Sr-2 (free) (only by its tally)"
    assert noticed[table.name] is None
