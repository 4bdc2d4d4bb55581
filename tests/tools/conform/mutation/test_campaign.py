# SPDX-License-Identifier: GPL-2.0-or-later
"""The suite notices what is broken, and a mutant that nothing depends on survives."""

from __future__ import annotations

from tools.conform.architecture.collection import read_cases
from tools.conform.mutation.campaign import run_mutants
from tools.conform.mutation.mutants import mutants_of


def test_a_transition_and_a_rule_that_no_case_needs() -> None:
    cases = {name: case for name, case in read_cases().items() if name == "page-hinting/zvm-Sr-2"}
    assert cases
    mutants = {each.what: each for each in mutants_of("emu/page_states.py")}
    broken = mutants["_ZVM_TABLE, Sr and request 2: Ur -> Uz"]
    other = mutants["_ZVM_TABLE, Vz and request 6: Vz -> Sr"]
    told: list[str | None] = []
    found = run_mutants([broken, other], cases=cases, jobs=1, ended=lambda result: told.append(result.noticed_by))
    noticed = {each.name: each.noticed_by for each in found}
    assert noticed[broken.name] == "page-hinting/zvm-Sr-2"
    assert noticed[other.name] is None
    # What is known of the same source and the same cases is not run again.
    told.clear()
    assert run_mutants([broken, other], found, cases=cases, jobs=1, ended=lambda _: told.append("")) == found
    assert not told
