# SPDX-License-Identifier: GPL-2.0-or-later
"""What is pending, and the bit that forbids it: held against what the run loop takes."""

from __future__ import annotations

import random

import pytest

from emu.bits import bit
from emu.cpu import Cpu, CpuState
from emu.device import CHECK_STOP
from emu.inspection.pending import pending_interruptions
from emu.machine import Machine
from emu.machine_checks import CHANNEL_REPORT, PROCESSING_DAMAGE, SYSTEM_DAMAGE, SYSTEM_RECOVERY, WARNING
from emu.pending import enabled_interruption
from emu.psw import ADDRESSING_MODE, EXTERNAL_MASK, IO_MASK, MACHINE_CHECK_MASK, Psw
from tests.support.seed_of_the_day import seed_of_the_day

LARGEST = (1 << 64) - 1
NAMES = {
    57: "interrupt key",
    48: "malfunction alert",
    49: "emergency signal",
    50: "external call",
    52: "clock comparator",
    53: "CPU timer",
    54: "service signal",
    63: "special message",
}
"""Bits of control register 0 (PoP 4, "Control Registers"; 63 is CP's)."""


def make_everything_pending(machine: Machine) -> None:
    cpu = machine.cpus[0]
    machine.press_interrupt_key()
    cpu.pending.malfunction_alert.add(2)
    cpu.pending.emergency_signal.update((3, 1))
    cpu.pending.external_call = 5
    cpu.clock_comparator = 0
    machine.timing.set_cpu_timer(cpu, LARGEST)
    machine.sclp._event_signal = True
    machine.messages.authorize(0x8000, 0x100, special=True)
    machine.messages.send("SHRINK 1")


def quiet(cpu: Cpu) -> None:
    """Let no timer be due."""
    cpu.clock_comparator = LARGEST
    cpu.configuration.timing.set_cpu_timer(cpu, LARGEST >> 1)


def test_each_by_name_and_bit(machine: Machine, cpu: Cpu) -> None:
    make_everything_pending(machine)
    cpu.set_control_register(0, 0)
    cpu.load_psw(Psw(ADDRESSING_MODE | EXTERNAL_MASK, 0))
    assert [(each.name, each.forbidden_by) for each in pending_interruptions(cpu)] == [
        (name, (f"CR0 bit {number} is zero",)) for number, name in NAMES.items()
    ]
    assert pending_interruptions(cpu)[2].detail == "of CPU 1, 3"
    for number, name in NAMES.items():
        cpu.set_control_register(0, bit(number))
        assert [each.name for each in pending_interruptions(cpu) if each.is_enabled] == [name]


def test_forbidden_by_the_psw_and_by_the_state(machine: Machine, cpu: Cpu) -> None:
    quiet(cpu)
    cpu.pending.external_call = 0
    cpu.set_control_register(0, bit(50))
    (call, *_) = pending_interruptions(cpu)
    assert str(call) == "external call of CPU 0: pending, forbidden: PSW bit 7 (E) is zero"
    cpu.state = CpuState.STOPPED
    assert pending_interruptions(cpu)[0].forbidden_by == (
        "the CPU is in the stopped state",
        "PSW bit 7 (E) is zero",
    )


def test_machine_checks(machine: Machine, cpu: Cpu) -> None:
    """PoP 4, "Control Registers": bit 36 of control register 14 masks recovery."""
    machine.report_machine_check(SYSTEM_RECOVERY | SYSTEM_DAMAGE)
    cpu.set_control_register(14, 0)
    cpu.load_psw(Psw(ADDRESSING_MODE | MACHINE_CHECK_MASK, 0))
    assert [str(each) for each in pending_interruptions(cpu)[:2]] == [
        "machine check system damage: pending, enabled",
        "machine check system recovery: pending, forbidden: CR14 bit 36 is zero",
    ]
    cpu.load_psw(Psw(ADDRESSING_MODE, 0))
    assert [str(each) for each in pending_interruptions(cpu)[:2]] == [
        "machine check system damage: pending, PSW bit 13 (M) is zero: the CPU enters the check-stop state",
        "machine check system recovery: pending, forbidden: PSW bit 13 (M) is zero; CR14 bit 36 is zero",
    ]
    cpu.state = CpuState.STOPPED
    assert pending_interruptions(cpu)[0].forbidden_by == ("the CPU is in the stopped state",)


def test_timers_say_when_they_come(machine: Machine, cpu: Cpu) -> None:
    """A unit is four steps, and a microsecond 4096 (emu/timing.py)."""
    quiet(cpu)
    cpu.load_psw(Psw(ADDRESSING_MODE | EXTERNAL_MASK, 0))
    cpu.set_control_register(0, bit(53))
    machine.timing.set_cpu_timer(cpu, 4096 * 10 - 1)
    timer = pending_interruptions(cpu)[1]
    assert str(timer) == "CPU timer 0000000000009fff: in 10,240 units (10 us), enabled"
    assert not timer.is_pending


def test_restart_and_stop(cpu: Cpu) -> None:
    cpu.restart_pending = cpu.stop_pending = True
    assert [each.name for each in pending_interruptions(cpu)][-2:] == ["restart", "stop"]


@pytest.mark.parametrize("number", range(20))
def test_what_is_enabled_is_what_the_run_loop_takes(machine: Machine, cpu: Cpu, number: int) -> None:
    chance = random.Random(seed_of_the_day() + number)
    make_everything_pending(machine)
    for attribute, nothing in (("malfunction_alert", set()), ("emergency_signal", set()), ("external_call", None)):
        if chance.random() < 0.5:
            setattr(cpu.pending, attribute, nothing)
    if chance.random() < 0.5:
        quiet(cpu)
    machine.sclp._event_signal = chance.random() < 0.5
    machine.configuration.floating.interrupt_key = chance.random() < 0.5
    for condition in (SYSTEM_DAMAGE, PROCESSING_DAMAGE, SYSTEM_RECOVERY, WARNING, CHANNEL_REPORT):
        if chance.random() < 0.2:
            machine.report_machine_check(condition)
    for register in (0, 6, 14):
        cpu.set_control_register(register, chance.getrandbits(64))
    masks = (each for each in (EXTERNAL_MASK, IO_MASK, MACHINE_CHECK_MASK) if chance.random() < 0.5)
    cpu.load_psw(Psw(ADDRESSING_MODE | sum(masks), 0))
    enabled = [each for each in pending_interruptions(cpu) if each.is_pending and each.is_enabled]
    request = enabled_interruption(cpu)
    assert bool(enabled) is (request is not None)
    is_machine_check = bool(enabled) and enabled[0].name == "machine check"
    assert is_machine_check is (request is not None and request.interruption in ("machine-check", CHECK_STOP))
    assert any(each.is_check_stop for each in enabled) is (request is not None and request.interruption == CHECK_STOP)
