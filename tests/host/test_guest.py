# SPDX-License-Identifier: GPL-2.0-or-later
"""The pages of one guest: how they come in, and how the guest gives them up."""

from __future__ import annotations

from emu.page_states import Usage
from host.page_manager import PageManager
from host.paging_device import PagingDevice
from tests.host.conftest import Hosted, MakeHost

PAGE = 0x40
UNUSED, POTENTIAL, VOLATILE = Usage.UNUSED, Usage.POTENTIALLY_VOLATILE, Usage.VOLATILE


def test_content_and_key_come_back(make_host: MakeHost) -> None:
    hosted = make_host()
    hosted.fill(PAGE, 0x0123456789ABCDEF)
    hosted.machine.keys.bytes[PAGE] = 0xB6
    hosted.manager.evict(0, PAGE)
    assert hosted.machine.keys.bytes[PAGE] == 0xB6
    assert hosted.machine.storage.read(PAGE << 12, 4096) == bytes.fromhex("0123456789abcdef") * 512
    assert hosted.state(PAGE) == "Sr"
    assert hosted.machine.keys.bytes[PAGE] == 0xB6
    assert hosted.manager.device.used == 0
    hosted.check()


def test_looking_at_a_preserved_page_does_not_bring_it_in(make_host: MakeHost) -> None:
    hosted = make_host()
    hosted.fill(PAGE, 7)
    hosted.manager.evict(0, PAGE)
    hosted.manager.device.faults.corrupt_read(1)
    assert hosted.machine.hypervisor.content(PAGE) == (7).to_bytes(8, "big") * 512
    assert hosted.state(PAGE) == "Sp"
    assert hosted.manager.device.reads == 0
    assert hosted.machine.hypervisor.content(PAGE + 1) is None


def test_the_sweep_changes_no_key_and_a_reset_key_loses_nothing_for_the_host(make_host: MakeHost) -> None:
    hosted = make_host()
    hosted.fill(PAGE, 1)
    frame = int(hosted.guest.locations[PAGE]) - 1
    hosted.machine.keys.bytes[PAGE] = 0x06
    hosted.manager.lists.sweep(hosted.manager.pool.referenced)
    assert hosted.machine.keys.bytes[PAGE] == 0x06
    assert not hosted.manager.pool.referenced[frame]
    hosted.machine.storage.read(PAGE << 12, 1)
    hosted.machine.keys.bytes[PAGE] = 0
    assert hosted.manager.pool.referenced[frame] == 1
    assert hosted.manager.pool.changed[frame] == 1


def test_what_the_guest_gives_up_is_free_at_once(make_host: MakeHost) -> None:
    hosted = make_host()
    hosted.fill(PAGE, 1)
    hosted.fill(PAGE + 1, 1)
    hosted.manager.evict(0, PAGE + 1)
    for page in (PAGE, PAGE + 1):
        hosted.guest.drop(page)
        assert hosted.state(page) == "Sz"
    assert hosted.guest.statistics.released == 2
    assert hosted.manager.device.used == 0
    hosted.check()


def test_a_terabyte_guest_costs_what_it_touches() -> None:
    with PagingDevice(None, 1 << 10) as device:
        manager = PageManager(1 << 10, device=device)
        from emu.machine import Machine

        machine = Machine(1 << 40, hypervisor=manager.guest())
        hosted = Hosted(manager, [machine])
        for number in range(2000):
            hosted.fill(number << 16 | 5, number + 1)
        for number in range(0, 2000, 7):
            assert machine.hypervisor.content(number << 16 | 5) == (number + 1).to_bytes(8, "big") * 512
        guest = hosted.guest
        per_page = guest.locations.itemsize + guest.states.array.itemsize + guest.keys.array.itemsize + 1
        assert per_page <= 16


def test_a_page_is_settled_when_it_is_resident_and_known_to_be_used(make_host: MakeHost) -> None:
    hosted = make_host()
    assert not hosted.machine.hypervisor.is_settled(PAGE)
    hosted.fill(PAGE, 1)
    assert hosted.machine.hypervisor.is_settled(PAGE)
    hosted.manager.pool.referenced[:] = 0
    assert not hosted.machine.hypervisor.is_settled(PAGE)
    hosted.manager.evict(0, PAGE)
    assert not hosted.machine.hypervisor.is_settled(PAGE)
