# SPDX-License-Identifier: GPL-2.0-or-later
"""A host with guests that are ready to execute."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from emu.cpu import CpuState
from emu.machine import MEGABYTE, Machine
from emu.page_states import Profile, name
from emu.psw import ADDRESSING_MODE, Psw
from host.guest import Guest
from host.page_manager import PageManager
from host.paging_device import PagingDevice

PROGRAM_ADDRESS = 0x10000


@dataclass
class Hosted:
    """A host and its guests."""

    manager: PageManager
    machines: list[Machine]

    @property
    def machine(self) -> Machine:
        """The first guest's machine."""
        return self.machines[0]

    @property
    def guest(self) -> Guest:
        """The first guest."""
        return self.manager.guests[0]

    def state(self, page: int, guest: int = 0) -> str:
        """The name of the page's state: Sr, Vz ..."""
        return name(self.machines[guest].states.bytes[page])

    def set_state(self, page: int, state: int, guest: int = 0) -> None:
        """Give a page another usage, keeping its content."""
        states = self.machines[guest].states.bytes
        states[page] = states[page] & 0x03 | state

    def fill(self, page: int, value: int, guest: int = 0) -> None:
        """Store *value* all over the page, from outside."""
        self.machines[guest].load_storage(page << 12, value.to_bytes(8, "big") * 512)

    def check(self) -> None:
        """The invariants: no page in two places, each frame and slot owned once, all counts agree."""
        pool, device = self.manager.pool, self.manager.device
        used_frames: list[int] = []
        used_slots: list[int] = []
        for guest in self.manager.guests:
            resident = 0
            for page, place in enumerate(guest.locations.tolist()):
                content = guest.states.bytes[page] & 0x03
                if not content:
                    assert place, f"page {page:#x} is resident and has no frame"
                    assert (pool.owner[place - 1], pool.page[place - 1]) == (guest.number, page)
                    used_frames.append(place - 1)
                    resident += 1
                elif place:
                    used_slots.append(place - 1)
                    if guest.profile is not Profile.KVM:
                        assert content == 2, f"page {page:#x} has a slot and is {self.state(page, guest.number)}"
                elif guest.profile is not Profile.KVM:
                    assert content == 3, f"page {page:#x} is nowhere and is {self.state(page, guest.number)}"
            assert guest.resident == resident
        assert len(set(used_frames)) == len(used_frames) == pool.used
        assert len(set(used_slots)) == len(used_slots) == device.used
        assert sorted(used_frames) == [frame for frame, owner in enumerate(pool.owner.tolist()) if owner >= 0]
        assert self.manager.lists.active_count + self.manager.lists.inactive_count == pool.used


MakeHost = Callable[..., Hosted]


@pytest.fixture
def make_host() -> Iterator[MakeHost]:
    """Make a host of so many *frames*, with *guests* machines of 1 MB; device and manager take the other options."""
    with ExitStack() as open_devices:

        def make(
            frames: int = 256,
            *,
            guests: int = 1,
            profile: Profile = Profile.ZVM,
            slots: int = 4096,
            cpus: int = 1,
            memory: int = MEGABYTE,
            resident_unused_traps: bool = True,
            **options: Any,
        ) -> Hosted:
            device = open_devices.enter_context(PagingDevice(None, slots))
            manager = PageManager(frames, device=device, **options)
            machines = []
            for _ in range(guests):
                machine = Machine(
                    memory,
                    cpus=cpus,
                    profile=profile,
                    hypervisor=manager.guest(resident_unused_traps=resident_unused_traps),
                )
                cpu = machine.cpus[0]
                cpu.state = CpuState.OPERATING
                cpu.load_psw(Psw(ADDRESSING_MODE, PROGRAM_ADDRESS))
                cpu.psw_loaded = False
                machines.append(machine)
            return Hosted(manager, machines)

        yield make
