# SPDX-License-Identifier: GPL-2.0-or-later
"""Snapshots: the whole state of a machine as plain values, section by section.

A section is a function that walks one part of the machine; the table below is the declaration from which snapshots
and comparison follow.  Saving (:mod:`emu.saving`) walks storage and devices by the same functions.  Two machines with
equal snapshots go on in the same way.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from emu.addresses import PAGE_SIZE
from emu.page_states import CONTENT_MASK, Content

if TYPE_CHECKING:
    from emu.cpu import Cpu
    from emu.machine import Machine

Section = dict[str, object]
Snapshot = dict[str, Section]


def _cpu(cpu: Cpu) -> Section:
    return {
        "psw": cpu.psw.to_bytes(),
        "general registers": tuple(cpu.gr),
        "access registers": tuple(cpu.ar),
        "vector registers": tuple(cpu.vr),
        "floating-point control": cpu.registers.fpc,
        "control registers": tuple(cpu.cr),
        "prefix": cpu.prefix,
        "clock comparator": cpu.clock_comparator,
        "CPU timer": cpu.configuration.timing.cpu_timer(cpu),
        "TOD programmable": cpu.tod_programmable,
        "program parameter": cpu.program_parameter,
        "breaking-event address": cpu.breaking_event_address,
        "state": cpu.state.value,
        "malfunction alert": tuple(cpu.pending.malfunction_alert),
        "emergency signal": tuple(sorted(cpu.pending.emergency_signal)),
        "external call": cpu.pending.external_call,
        "restart": cpu.restart_pending,
        "stop": (cpu.stop_pending, cpu.store_status_pending),
        "executed": cpu.executed,
    }


def _cpus(machine: Machine) -> Section:
    return {f"CPU {cpu.address} {name}": value for cpu in machine.cpus for name, value in _cpu(cpu).items()}


def contents(machine: Machine) -> Iterator[tuple[int, bytes]]:
    """The number and the content of every page, resident or preserved, that is not all zeros; it touches no page."""
    zeros = bytes(PAGE_SIZE)
    for page in map(int, np.flatnonzero(machine.states.array & CONTENT_MASK != Content.ZERO)):
        content = machine.hypervisor.content(page)
        if content is not None and content != zeros:
            yield page, content


def _storage(machine: Machine) -> Section:
    """A digest of each of those pages."""
    return {f"page {page:#x}": hashlib.sha256(content).digest() for page, content in contents(machine)}


def _keys(machine: Machine) -> Section:
    return {"keys": machine.keys.array.tobytes()}


def _states(machine: Machine) -> Section:
    return {"states": machine.states.array.tobytes()}


def _timing(machine: Machine) -> Section:
    return {"work": machine.timing.work, "TOD": machine.timing.tod}


def devices(machine: Machine) -> dict[str, Any]:
    """What has a state() of its own, and a restore()."""
    return {"SCLP": machine.sclp, "messages": machine.messages, "channels": machine.channels}


def _devices(machine: Machine) -> Section:
    return {
        f"{name} {item}": value for name, device in devices(machine).items() for item, value in device.state().items()
    }


SECTIONS: Final[dict[str, Callable[[Machine], Section]]] = {
    "cpus": _cpus,
    "storage": _storage,
    "keys": _keys,
    "states": _states,
    "timing": _timing,
    "devices": _devices,
}


def take(machine: Machine) -> Snapshot:
    """The state of *machine*; taking it changes nothing."""
    return {name: section(machine) for name, section in SECTIONS.items()}


def differences(first: Snapshot, second: Snapshot) -> list[str]:
    """What differs between two snapshots, as ``section: item`` names."""
    return [
        f"{section}: {item}"
        for section in SECTIONS
        for item in sorted(first[section].keys() | second[section].keys())
        if first[section].get(item) != second[section].get(item)
    ]
