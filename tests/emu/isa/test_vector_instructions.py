# SPDX-License-Identifier: GPL-2.0-or-later
"""Every vector instruction of the vector facility against the reference model of tests/support/vector.

VECTOR_EXAMPLES=1000 makes it a long run.
"""

from __future__ import annotations

import os
from random import Random
from typing import Final

import pytest

from tests.support.vector.comparison import Comparison, example
from tests.support.vector.state import INSTRUCTIONS

EXAMPLES: Final = int(os.environ.get("VECTOR_EXAMPLES", "20"))


@pytest.fixture(scope="module", params=("free", "steps"))
def comparison(request: pytest.FixtureRequest) -> Comparison:
    """A machine for all instructions."""
    return Comparison(is_free=request.param == "free")


@pytest.mark.parametrize("mnemonic", INSTRUCTIONS)
def test_machine_and_model_agree(comparison: Comparison, mnemonic: str) -> None:
    differences = []
    for number in range(EXAMPLES):
        found = example(INSTRUCTIONS[mnemonic], Random(f"{mnemonic} {number}"))
        difference = comparison.difference(found)
        if difference:
            differences.append(f"{found}: {difference}")
    assert not differences, "\n".join(differences)
