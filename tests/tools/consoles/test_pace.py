# SPDX-License-Identifier: GPL-2.0-or-later
"""Virtual time beside the clock on the wall: a guest that waits sleeps, and its time goes as fast as ours."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from emu.timing import UNITS_PER_MICROSECOND
from tools.consoles import pace, terminal

SECOND = 1_000_000 * UNITS_PER_MICROSECOND
TICK = SECOND // 250
MOST = pace.MOST_AHEAD


@dataclass
class Wall:
    """A clock that only sleeping moves, and how it was slept."""

    now: float = 1000.0
    sleeps: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.now += seconds


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def machine() -> Any:
    return SimpleNamespace(timing=SimpleNamespace(work=0), stop_requested=False)


@pytest.fixture
def operator(wall: Wall, machine: Any, monkeypatch: pytest.MonkeyPatch) -> terminal.Terminal:
    """A terminal at which nobody types."""
    made = terminal.Terminal(machine, tuple, descriptor=0)

    def read(seconds: float) -> bool:
        wall.sleep(seconds)
        return False

    monkeypatch.setattr(made, "_read", read)
    monkeypatch.setattr(made, "_pace", pace.Pace(machine.timing, lambda: wall.now))
    return made


def wait(operator: terminal.Terminal, machine: Any, units: int | None) -> int:
    """Have the guest wait, and time pass as the operator says."""
    passed = operator.wait(units)
    assert passed is not None
    machine.timing.work += passed
    return passed


def test_a_tick_costs_no_sleep_of_its_own(operator: terminal.Terminal, machine: Any, wall: Wall) -> None:
    for _ in range(1000):
        assert wait(operator, machine, TICK) == TICK
    # Four seconds, in sleeps of a twentieth of a second or so.
    assert len(wall.sleeps) <= 4 * SECOND // MOST
    assert abs(4 - (wall.now - 1000)) <= pace.seconds(MOST)


def test_a_long_wait_is_as_long_on_the_wall(operator: terminal.Terminal, machine: Any, wall: Wall) -> None:
    assert wait(operator, machine, TICK) == TICK
    assert wait(operator, machine, 10 * SECOND) == 10 * SECOND
    assert wall.now - 1000 == pytest.approx(10 + 1 / 250)


def test_what_ends_a_wait_early_ends_it_then(
    operator: terminal.Terminal, machine: Any, wall: Wall, monkeypatch: pytest.MonkeyPatch
) -> None:
    def typed(_: float) -> bool:
        wall.sleep(0.125)
        return True

    monkeypatch.setattr(operator, "_read", typed)
    assert wait(operator, machine, 10 * SECOND) == pytest.approx(SECOND // 8, abs=1)
    assert wait(operator, machine, None) == pytest.approx(SECOND // 8, abs=1)
    # Virtual time is ahead by five ticks: the wall comes up with it first.
    for _ in range(5):
        assert wait(operator, machine, TICK) == TICK
    assert wait(operator, machine, 10 * SECOND) == pytest.approx(SECOND // 8 - 5 * TICK, abs=3)


def test_a_long_computation_is_not_made_up_for(machine: Any, wall: Wall) -> None:
    ours = pace.Pace(machine.timing, lambda: wall.now)
    wall.sleep(100)
    assert ours.ahead() == -MOST
    machine.timing.work += 100 * SECOND
    assert ours.ahead() == MOST
    wall.sleep(0.01)
    assert ours.elapsed() == pytest.approx(SECOND // 100, abs=1)
    assert ours.ahead() == pytest.approx(MOST - SECOND // 100, abs=1)
