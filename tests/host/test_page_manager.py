# SPDX-License-Identifier: GPL-2.0-or-later
"""The page manager: what becomes of a page whose frame is taken, when frames are taken, and what must never happen."""

from __future__ import annotations

import pytest

from emu.hypervisor import FrameShortage, HostFailure
from emu.machine import MEGABYTE, StopKind
from emu.page_states import Profile, Usage
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode
from emu.storage_keys import CHANGE
from host.page_manager import minimum_frames
from host.policies import Policy
from tests.host.conftest import Hosted, MakeHost

PAGE = 0x40
UNUSED, POTENTIAL, VOLATILE = Usage.UNUSED, Usage.POTENTIALLY_VOLATILE, Usage.VOLATILE


# What stays


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


def test_with_nothing_left_the_host_fails_and_nothing_is_lost(make_host: MakeHost) -> None:
    hosted = make_host(8, slots=0, low=0, high=1)
    for page in range(0x20, 0x28):
        hosted.machine.storage.write(page << 12, bytes([page]))
    with pytest.raises(HostFailure, match=r"no frame can be made free.*0 of its 0 slots"):
        hosted.guest.supply(0)
    for page in range(0x20, 0x28):
        assert hosted.machine.storage.read(page << 12, 1) == bytes([page])
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


def test_the_minimum_covers_the_prefix_areas() -> None:
    assert minimum_frames(2) == minimum_frames(1) + 2
    assert minimum_frames(1) >= 64


# What may go without I/O, by profile


@pytest.mark.parametrize(
    ("profile", "first"), ((Profile.ZVM, range(PAGE + 16, PAGE + 32)), (Profile.KVM, range(PAGE, PAGE + 16)))
)
def test_volatile_first_means_what_the_host_drops(make_host: MakeHost, profile: Profile, first: range) -> None:
    """The host of KVM writes volatile pages, so they go by age like the stable ones (reference 6.2)."""
    hosted = make_host(64, profile=profile, policy=Policy.VOLATILE_FIRST, low=0, high=16)
    for page in range(PAGE, PAGE + 32):
        hosted.fill(page, page)
    for page in range(PAGE + 16, PAGE + 32):
        hosted.set_state(page, VOLATILE)
    hosted.manager.lists.sweep(hosted.manager.pool.referenced)
    assert hosted.manager.reclaim(16) == 16
    gone = [page for page in range(PAGE, PAGE + 32) if hosted.state(page)[1] != "r"]
    assert gone == list(first)
    assert hosted.manager.device.writes == (0 if profile is Profile.ZVM else 16)
    hosted.check()


@pytest.mark.parametrize(("profile", "dropped"), ((Profile.ZVM, 3), (Profile.KVM, 1), (Profile.OFF, 0)))
def test_discarding_pages_writes_none(make_host: MakeHost, profile: Profile, dropped: int) -> None:
    hosted = make_host(profile=profile)
    usages = (Usage.STABLE, UNUSED, POTENTIAL, VOLATILE) if profile is not Profile.OFF else (Usage.STABLE,) * 4
    for page, usage in enumerate(usages, PAGE):
        hosted.fill(page, 1)
        hosted.set_state(page, usage)
        hosted.machine.keys.bytes[page] = 0
    pages = range(PAGE, PAGE + 6)
    assert hosted.manager.discard(0, pages) == dropped
    assert sum(hosted.state(page)[1] == "r" for page in pages) == 4 - dropped
    assert hosted.manager.device.writes == 0
    assert hosted.manager.discard(0, pages) == 0
    hosted.check()


def test_discarding_leaves_prefix_areas_and_other_guests_alone(make_host: MakeHost) -> None:
    hosted = make_host(guests=2)
    for guest in (0, 1):
        for page in (0, PAGE):
            hosted.fill(page, 1, guest)
            hosted.set_state(page, VOLATILE, guest)
    assert hosted.manager.discard(1, [0, PAGE, PAGE]) == 1
    assert [hosted.state(page, guest) for guest in (0, 1) for page in (0, PAGE)] == ["Vr", "Vr", "Vr", "Vz"]
    hosted.check()
