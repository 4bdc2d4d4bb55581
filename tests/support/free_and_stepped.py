# SPDX-License-Identifier: GPL-2.0-or-later
"""A program run freely and step by step, after which the machines must be equal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from emu import psw as psw_bits
from emu.cpu import CpuState
from emu.dat import PAGE_INVALID, PAGE_PROTECTED
from emu.facilities import DEFAULT_FACILITIES
from emu.machine import MEGABYTE, Machine, StopKind
from emu.page_states import Profile
from emu.psw import ADDRESSING_MODE, DAT, Psw
from emu.snapshot import guest_view
from tests.emu.conftest import AddressSpace
from tests.support.every_instruction import EveryInstruction

CODE, DATA, OTHER, UNMAPPED, PROTECTED = 0x10000, 0x20000, 0x21000, 0x22000, 0x23000
"""Mapped one to one, but for one page."""
FAR = 0x380000
"""The real address that OTHER is mapped to."""
WAIT_ADDRESS = 0x999
SUPERVISOR = ADDRESSING_MODE | DAT
ALL_MASKS = psw_bits.IO_MASK | psw_bits.EXTERNAL_MASK | SUPERVISOR


@dataclass
class Scene:
    """What a program starts from."""

    code: bytes
    registers: dict[int, int] = field(default_factory=dict)
    mask: int = SUPERVISOR
    profile: Profile = Profile.ZVM
    facilities: frozenset[int] = DEFAULT_FACILITIES
    prepare: Callable[[Machine], object] = lambda _: None
    prefix: int = 0

    def machine(self) -> Machine:
        """A machine that is about to execute the program."""
        machine = Machine(4 * MEGABYTE, profile=self.profile, facilities=self.facilities)
        cpu = machine.cpus[0]
        space = AddressSpace(machine)
        for address in (CODE, DATA, 0, 0x1000, 0x2000, 0x3000):
            space.map(address, address)
        space.map(OTHER, FAR)
        space.map(UNMAPPED, UNMAPPED, PAGE_INVALID)
        space.map(PROTECTED, PROTECTED, PAGE_PROTECTED)
        machine.storage.write(CODE, self.code + bytes(2))
        for page in (DATA, FAR, PROTECTED):
            machine.storage.write(page, bytes(range(256)) * 16)
        cpu.set_prefix(self.prefix)
        machine.storage.write(self.prefix + 0x1D0, Psw(ADDRESSING_MODE | psw_bits.WAIT, WAIT_ADDRESS).to_bytes())
        for register in (1, 7, 13):
            cpu.set_control_register(register, space.asce)
        for register, value in self.registers.items():
            cpu.gr[register] = value
        cpu.load_psw(Psw(self.mask, CODE))
        cpu.psw_loaded = False
        cpu.state = CpuState.OPERATING
        self.prepare(machine)
        return machine


def agrees(scene: Scene) -> Machine:
    """Run *scene* freely and step by step, see that nothing differs, and give the machine that ran freely."""
    free, stepped = scene.machine(), scene.machine()
    stepped.observers.append(EveryInstruction())
    stops = [machine.run(100_000) for machine in (free, stepped)]
    assert stops[0] == stops[1]
    assert stops[0].kind is not StopKind.BUDGET
    assert guest_view(free) == guest_view(stepped)
    assert free.counts.instructions == stepped.counts.instructions
    assert free.counts.operation_requests == stepped.counts.operation_requests
    assert free.timing.work == stepped.timing.work
    return free
