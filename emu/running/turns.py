# SPDX-License-Identifier: GPL-2.0-or-later
"""Whose turn it is: CPUs run one after the other, in slices of executed work; time passes when all of them wait."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu import control_registers as control
from emu import psw as psw_bits
from emu.cpu import Cpu, CpuState
from emu.devices.sclp import Sclp
from emu.devices.watchdog import Watchdog
from emu.hypervisor import NEVER
from emu.pending import can_run, timer_events
from emu.running.loops import recognise_endless_loop
from emu.running.stops import StopKind, StopRun

if TYPE_CHECKING:
    from emu.configuration import Configuration

_LATEST: Final = NEVER >> 1
"""In units of work: no wait ends so late, which is 71 years after the machine was made.  Moments stay before NEVER."""


def pass_turn(configuration: Configuration[Cpu]) -> None:
    """Let it be the next CPU's turn if that of the present one is over.

    :raises StopRun: if it is the only one, and in an endless loop.
    """
    if configuration.timing.work >= configuration.turns.end:
        if len(configuration.cpus) == 1:
            recognise_endless_loop(configuration.cpus[0])
        _give_turn(configuration, (configuration.turns.cpu + 1) % len(configuration.cpus))


def find_cpu(configuration: Configuration[Cpu]) -> Cpu | None:
    """The CPU whose turn it is, or else the next one that can run, whose turn it is then; None if none can."""
    turns, cpus = configuration.turns, configuration.cpus
    if can_run(cpus[turns.cpu]):
        return cpus[turns.cpu]
    for offset in range(1, len(cpus)):
        cpu = cpus[(turns.cpu + offset) % len(cpus)]
        if can_run(cpu):
            _give_turn(configuration, cpu.address)
            return cpu
    return None


def _give_turn(configuration: Configuration[Cpu], address: int) -> None:
    configuration.turns.begin(address, configuration.timing.work, is_alone=len(configuration.cpus) == 1)


def pass_time(configuration: Configuration[Cpu]) -> bool:
    """Every CPU waits: go to the earliest moment at which a clock comparator, a CPU timer or the watchdog ends it.

    Where there is an operator, the operator says how much time passes, and something typed may end the wait.  Give
    whether that moment has come.  What a program has set to the end of time ends no wait.

    :raises StopRun: if nothing ends it.
    """
    waiting = [cpu for cpu in configuration.cpus if cpu.state is CpuState.OPERATING]
    watchdog = configuration.device(Watchdog)
    events = [units for cpu in waiting for units in timer_events(cpu)]
    events += [] if watchdog.units_left is None else [watchdog.units_left]
    events = [units for units in events if configuration.timing.work + units < _LATEST]
    passed = event = min(events, default=None)
    operator = configuration.operator
    if operator is not None and (events or any(_hears_of_input(cpu) for cpu in waiting)):
        passed = operator.wait(passed)
    if passed is None:
        raise nobody_runs(configuration)
    configuration.timing.work += passed
    watchdog.perform()
    return passed == event


def _hears_of_input(cpu: Cpu) -> bool:
    """Whether the service signal for something typed would end the wait of *cpu*."""
    is_enabled = bool(cpu.system_mask & psw_bits.EXTERNAL_MASK and cpu.cr[0] & control.CR0_SERVICE_SIGNAL)
    return is_enabled and cpu.configuration.device(Sclp).reads_input


def nobody_runs(configuration: Configuration[Cpu]) -> StopRun:
    """The exception that ends a run in which no CPU can ever run again."""
    for cpu in configuration.cpus:
        if cpu.state is CpuState.CHECK_STOP:
            return StopRun(StopKind.CHECK_STOP, cpu, f"check-stop: {configuration.check_stop_reason}")
    for cpu in configuration.cpus:
        if cpu.state is CpuState.OPERATING:
            if cpu.psw.is_enabled(psw_bits.ANY_INTERRUPTION):
                return StopRun(StopKind.NOTHING_TO_WAIT_FOR, cpu)
            return StopRun(StopKind.DISABLED_WAIT, cpu, f"disabled wait at {cpu.instruction_address:#x}")
    return StopRun(StopKind.ALL_STOPPED, configuration.cpus[0])
