# SPDX-License-Identifier: GPL-2.0-or-later
"""Saving a machine between two instructions, and going on with it in another one, as a migration does.

What is saved is what a :mod:`snapshot <emu.snapshot>` compares, and the place that each CPU has in the order of turns,
so that the restored machine goes on as the first one would have.  Saved machines live in the process that made them:
they hold the engine's own register file.
"""

from __future__ import annotations

from collections import Counter
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from emu.addresses import PAGE_SHIFT
from emu.hypervisor import FirstTouchHypervisor
from emu.snapshot import contents, devices

if TYPE_CHECKING:
    from emu.cpu import Cpu
    from emu.machine import Machine
    from emu.page_states import Profile
    from emu.psw import Psw

_CPU_FIELDS: Final = (
    "state",
    "stopped_since",
    "cpu_timer_origin",
    "clock_comparator",
    "tod_programmable",
    "program_parameter",
    "page_fault_token",
    "breaking_event_address",
    "pending",
    "restart_pending",
    "stop_pending",
    "store_status_pending",
    "executed",
)
"""In this order: to set the state is to start or stop the CPU timer, whose origin comes after it."""
_COUNTERS: Final = ("unmodelled", "instructions", "operation_requests", "program_interruptions")


@dataclass(frozen=True, slots=True)
class SavedCpu:
    """One CPU: its PSW, control registers, prefix, the engine's register file, and the plain fields by name."""

    psw: Psw
    control_registers: tuple[int, ...]
    prefix: int
    registers: bytes
    fields: dict[str, Any]


@dataclass(frozen=True, slots=True)
class SavedMachine:
    """Everything that a machine is going on from."""

    memory: int
    profile: Profile
    facilities: frozenset[int]
    cpus: tuple[SavedCpu, ...]
    pages: dict[int, bytes]
    """The 4096 bytes of each page that is not all zeros."""
    keys: bytes
    states: bytes
    work: int
    tod: int
    turn: tuple[int, int]
    devices: dict[str, dict[str, object]]
    counters: dict[str, Counter[Any]]
    """What the machine counts, by the names it has there."""


def save(machine: Machine) -> SavedMachine:
    """Everything of *machine*, which is between two instructions; saving it changes nothing.

    :raises ValueError: if there are devices on its channel subsystem, whose host's side cannot be saved.
    """
    if machine.channels.subchannels:
        raise ValueError("a machine with devices on its channel subsystem cannot be saved")
    return SavedMachine(
        memory=machine.memory,
        profile=machine.configuration.profile,
        facilities=machine.configuration.facilities,
        cpus=tuple(_save_cpu(cpu, cpu.registers.image) for cpu in machine.cpus),
        pages=dict(contents(machine)),
        keys=machine.keys.array.tobytes(),
        states=machine.states.array.tobytes(),
        work=machine.timing.work,
        tod=machine.timing.tod,
        turn=(machine.configuration.turns.cpu, machine.configuration.turns.end),
        devices={name: device.state() for name, device in devices(machine).items()},
        counters={name: Counter(getattr(machine.counts, name)) for name in _COUNTERS},
    )


def restore(machine: Machine, saved: SavedMachine) -> None:
    """Make *machine*, a new one of the same configuration, go on from *saved*.

    The identification that STSI tells, consoles and observers are of *machine*, not of what was saved.

    :raises ValueError: if the configuration is another one, or there is a host that pages.
    """
    found = (machine.memory, len(machine.cpus), machine.configuration.profile, machine.configuration.facilities)
    if found != (saved.memory, len(saved.cpus), saved.profile, saved.facilities):
        raise ValueError("a saved machine goes on in one of the same memory, CPUs, profile and facilities only")
    if not isinstance(machine.hypervisor, FirstTouchHypervisor):
        raise ValueError("a saved machine goes on without a host that pages")  # noqa: TRY004 - it is no wrong type
    for page, content in saved.pages.items():
        machine.load_storage(page << PAGE_SHIFT, content)
    machine.keys.array[:] = np.frombuffer(saved.keys, dtype=np.uint8)
    machine.states.array[:] = np.frombuffer(saved.states, dtype=np.uint8)
    machine.timing.work = saved.work
    machine.timing.tod = saved.tod
    for cpu, saved_cpu in zip(machine.cpus, saved.cpus, strict=True):
        _restore_cpu(cpu, saved_cpu)
        cpu.registers.image = saved_cpu.registers
    turns = machine.configuration.turns
    turns.cpu, turns.end = saved.turn
    for name, device in devices(machine).items():
        device.restore(saved.devices[name])
    for name, counter in saved.counters.items():
        setattr(machine.counts, name, Counter(counter))
    machine.configuration.translations.flush_all()


def _save_cpu(cpu: Cpu, registers: bytes) -> SavedCpu:
    fields = {name: deepcopy(getattr(cpu, name)) for name in _CPU_FIELDS}
    return SavedCpu(cpu.psw, tuple(cpu.cr), cpu.prefix, registers, fields)


def _restore_cpu(cpu: Cpu, saved: SavedCpu) -> None:
    for number, value in enumerate(saved.control_registers):
        cpu.set_control_register(number, value)
    cpu.set_prefix(saved.prefix)
    cpu.load_psw(saved.psw)
    cpu.psw_loaded = False
    for name in _CPU_FIELDS:
        setattr(cpu, name, deepcopy(saved.fields[name]))
