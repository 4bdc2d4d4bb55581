# SPDX-License-Identifier: GPL-2.0-or-later
"""The page manager: what becomes of a page whose frame is taken, when frames are taken, and what must never happen."""

from __future__ import annotations

import numpy as np
import pytest

from emu.hypervisor import FrameShortage, HostFailure
from emu.machine import MEGABYTE, Machine, StopKind
from emu.page_states import Profile, Usage
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode
from emu.saving import restore, save
from emu.storage_keys import CHANGE
from host import page_manager
from host.outcomes import Action
from host.page_manager import PageManager, minimum_frames, watermarks
from host.paging_device import PagingDevice
from host.policies import Policy
from tests.host.conftest import Hosted, MakeHost

PAGE = 0x40
UNUSED, POTENTIAL, VOLATILE = Usage.UNUSED, Usage.POTENTIALLY_VOLATILE, Usage.VOLATILE


# Eviction by state (reference 5.1; KVM 6.2)


@pytest.mark.parametrize(
    ("usage", "changed", "after", "written"),
    (
        (Usage.STABLE, False, "Sp", 1),
        (Usage.STABLE, True, "Sp", 1),
        (UNUSED, False, "Uz", 0),
        (UNUSED, True, "Uz", 0),
        (VOLATILE, False, "Vz", 0),
        (VOLATILE, True, "Vz", 0),
        (POTENTIAL, False, "Vz", 0),
        (POTENTIAL, True, "Sp", 1),
    ),
)
def test_a_victim_goes_where_its_state_says(
    make_host: MakeHost, usage: int, changed: bool, after: str, written: int
) -> None:
    hosted = make_host()
    hosted.fill(PAGE, 0x1122334455667788)
    hosted.set_state(PAGE, usage)
    hosted.machine.keys.bytes[PAGE] = CHANGE if changed else 0
    assert hosted.manager.evict(0, PAGE)
    assert hosted.state(PAGE) == after
    assert hosted.guest.statistics.page_outs == written
    assert hosted.guest.statistics.discards == 1 - written
    hosted.check()


@pytest.mark.parametrize(
    ("usage", "after", "written"),
    ((Usage.STABLE, "Sp", 1), (UNUSED, "Up", 0), (VOLATILE, "Vp", 1), (POTENTIAL, "Pp", 1)),
)
def test_kvm_drops_only_unused_pages(make_host: MakeHost, usage: int, after: str, written: int) -> None:
    hosted = make_host(profile=Profile.KVM)
    hosted.fill(PAGE, 1)
    hosted.set_state(PAGE, usage)
    assert hosted.manager.evict(0, PAGE)
    assert hosted.state(PAGE) == after
    assert hosted.guest.statistics.page_outs == written
    hosted.check()


def test_a_stable_page_of_zeros_is_not_written(make_host: MakeHost) -> None:
    hosted = make_host()
    hosted.fill(PAGE, 0)
    assert hosted.manager.evict(0, PAGE)
    assert hosted.state(PAGE) == "Sz"
    assert (hosted.guest.statistics.page_outs, hosted.guest.statistics.zero_evictions) == (0, 1)
    hosted.check()


def test_no_dat_survives_eviction(make_host: MakeHost) -> None:
    hosted = make_host()
    hosted.fill(PAGE, 5)
    hosted.machine.states.bytes[PAGE] |= 0x20
    hosted.manager.evict(0, PAGE)
    assert hosted.state(PAGE) == "Sp+NT"


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


def test_a_page_without_a_frame_cannot_be_evicted(make_host: MakeHost) -> None:
    assert not make_host().manager.evict(0, PAGE)


def test_prefix_areas_stay(make_host: MakeHost) -> None:
    hosted = make_host()
    hosted.machine.cpus[0].set_prefix(0x42000)
    for page in (0, 1, 0x42, 0x43):
        hosted.fill(page, 3)
    assert not hosted.manager.evict(0, 0x42)
    assert not hosted.manager.evict(0, 0x43)
    assert hosted.manager.evict(0, 0)
    hosted.manager.reclaim(100)
    assert (hosted.state(0x42), hosted.state(0x43), hosted.state(1)) == ("Sr", "Sr", "Sp")
    hosted.check()


# What a page costs (the arithmetic of the reviews, reference 5.1)


def transfers(hosted: Hosted) -> int:
    """Pages that the paging device has written and read."""
    return hosted.manager.device.writes + hosted.manager.device.reads


def test_a_clean_page_of_the_page_cache_costs_two_transfers_without_hints(make_host: MakeHost) -> None:
    hosted = make_host(profile=Profile.OFF)
    hosted.fill(PAGE, 1)
    hosted.manager.evict(0, PAGE)
    assert hosted.machine.storage.read(PAGE << 12, 8) == (1).to_bytes(8, "big")
    assert transfers(hosted) == 2


def test_with_hints_it_costs_the_host_none_and_the_guest_one(make_host: MakeHost) -> None:
    hosted = make_host()
    hosted.fill(PAGE, 1)
    hosted.set_state(PAGE, VOLATILE)
    hosted.manager.evict(0, PAGE)
    with pytest.raises(ProgramInterruption, check=lambda fault: fault.code is ProgramInterruptionCode.DISCARD_FAULT):
        hosted.machine.storage.read(PAGE << 12, 8)
    guest_reads = 0
    hosted.set_state(PAGE, Usage.STABLE)
    hosted.fill(PAGE, 1)
    guest_reads += 1
    assert (transfers(hosted), guest_reads) == (0, 1)


def test_double_paging_costs_three(make_host: MakeHost) -> None:
    hosted = make_host()
    hosted.fill(PAGE, 1)
    hosted.manager.evict(0, PAGE)
    # The guest writes to its own swap a page that the host has paged out already.
    swap = [hosted.machine.storage.read(PAGE << 12, 4096)]
    assert transfers(hosted) + len(swap) == 3


# Order and batches


def test_the_least_recently_used_page_goes_first(make_host: MakeHost) -> None:
    hosted = make_host()
    for page in range(0x20, 0x40):
        hosted.fill(page, page)
    hosted.manager.lists.sweep(hosted.manager.pool.referenced)
    hosted.machine.storage.read(0x20000, 1)
    hosted.manager.reclaim(3)
    states = [hosted.state(page) for page in range(0x20, 0x25)]
    assert states == ["Sr", "Sp", "Sp", "Sp", "Sr"]
    hosted.check()


def test_a_batch_flushes_once_and_drops_translated_code(make_host: MakeHost, monkeypatch: pytest.MonkeyPatch) -> None:
    hosted = make_host()
    machine = hosted.machine
    for page in range(0x20, 0x40):
        hosted.fill(page, page)
    machine.storage.code_pages[0x20] = 1
    flushes: list[None] = []
    written: list[int] = []
    monkeypatch.setattr(machine.configuration.translations, "flush_all", lambda: flushes.append(None))
    monkeypatch.setattr(machine.configuration.translations, "code_written", written.append)
    hosted.manager.reclaim(16)
    assert len(flushes) == 1
    assert written == [0x20]


def test_reclaim_begins_at_the_low_watermark_and_ends_at_the_high_one(make_host: MakeHost) -> None:
    hosted = make_host(64, low=4, high=12)
    for page in range(0x20, 0x20 + 60):
        hosted.fill(page, page)
    assert hosted.manager.pool.free_count == 4
    assert hosted.manager.statistics.reclaims == 0
    hosted.guest.attend(0)
    assert hosted.manager.pool.free_count == 12
    assert hosted.manager.statistics.reclaims == 1
    hosted.guest.attend(0)
    assert hosted.manager.statistics.reclaims == 1


@pytest.mark.parametrize("capacity", (1, 2, 3, 8, 66, 1000, 1 << 18))
def test_watermarks_fit_the_pool(capacity: int) -> None:
    low, high = watermarks(capacity)
    assert 0 <= low < high <= capacity


@pytest.mark.parametrize(("low", "high"), ((-1, 4), (4, 4), (5, 4), (0, 65)))
def test_impossible_watermarks_are_refused(low: int, high: int) -> None:
    with PagingDevice(None, 1) as device, pytest.raises(ValueError, match="watermarks"):
        PageManager(64, device=device, low=low, high=high)


def test_the_policy_decides_who_goes(make_host: MakeHost) -> None:
    for policy, expected in (
        (Policy.LRU, {0x20, 0x21, 0x22}),
        (Policy.UNUSED_FIRST, {0x2F, 0x20, 0x21}),
        (Policy.VOLATILE_FIRST, {0x2F, 0x2E, 0x20}),
    ):
        hosted = make_host(policy=policy)
        for page in range(0x20, 0x30):
            hosted.fill(page, page)
        hosted.set_state(0x2F, UNUSED)
        hosted.set_state(0x2E, VOLATILE)
        hosted.manager.lists.sweep(hosted.manager.pool.referenced)
        hosted.manager.reclaim(3)
        gone = {page for page in range(0x20, 0x30) if hosted.state(page)[1] != "r"}
        assert gone == expected, policy


def test_everything_droppable_is_dropped_on_request(make_host: MakeHost) -> None:
    hosted = make_host()
    for page in range(0x20, 0x26):
        hosted.fill(page, page)
    for page, usage in ((0x20, UNUSED), (0x21, VOLATILE), (0x22, POTENTIAL), (0x23, POTENTIAL)):
        hosted.set_state(page, usage)
    hosted.machine.keys.bytes[0x22] = 0
    hosted.machine.keys.bytes[0x23] = CHANGE
    assert hosted.manager.discard_volatile() == 3
    assert [hosted.state(page) for page in range(0x20, 0x25)] == ["Uz", "Vz", "Vz", "Pr", "Sr"]
    assert hosted.guest.statistics.page_outs == 0
    hosted.check()


def test_the_pool_can_shrink_and_grow(make_host: MakeHost) -> None:
    hosted = make_host(64)
    for page in range(0x20, 0x50):
        hosted.fill(page, page)
    assert hosted.manager.resize(20) == 20
    assert hosted.manager.pool.used == 20
    hosted.check()
    hosted.manager.resize(64)
    for page in range(0x20, 0x50):
        assert hosted.machine.storage.read((page << 12) + 4088, 8) == page.to_bytes(8, "big")
    for wrong in (0, 65):
        with pytest.raises(ValueError, match="1 to 64"):
            hosted.manager.resize(wrong)


def test_guests_share_one_order_of_age(make_host: MakeHost) -> None:
    hosted = make_host(64, guests=2)
    for page in range(0x20, 0x30):
        hosted.fill(page, page, guest=page & 1)
    hosted.manager.lists.sweep(hosted.manager.pool.referenced)
    hosted.manager.reclaim(5)
    gone = [(page, guest) for page in range(0x20, 0x30) for guest in (0, 1) if hosted.state(page, guest) == "Sp"]
    assert gone == [(page, page & 1) for page in range(0x20, 0x25)]
    hosted.check()


# The guest's and the host's view of references


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


# Shortage and failure


def test_a_full_pool_is_a_shortage_until_the_host_supplies(make_host: MakeHost) -> None:
    hosted = make_host(8, low=0, high=2)
    for page in range(0x20, 0x28):
        hosted.machine.storage.write(page << 12, b"\x01")
    with pytest.raises(FrameShortage):
        hosted.machine.storage.write(0x28000, b"\x01")
    assert hosted.state(0x28) == "Sz"
    hosted.guest.supply(0)
    hosted.machine.storage.write(0x28000, b"\x01")
    hosted.check()


def test_a_failing_write_keeps_its_page_and_reclaim_goes_elsewhere(make_host: MakeHost) -> None:
    hosted = make_host()
    for page in range(0x20, 0x28):
        hosted.fill(page, page)
    hosted.manager.lists.sweep(hosted.manager.pool.referenced)
    hosted.manager.device.faults.fail_write(2)
    assert hosted.manager.reclaim(3) == 3
    states = [hosted.state(page) for page in range(0x20, 0x26)]
    assert states == ["Sp", "Sr", "Sp", "Sp", "Sr", "Sr"]
    assert hosted.guest.statistics.failed_writes == 1
    hosted.check()


def test_with_a_full_device_only_what_needs_no_slot_goes(make_host: MakeHost) -> None:
    hosted = make_host(slots=2)
    for page in range(0x20, 0x28):
        hosted.fill(page, page)
    hosted.set_state(0x27, VOLATILE)
    assert hosted.manager.reclaim(8) == 3
    assert hosted.state(0x27) == "Vz"
    assert hosted.manager.device.used == 2
    hosted.check()


def test_with_nothing_left_the_host_fails_and_nothing_is_lost(make_host: MakeHost) -> None:
    hosted = make_host(8, slots=0, low=0, high=1)
    for page in range(0x20, 0x28):
        hosted.machine.storage.write(page << 12, bytes([page]))
    with pytest.raises(HostFailure, match=r"no frame can be made free.*0 of its 0 slots"):
        hosted.guest.supply(0)
    for page in range(0x20, 0x28):
        assert hosted.machine.storage.read(page << 12, 1) == bytes([page])
    hosted.check()


@pytest.mark.parametrize("fault", ("corrupt_read", "short_read", "fail_read"))
def test_an_unreadable_slot_is_named_and_keeps_its_page(make_host: MakeHost, fault: str) -> None:
    hosted = make_host()
    hosted.fill(PAGE, 9)
    hosted.manager.evict(0, PAGE)
    getattr(hosted.manager.device.faults, fault)(1)
    with pytest.raises(HostFailure, match=r"guest 0, page 0x40, slot 0 of the paging device: "):
        hosted.machine.storage.read(PAGE << 12, 8)
    assert hosted.state(PAGE) == "Sp"
    assert hosted.machine.storage.read(PAGE << 12, 8) == (9).to_bytes(8, "big")
    hosted.check()


def test_a_host_failure_ends_the_run_with_a_named_stop(make_host: MakeHost) -> None:
    hosted = make_host()
    hosted.fill(PAGE, 9)
    # LG 1,0(2); LPSWE of a disabled wait would follow
    hosted.machine.load_storage(0x10000, bytes.fromhex("e31020000004"))
    hosted.manager.evict(0, PAGE)
    hosted.manager.device.faults.corrupt_read(1)
    hosted.machine.cpus[0].gr[2] = PAGE << 12
    stop = hosted.machine.run(10)
    assert stop.kind is StopKind.HOST_FAILURE
    assert "guest 0, page 0x40, slot 0" in stop.text
    assert stop.psw.address == 0x10000


def test_an_instruction_that_needs_more_pages_than_the_pool_ends_the_run(make_host: MakeHost) -> None:
    hosted = make_host(4, low=0, high=1)
    # MVC 0(256,3),0(2): a page of code, two each of the operands, and the prefix area is not even touched
    hosted.machine.load_storage(0x10000, bytes.fromhex("d2ff30002000"))
    cpu = hosted.machine.cpus[0]
    cpu.gr[2], cpu.gr[3] = 0x20F80, 0x30F80
    stop = hosted.machine.run(10)
    assert stop.kind is StopKind.HOST_FAILURE
    assert "needs more pages than the pool of 4 frames" in stop.text


def test_an_instruction_that_just_fits_is_executed(make_host: MakeHost) -> None:
    hosted = make_host(5, low=0, high=1)
    hosted.machine.load_storage(0x20000, b"".join(bytes([n]) * 16 for n in range(1, 32)) * 16)
    hosted.machine.load_storage(0x10000, bytes.fromhex("d2ff30002000"))
    expected = hosted.machine.hypervisor.content(0x20)
    cpu = hosted.machine.cpus[0]
    cpu.gr[2], cpu.gr[3] = 0x20F80, 0x30F80
    assert hosted.machine.run(1).kind is StopKind.BUDGET
    assert hosted.machine.executed == 1
    assert expected is not None
    moved = hosted.machine.hypervisor.content(0x30)
    assert moved is not None
    assert moved[0xF80:] == expected[0xF80:]
    hosted.check()


def test_an_abandoned_instruction_goes_on_and_is_counted_once(make_host: MakeHost) -> None:
    hosted = make_host(8, memory=2 * MEGABYTE, low=0, high=1)
    # PFMF 1,2: clear the 1 MB frame at R2, 256 pages in a pool of 8
    hosted.machine.load_storage(0x10000, bytes.fromhex("b9af0012"))
    for page in range(0x100, 0x200, 16):
        hosted.fill(page, page)
    cpu = hosted.machine.cpus[0]
    cpu.gr[1], cpu.gr[2] = 0x11000, 0x100000
    hosted.machine.run(1)
    assert hosted.machine.counts.instructions["PFMF"] == 1
    assert hosted.machine.executed == 1
    assert hosted.manager.statistics.shortages > 0
    assert cpu.gr[2] == 0x200000
    assert {hosted.state(page) for page in range(0x100, 0x200)} <= {"Sr", "Sz"}
    for page in range(0x100, 0x200):
        assert hosted.machine.hypervisor.content(page) in (None, bytes(4096))
    hosted.check()


# The check against data loss


def test_dropping_what_exists_nowhere_else_fails_the_run(make_host: MakeHost, monkeypatch: pytest.MonkeyPatch) -> None:
    hosted = make_host()
    hosted.fill(PAGE, 1)
    broken = {profile: np.full(32, Action.DROP, dtype=np.uint8) for profile in Profile}
    monkeypatch.setattr(page_manager, "ACTIONS", broken)
    with pytest.raises(HostFailure, match=r"data loss: guest 0, page 0x40: .* dropped in state Sr"):
        hosted.manager.evict(0, PAGE)


def test_writing_something_else_fails_the_run(make_host: MakeHost, monkeypatch: pytest.MonkeyPatch) -> None:
    hosted = make_host()
    hosted.fill(PAGE, 1)
    write = hosted.manager.device.write
    monkeypatch.setattr(hosted.manager.device, "write", lambda _: write(bytes(4095) + b"\x01"))
    with pytest.raises(HostFailure, match=r"data loss: guest 0, page 0x40: .* slot 0 holds something else"):
        hosted.manager.evict(0, PAGE)


def test_pages_of_a_batch_that_fails_stay_where_they_were(make_host: MakeHost, monkeypatch: pytest.MonkeyPatch) -> None:
    hosted = make_host(guests=2)
    for guest in (0, 1):
        for page in range(PAGE, PAGE + 4):
            hosted.fill(page, page, guest)
    write = hosted.manager.device.write
    monkeypatch.setattr(hosted.manager.device, "write", lambda _: write(bytes(4095) + b"\x01"))
    with pytest.raises(HostFailure, match="data loss"):
        hosted.manager.reclaim(6)
    hosted.check()
    monkeypatch.undo()
    for page in range(PAGE, PAGE + 4):
        assert hosted.machines[1].storage.read(page << 12, 8) == page.to_bytes(8, "big")
    assert hosted.manager.reclaim(6) == 6
    hosted.check()


# Guests


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


def test_clearing_gives_everything_back(make_host: MakeHost) -> None:
    hosted = make_host(guests=2)
    for page in range(0x20, 0x30):
        hosted.fill(page, page, guest=0)
        hosted.fill(page, page, guest=1)
    hosted.manager.reclaim(10)
    hosted.guest.clear()
    assert {hosted.state(page) for page in range(0x20, 0x30)} == {"Sz"}
    assert hosted.machine.storage.read(0x20000, 4096) == bytes(4096)
    assert hosted.machines[1].storage.read(0x20000, 8) == (0x20).to_bytes(8, "big")
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


def test_the_minimum_covers_the_prefix_areas() -> None:
    assert minimum_frames(2) == minimum_frames(1) + 2
    assert minimum_frames(1) >= 64


def test_a_saved_machine_does_not_go_on_with_a_host_that_pages(make_host: MakeHost) -> None:
    with pytest.raises(ValueError, match="host that pages"):
        restore(make_host().machine, save(Machine(MEGABYTE)))
