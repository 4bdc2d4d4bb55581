# SPDX-License-Identifier: GPL-2.0-or-later
"""Carrying out scenarios: what each step does to the pages, and what it finds wrong."""

from __future__ import annotations

import pytest

from emu.machine import Machine
from emu.page_states import Profile
from guest_kernel.scripted.scenarios.checks.expectation import Finding
from guest_kernel.scripted.scenarios.runner import Interrupted, Listener, Point, ScenarioRunner
from guest_kernel.scripted.scenarios.scenario import (
    Allocate,
    Boot,
    Expect,
    Grep,
    KernelSettings,
    MachineSettings,
    Read,
    ResizeHost,
    Scenario,
    ScenarioError,
    Step,
    Table,
    Tick,
    Verify,
)
from tests.support.counted_scenarios import FREE, PAGES, make, numbers


def test_a_file_that_is_read_is_volatile_and_is_read_once() -> None:
    found = numbers(Read(file="data", times=2))
    # All but those of the last 14 that wait to get on the LRU list; and a block with the inode.
    assert found["disk-reads"] == 101
    assert 100 - 14 <= found["Vr"] <= 100
    again = numbers(Read(file="data", times=2), Read(file="data", first=10, pages=5))
    assert again["disk-reads"] == 101


def test_a_part_of_a_file() -> None:
    found = numbers(Read(file="data", first=50, pages=20))
    assert found["disk-reads"] == 21


def test_two_essa_for_each_page_that_is_read_for_the_first_time() -> None:
    one, two = numbers(Read(file="data", pages=32)), numbers(Read(file="data", pages=60))
    # Stable when it is allocated, volatile when it gets on the LRU list; 28 pages are two pagevecs.
    assert two["essa"] - one["essa"] == 2 * 28


def test_two_essa_for_each_page_that_is_read_again() -> None:
    once, twice = numbers(Read(file="data")), numbers(Read(file="data", times=2))
    assert 2 * 86 <= twice["essa"] - once["essa"] <= 2 * 100


def test_without_patches_nothing_is_volatile_or_unused() -> None:
    runner = make(Read(file="data"), Table(name="end"), patches=())
    found = runner.run().points[-1].numbers
    assert (found["V"], found["U"]) == (0, 0)


def test_a_machine_without_essa() -> None:
    runner = make(Read(file="data"), Table(name="end"), profile=Profile.OFF)
    found = runner.run().points[-1].numbers
    assert found["V"] == 0
    assert not runner.kernel.cmma_flag


def test_steps_run_on_their_cpu() -> None:
    runner = make(Read(file="data", cpu=1), Verify(cpu=1), Tick(cpu=1, times=2))
    runner.run()
    first, second = runner.machine.cpus
    assert second.executed > 200
    # Only the boot.
    assert first.executed < FREE + 10


class Recorder(Listener):
    """Keeps what it hears."""

    def __init__(self) -> None:
        self.pages = 0
        self.points: list[Point] = []
        self.findings: list[Finding] = []
        self.frames: list[int] = []

    def advanced(self, step: Step, pages: int) -> None:
        self.pages += pages

    def table_reached(self, point: Point) -> None:
        self.points.append(point)

    def compared(self, step: Expect, findings: list[Finding]) -> None:
        self.findings += findings

    def host_resized(self, frames: int) -> None:
        if frames > 100:
            raise ValueError("too many")
        self.frames.append(frames)


def test_who_listens_hears_everything() -> None:
    recorder = Recorder()
    runner = make(
        Allocate(group="a", pages=8, order=1),
        Read(file="data", first=1, times=2),
        Grep(tree="tree"),
        ResizeHost(frames=99),
        Table(name="end"),
        Expect(equal={"P": 0}, at_most={"free": 7}),
        listener=recorder,
    )
    outcome = runner.run()
    assert recorder.pages == runner.total_pages() == PAGES + 8 + 2 * 99 + 80
    assert recorder.frames == [99]
    assert [point.name for point in recorder.points] == ["end"]
    assert recorder.points == outcome.points
    assert recorder.findings == outcome.findings
    assert [finding.holds for finding in outcome.findings] == [True, False]
    assert not outcome.is_as_expected


def test_a_host_that_cannot_be_resized_is_an_error_of_the_step() -> None:
    with pytest.raises(ScenarioError, match=r"^scenario: step 2 \(resize-host\): frames: too many$"):
        make(ResizeHost(frames=101), listener=Recorder()).run()


def test_a_file_larger_than_storage_is_read_all_the_same() -> None:
    assert numbers(Read(file="large"))["disk-reads"] == 1001


def test_an_image_larger_than_storage() -> None:
    scenario = Scenario(
        description="test",
        machine=MachineSettings(pages=256),
        kernel=KernelSettings(image_pages=300),
        steps=(Boot(),),
    )
    with pytest.raises(ScenarioError, match=r"^scenario: kernel: image_pages: expected less than 239, not 300$"):
        ScenarioRunner(scenario, Machine(256 << 12))


def test_a_machine_of_another_size() -> None:
    runner = make()
    with pytest.raises(ValueError, match="not the one that the scenario describes"):
        ScenarioRunner(runner.scenario, Machine(PAGES << 12, cpus=1))


def test_a_run_can_be_stopped() -> None:
    class Stop(Listener):
        def advanced(self, step: Step, pages: int) -> None:
            if isinstance(step, Read):
                runner.machine.stop_requested = True

    runner = make(Read(file="data"), Table(name="end"), listener=Stop())
    with pytest.raises(Interrupted):
        runner.run()
    assert runner.kernel.disk.reads == 2
    assert not runner.outcome.points


def test_two_runs_are_the_same() -> None:
    steps = (Grep(tree="tree"), Read(file="data"), Table(name="end"))
    first, second = make(*steps), make(*steps)
    assert first.run() == second.run()
    assert first.machine.executed == second.machine.executed
