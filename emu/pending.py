# SPDX-License-Identifier: GPL-2.0-or-later
"""Which pending interruption comes next, and when the next one becomes pending (PoP 6, "Priority of Interruptions").

Machine checks, external interruptions, then input/output; program interruptions and supervisor calls belong to
instructions.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from emu import control_registers as control
from emu import interruption, machine_checks
from emu import psw as psw_bits
from emu.cpu import CpuState
from emu.device import CHECK_STOP, InterruptionRequest
from emu.hypervisor import NEVER

if TYPE_CHECKING:
    from collections.abc import Callable

    from emu.cpu import Cpu

_ENABLED = psw_bits.ANY_INTERRUPTION
_OTHERS = psw_bits.EXTERNAL_MASK | psw_bits.IO_MASK
"""The masks of all interruptions but machine checks."""
_TIMERS = control.CR0_CLOCK_COMPARATOR | control.CR0_CPU_TIMER


def enabled_interruption(cpu: Cpu, mask: int | None = None) -> InterruptionRequest | None:
    """The pending interruption of highest priority that *cpu* is enabled for, or the check stop that comes instead.

    :param mask: the system mask; None means that of the PSW.
    """
    if mask is None:
        mask = cpu.system_mask
    if cpu.machine_checks or cpu.configuration.floating.machine_checks:
        machine_check = _enabled_machine_check(cpu, mask)
        if machine_check is not None:
            return machine_check
    if not mask & _OTHERS:
        return None
    if mask & psw_bits.EXTERNAL_MASK:
        external = _enabled_external(cpu)
        if external is not None:
            return external
    for device in cpu.configuration.devices:
        if mask & device.interruption_mask:
            request = device.pending_interruption(cpu)
            if request is not None:
                return request
    return None


def _enabled_machine_check(cpu: Cpu, mask: int) -> InterruptionRequest | None:
    """The machine-check interruption that *mask* and CR14 let through; a check stop if *mask* forbids an exigent one.

    One interruption tells of all conditions that are pending and enabled.
    """
    conditions = machine_checks.enabled(cpu)
    if mask & psw_bits.MACHINE_CHECK_MASK and conditions:
        return InterruptionRequest("machine-check", conditions, partial(_take_machine_check, cpu, conditions))
    if conditions & machine_checks.EXIGENT:
        return InterruptionRequest(CHECK_STOP, conditions, partial(_check_stop, cpu))
    return None


def _take_machine_check(cpu: Cpu, conditions: int) -> None:
    interruption.machine_check(cpu, conditions)
    machine_checks.clear(cpu, conditions)


def _check_stop(cpu: Cpu) -> None:
    raise interruption.CheckStop(cpu, "an exigent machine check, for which the CPU is disabled")


def _enabled_external(cpu: Cpu) -> InterruptionRequest | None:
    """The pending external interruption of highest priority, but for those of devices, that CR0 lets through."""
    cr0, pending, timing = cpu.cr[0], cpu.pending, cpu.configuration.timing
    if cpu.configuration.floating.interrupt_key and cr0 & control.CR0_INTERRUPT_KEY:
        return _external(interruption.EXTERNAL_INTERRUPT_KEY, partial(_take_interrupt_key, cpu))
    if pending.malfunction_alert and cr0 & control.CR0_MALFUNCTION_ALERT:
        return _external(interruption.EXTERNAL_MALFUNCTION_ALERT, partial(_take_malfunction_alert, cpu))
    if pending.emergency_signal and cr0 & control.CR0_EMERGENCY_SIGNAL:
        return _external(interruption.EXTERNAL_EMERGENCY_SIGNAL, partial(_take_emergency_signal, cpu))
    if pending.external_call is not None and cr0 & control.CR0_EXTERNAL_CALL:
        return _external(interruption.EXTERNAL_CALL, partial(_take_external_call, cpu))
    if cr0 & control.CR0_CLOCK_COMPARATOR and timing.clock_comparator_due(cpu):
        return _timer(cpu, interruption.EXTERNAL_CLOCK_COMPARATOR)
    if cr0 & control.CR0_CPU_TIMER and timing.cpu_timer_due(cpu):
        return _timer(cpu, interruption.EXTERNAL_CPU_TIMER)
    return None


def _external(code: int, take: Callable[[], None]) -> InterruptionRequest:
    return InterruptionRequest("external", code, take)


def _timer(cpu: Cpu, code: int) -> InterruptionRequest:
    return _external(code, partial(interruption.external, cpu, code))


def _take_interrupt_key(cpu: Cpu) -> None:
    interruption.external(cpu, interruption.EXTERNAL_INTERRUPT_KEY)
    cpu.configuration.floating.interrupt_key = False


def _take_malfunction_alert(cpu: Cpu) -> None:
    sender = _lowest(cpu.pending.malfunction_alert)
    interruption.external(cpu, interruption.EXTERNAL_MALFUNCTION_ALERT, cpu_address=sender)


def _take_emergency_signal(cpu: Cpu) -> None:
    sender = _lowest(cpu.pending.emergency_signal)
    interruption.external(cpu, interruption.EXTERNAL_EMERGENCY_SIGNAL, cpu_address=sender)


def _lowest(senders: set[int]) -> int:
    """The lowest CPU address, which is not pending any more (PoP 6, "External Interruption": one from each CPU)."""
    sender = min(senders)
    senders.discard(sender)
    return sender


def _take_external_call(cpu: Cpu) -> None:
    sender, cpu.pending.external_call = cpu.pending.external_call, None
    interruption.external(cpu, interruption.EXTERNAL_CALL, cpu_address=sender or 0)


def can_run(cpu: Cpu) -> bool:
    """Whether something can be done with *cpu*: a restart, a stop, an interruption or an instruction."""
    if cpu.restart_pending or (cpu.stop_pending and cpu.state is CpuState.OPERATING):
        return True
    if cpu.state is not CpuState.OPERATING:
        return False
    return not cpu.is_waiting or enabled_interruption(cpu) is not None


def idle_units(cpu: Cpu) -> int:
    """Units of work for which no CPU but *cpu* can run, unless something is done to one; zero if one can."""
    others = [other for other in cpu.configuration.cpus if other is not cpu]
    if any(can_run(other) for other in others):
        return 0
    waiting = (other for other in others if other.state is CpuState.OPERATING)
    return min((units for other in waiting for units in timer_events(other)), default=NEVER)


def timer_events(cpu: Cpu, mask: int | None = None) -> list[int]:
    """Units of work until each timer interruption for which *cpu* is enabled, or would be with that system *mask*."""
    if not (cpu.system_mask if mask is None else mask) & psw_bits.EXTERNAL_MASK:
        return []
    events, timing = [], cpu.configuration.timing
    if cpu.cr[0] & control.CR0_CLOCK_COMPARATOR:
        events.append(timing.units_to_clock_comparator(cpu))
    if cpu.cr[0] & control.CR0_CPU_TIMER:
        events.append(timing.units_to_cpu_timer(cpu))
    return events


def expected_subclasses(cpu: Cpu) -> int:
    """The bits of CR0 that let external interruptions through which are pending for *cpu*, or will be by themselves."""
    pending, expected = cpu.pending, _TIMERS
    if cpu.configuration.floating.interrupt_key:
        expected |= control.CR0_INTERRUPT_KEY
    if pending.malfunction_alert:
        expected |= control.CR0_MALFUNCTION_ALERT
    if pending.emergency_signal:
        expected |= control.CR0_EMERGENCY_SIGNAL
    if pending.external_call is not None:
        expected |= control.CR0_EXTERNAL_CALL
    for device in cpu.configuration.devices:
        expected |= device.pending_subclasses
    return expected


def quiet_units(cpu: Cpu) -> int:
    """Units of work for which nothing would happen to *cpu* were it to enable itself for interruptions.

    Zero if something would happen at once.  While it is enabled for everything, the goal of the engine sees to it.
    """
    if cpu.system_mask & _ENABLED == _ENABLED:
        return NEVER
    if enabled_interruption(cpu, _ENABLED) is not None:
        return 0
    return min(timer_events(cpu, _ENABLED), default=NEVER)
