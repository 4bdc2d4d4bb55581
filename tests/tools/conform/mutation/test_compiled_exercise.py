# SPDX-License-Identifier: GPL-2.0-or-later
"""Which parts of compiled functions cases execute, and what that costs."""

from __future__ import annotations

import pytest

from tools.conform.architecture.collection import read_cases
from tools.conform.mutation.compiled_code import compiled_functions
from tools.conform.mutation.compiled_exercise import exercise_compiled

ESSA, SSKE = "compiled/execute_ESSA", "compiled/execute_SSKE"
HINTS, KEYS = "page-hinting/zvm-Sr-2", "storage-keys/set-and-insert-02"


@pytest.mark.timeout(600)
def test_lines_and_tallies() -> None:
    cases = {name: case for name, case in read_cases().items() if name in (HINTS, KEYS)}
    found = exercise_compiled(cases, (ESSA, SSKE), jobs=1)
    assert found is not None
    assert not found.at_loading
    hints, keys = found.cases[HINTS], found.cases[KEYS]
    assert {file for file, _ in hints.free_lines} == {ESSA}
    assert {file for file, _ in keys.free_lines} == {SSKE}
    assert not hints.lines
    # It executes the last statement, and leaves out those that refuse.
    source = compiled_functions()[ESSA].source.splitlines()
    assert (ESSA, len(source)) in hints.free_lines
    refusals = {(ESSA, number) for number, line in enumerate(source, 1) if line.strip() == "return False"}
    assert refusals
    assert not refusals & hints.free_lines
    assert hints.tally is not None
    assert 0 < hints.tally.instructions <= hints.tally.work
