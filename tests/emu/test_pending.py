# SPDX-License-Identifier: GPL-2.0-or-later
"""Which pending interruption comes next (PoP 6, "Priority of Interruptions" and "External Interruption").

Masks are those of the figure "Assignment of Control-Register Fields", PoP 4; codes those of "External Interruption".
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise

import pytest

from emu.cpu import Cpu
from emu.hypervisor import NEVER
from emu.pending import enabled_interruption, quiet_units, timer_events
from emu.psw import ADDRESSING_MODE, ANY_INTERRUPTION, EXTERNAL_MASK, IO_MASK, PROBLEM_STATE, Psw

Prepare = Callable[[Cpu], None]

START = 0x10000
MALFUNCTION_ALERT, EMERGENCY_SIGNAL, EXTERNAL_CALL = 1 << 63 - 48, 1 << 63 - 49, 1 << 63 - 50
INTERRUPT_KEY = 1 << 63 - 57
CLOCK_COMPARATOR, CPU_TIMER = 1 << 63 - 52, 1 << 63 - 53
EVERY_MASK = MALFUNCTION_ALERT | EMERGENCY_SIGNAL | EXTERNAL_CALL | CLOCK_COMPARATOR | CPU_TIMER | INTERRUPT_KEY
LARGEST = (1 << 64) - 1


def call(cpu: Cpu) -> None:
    cpu.pending.external_call = 7


def press_the_key(cpu: Cpu) -> None:
    cpu.configuration.floating.interrupt_key = True


def let_the_clock_pass(cpu: Cpu) -> None:
    cpu.clock_comparator = cpu.configuration.timing.tod - 1


def let_the_timer_pass(cpu: Cpu) -> None:
    cpu.configuration.timing.set_cpu_timer(cpu, LARGEST)


CONDITIONS: dict[int, tuple[int, Prepare]] = {
    0x0040: (INTERRUPT_KEY, press_the_key),
    0x1200: (MALFUNCTION_ALERT, lambda cpu: cpu.pending.malfunction_alert.add(5)),
    0x1201: (EMERGENCY_SIGNAL, lambda cpu: cpu.pending.emergency_signal.add(4)),
    0x1202: (EXTERNAL_CALL, call),
    0x1004: (CLOCK_COMPARATOR, let_the_clock_pass),
    0x1005: (CPU_TIMER, let_the_timer_pass),
}
"""Interruption code: subclass mask in CR0, and what makes the condition pending; in the order of priority."""
CODES = tuple(CONDITIONS)


class Device:
    """Always presents an interruption, and notes who takes it."""

    def __init__(self, mask: int, *, is_pending: bool = True) -> None:
        self.interruption_mask = mask
        self.taken: list[int] = []
        self._is_pending = is_pending

    def pending_interruption(self, cpu: Cpu) -> Callable[[], None] | None:
        return partial(self.taken.append, cpu.address) if self._is_pending else None


@pytest.fixture
def cpu(cpu: Cpu) -> Cpu:
    """The CPU, enabled for everything, with nothing pending and no devices."""
    cpu.configuration.devices.clear()
    cpu.set_control_register(0, EVERY_MASK)
    cpu.clock_comparator = LARGEST
    cpu.configuration.timing.set_cpu_timer(cpu, 1 << 62)
    enable(cpu, ANY_INTERRUPTION)
    return cpu


def enable(cpu: Cpu, mask: int) -> None:
    cpu.load_psw(Psw(ADDRESSING_MODE | mask, START))


def taken(cpu: Cpu, mask: int | None = None) -> tuple[int, int] | None:
    """Take the interruption that comes next; give its code and the CPU address stored with it."""
    action = enabled_interruption(cpu, mask)
    if action is None:
        return None
    action()
    word = cpu.configuration.storage.read_integer(0x84, 4)
    return word & 0xFFFF, word >> 16


# External interruptions of the CPU's own


@pytest.mark.parametrize("name", ("malfunction_alert", "emergency_signal"))
def test_of_several_senders_the_lowest_address_comes_first_and_each_once(cpu: Cpu, name: str) -> None:
    """PoP 6, "External Interruption": one condition is held pending for each sender, and taken by ascending address."""
    mask = MALFUNCTION_ALERT if name == "malfunction_alert" else EMERGENCY_SIGNAL
    cpu.cr[0] |= mask
    for sender in (7, 2, 5, 2):
        getattr(cpu.pending, name).add(sender)
    taken = []
    while (deliver := enabled_interruption(cpu, EXTERNAL_MASK)) is not None:
        deliver()
        taken.append(cpu.configuration.storage.read_integer(cpu.prefix + 0x84, 2))
    assert taken == [2, 5, 7]


def test_nothing_pending_is_no_interruption(cpu: Cpu) -> None:
    assert enabled_interruption(cpu) is None


@pytest.mark.parametrize("code", CODES)
def test_a_condition_with_only_its_own_subclass_mask_is_taken(cpu: Cpu, code: int) -> None:
    mask, prepare = CONDITIONS[code]
    prepare(cpu)
    cpu.set_control_register(0, mask)
    assert (taken(cpu) or (0, 0))[0] == code


@pytest.mark.parametrize("code", CODES)
def test_a_condition_whose_subclass_mask_is_zero_is_not_taken(cpu: Cpu, code: int) -> None:
    mask, prepare = CONDITIONS[code]
    prepare(cpu)
    cpu.set_control_register(0, EVERY_MASK & ~mask)
    assert enabled_interruption(cpu) is None


@pytest.mark.parametrize("code", CODES)
def test_the_external_mask_of_the_psw_holds_all_of_them_off(cpu: Cpu, code: int) -> None:
    CONDITIONS[code][1](cpu)
    enable(cpu, IO_MASK)
    assert enabled_interruption(cpu) is None


@pytest.mark.parametrize(("first", "second"), tuple(pairwise(CODES)))
def test_of_two_conditions_the_one_of_higher_priority_is_taken(cpu: Cpu, first: int, second: int) -> None:
    CONDITIONS[second][1](cpu)
    CONDITIONS[first][1](cpu)
    assert (taken(cpu) or (0, 0))[0] == first


def test_looking_takes_nothing(cpu: Cpu) -> None:
    for _, prepare in CONDITIONS.values():
        prepare(cpu)
    enabled_interruption(cpu)
    assert cpu.pending.malfunction_alert == {5}
    assert cpu.pending.emergency_signal == {4}
    assert cpu.pending.external_call == 7
    assert cpu.instruction_address == START


@pytest.mark.parametrize(("code", "sender"), ((0x0040, 0), (0x1200, 5), (0x1201, 4), (0x1202, 7)))
def test_a_request_stores_its_sender_and_is_cleared_by_the_interruption(cpu: Cpu, code: int, sender: int) -> None:
    CONDITIONS[code][1](cpu)
    assert taken(cpu) == (code, sender)
    assert enabled_interruption(cpu, EXTERNAL_MASK) is None


def test_an_external_call_of_cpu_0_is_one(cpu: Cpu) -> None:
    cpu.pending.external_call = 0
    assert taken(cpu) == (0x1202, 0)


def test_of_two_emergency_signals_that_of_the_smallest_cpu_address_is_taken_first(cpu: Cpu) -> None:
    cpu.pending.emergency_signal.update((9, 2))
    assert [taken(cpu, EXTERNAL_MASK) for _ in range(3)] == [(0x1201, 2), (0x1201, 9), None]


@pytest.mark.parametrize("code", (0x1004, 0x1005))
def test_a_timer_condition_is_not_cleared_by_the_interruption(cpu: Cpu, code: int) -> None:
    CONDITIONS[code][1](cpu)
    assert taken(cpu) == taken(cpu, EXTERNAL_MASK) == (code, 0)


def test_a_timer_condition_that_is_removed_does_not_remain_pending(cpu: Cpu) -> None:
    let_the_clock_pass(cpu)
    let_the_timer_pass(cpu)
    cpu.clock_comparator = LARGEST
    cpu.configuration.timing.set_cpu_timer(cpu, 0)
    assert enabled_interruption(cpu) is None


def test_a_clock_comparator_equal_to_the_clock_is_not_due(cpu: Cpu) -> None:
    cpu.clock_comparator = cpu.configuration.timing.tod
    assert enabled_interruption(cpu) is None


def test_a_system_mask_that_is_given_stands_for_that_of_the_psw(cpu: Cpu) -> None:
    call(cpu)
    assert enabled_interruption(cpu, IO_MASK) is None
    enable(cpu, 0)
    assert enabled_interruption(cpu) is None
    assert taken(cpu, EXTERNAL_MASK) == (0x1202, 7)


# Devices


def test_an_interruption_of_the_cpus_own_comes_before_those_of_devices(cpu: Cpu) -> None:
    device = Device(EXTERNAL_MASK)
    cpu.configuration.devices.append(device)
    let_the_timer_pass(cpu)
    assert taken(cpu) == (0x1005, 0)
    assert not device.taken


@pytest.mark.parametrize("mask", (EXTERNAL_MASK, IO_MASK))
def test_a_device_interrupts_only_if_the_psw_is_enabled_for_its_class(cpu: Cpu, mask: int) -> None:
    device = Device(mask)
    cpu.configuration.devices.append(device)
    enable(cpu, (EXTERNAL_MASK | IO_MASK) & ~mask)
    assert enabled_interruption(cpu) is None
    enable(cpu, mask)
    action = enabled_interruption(cpu)
    assert action is not None
    action()
    assert device.taken == [cpu.address]


def test_devices_interrupt_in_the_order_of_the_list(cpu: Cpu) -> None:
    idle, first, second = Device(EXTERNAL_MASK, is_pending=False), Device(EXTERNAL_MASK), Device(IO_MASK)
    cpu.configuration.devices += [idle, first, second]
    action = enabled_interruption(cpu)
    assert action is not None
    action()
    assert (first.taken, second.taken) == ([0], [])


# When a timer becomes due: 4 steps of the TOD clock are a unit of work


def test_timers_become_due_when_they_are_past_and_not_when_they_are_reached(cpu: Cpu) -> None:
    timing = cpu.configuration.timing
    cpu.clock_comparator = timing.tod + 40
    timing.set_cpu_timer(cpu, 80)
    assert timer_events(cpu) == [11, 21]
    timing.work += 10
    assert enabled_interruption(cpu) is None
    timing.work += 1
    assert enabled_interruption(cpu) is not None


@pytest.mark.parametrize(("mask", "events"), ((CLOCK_COMPARATOR, [11]), (CPU_TIMER, [21]), (EXTERNAL_CALL, [])))
def test_a_timer_whose_subclass_mask_is_zero_is_no_event(cpu: Cpu, mask: int, events: list[int]) -> None:
    cpu.clock_comparator = cpu.configuration.timing.tod + 40
    cpu.configuration.timing.set_cpu_timer(cpu, 80)
    cpu.set_control_register(0, mask)
    assert timer_events(cpu) == events


def test_a_timer_is_no_event_for_a_cpu_disabled_for_external_interruptions(cpu: Cpu) -> None:
    let_the_clock_pass(cpu)
    enable(cpu, IO_MASK)
    assert timer_events(cpu) == []
    assert 0 in timer_events(cpu, EXTERNAL_MASK)


# How long a CPU may enable itself unnoticed


def test_nothing_is_to_be_noticed_of_a_cpu_that_is_enabled_for_everything(cpu: Cpu) -> None:
    call(cpu)
    assert quiet_units(cpu) == NEVER


def test_a_program_in_the_problem_state_may_call_a_kernel_that_is_enabled(cpu: Cpu) -> None:
    enable(cpu, PROBLEM_STATE | IO_MASK)
    assert quiet_units(cpu) > 0
    call(cpu)
    assert quiet_units(cpu) == 0


@pytest.mark.parametrize("mask", (0, EXTERNAL_MASK, IO_MASK))
def test_what_is_pending_would_be_taken_at_once(cpu: Cpu, mask: int) -> None:
    enable(cpu, mask)
    assert quiet_units(cpu) > 0
    call(cpu)
    assert quiet_units(cpu) == 0


def test_it_is_quiet_until_the_earliest_timer(cpu: Cpu) -> None:
    enable(cpu, 0)
    cpu.configuration.timing.set_cpu_timer(cpu, 80)
    assert quiet_units(cpu) == 21
    cpu.clock_comparator = cpu.configuration.timing.tod + 40
    assert quiet_units(cpu) == 11


def test_it_is_quiet_for_ever_without_timers(cpu: Cpu) -> None:
    enable(cpu, 0)
    cpu.set_control_register(0, 0)
    assert quiet_units(cpu) == NEVER
