# SPDX-License-Identifier: GPL-2.0-or-later
"""Virtual time: the TOD clock, the clock comparator and the CPU timer as values."""

from __future__ import annotations

import pytest

from emu.cpu import Cpu
from emu.machine import Machine
from emu.timing import INITIAL_TOD, MICROSECOND, STEPS_PER_UNIT, UNITS_PER_MICROSECOND, Timing

MASK = (1 << 64) - 1


@pytest.fixture
def timing(machine: Machine) -> Timing:
    """The time of :func:`machine`."""
    return machine.timing


def test_bit_51_of_the_clock_is_a_microsecond() -> None:
    assert MICROSECOND == 1 << 63 - 51
    assert UNITS_PER_MICROSECOND * STEPS_PER_UNIT == MICROSECOND


def test_the_clock_moves_with_work_and_with_nothing_else() -> None:
    timing = Timing()
    assert timing.tod == timing.tod == INITIAL_TOD
    timing.work += UNITS_PER_MICROSECOND
    assert timing.tod == INITIAL_TOD + MICROSECOND


def test_the_clock_starts_on_the_day_of_version_7() -> None:
    # The epoch is 1 January 1900; 27 March 2009 is day 39897 after it.
    assert INITIAL_TOD // MICROSECOND // 86_400_000_000 == 39897


def test_setting_the_clock_leaves_steady_time() -> None:
    timing = Timing()
    timing.work = 1000
    timing.tod = 5
    assert timing.tod == 5
    assert timing.steady == 4000
    timing.work += 1
    assert timing.tod == 9


def test_the_clock_wraps_around() -> None:
    timing = Timing()
    timing.tod = MASK
    timing.work += 1
    assert timing.tod == 3


def test_the_cpu_timer_counts_down_at_the_rate_of_the_clock(timing: Timing, cpu: Cpu) -> None:
    timing.set_cpu_timer(cpu, 1000)
    timing.work += 100
    assert timing.cpu_timer(cpu) == 600
    timing.work += 200
    assert timing.cpu_timer(cpu) == -200 & MASK


def test_the_cpu_timer_is_due_when_negative(timing: Timing, cpu: Cpu) -> None:
    timing.set_cpu_timer(cpu, 4)
    assert not timing.cpu_timer_due(cpu)
    timing.work += 1
    assert not timing.cpu_timer_due(cpu)  # zero is not negative
    timing.work += 1
    assert timing.cpu_timer_due(cpu)


@pytest.mark.parametrize("value", (0, 1, 3, 4, 5, 4096))
def test_units_to_the_cpu_timer(timing: Timing, cpu: Cpu, value: int) -> None:
    timing.set_cpu_timer(cpu, value)
    units = timing.units_to_cpu_timer(cpu)
    timing.work += units - 1
    assert not timing.cpu_timer_due(cpu)
    timing.work += 1
    assert timing.cpu_timer_due(cpu)
    assert timing.units_to_cpu_timer(cpu) == 0


def test_the_clock_comparator_is_due_when_the_clock_is_greater(timing: Timing, cpu: Cpu) -> None:
    timing.tod = 1000
    cpu.clock_comparator = 1000
    assert not timing.clock_comparator_due(cpu)
    cpu.clock_comparator = 999
    assert timing.clock_comparator_due(cpu)


def test_the_clock_comparator_is_compared_unsigned(timing: Timing, cpu: Cpu) -> None:
    timing.tod = 1000
    cpu.clock_comparator = MASK
    assert not timing.clock_comparator_due(cpu)
    timing.tod = MASK
    cpu.clock_comparator = 0
    assert timing.clock_comparator_due(cpu)


@pytest.mark.parametrize("distance", (0, 1, 3, 4, 5, 4096))
def test_units_to_the_clock_comparator(timing: Timing, cpu: Cpu, distance: int) -> None:
    timing.tod = 1 << 60
    cpu.clock_comparator = (1 << 60) + distance
    units = timing.units_to_clock_comparator(cpu)
    timing.work += units - 1
    assert not timing.clock_comparator_due(cpu)
    timing.work += 1
    assert timing.clock_comparator_due(cpu)
    assert timing.units_to_clock_comparator(cpu) == 0
