# SPDX-License-Identifier: GPL-2.0-or-later
"""Scenarios as Python: what their parts require of each other, trees, and what can be expected."""

from __future__ import annotations

import statistics
from collections.abc import Callable

import pytest

from guest_kernel.scripted.scenarios.checks.expectation import Finding, compare_numbers, measure
from guest_kernel.scripted.scenarios.file_tree import directory_sizes, file_pages
from guest_kernel.scripted.scenarios.scenario import (
    Allocate,
    Boot,
    Expect,
    File,
    Free,
    Grep,
    HostSettings,
    KernelSettings,
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
from guest_kernel.scripted.state.kernel import Kernel

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


def test_the_host_can_be_resized_if_there_is_one() -> None:
    scenario(ResizeHost(frames=100), host=HostSettings())


IMPOSSIBLE: tuple[tuple[Callable[[], object], str], ...] = (
    (lambda: MachineSettings(pages=0), "pages"),
    (lambda: MachineSettings(pages=257), "pages"),
    (lambda: MachineSettings(pages=1 << 40), "pages"),
    (lambda: MachineSettings(pages=-(10**5000)), "pages"),
    (lambda: MachineSettings(pages=256, cpus=249), "cpus"),
    (lambda: KernelSettings(patches=(1, 7)), "patches"),
    (lambda: KernelSettings(image_pages=-1), "image_pages"),
    (lambda: HostSettings(frames=0), "frames"),
    (lambda: HostSettings(paging_pages=-1), "paging_pages"),
    (lambda: HostSettings(policy=""), "policy"),
    (lambda: File(name="", pages=1), "name"),
    (lambda: File(name="a\nb", pages=1), "name"),
    (lambda: File(name="a", pages=0), "pages"),
    (lambda: Tree(name="a", files=0, median_bytes=1), "files"),
    (lambda: Tree(name="a", files=1, directories=2, median_bytes=1), "directories"),
    (lambda: Tree(name="a", files=1, median_bytes=0), "median_bytes"),
    (lambda: Tree(name="a", files=1, median_bytes=1, sigma=float("nan")), "sigma"),
    (lambda: Tree(name="a", files=1, median_bytes=100, largest_bytes=99), "largest_bytes"),
    (lambda: Tree(name="a", files=1, median_bytes=1, seed=-1), "seed"),
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


# Trees


def test_a_tree_is_the_same_every_time_and_another_with_another_seed() -> None:
    sizes = file_pages(SMALL)
    assert sizes == file_pages(SMALL)
    assert sizes != file_pages(Tree(name="tree", files=100, median_bytes=6000, sigma=1.0, seed=2))
    assert len(sizes) == 100


def test_sizes_are_distributed_as_described() -> None:
    sizes = file_pages(Tree(name="t", files=5000, median_bytes=40960, sigma=1.0, largest_bytes=409600))
    # Half of the files are larger than the median of 10 pages, one in a hundred about more than ten times as large.
    assert statistics.median(sizes) == pytest.approx(10, abs=1)
    assert max(sizes) == 100
    assert 0.005 < sum(size == 100 for size in sizes) / 5000 < 0.02
    assert min(sizes) >= 1


def test_without_deviation_all_files_are_the_same() -> None:
    assert set(file_pages(Tree(name="t", files=9, median_bytes=4097))) == {2}
    assert set(file_pages(Tree(name="t", files=9, median_bytes=4096))) == {1}


def test_directories_share_the_files() -> None:
    assert directory_sizes(SMALL) == [15, 15, 14, 14, 14, 14, 14]


# Expectations


@pytest.mark.parametrize(
    ("relation", "within", "found", "holds"),
    (
        ("equal", 0, 100, True),
        ("equal", 0, 101, False),
        ("equal", 10, 110, True),
        ("equal", 10, 90, True),
        ("equal", 10, 111, False),
        ("equal", 10, 89, False),
        ("at least", 0, 100, True),
        ("at least", 0, 99, False),
        ("at most", 0, 100, True),
        ("at most", 0, 101, False),
    ),
)
def test_whether_an_expectation_holds(relation: str, within: float, found: int, holds: bool) -> None:
    assert Finding(1, "V", relation, 100, within, found).holds is holds


def test_an_expectation_says_expected_and_found() -> None:
    step = Expect(equal={"V": 7008}, at_least={"free": 3}, at_most={"z": 1}, within=10)
    assert [str(finding) for finding in compare_numbers(4, step, {"V": 5, "free": 2, "z": 9})] == [
        "V: expected 7,008 within 10 per cent, found 5",
        "free: expected at least 3, found 2",
        "z: expected at most 1, found 9",
    ]


def test_rows_columns_and_cells_are_counted(kernel: Kernel) -> None:
    numbers = measure(kernel)
    states = kernel.machine.states.bytes
    total = len(states)
    states[100], states[101], states[102], states[103] = 0x08, 0x0F, 0x0E, 0x0C
    changed = measure(kernel)
    assert (changed["Pr"], changed["Vz"], changed["Vp"], changed["Vr"]) == (1, 1, 1, 1)
    assert (changed["P"], changed["V"]) == (1, 3)
    assert changed["p"] == changed["Vp"] + changed["Sp"] + changed["Up"] + changed["Pp"] == 1
    for counted in (numbers, changed):
        assert sum(counted[row] for row in "SUPV") == sum(counted[column] for column in "rpz") == total
    assert numbers["free"] == numbers["U"]
    # One for each page that was freed, and one to see whether there is ESSA.
    assert numbers["essa"] == numbers["U"] + 1
