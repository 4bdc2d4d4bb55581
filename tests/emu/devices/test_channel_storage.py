# SPDX-License-Identifier: GPL-2.0-or-later
"""Main storage as channel programs reach it (PoP 3, "Protection", "Reference Recording"; 16, "Program Check")."""

from __future__ import annotations

import pytest

from emu.cpu import Cpu
from emu.devices.channel_storage import ChannelCheck, ChannelStorage, SubchannelStatus
from emu.hypervisor import FirstTouchHypervisor, FrameShortage
from emu.machine import MEGABYTE, Machine

PAGE = 0x26000
NEXT = PAGE + 0x1000
REFERENCE, CHANGE, FETCH_PROTECTION = 0x04, 0x02, 0x08


def check(status: int) -> object:
    """A context in which exactly this subchannel status is presented."""
    return pytest.raises(ChannelCheck, check=lambda reason: reason.status == status)


def release(cpu: Cpu, run, address: int) -> None:
    """ESSA with operation request 2 makes the page unused."""
    cpu.gr[6] = address
    run(cpu, "ESSA", r1=7, r2=6, m3=2)


# Where


def test_addresses_are_absolute(machine: Machine, storage: ChannelStorage) -> None:
    machine.cpus[0].set_prefix(0x8000)
    storage.store(0x100, b"\xaa")
    assert machine.storage.read(0x100, 1) == b"\xaa"


def test_an_area_may_cross_pages(machine: Machine, storage: ChannelStorage) -> None:
    data = bytes(range(256)) * 20
    storage.store(PAGE + 0xF01, data)
    assert machine.storage.read(PAGE + 0xF01, len(data)) == data
    assert storage.fetch(PAGE + 0xF01, len(data)) == data


def test_nothing_is_accessed_for_an_area_of_no_bytes(machine: Machine, storage: ChannelStorage) -> None:
    assert storage.fetch(1 << 62, 0) == b""
    storage.store(1 << 62, b"")


@pytest.mark.parametrize("address", (4 * MEGABYTE, 4 * MEGABYTE - 2, 1 << 62))
def test_an_area_that_leaves_storage_is_a_program_check(storage: ChannelStorage, address: int) -> None:
    with check(SubchannelStatus.PROGRAM_CHECK):
        storage.fetch(address, 4)
    with check(SubchannelStatus.PROGRAM_CHECK):
        storage.store(address, b"1234")


def test_an_unused_page_is_a_program_check(machine: Machine, storage: ChannelStorage, run) -> None:
    release(machine.cpus[0], run, PAGE)
    with check(SubchannelStatus.PROGRAM_CHECK):
        storage.fetch(PAGE, 1)
    with check(SubchannelStatus.PROGRAM_CHECK):
        storage.store(PAGE, b"1")


def test_what_comes_before_the_page_that_gives_a_check_is_stored(
    machine: Machine, storage: ChannelStorage, run
) -> None:
    release(machine.cpus[0], run, NEXT)
    with check(SubchannelStatus.PROGRAM_CHECK):
        storage.store(NEXT - 2, b"1234")
    assert machine.storage.read(NEXT - 2, 2) == b"12"


# Keys: a store needs key 0 or the same key, a fetch only if the storage key has fetch protection


@pytest.mark.parametrize(
    ("storage_key", "key", "fetches", "stores"),
    (
        (0x30, 0, True, True),
        (0x38, 0, True, True),
        (0x30, 3, True, True),
        (0x38, 3, True, True),
        (0x30, 2, True, False),
        (0x38, 2, False, False),
        (0x00, 2, True, False),
    ),
)
def test_the_key_of_the_channel_program_is_compared_with_the_storage_key(
    machine: Machine, storage: ChannelStorage, storage_key: int, key: int, fetches: bool, stores: bool
) -> None:
    machine.keys.bytes[PAGE >> 12] = storage_key
    if fetches:
        storage.fetch(PAGE, 4, key)
    else:
        with check(SubchannelStatus.PROTECTION_CHECK):
            storage.fetch(PAGE, 4, key)
    if stores:
        storage.store(PAGE, b"1234", key)
    else:
        with check(SubchannelStatus.PROTECTION_CHECK):
            storage.store(PAGE, b"1234", key)
    assert machine.storage.read(PAGE, 4) == (b"1234" if stores else bytes(4))


def test_the_key_of_every_page_of_an_area_is_compared(machine: Machine, storage: ChannelStorage) -> None:
    machine.keys.bytes[NEXT >> 12] = 0x30
    with check(SubchannelStatus.PROTECTION_CHECK):
        storage.store(NEXT - 2, b"1234", 2)


# Reference and change recording


def test_a_fetch_sets_reference_and_a_store_reference_and_change(machine: Machine, storage: ChannelStorage) -> None:
    storage.fetch(PAGE, 4)
    assert machine.keys.bytes[PAGE >> 12] == REFERENCE
    storage.store(NEXT, b"1234")
    assert machine.keys.bytes[NEXT >> 12] == REFERENCE | CHANGE


def test_both_pages_of_an_area_are_recorded(machine: Machine, storage: ChannelStorage) -> None:
    storage.fetch(NEXT - 2, 4)
    assert [machine.keys.bytes[page] for page in (PAGE >> 12, NEXT >> 12)] == [REFERENCE, REFERENCE]


def test_recording_keeps_the_rest_of_the_key(machine: Machine, storage: ChannelStorage) -> None:
    machine.keys.bytes[PAGE >> 12] = 0x30 | FETCH_PROTECTION
    storage.store(PAGE, b"1")
    assert machine.keys.bytes[PAGE >> 12] == 0x30 | FETCH_PROTECTION | REFERENCE | CHANGE


def test_an_access_that_is_refused_is_not_recorded(machine: Machine, storage: ChannelStorage) -> None:
    machine.keys.bytes[PAGE >> 12] = 0x30
    with check(SubchannelStatus.PROTECTION_CHECK):
        storage.store(PAGE, b"1", 2)
    assert machine.keys.bytes[PAGE >> 12] == 0x30


# The host


def test_the_host_makes_room_for_a_page_and_the_access_goes_on() -> None:
    class Host(FirstTouchHypervisor):
        supplied = 0

        def supply(self, attempt: int) -> None:
            self.supplied += 1

        def frame_for_store(self, page: int) -> int:
            if self.supplied < 2:
                raise FrameShortage
            return super().frame_for_store(page)

    machine = Machine(MEGABYTE, hypervisor=Host)
    ChannelStorage(machine.configuration).store(PAGE, b"12")
    assert machine.storage.read(PAGE, 2) == b"12"


@pytest.mark.parametrize(("status", "bit"), (("PROGRAM_CHECK", 2), ("PROTECTION_CHECK", 3), ("INCORRECT_LENGTH", 1)))
def test_the_status_bits_are_those_of_the_subchannel_status_field(status: str, bit: int) -> None:
    # PoP 16: bits 8-15 of word 2, of which bit 8 is the program-controlled interruption.
    assert SubchannelStatus[status] == 0x80 >> bit
