# SPDX-License-Identifier: GPL-2.0-or-later
"""A program is the same when it is read from its line."""

from __future__ import annotations

import pytest

from tools.differential.generator import random_program
from tools.differential.program import RandomProgram


@pytest.mark.parametrize("seed", range(20))
def test_line(seed: int) -> None:
    program = random_program(seed)
    assert RandomProgram.from_line(program.to_line()) == program


@pytest.mark.parametrize("line", ("", "[]", "{}", '{"seed": 1}', '{"keys": 3}', "null", "nonsense"))
def test_line_that_is_none(line: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - of a decoder, too
        RandomProgram.from_line(line)


def test_listing_has_the_instructions() -> None:
    program = RandomProgram(seed=1, instructions=("1a12", "b9ab0032"), start=0x10000, mask=0, cpus=2)
    first, second, settings = program.listing()
    assert first == "  10000  1a12          AR 1,2"
    assert second == "  10002  b9ab0032      ESSA 3,2,0"
    assert "cpus=2" in settings
