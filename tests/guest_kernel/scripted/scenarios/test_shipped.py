# SPDX-License-Identifier: GPL-2.0-or-later
"""The scenarios that ship: each can be read, and seed is the experiment of the cover letter."""

from __future__ import annotations

import pytest

from guest_kernel.scripted.scenarios.scenario import Expect
from guest_kernel.scripted.scenarios.shipped import shipped_names, shipped_scenario


def test_shipped_scenarios_can_be_read() -> None:
    assert {"life-of-a-page", "page-cache", "seed"} <= set(shipped_names())
    for name in shipped_names():
        assert shipped_scenario(name).description
    with pytest.raises(KeyError):
        shipped_scenario("../scenarios/seed")


def test_seed_is_the_experiment_of_the_letter() -> None:
    scenario = shipped_scenario("seed")
    assert scenario.machine.pages == 262_144
    tables = [step.equal for step in scenario.steps if isinstance(step, Expect)]
    # Cover letter of version 7.
    letter = (
        {
            "S": 19719,
            "Sr": 19673,
            "Sz": 46,
            "U": 235416,
            "Ur": 2734,
            "Uz": 232682,
            "P": 1,
            "Pr": 1,
            "V": 7008,
            "Vr": 7008,
        }
        | {"r": 29416, "p": 0, "z": 232728},
        {
            "S": 43784,
            "Sr": 43744,
            "Sz": 40,
            "U": 78631,
            "Ur": 2397,
            "Uz": 76234,
            "P": 2,
            "Pr": 2,
            "V": 139727,
            "Vr": 139727,
        }
        | {"r": 185870, "p": 0, "z": 76274},
    )
    assert tuple(tables) == letter
