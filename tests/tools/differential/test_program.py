# SPDX-License-Identifier: GPL-2.0-or-later
"""A program is the same when it is read from its line."""

from __future__ import annotations

import json
import re

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


@pytest.mark.parametrize(
    ("given", "said"),
    (
        ({"instructions": ["zz"]}, "instructions: expected an instruction in hexadecimal, not 'zz'"),
        ({"instructions": ["07"]}, "not '07'"),
        ({"targets": ["1a1200"]}, "targets: "),
        ({"start": "x"}, "Expected `int`, got `str`"),
        ({"start": 17 << 20}, "start, data: "),
        ({"data": {"17825791": "0102"}}, "start, data: "),
        ({"data": {"0": "x"}}, "non-hexadecimal"),
        ({"keys": {"4352": 0}}, "keys, states: "),
        ({"registers": [0]}, "registers: expected 16 of 64 bits"),
        ({"registers": [-1, *[0] * 15]}, "registers: expected 16 of 64 bits"),
        ({"mask": 1 << 64}, "mask: expected 1 of 64 bits"),
        ({"fpc": -1}, "fpc: "),
        ({"cpus": 4}, "1 to 3 CPUs"),
        ({"profile": "off"}, "profile"),
        ({"budget": 0}, "a budget"),
        ({"frames": -1}, "frames"),
        ({"turn": -1}, "turn"),
        ({"rubbish": 1}, "nothing of one is called 'rubbish'"),
    ),
)
def test_line_with_what_no_machine_can_be_set_to(given: dict[str, object], said: str) -> None:
    line = {"seed": 1, "instructions": ["1a12"], "start": 0x10000, "mask": 0} | given
    with pytest.raises(ValueError, match=re.escape(said)):
        RandomProgram.from_line(json.dumps(line))


def test_listing_has_the_instructions() -> None:
    program = RandomProgram(seed=1, instructions=("1a12", "b9ab0032"), start=0x10000, mask=0, cpus=2)
    first, second, settings = program.listing()
    assert first == "  10000  1a12          AR 1,2"
    assert second == "  10002  b9ab0032      ESSA 3,2,0"
    assert "cpus=2" in settings
