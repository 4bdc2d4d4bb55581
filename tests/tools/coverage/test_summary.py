# SPDX-License-Identifier: GPL-2.0-or-later
"""What was reached of each matrix, what was not, and what must not become less."""

from __future__ import annotations

from collections import Counter

from tools.conform.architecture.collection import DIRECTORY
from tools.coverage.matrices import MATRICES, expected_cells
from tools.coverage.summary import below, coverage_of, gap_lines, lines, raised, read_floor

EVERY = {(matrix.name, cell): 1 for matrix in MATRICES for cell in expected_cells(matrix)}
MISSING = (
    ("instructions", ("LGHI", "ended")),
    ("instructions", ("AGHI", "ended")),
    ("translation", ("page", "store")),
    ("page hinting", ("zvm", "Vz", "set unused")),
    ("page hinting", ("zvm", "Vz", "set stable")),
)


def test_everything() -> None:
    found = coverage_of(Counter(EVERY))
    assert all(each.reached == each.expected > 8 and not each.gaps for each in found)
    assert list(gap_lines(found)) == []
    assert all(line.split()[-2:] == ["100%", "0"] for line in list(lines(found))[1:])


def test_what_is_missing_is_named() -> None:
    found = coverage_of(Counter({cell: 1 for cell in EVERY if cell not in MISSING}))
    assert {each.matrix.name: each.expected - each.reached for each in found} == {
        matrix.name: sum(name == matrix.name for name, _ in MISSING) for matrix in MATRICES
    }
    assert list(gap_lines(found)) == [
        "instructions (instruction, outcome):",
        "  AGHI | LGHI, ended",
        "page hinting (profile, state, request):",
        "  zvm, Vz, set stable | set unused",
        "translation (table, access):",
        "  page, store",
    ]


def test_what_nobody_expects_is_none_of_it() -> None:
    (first, *_) = coverage_of(Counter({("instructions", ("LGHI", "cc 0")): 5}))
    assert (first.reached, first.besides) == (0, 1)
    # But the floor holds it.
    assert below({"instructions": 2}, [first]) == ["instructions: 1 cells reached, 2 before"]
    assert raised({}, [first]) == {"instructions": 1}


def test_what_is_privileged_is_to_be_refused() -> None:
    instructions = expected_cells(MATRICES[0])
    assert {("SSKE", "ended"), ("SSKE", "privileged operation"), ("LGHI", "ended")} <= instructions
    assert ("LGHI", "privileged operation") not in instructions


def test_the_floor_of_the_suite_is_one() -> None:
    floor = read_floor(DIRECTORY / "floor.json")
    expected = {matrix.name: len(expected_cells(matrix)) for matrix in MATRICES}
    assert floor.keys() == expected.keys()
    assert all(floor[name] > 0 for name in floor)


def test_a_floor_only_rises() -> None:
    found = coverage_of(Counter(EVERY))
    reached = {each.matrix.name: each.reached for each in found}
    assert below(reached, found) == []
    assert raised({}, found) == reached
    more = reached | {"translation": reached["translation"] + 1}
    assert below(more, found) == [f"translation: {reached['translation']} cells reached, {more['translation']} before"]
    assert raised(more, found) == more
