# SPDX-License-Identifier: GPL-2.0-or-later
"""Groups of pages: what is in each is known, and looked at."""

from __future__ import annotations

import pytest

from guest_kernel.scripted.scenarios.runner import Listener, Point, ScenarioFailure
from guest_kernel.scripted.scenarios.scenario import Allocate, Free, Table, Verify
from guest_kernel.scripted.state.kernel import FIRST_FREE_FRAME
from tests.support.counted_scenarios import IMAGE, make


def test_damage_is_found_and_named() -> None:
    class Damage(Listener):
        def table_reached(self, point: Point) -> None:
            page = next(page for page in reversed(runner.kernel.mem_map) if page.count)
            runner.machine.load_storage(page.address + 7, b"\xff")

    runner = make(Allocate(group="stacks", pages=40), Table(name="now"), Verify(group="stacks"), listener=Damage())
    with pytest.raises(ScenarioFailure, match=r"step 4 \(verify\): wrong content: group stacks: 0x.*ff, not 0x"):
        runner.run()


def test_freeing_looks_at_the_content() -> None:
    class Damage(Listener):
        def table_reached(self, point: Point) -> None:
            for page in runner.kernel.mem_map[FIRST_FREE_FRAME + IMAGE :]:
                if page.count:
                    runner.machine.load_storage(page.address, b"\xff")

    runner = make(Allocate(group="stacks", pages=1), Table(name="now"), Free(group="stacks"), listener=Damage())
    with pytest.raises(ScenarioFailure, match=r"step 4 \(free\): wrong content"):
        runner.run()
