# SPDX-License-Identifier: GPL-2.0-or-later
"""A program comes to the same in every way, and a fault in one of them is found."""

from __future__ import annotations

import pytest

from emu.engine.engine import Engine
from emu.psw import ADDRESSING_MODE, DAT
from tools.differential.layout import CODE, LAST_24, PLAIN
from tools.differential.program import RandomProgram
from tools.differential.ways import Comparison

ADD, NOP = "1a12", "0700"


def program(*instructions: str, **given: object) -> RandomProgram:
    return RandomProgram(seed=1, instructions=instructions, start=CODE, mask=ADDRESSING_MODE, **given)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    return Comparison()


def test_right_program_is_the_same_in_every_way(comparison: Comparison) -> None:
    assert comparison.find(program(ADD, "50302000", NOP, registers=(0, 1, PLAIN, *range(13)))) == []


@pytest.mark.parametrize("frames", (None, 3))
@pytest.mark.parametrize("cpus", (1, 3))
@pytest.mark.parametrize("mask", (0, ADDRESSING_MODE, ADDRESSING_MODE | DAT))
def test_in_every_shape(comparison: Comparison, mask: int, cpus: int, frames: int | None) -> None:
    tried = RandomProgram(
        seed=1,
        instructions=("50302ffc", "58402000", ADD),
        start=CODE,
        mask=mask,
        registers=(0, 1, LAST_24, *range(13)),
        cpus=cpus,
        frames=frames,
        turn=2,
    )
    assert comparison.find(tried) == []


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever runs freely has one bit wrong in register 1 afterwards."""
    run = Engine.run

    def wrong(engine: Engine, *arguments: int, **named: int) -> object:
        ended = run(engine, *arguments, **named)  # type: ignore[arg-type]
        engine.registers.gr[1] ^= 4
        return ended

    monkeypatch.setattr(Engine, "run", wrong)


def test_planted_fault_is_found(comparison: Comparison, planted: None) -> None:
    found = comparison.find(program(ADD, NOP))
    assert found
    assert found[0].startswith("free: cpus[0].registers")
