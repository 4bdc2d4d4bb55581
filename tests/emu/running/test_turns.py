# SPDX-License-Identifier: GPL-2.0-or-later
"""Whose turn it is, and how time passes when all CPUs wait (PoP 4, "Stopped, Operating, Load, and Check-Stop States").

What a CPU in each state can do is the manual's; that CPUs run in slices, and for how long, is this machine's own.
"""

from __future__ import annotations

import pytest

from emu.configuration import LONE_SLICE, SLICE, Configuration
from emu.cpu import Cpu, CpuState
from emu.devices.sclp import Sclp
from emu.machine import MEGABYTE, Machine
from emu.pending import can_run
from emu.psw import ADDRESSING_MODE, EXTERNAL_MASK, IO_MASK, MACHINE_CHECK_MASK, WAIT, Psw
from emu.running.stops import StopKind, StopRun
from emu.running.turns import find_cpu, nobody_runs, pass_time, pass_turn

EXTERNAL_CALL, CLOCK_COMPARATOR, CPU_TIMER, SERVICE_SIGNAL = (1 << 63 - number for number in (50, 52, 53, 54))
NEVER_DUE = (1 << 64) - 1


def load(cpu: Cpu, mask: int, *, cr0: int = 0) -> None:
    """Let *cpu* operate with a PSW, with no timer running."""
    cpu.state = CpuState.OPERATING
    cpu.set_control_register(0, cr0)
    cpu.clock_comparator = NEVER_DUE
    cpu.configuration.timing.set_cpu_timer(cpu, 1 << 62)
    cpu.load_psw(Psw(ADDRESSING_MODE | mask, 0x10000))


def configure(*masks: int | None) -> Configuration[Cpu]:
    """A configuration with a CPU for each mask, in the operating state with such a PSW; None is a stopped one."""
    machine = Machine(MEGABYTE, cpus=len(masks))
    for cpu, mask in zip(machine.cpus, masks, strict=True):
        if mask is not None:
            load(cpu, mask)
    return machine.configuration


class Operator:
    """Lets a fixed time pass, and notes how long it was to be at most."""

    def __init__(self, passes: int | None) -> None:
        self._passes = passes
        self.asked: list[int | None] = []

    def type_input(self, work: int) -> int:
        return work

    def wait(self, units: int | None) -> int | None:
        self.asked.append(units)
        return self._passes


def test_the_end_of_time_is_not_waited_for() -> None:
    """Or else, after some times, virtual time would run over, which is a word in compiled code."""
    configuration = configure(WAIT | EXTERNAL_MASK)
    cpu = configuration.cpus[0]
    cpu.set_control_register(0, CPU_TIMER)
    configuration.timing.set_cpu_timer(cpu, (1 << 63) - 1)
    with pytest.raises(StopRun) as ended:
        pass_time(configuration)
    assert ended.value.stop.kind is StopKind.NOTHING_TO_WAIT_FOR
    assert configuration.timing.work == 0


# What can be done with a CPU


def test_an_operating_cpu_can_run() -> None:
    assert can_run(configure(0).cpus[0])


@pytest.mark.parametrize("state", (CpuState.STOPPED, CpuState.CHECK_STOP))
def test_a_cpu_in_another_state_cannot_run_even_if_an_interruption_is_pending(state: CpuState) -> None:
    cpu = configure(EXTERNAL_MASK).cpus[0]
    cpu.set_control_register(0, EXTERNAL_CALL)
    cpu.pending.external_call = 1
    cpu.state = state
    assert not can_run(cpu)


@pytest.mark.parametrize("state", (CpuState.STOPPED, CpuState.OPERATING))
def test_a_restart_can_be_done_with_a_cpu_in_any_state(state: CpuState) -> None:
    cpu = configure(WAIT).cpus[0]
    cpu.state = state
    cpu.restart_pending = True
    assert can_run(cpu)


@pytest.mark.parametrize(("mask", "is_stopped"), ((WAIT, False), (0, True)))
def test_a_cpu_can_be_stopped_only_once(mask: int, is_stopped: bool) -> None:
    cpu = configure(mask).cpus[0]
    if is_stopped:
        cpu.state = CpuState.STOPPED
    cpu.stop_pending = True
    assert can_run(cpu) is not is_stopped


def test_a_wait_ends_with_an_interruption_for_which_the_cpu_is_enabled() -> None:
    cpu = configure(WAIT | EXTERNAL_MASK).cpus[0]
    cpu.set_control_register(0, EXTERNAL_CALL)
    assert not can_run(cpu)
    cpu.pending.external_call = 1
    assert can_run(cpu)
    load(cpu, WAIT | IO_MASK, cr0=EXTERNAL_CALL)
    assert not can_run(cpu)


# Turns


def test_a_turn_goes_on_until_its_end_is_reached() -> None:
    configuration = configure(0, 0)
    configuration.turns.end = 5
    configuration.timing.work = 4
    pass_turn(configuration)
    assert configuration.turns.cpu == 0
    configuration.timing.work = 5
    pass_turn(configuration)
    assert configuration.turns.cpu == 1


def test_the_turn_after_that_of_the_last_cpu_is_that_of_the_first() -> None:
    configuration = configure(0, 0, 0)
    configuration.turns.cpu, configuration.turns.end = 2, 0
    pass_turn(configuration)
    assert configuration.turns.cpu == 0


@pytest.mark.parametrize(("masks", "length"), (((0, 0), SLICE), ((0,), LONE_SLICE)))
def test_a_new_turn_is_as_long_as_there_are_others_to_wait_for_it(masks: tuple[int, ...], length: int) -> None:
    configuration = configure(*masks)
    configuration.timing.work = 7
    configuration.turns.end = 7
    pass_turn(configuration)
    assert configuration.turns.end == 7 + length


def test_the_cpu_whose_turn_it_is_is_found_first_and_keeps_its_turn() -> None:
    configuration = configure(0, 0)
    configuration.turns.cpu, configuration.turns.end = 1, 3
    assert find_cpu(configuration) is configuration.cpus[1]
    assert (configuration.turns.cpu, configuration.turns.end) == (1, 3)


def test_a_cpu_that_cannot_run_gives_its_turn_to_the_next_that_can() -> None:
    configuration = configure(0, WAIT, None, 0)
    configuration.turns.cpu, configuration.turns.end = 1, 3
    assert find_cpu(configuration) is configuration.cpus[3]
    assert (configuration.turns.cpu, configuration.turns.end) == (3, SLICE)


def test_the_search_for_a_cpu_goes_round() -> None:
    configuration = configure(0, WAIT)
    configuration.turns.cpu = 1
    assert find_cpu(configuration) is configuration.cpus[0]


def test_no_cpu_is_found_if_none_can_run() -> None:
    configuration = configure(WAIT, None)
    assert find_cpu(configuration) is None
    assert configuration.turns.cpu == 0


# Time


def test_time_goes_to_the_earliest_timer_of_all_waiting_cpus() -> None:
    configuration = configure(WAIT | EXTERNAL_MASK, WAIT | EXTERNAL_MASK)
    for cpu, ahead in zip(configuration.cpus, (80, 40), strict=True):
        cpu.set_control_register(0, CLOCK_COMPARATOR)
        cpu.clock_comparator = configuration.timing.tod + ahead
    assert pass_time(configuration)
    # Four steps of the clock are a unit, and it must be past the comparator.
    assert configuration.timing.work == 11


def test_a_timer_of_a_stopped_cpu_ends_no_wait() -> None:
    configuration = configure(WAIT | EXTERNAL_MASK, WAIT | EXTERNAL_MASK)
    for cpu, ahead in zip(configuration.cpus, (80, 40), strict=True):
        cpu.set_control_register(0, CLOCK_COMPARATOR)
        cpu.clock_comparator = configuration.timing.tod + ahead
    configuration.cpus[1].state = CpuState.STOPPED
    assert pass_time(configuration)
    assert configuration.timing.work == 21


def test_without_a_timer_nothing_ends_the_wait() -> None:
    configuration = configure(WAIT | EXTERNAL_MASK)
    with pytest.raises(StopRun) as ended:
        pass_time(configuration)
    assert ended.value.stop.kind is StopKind.NOTHING_TO_WAIT_FOR
    assert configuration.timing.work == 0


@pytest.mark.parametrize(("passes", "is_reached"), ((11, True), (3, False)))
def test_the_operator_says_how_much_of_the_wait_passes(passes: int, is_reached: bool) -> None:
    configuration = configure(WAIT | EXTERNAL_MASK)
    cpu = configuration.cpus[0]
    cpu.set_control_register(0, CLOCK_COMPARATOR)
    cpu.clock_comparator = configuration.timing.tod + 40
    operator = configuration.operator = Operator(passes)
    assert pass_time(configuration) is is_reached
    assert operator.asked == [11]
    assert configuration.timing.work == passes


@pytest.mark.parametrize(
    ("mask", "cr0", "reads", "hears"),
    (
        (EXTERNAL_MASK, SERVICE_SIGNAL, True, True),
        (IO_MASK, SERVICE_SIGNAL, True, False),
        (EXTERNAL_MASK, EXTERNAL_CALL, True, False),
        (EXTERNAL_MASK, SERVICE_SIGNAL, False, False),
    ),
)
def test_only_a_cpu_enabled_for_the_service_signal_of_input_waits_for_the_operator(
    mask: int, cr0: int, reads: bool, hears: bool
) -> None:
    configuration = configure(WAIT | mask)
    configuration.cpus[0].set_control_register(0, cr0)
    # The receive mask: bit 0, operator commands, is event type 1.
    configuration.device(Sclp)._receive_mask = 1 << 31 if reads else 0
    operator = configuration.operator = Operator(6)
    if hears:
        assert not pass_time(configuration)
        assert operator.asked == [None]
        assert configuration.timing.work == 6
    else:
        with pytest.raises(StopRun):
            pass_time(configuration)
        assert operator.asked == []


def test_an_operator_for_whom_nothing_will_come_ends_the_run() -> None:
    configuration = configure(WAIT | EXTERNAL_MASK)
    cpu = configuration.cpus[0]
    cpu.set_control_register(0, CLOCK_COMPARATOR)
    cpu.clock_comparator = configuration.timing.tod + 40
    configuration.operator = Operator(None)
    with pytest.raises(StopRun):
        pass_time(configuration)
    assert configuration.timing.work == 0


# Why nobody runs


@pytest.mark.parametrize("mask", (EXTERNAL_MASK, IO_MASK, MACHINE_CHECK_MASK))
def test_a_wait_enabled_for_any_class_waits_for_nothing(mask: int) -> None:
    configuration = configure(None, WAIT | mask)
    stop = nobody_runs(configuration).stop
    assert (stop.kind, stop.cpu) == (StopKind.NOTHING_TO_WAIT_FOR, 1)


def test_a_wait_enabled_for_nothing_is_named_with_its_address() -> None:
    stop = nobody_runs(configure(None, WAIT)).stop
    assert (stop.kind, stop.cpu, stop.text) == (StopKind.DISABLED_WAIT, 1, "disabled wait at 0x10000")


def test_a_check_stop_is_named_before_the_waits_of_other_cpus() -> None:
    configuration = configure(WAIT, None, WAIT)
    configuration.cpus[1].state = CpuState.CHECK_STOP
    configuration.check_stop_reason = "no prefix area"
    stop = nobody_runs(configuration).stop
    assert (stop.kind, stop.cpu, stop.text) == (StopKind.CHECK_STOP, 1, "check-stop: no prefix area")


def test_all_cpus_are_stopped_if_none_is_in_another_state() -> None:
    assert nobody_runs(configure(None, None)).stop.kind is StopKind.ALL_STOPPED
