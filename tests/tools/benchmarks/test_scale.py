# SPDX-License-Identifier: GPL-2.0-or-later
"""How cost grows: what is done at each size."""

from __future__ import annotations

import numpy as np
import pytest

from emu.page_states import CONTENT_MASK, Content
from tools.benchmarks.figure import NotMeasured
from tools.benchmarks.guest_loop import LoopMachine
from tools.benchmarks.scale import GIGABYTE, cpus_rate, pressure_rate, resident_rate, touch_loop, touch_seconds

MEGABYTES_16 = 16 << 20


def test_just_these_pages_are_touched() -> None:
    pages = np.array([0x900, 0x200, 0xFFF, 0x300])
    machine = LoopMachine(touch_loop(MEGABYTES_16, pages))
    # The first round has been executed.
    machine.seconds(2)
    states = machine.machine.states.array
    assert [int(state) & CONTENT_MASK for state in states[pages]] == [Content.RESIDENT] * 3 + [Content.ZERO]
    assert np.count_nonzero(states[0x200:] & CONTENT_MASK == Content.RESIDENT) == 3


def test_a_guest_is_made_and_touched() -> None:
    assert touch_seconds(GIGABYTE, 10) > 0


def test_so_many_pages_are_resident() -> None:
    assert resident_rate(1024, 1000) > 0


def test_others_that_are_resident_are_no_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    # All seem to be.
    monkeypatch.setattr("tools.benchmarks.scale.CONTENT_MASK", 0)
    with pytest.raises(NotMeasured, match="pages are resident, not 1,024"):
        resident_rate(1024, 1000)


def test_several_guests_execute_as_much_as_they_may() -> None:
    assert pressure_rate(2, 20_000) > 0


def test_guests_that_end_before_are_no_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotMeasured, match="did not come to their end"):
        pressure_rate(1, 1 << 40)


def test_each_cpu_has_its_turn() -> None:
    assert cpus_rate(2, 400_000) > 0
    with pytest.raises(NotMeasured, match="1 CPUs executed none"):
        cpus_rate(2, 100)
