# SPDX-License-Identifier: GPL-2.0-or-later
"""What a step requires of the scenario and of the steps before it."""

from __future__ import annotations

import pytest

from guest_kernel.scripted.scenarios.scenario import (
    Allocate,
    Boot,
    File,
    Free,
    Grep,
    HostSettings,
    MachineSettings,
    Read,
    ResizeHost,
    Scenario,
    ScenarioError,
    Step,
    Tick,
    Touch,
    Tree,
    Verify,
)

SMALL = Tree(name="tree", files=100, directories=7, median_bytes=6000, sigma=1.0, seed=1)


def scenario(*steps: Step, **parts: object) -> Scenario:
    """A scenario of a small machine that boots and does *steps*."""
    described = {
        "description": "test",
        "machine": MachineSettings(pages=512, cpus=2),
        "steps": (Boot(), *steps),
        "files": (File(name="data", pages=10),),
        "trees": (SMALL,),
    }
    return Scenario(**(described | parts))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("step", "message"),
    (
        (Boot(), "step 2 (boot): do: expected only as the first step"),
        (Read(file="date"), "step 2 (read): file: no file is called 'date'; expected data"),
        (Read(file="data", first=10), "step 2 (read): first: 'data' has 10 pages, and no page 10"),
        (Read(file="data", first=5, pages=6), "step 2 (read): pages: 'data' has 10 pages: 11 is past its end"),
        (Grep(tree="data"), "step 2 (grep): tree: no tree is called 'data'; expected tree"),
        (Free(group="x"), "step 2 (free): group: nothing is allocated as 'x'"),
        (Touch(group="x", pages=1), "step 2 (touch): group: nothing is allocated as 'x'"),
        (Verify(group="x"), "step 2 (verify): group: nothing is allocated as 'x'"),
        (Tick(cpu=2), "step 2 (tick): cpu: expected 0 to 1, not 2"),
        (ResizeHost(frames=100), "step 2 (resize-host): do: expected only with a [host] table"),
    ),
)
def test_a_step_that_does_not_fit_the_rest(step: Step, message: str) -> None:
    with pytest.raises(ScenarioError) as raised:
        scenario(step)
    assert str(raised.value) == f"scenario: {message}"


def test_groups_are_known_from_their_allocation_to_their_freeing() -> None:
    allocate = Allocate(group="a", pages=4, touched=3)
    with pytest.raises(ScenarioError, match=r"step 4 \(touch\): pages: only 0 pages of 'a' are untouched"):
        scenario(allocate, Touch(group="a", pages=1), Touch(group="a", pages=1))
    with pytest.raises(ScenarioError, match=r"step 5 \(verify\): group: nothing is allocated as 'a'; expected b"):
        scenario(allocate, Allocate(group="b", pages=1), Free(group="a"), Verify(group="a"))
    scenario(allocate, allocate, Touch(group="a", pages=2))


def test_the_host_can_be_resized_if_there_is_one() -> None:
    scenario(ResizeHost(frames=100), host=HostSettings())
