# SPDX-License-Identifier: GPL-2.0-or-later
"""Scenarios as Python: what their parts require of each other."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from guest_kernel.scripted.scenarios.scenario import (
    Allocate,
    Boot,
    Expect,
    File,
    Free,
    Grep,
    MachineSettings,
    Read,
    ResizeHost,
    Scenario,
    ScenarioError,
    Step,
    Table,
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


def test_a_scenario_whose_parts_fit() -> None:
    made = scenario(
        Allocate(group="slab of devices", pages=8, order=2, touched=3),
        Touch(group="slab of devices", pages=5),
        Verify(),
        Verify(group="slab of devices"),
        Free(group="slab of devices"),
        Read(file="data", first=9, pages=1),
        Grep(tree="tree", cpu=1),
        Tick(),
        Table(name="end"),
    )
    assert made.file("data").pages == 10
    assert made.tree("tree") is SMALL


def test_boot_comes_first() -> None:
    for steps in ((), (Tick(), Boot())):
        with pytest.raises(ScenarioError, match=r"step 1.*: do: expected boot as the first step"):
            scenario(steps=steps)


def test_names_are_unique() -> None:
    file = File(name="data", pages=1)
    with pytest.raises(ScenarioError, match="file 2: name: another file is called 'data'"):
        scenario(files=(file, file))
    with pytest.raises(ScenarioError, match="tree 2: name: another tree is called 'tree'"):
        scenario(trees=(SMALL, SMALL))
    with pytest.raises(ScenarioError, match=r"step 3 \(table\): name: another step is called 'end'"):
        scenario(Table(name="end"), Table(name="end"))


IMPOSSIBLE: tuple[tuple[Callable[[], object], str], ...] = (
    (lambda: Allocate(group="slab", pages=1), "group"),
    (lambda: Allocate(group="a", pages=0), "pages"),
    (lambda: Allocate(group="a", pages=3, order=1), "pages"),
    (lambda: Allocate(group="a", pages=2048, order=11), "order"),
    (lambda: Allocate(group="a", pages=1, touched=2), "touched"),
    (lambda: Touch(group="a", pages=0), "pages"),
    (lambda: Free(group=""), "group"),
    (lambda: Read(file="a", first=-1), "first"),
    (lambda: Read(file="a", pages=0), "pages"),
    (lambda: Read(file="a", times=0), "times"),
    (lambda: Grep(tree="a", times=0), "times"),
    (lambda: Tick(times=0), "times"),
    (lambda: ResizeHost(frames=0), "frames"),
    (lambda: Table(name=""), "name"),
    (lambda: Expect(equal={"Q": 1}), "equal"),
    (lambda: Expect(at_least={"V": -1}), "at_least"),
    (lambda: Expect(equal={"V": 1}, within=101), "within"),
    (Expect, ""),
)


def test_a_value_that_cannot_be() -> None:
    for make, field in IMPOSSIBLE:
        with pytest.raises(ScenarioError) as raised:
            make()
        assert raised.value.field == field
        assert "expected" in str(raised.value)
        assert "\n" not in str(raised.value)
