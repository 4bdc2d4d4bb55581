# SPDX-License-Identifier: GPL-2.0-or-later
"""Accesses by their keys: those of the suite about protection, which has every rule."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tools.conform.architecture.collection import read_cases
from tools.conform.architecture.here import run_here
from tools.conform.architecture.image import make_image
from tools.coverage.covered import counting
from tools.coverage.key_rules import MATRIX, expected

if TYPE_CHECKING:
    from tools.coverage.collector import Counts
    from tools.coverage.key_rules import Cell

CASES = read_cases()


def cells(*names: str, stepped: bool) -> set[Cell]:
    counts: Counts = Counter()
    with counting(counts):
        for name in names:
            run_here(make_image(CASES[name]), stepped=stepped)
    return {cell for matrix, cell in counts if matrix == MATRIX}


@pytest.mark.parametrize("stepped", (False, True), ids=("free", "stepped"))
def test_every_rule_is_found_in_the_cases_about_protection(*, stepped: bool) -> None:
    names = [name for name in CASES if name.startswith(("protection/key-", "protection/fetch-", "protection/storage-"))]
    assert cells(*names, stepped=stepped) == set(expected())


@pytest.mark.parametrize("stepped", (False, True), ids=("free", "stepped"))
def test_what_one_case_exercises(*, stepped: bool) -> None:
    # Access key 1, storage key 2; the harness has access key 0 and pages without a key.
    own = {("zero", "not fetch-protected"), ("equal", "not fetch-protected")}
    found = cells("protection/key-1-20-store", stepped=stepped)
    assert {cell for cell in found if cell[1:3] not in own} == {
        ("store", "different", "not fetch-protected", "no override", "refused")
    }
