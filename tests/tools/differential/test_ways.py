# SPDX-License-Identifier: GPL-2.0-or-later
"""A program comes to the same in every way, and a fault in one of them is found."""

from __future__ import annotations

import dataclasses

import pytest

from emu.addresses import PAGE_SIZE
from emu.engine.engine import Engine
from emu.per import ALTERATION, BRANCHING, FETCHING, Controls
from emu.psw import ADDRESSING_MODE, DAT, PER
from emu.running import recording
from tools.differential import ways
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


def test_what_differs_in_storage_is_shown(comparison: Comparison, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Engine.run

    def wrong(engine: Engine, *arguments: int, **named: int) -> object:
        engine._configuration.storage.write(PLAIN + 0x19, b"\x55")
        return run(engine, *arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(Engine, "run", wrong)
    # The bytes of this page count up by seven from its number on.
    shown = f"free: absolute {PLAIN + 0x18:x}: c8cfd6dde4ebf2f9 stepped, c855d6dde4ebf2f9"
    assert shown in comparison.find(program(ADD, NOP))


def test_page_without_contents_is_one_of_zeros() -> None:
    stored = bytes(0x18) + b"\x55" + bytes(PAGE_SIZE - 0x19)
    assert ways._in_storage({2: None}, {2: stored}) == ["absolute 2018: 0000000000000000 stepped, 5500000000000000"]
    assert ways._in_storage({2: stored}, {2: None}) == ["absolute 2018: 5500000000000000 stepped, 0000000000000000"]


def recorded(events: int) -> RandomProgram:
    """Stores by the engine and by the model, while PER records *events*."""
    stores = ADD, "50302000", "b2052008", NOP
    given = RandomProgram(
        seed=1, instructions=stores, start=CODE, mask=ADDRESSING_MODE | PER, registers=(0, 1, PLAIN) * 5 + (0,)
    )
    return dataclasses.replace(given, events=(events << 24, PLAIN, PLAIN + 15))


@pytest.mark.parametrize("events", (ALTERATION, ALTERATION | BRANCHING, FETCHING))
def test_events_are_the_same_in_every_way(comparison: Comparison, events: int) -> None:
    assert comparison.find(recorded(events)) == []


def test_events_that_are_missed_in_one_way_are_found(comparison: Comparison, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Controls, "watched", ())
    monkeypatch.setattr(recording, "is_alone", lambda _: False)
    assert comparison.find(recorded(ALTERATION))[0].startswith("free: ")
