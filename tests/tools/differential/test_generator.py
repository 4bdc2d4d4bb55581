# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs of seeds."""

from __future__ import annotations

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
