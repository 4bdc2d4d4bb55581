# SPDX-License-Identifier: GPL-2.0-or-later
"""What can be expected of numbers, and what was found."""

from __future__ import annotations

import pytest

from guest_kernel.scripted.scenarios.checks.expectation import Finding, compare_numbers, measure
from guest_kernel.scripted.scenarios.scenario import Expect
from guest_kernel.scripted.state.kernel import Kernel

# Expectations


@pytest.mark.parametrize(
    ("relation", "within", "found", "holds"),
    (
        ("equal", 0, 100, True),
        ("equal", 0, 101, False),
        ("equal", 10, 110, True),
        ("equal", 10, 90, True),
        ("equal", 10, 111, False),
        ("equal", 10, 89, False),
        ("at least", 0, 100, True),
        ("at least", 0, 99, False),
        ("at most", 0, 100, True),
        ("at most", 0, 101, False),
    ),
)
def test_whether_an_expectation_holds(relation: str, within: float, found: int, holds: bool) -> None:
    assert Finding(step=1, name="V", relation=relation, expected=100, within=within, found=found).holds is holds


def test_an_expectation_says_expected_and_found() -> None:
    step = Expect(equal={"V": 7008}, at_least={"free": 3}, at_most={"z": 1}, within=10)
    assert [str(finding) for finding in compare_numbers(4, step, {"V": 5, "free": 2, "z": 9})] == [
        "V: expected 7,008 within 10 per cent, found 5",
        "free: expected at least 3, found 2",
        "z: expected at most 1, found 9",
    ]


def test_rows_columns_and_cells_are_counted(kernel: Kernel) -> None:
    numbers = measure(kernel)
    states = kernel.machine.states.bytes
    total = len(states)
    states[100], states[101], states[102], states[103] = 0x08, 0x0F, 0x0E, 0x0C
    changed = measure(kernel)
    assert (changed["Pr"], changed["Vz"], changed["Vp"], changed["Vr"]) == (1, 1, 1, 1)
    assert (changed["P"], changed["V"]) == (1, 3)
    assert changed["p"] == changed["Vp"] + changed["Sp"] + changed["Up"] + changed["Pp"] == 1
    for counted in (numbers, changed):
        assert sum(counted[row] for row in "SUPV") == sum(counted[column] for column in "rpz") == total
    assert numbers["free"] == numbers["U"]
    # One for each page that was freed, and one to see whether there is ESSA.
    assert numbers["essa"] == numbers["U"] + 1
