# SPDX-License-Identifier: GPL-2.0-or-later
"""Every pending interruption of a CPU, and whether it is enabled or which bit forbids it.

PoP 6, "Point of Interruption" and "Priority of Interruptions": the PSW's mask bits hold off a class, those of control
registers 0, 6 and 14 its subclasses.  Which one is taken, :mod:`emu.pending` decides; here is why, or why not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from emu import control_registers as control
from emu import machine_checks
from emu import psw as psw_bits
from emu.bits import bit
from emu.cpu import CpuState
from emu.devices.channel_subsystem import ChannelSubsystem
from emu.devices.messages import SpecialMessages
from emu.devices.sclp import Sclp
from emu.inspection.low_core import MACHINE_CHECK_NAMES
from emu.timing import UNITS_PER_MICROSECOND

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emu.cpu import Cpu

_PSW_NAMES: Final = {
    psw_bits.EXTERNAL_MASK: "PSW bit 7 (E)",
    psw_bits.IO_MASK: "PSW bit 6 (I)",
    psw_bits.MACHINE_CHECK_MASK: "PSW bit 13 (M)",
}
_FIRST_SUBCLASS: Final = 32
"""The bit of control register 6 that lets I/O-interruption subclass 0 through."""


@dataclass(frozen=True, slots=True)
class PendingInterruption:
    """An interruption that a CPU could take, or will be able to.

    *comes_in* is how many units of work are left until it is pending: zero if it is, None if nobody can say.
    *forbidden_by* names each bit or state that keeps it from being taken; if there is none, the CPU takes it next.
    *is_check_stop* says that it then enters the check-stop state instead, which is for want of PSW bit 13.
    """

    name: str
    detail: str
    comes_in: int | None
    forbidden_by: tuple[str, ...]
    is_check_stop: bool = False

    @property
    def is_pending(self) -> bool:
        """Whether it could be taken now but for the bits."""
        return self.comes_in == 0

    @property
    def is_enabled(self) -> bool:
        """Whether nothing forbids it."""
        return not self.forbidden_by

    def __str__(self) -> str:
        if self.is_pending:
            state = "pending"
        elif self.comes_in is None:
            state = "not pending"
        else:
            state = f"in {self.comes_in:,} units ({self.comes_in / UNITS_PER_MICROSECOND:,.0f} us)"
        if not self.is_enabled:
            allowed = f"forbidden: {'; '.join(self.forbidden_by)}"
        elif self.is_check_stop:
            allowed = f"{_PSW_NAMES[psw_bits.MACHINE_CHECK_MASK]} is zero: the CPU enters the check-stop state"
        else:
            allowed = "enabled"
        return f"{self.name}{f' {self.detail}' if self.detail else ''}: {state}, {allowed}"


def pending_interruptions(cpu: Cpu) -> list[PendingInterruption]:
    """What is pending for *cpu*, and its timers, which will be; in the order in which they would be taken.

    What a device has pending floats: any CPU that is enabled for it may take it.
    """
    return [*_machine_check(cpu), *_external(cpu), *_input_output(cpu), *_restart(cpu)]


def _machine_check(cpu: Cpu) -> Iterator[PendingInterruption]:
    """Those that are pending; one interruption tells of all that are enabled."""
    pending = machine_checks.pending(cpu)
    for condition, name in MACHINE_CHECK_NAMES.items():
        if not pending & condition:
            continue
        if condition & machine_checks.EXIGENT:
            is_check_stop = not cpu.system_mask & psw_bits.MACHINE_CHECK_MASK
            yield PendingInterruption("machine check", name, 0, tuple(_by_state(cpu)), is_check_stop)
            continue
        forbidden = _by_psw(cpu, psw_bits.MACHINE_CHECK_MASK)
        mask = machine_checks.SUBCLASSES[condition]
        if not cpu.cr[14] & mask:
            forbidden.append(f"CR14 bit {64 - mask.bit_length()} is zero")
        yield PendingInterruption("machine check", name, 0, tuple(forbidden))


def _external(cpu: Cpu) -> Iterator[PendingInterruption]:
    pending, timing, configuration = cpu.pending, cpu.configuration.timing, cpu.configuration
    if configuration.floating.interrupt_key:
        yield _maskable(cpu, "interrupt key", "", control.CR0_INTERRUPT_KEY, 0)
    if pending.malfunction_alert:
        yield _of_cpus(cpu, "malfunction alert", pending.malfunction_alert, control.CR0_MALFUNCTION_ALERT)
    if pending.emergency_signal:
        yield _of_cpus(cpu, "emergency signal", pending.emergency_signal, control.CR0_EMERGENCY_SIGNAL)
    if pending.external_call is not None:
        yield _of_cpus(cpu, "external call", {pending.external_call}, control.CR0_EXTERNAL_CALL)
    units = 0 if timing.clock_comparator_due(cpu) else timing.units_to_clock_comparator(cpu)
    yield _maskable(cpu, "clock comparator", f"{cpu.clock_comparator:016x}", control.CR0_CLOCK_COMPARATOR, units)
    units = 0 if timing.cpu_timer_due(cpu) else timing.units_to_cpu_timer(cpu)
    yield _maskable(cpu, "CPU timer", f"{timing.cpu_timer(cpu):016x}", control.CR0_CPU_TIMER, units)
    if configuration.device(Sclp).is_signal_pending:
        yield _maskable(cpu, "service signal", "", control.CR0_SERVICE_SIGNAL, 0)
    waiting = configuration.device(SpecialMessages).waiting
    if waiting:
        yield _maskable(cpu, "special message", f"({waiting} waiting)", control.CR0_VMCF, 0)


def _of_cpus(cpu: Cpu, name: str, senders: set[int], mask: int) -> PendingInterruption:
    return _maskable(cpu, name, f"of CPU {', '.join(map(str, sorted(senders)))}", mask, 0)


def _maskable(cpu: Cpu, name: str, detail: str, mask: int, units: int) -> PendingInterruption:
    """One that PSW bit 7 and the bit *mask* of control register 0 let through."""
    forbidden = _by_psw(cpu, psw_bits.EXTERNAL_MASK)
    if not cpu.cr[0] & mask:
        forbidden.append(f"CR0 bit {64 - mask.bit_length()} is zero")
    return PendingInterruption(name, detail, units, tuple(forbidden))


def _by_state(cpu: Cpu) -> list[str]:
    """What the state of *cpu* forbids all interruptions by, if it does."""
    return [] if cpu.state is CpuState.OPERATING else [f"the CPU is in the {cpu.state.value} state"]


def _by_psw(cpu: Cpu, mask: int) -> list[str]:
    """What of the state of *cpu* and of its PSW forbids interruptions of the class with this *mask*."""
    forbidden = _by_state(cpu)
    if not cpu.system_mask & mask:
        forbidden.append(f"{_PSW_NAMES[mask]} is zero")
    return forbidden


def _input_output(cpu: Cpu) -> Iterator[PendingInterruption]:
    subchannels = [each for each in cpu.configuration.device(ChannelSubsystem).subchannels if each.interruption_pending]
    for subchannel in sorted(subchannels, key=lambda each: (each.subclass, each.number)):
        number = _FIRST_SUBCLASS + subchannel.subclass
        forbidden = _by_psw(cpu, psw_bits.IO_MASK)
        if not cpu.cr[6] & bit(number):
            forbidden.append(f"CR6 bit {number} (subclass {subchannel.subclass}) is zero")
        yield PendingInterruption("I/O", f"of subchannel {subchannel.number}", 0, tuple(forbidden))


def _restart(cpu: Cpu) -> Iterator[PendingInterruption]:
    if cpu.restart_pending:
        yield PendingInterruption("restart", "", 0, ())
    if cpu.stop_pending:
        yield PendingInterruption("stop", "(an order, which waits for all interruptions above)", 0, ())
