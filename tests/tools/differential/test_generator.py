# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs of seeds."""

from __future__ import annotations

from emu.per import ALTERATION, BRANCHING, FETCHING, NULLIFICATION, REAL_STORE, Controls
from emu.psw import PER
from tools.differential.generator import random_program


def test_seed_gives_the_same_program_always() -> None:
    assert random_program(7) == random_program(7)
    assert random_program(7) != random_program(8)


def test_all_shapes_come() -> None:
    made = [random_program(seed) for seed in range(300)]
    assert {each.cpus for each in made} == {1, 2, 3}
    assert {each.profile for each in made} == {"zvm", "kvm"}
    assert {each.frames for each in made} == {None, 3}
    assert {each.mask >> 31 & 3 for each in made} == {0, 1, 3}
    assert {each.mask >> 46 & 3 for each in made} == {0, 2, 3}
    assert {bool(each.mask >> 58 & 1) for each in made} == {False, True}


def test_some_have_events_recorded() -> None:
    recorded = [each for each in map(random_program, range(3000)) if any(each.events)]
    assert 300 < len(recorded) < 600
    assert {bool(each.mask & PER) for each in recorded} == {False, True}
    assert {bool(Controls(*each.events).watched) for each in recorded} == {False, True}
    for event in (BRANCHING, FETCHING, ALTERATION, FETCHING | NULLIFICATION, ALTERATION | REAL_STORE):
        assert any(Controls(*each.events).asks_for(event) for each in recorded)
