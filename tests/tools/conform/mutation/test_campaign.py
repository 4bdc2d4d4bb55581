# SPDX-License-Identifier: GPL-2.0-or-later
"""The suite notices what is broken, and a mutant that nothing depends on survives."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tools.conform.architecture.collection import read_cases
from tools.conform.mutation import campaign
from tools.conform.mutation.campaign import Explained, MutantResult, MutationRecord, _waves, run_mutants
from tools.conform.mutation.mutants import mutants_of

if TYPE_CHECKING:
    from tools.conform.architecture.case import Case
    from tools.conform.mutation.mutants import Mutant


def chosen(*names: str) -> dict[str, Case]:
    cases = {name: case for name, case in read_cases().items() if name in names}
    assert len(cases) == len(names)
    return cases


def mutants(file: str, *words: str) -> list[Mutant]:
    found = {each.what: each for each in mutants_of(file)}
    return [found[each] for each in words]


def test_tables_that_are_loaded_again() -> None:
    cases = chosen("page-hinting/zvm-Sr-2")
    broken, other = mutants(
        "emu/page_states.py", "_ZVM_TABLE, Sr and request 2: Ur -> Uz", "_ZVM_TABLE, Vz and request 6: Vz -> Sr"
    )
    untouched = replace(other, number=None, what="nothing")
    record = MutationRecord()
    told: list[str | None] = []
    found = run_mutants(
        [broken, other, untouched], record, cases=cases, jobs=1, ended=lambda result: told.append(result.noticed_by)
    )
    assert [each.noticed_by for each in found] == told == ["page-hinting/zvm-Sr-2", None, None]
    assert record.results == found
    # What is known of the same source and the same cases is not found out again.
    told.clear()
    known: list[MutantResult] = []
    again = run_mutants(
        [broken, other], record, cases=cases, jobs=1, ended=lambda _: told.append(""), known=known.append
    )
    assert again == known == found[:2]
    assert not told


def test_functions_and_only_cases_that_reach_them() -> None:
    cases = chosen("page-hinting/zvm-Sr-2", "storage-keys/reset-reference-4")
    found = run_mutants(
        [each for each in mutants_of("emu/isa/storage_key_instructions.py") if each.function in ("rrbe", "pfmf")],
        MutationRecord(),
        cases=cases,
        jobs=1,
    )
    assert {each.reached_by for each in found if ":pfmf:" in each.name} == {0}
    assert all(each.noticed_by is None for each in found if ":pfmf:" in each.name)
    rrbe = {each.name.partition("rrbe: ")[2]: each for each in found if ":rrbe:" in each.name}
    assert {each.reached_by for each in rrbe.values()} == {1}
    assert rrbe["_set_key(cpu, page, before & ~REFERENCE) -> pass"].noticed_by == "storage-keys/reset-reference-4"
    # Nothing without storage keys is among these cases.
    assert rrbe["_require_keys(cpu) -> pass"].noticed_by is None


def test_a_survivor_is_held_against_new_cases_only() -> None:
    record = MutationRecord()
    broken = mutants(
        "emu/isa/storage_key_instructions.py", "cpu.cc = field(before, 5, 6, 8) -> cpu.cc = field(before, 6, 6, 8)"
    )
    first = chosen("storage-keys/reset-reference-2")
    assert run_mutants(broken, record, cases=first, jobs=1)[0].noticed_by is None
    both = first | chosen("storage-keys/reset-reference-4")
    found = run_mutants(broken, record, cases=both, jobs=1)
    assert found[0].noticed_by == "storage-keys/reset-reference-4"
    assert len(record.suites) == 1


def test_what_has_survived_in_another_machine_is_run_again(monkeypatch: pytest.MonkeyPatch) -> None:
    record = MutationRecord()
    noticed, survivor = mutants(
        "emu/isa/storage_key_instructions.py",
        "cpu.cc = field(before, 5, 6, 8) -> cpu.cc = field(before, 5, 7, 8)",
        "cpu.cc = field(before, 5, 6, 8) -> cpu.cc = field(before, 6, 6, 8)",
    )
    cases = chosen("storage-keys/reset-reference-2")
    told: list[str] = []

    def run() -> list[bool]:
        told.clear()
        found = run_mutants([noticed, survivor], record, cases=cases, jobs=1, ended=lambda each: told.append(each.name))
        return [each.noticed_by is None for each in found]

    assert run() == [False, True]
    run()
    assert told == []
    monkeypatch.setattr(campaign, "machine_digest", lambda: "another one")
    assert run() == [False, True]
    assert told == [survivor.name]
    run()
    assert told == []


def test_an_explained_mutant_is_held_against_the_nearest_runs_only() -> None:
    (broken,) = mutants(
        "emu/isa/storage_key_instructions.py", "cpu.cc = field(before, 5, 6, 8) -> cpu.cc = field(before, 6, 6, 8)"
    )
    names = [f"storage-keys/reset-reference-{key}" for key in (0, 2, 4)]
    # The one that notices is the farthest: nothing tells it from the others but what the key is.
    cases = chosen(*names)
    record = MutationRecord()
    one = run_mutants([broken], record, cases=cases, explained=Explained({broken.name}, nearest=2), jobs=1)
    assert [(each.noticed_by, each.is_bounded) for each in one] == [(None, True)]
    # What is known of it by then is not enough when it has no reason any more, or is to be held against all.
    for explained in (Explained(), Explained({broken.name})):
        record = MutationRecord(suites=dict(record.suites), results=list(one))
        found = run_mutants([broken], record, cases=cases, explained=explained, jobs=1)
        assert [(each.noticed_by, each.is_bounded) for each in found] == [(names[2], False)]
    # Nor if it is to be held against more, or other cases may be the nearest ones.
    for nearest, held, is_run in ((2, cases, False), (4, cases, True), (2, dict(list(cases.items())[:2]), True)):
        record = MutationRecord(suites=dict(record.suites), results=list(one))
        told: list[str] = []
        run_mutants(
            [broken],
            record,
            cases=held,
            explained=Explained({broken.name}, nearest=nearest),
            jobs=1,
            ended=lambda result, told=told: told.append(result.name),
        )
        assert told == [broken.name] * is_run
    # As many as there are is no bound.
    few = chosen(names[1])
    found = run_mutants([broken], MutationRecord(), cases=few, explained=Explained({broken.name}, nearest=2), jobs=1)
    assert [each.is_bounded for each in found] == [False]


def test_many_are_run_after_some_of_them() -> None:
    found = mutants_of("emu/isa/storage_key_instructions.py")
    waves = _waves(found)
    assert [len(each) for each in waves] == [-(-len(found) // 8), len(found) - -(-len(found) // 8)]
    assert sorted((each.number or 0) for wave in waves for each in wave) == [each.number for each in found]
    assert _waves(found[:5]) == [found[:5]]
