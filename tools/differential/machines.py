# SPDX-License-Identifier: GPL-2.0-or-later
"""Machines for the programs of the differential driver, which are used again and again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

import emu.isa.catalogue  # noqa: F401 - fills the instruction set
from emu.cpu import CpuState
from emu.engine.engine import Engine
from emu.isa.declaration import INSTRUCTIONS
from emu.leaves import put_back, values
from emu.lowcore import PREFIX_AREA_SIZE
from emu.machine import MEGABYTE, Machine
from emu.page_states import CONTENT_MASK, USAGE_MASK, Content, Profile
from emu.psw import Psw
from emu.saving import save
from emu.snapshot import guest_view
from emu.state import restore_state
from host.page_manager import PageManager, minimum_frames
from host.paging_device import PagingDevice
from tools.differential.layout import FILLING, MEGABYTES, PREFIXES, TABLES, TARGETS, image, waits
from tools.differential.modelled import ModelledEngine

if TYPE_CHECKING:
    from emu.state import State
    from tools.differential.program import RandomProgram

_OURS: Final = frozenset(each.mnemonic for each in INSTRUCTIONS if each.work)
"""The instructions that the model alone executes."""
_ENGINES: Final = {"modelled": ModelledEngine}
"""The engines of ways of running that are not on the usual one."""
Shape = tuple[int, str, int | None]


_CONTENTS: Final = ("hypervisor", "contents")
_FIXED: Final = {("memory",), ("profile",), ("facilities",)}
_NOT_COMPARED: Final = _FIXED | {(name,) for name in ("hypervisor", "operator", "counts", "turns", "repetition")}
_REGISTERS: Final = {
    ("cpus", cpu, "registers", kind) for cpu in range(len(PREFIXES)) for kind in ("general", "access", "vector")
}
"""Looked at in place; every program sets them."""


class Prepared:
    """A machine, the host under it if that pages, and the state that every program starts from."""

    def __init__(self, machine: Machine, host: PageManager | None) -> None:
        self.machine = machine
        self.host = host
        configuration = machine.configuration
        saved = save(machine, host=host)
        self._saved, self._saved_host = saved["machines"][0], saved["host"]
        self._values = values(configuration, _FIXED | _REGISTERS | {_CONTENTS})
        self._host_values = {} if host is None else values(host)
        self._filled = np.zeros(configuration.storage.pages, dtype=np.bool_)
        for page in range(configuration.storage.pages):
            self._filled[page] = any(machine.hypervisor.content(page) or b"")

    def bring_back(self) -> None:
        """Let the machine be in that state again."""
        configuration = self.machine.configuration
        configuration.translations.forget_all_code()
        if self.host is None:
            restore_state(self.machine.hypervisor, self._saved["hypervisor"])
        else:
            put_back(self.host, self._host_values, self._saved_host)
        put_back(configuration, self._values, self._saved)
        configuration.after_restoring()

    def look(self) -> dict[Any, Any]:
        """All that must be the same whichever way a program was run, in a form that is quick to compare.

        Of storage, it is the pages that were filled before the program, and those that it has touched.
        """
        machine = self.machine
        found: dict[Any, Any] = dict(values(machine.configuration, _NOT_COMPARED | _REGISTERS))
        for cpu in machine.cpus:
            found[cpu.address] = [bytes(each) for each in (cpu.gr, cpu.ar, cpu.vr)]
        touched = self._filled | (machine.keys.array != 0)
        has_content = machine.states.array & CONTENT_MASK != Content.ZERO
        content = machine.hypervisor.content
        found["storage"] = {page: content(page) for page in np.flatnonzero(touched & has_content).tolist()}
        found.update(_counted(machine))
        if self.host is not None:
            found.update({("host", *path): value for path, value in values(self.host).items()})
            found.update({("guest", *path): value for path, value in values(machine.hypervisor).items()})
        return found


class Machines:
    """One machine for each way of running and each shape that a program asks for.

    :param are_new: make a new machine for each program, so that nothing depends on the programs before it.
    """

    def __init__(self, *, are_new: bool = False) -> None:
        self._are_new = are_new
        self._prepared: dict[tuple[str, Shape], Prepared] = {}

    def ready(self, way: str, program: RandomProgram) -> Prepared:
        """A machine that is about to execute *program*."""
        shape = program.cpus, program.profile, program.frames
        found = self._prepared.get((way, shape))
        if found is None or self._are_new:
            found = self._prepared[way, shape] = _prepare(shape, _ENGINES.get(way, Engine))
        else:
            found.bring_back()
        put(program, found.machine)
        return found


def _prepare(shape: Shape, engine: type[Engine]) -> Prepared:
    cpus, profile, frames = shape
    if frames is None:
        host, machine = None, Machine(MEGABYTES * MEGABYTE, cpus=cpus, profile=Profile(profile), engine=engine)
    else:
        host = PageManager(minimum_frames(cpus) + frames, device=PagingDevice(None, 1024), low=2, high=6)
        machine = Machine(
            MEGABYTES * MEGABYTE, cpus=cpus, profile=Profile(profile), hypervisor=host.guest(), engine=engine
        )
        for page in FILLING:
            machine.load_storage(page << 12, b"\x5a" * 4096)
    for address, content in image().items():
        machine.load_storage(address, content)
    for cpu in machine.cpus:
        for register, origin in zip((1, 7, 13), TABLES, strict=True):
            cpu.set_control_register(register, origin | 3)
    return Prepared(machine, host)


def put(program: RandomProgram, machine: Machine) -> None:
    """Put *program* into *machine*, which is in the state that every program starts from."""
    for number, target in enumerate(program.targets):
        machine.load_storage(TARGETS + 8 * number, bytes.fromhex(target))
    for address, data in program.data.items():
        machine.load_storage(address, bytes.fromhex(data))
    for base in PREFIXES[: len(machine.cpus)] if program.start < PREFIX_AREA_SIZE else (0,):
        machine.load_storage(base + program.start, bytes.fromhex("".join(program.instructions)) + bytes(6))
    for cpu, prefix in zip(machine.cpus, PREFIXES, strict=False):
        cpu.set_prefix(prefix)
        for place, new in waits().items():
            machine.load_storage(prefix + place, new)
    for page, key in program.keys.items():
        machine.keys.bytes[page] = key
    for page, state in program.states.items():
        machine.states.bytes[page] = machine.states.bytes[page] & ~USAGE_MASK & 0xFF | state & USAGE_MASK
        if state & 3:
            machine.hypervisor.drop(page)
    for cpu in machine.cpus:
        cpu.set_control_register(0, program.cr0)
        for register, value in zip((9, 10, 11), program.events, strict=True):
            cpu.set_control_register(register, value)
        for register, value in enumerate(program.registers):
            cpu.gr[register] = value
        for register, value in enumerate(program.access):
            cpu.ar[register] = value
        for register, value in enumerate(program.vectors):
            cpu.vr[2 * register], cpu.vr[2 * register + 1] = value >> 64, value & (1 << 64) - 1
        cpu.registers.fpc = program.fpc
        cpu.clock_comparator = min(machine.timing.tod + program.timers[0], (1 << 64) - 1)
        machine.timing.set_cpu_timer(cpu, program.timers[1])
        cpu.load_psw(Psw(program.mask, program.start))
        cpu.psw_loaded = False
        cpu.state = CpuState.OPERATING
    machine.configuration.translations.flush_all()
    if program.turn:
        machine.configuration.turns.end = machine.timing.work + program.turn


def state(machine: Machine) -> State:
    """The same in full, as plain data."""
    return guest_view(machine) | _counted(machine)


def _counted(machine: Machine) -> State:
    """What is counted, and how far turns and repetitions have come."""
    configuration = machine.configuration
    counts, turns = configuration.counts, configuration.turns
    view: State = {}
    view["counts"] = {
        # Of corrections, who executes them may depend on how they are reached.
        "instructions": {name: count for name, count in counts.instructions.items() if count and name in _OURS},
        "requests": {str(code): count for code, count in counts.operation_requests.items() if count},
        "interruptions": {str(int(code)): count for code, count in counts.program_interruptions.items() if count},
        "calls": {str(number): count for number, count in counts.supervisor_calls.items() if count},
        "external": {str(code): count for code, count in counts.external_interruptions.items() if count},
        "unmodelled": {name: count for name, count in counts.unmodelled.items() if count},
    }
    view["turn"] = {"cpu": turns.cpu, "end": turns.end}
    view["repetition"] = [list(configuration.repetition.program), list(configuration.repetition.interruption)]
    return view
