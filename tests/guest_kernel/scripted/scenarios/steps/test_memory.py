# SPDX-License-Identifier: GPL-2.0-or-later
"""Steps about the kernel's own pages."""

from __future__ import annotations

import pytest

from guest_kernel.scripted.scenarios.runner import Interrupted, Listener
from guest_kernel.scripted.scenarios.scenario import Allocate, Free, ScenarioError, Step, Table, Touch
from guest_kernel.scripted.state.kernel import FIRST_FREE_FRAME
from tests.support.counted_scenarios import FREE, IMAGE, PAGES, make, numbers


def test_boot_loads_the_image_and_frees_the_rest() -> None:
    runner = make(Table(name="end"))
    found = runner.run().points[-1].numbers
    assert found["U"] == found["Uz"] == found["free"] == FREE
    # The image, the kernel's text, and for each CPU the page with the new PSWs.
    assert found["Sr"] == IMAGE + 3
    assert bytes(runner.machine.read_storage(FIRST_FREE_FRAME << 12, 16)) != bytes(16)


def test_allocated_pages_are_stable_and_resident_once_they_are_touched() -> None:
    booted = numbers()
    found = numbers(Allocate(group="a", pages=24, order=3, touched=10))
    assert found["S"] - booted["S"] == 24
    assert found["Sr"] - booted["Sr"] == 10
    assert found["Sz"] - booted["Sz"] == 14
    touched = numbers(Allocate(group="a", pages=24, order=3, touched=10), Touch(group="a", pages=4))
    assert touched["Sr"] - booted["Sr"] == 14


def test_freed_pages_are_unused_but_stay_resident() -> None:
    booted = numbers()
    found = numbers(Allocate(group="a", pages=16, order=2, touched=5), Allocate(group="a", pages=3), Free(group="a"))
    assert found["U"] == booted["U"]
    assert found["Ur"] == 5 + 3
    assert found["free"] == FREE


def test_the_boot_tells_how_far_it_is() -> None:
    told: list[int] = []

    class Watcher(Listener):
        def advanced(self, step: Step, pages: int) -> None:
            told.append(pages)

    make(listener=Watcher()).run()
    # The image and what is below it at once, and then each block.
    assert told[0] == PAGES - FREE
    assert len(told) > 5
    assert max(told[1:]) <= 256
    assert sum(told) == PAGES


def test_a_boot_can_be_stopped() -> None:
    class Stop(Listener):
        def advanced(self, step: Step, pages: int) -> None:
            runner.machine.stop_requested = True

    runner = make(listener=Stop())
    with pytest.raises(Interrupted):
        runner.run()
    assert runner.kernel.zone.free_pages == 0


def test_more_than_there_is_is_an_error_of_the_step() -> None:
    with pytest.raises(ScenarioError, match=r"^scenario: step 2 \(allocate\): no block of 1 pages is free"):
        make(Allocate(group="a", pages=FREE + 1)).run()
