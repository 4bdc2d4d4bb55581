# SPDX-License-Identifier: GPL-2.0-or-later
"""Shrinking takes away all that a failure does not need."""

from __future__ import annotations

import dataclasses

from tools.differential.generator import random_program
from tools.differential.program import RandomProgram
from tools.differential.shrinking import shrink

CULPRIT = "b9ab0001"


def test_only_the_culprit_is_left() -> None:
    made = random_program(5)
    instructions = (*made.instructions, CULPRIT, *random_program(6).instructions)
    smallest = shrink(
        dataclasses.replace(made, instructions=instructions, cpus=3, frames=3),
        lambda program: CULPRIT in program.instructions and bool(program.registers[4]),
    )
    assert smallest.instructions == (CULPRIT,)
    assert [bool(value) for value in smallest.registers] == [number == 4 for number in range(16)]
    assert (smallest.cpus, smallest.frames, smallest.keys, smallest.states, smallest.data) == (1, None, {}, {}, {})


def test_result_fails_still() -> None:
    def fails(program: RandomProgram) -> bool:
        return sum(map(len, program.instructions)) > 8 and program.cpus > 1

    made = dataclasses.replace(random_program(12), instructions=("0700",) * 9, cpus=2)
    assert fails(shrink(made, fails))
