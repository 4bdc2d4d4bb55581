# SPDX-License-Identifier: GPL-2.0-or-later
"""The queues of a virtio device: Virtio 1.x, sections 4.3.2.2 (configuring a virtqueue), 4.3.2.6 (two-way notification)
and 2.1 (device status).
"""

from __future__ import annotations

import pytest

from emu.devices.channel_storage import ChannelStorage
from emu.devices.virtqueue import Buffer
from tests.support.virtio_driver import (
    ACKNOWLEDGE,
    DONE,
    DRIVER,
    FEATURES_OK,
    INDICATORS,
    NEEDS_RESET,
    READ_QUEUE,
    READY,
    REJECTED,
    REQUEST,
    RESET,
    RINGS,
    SET_CONFIGURATION_INDICATORS,
    SET_INDICATORS,
    VERSION_1,
    WRITE_STATUS,
    VirtioDriver,
)


@pytest.fixture
def place(storage: ChannelStorage) -> VirtioDriver:
    return VirtioDriver(storage)


@pytest.fixture
def ready(place: VirtioDriver) -> VirtioDriver:
    """The device after its initialization."""
    place.bring_up()
    return place


# Queues


@pytest.mark.parametrize(("index", "most"), ((0, 128), (1, 128), (2, 0), (0xFFFF, 0)))
def test_a_queue_that_is_not_there_has_no_descriptors(place: VirtioDriver, index: int, most: int) -> None:
    place.set_revision()
    block = index.to_bytes(2, "big")
    assert place.read(READ_QUEUE, block + bytes(2)) == block + most.to_bytes(2, "big")


@pytest.mark.parametrize(
    ("index", "size", "status"),
    ((0, 1, DONE), (1, 128, DONE), (2, 4, REJECTED), (0, 256, REJECTED), (0, 3, REJECTED)),
)
def test_a_queue_has_a_power_of_two_of_descriptors_up_to_the_most(
    place: VirtioDriver, index: int, size: int, status: int
) -> None:
    place.set_revision()
    assert place.set_queue(index, size) == status


def test_a_queue_without_a_descriptor_table_is_not_served(ready: VirtioDriver) -> None:
    assert ready.set_queue(descriptors=0) == DONE
    ready.offer()
    ready.device.ring(0)
    ready.device.perform()
    assert ready.function.served == []
    assert ready.status() == READY


@pytest.mark.parametrize(("queue", "exists"), ((0, True), (1, True), (2, False)))
def test_the_doorbell_of_a_queue_that_is_not_there_is_not_rung(ready: VirtioDriver, queue: int, exists: bool) -> None:
    assert ready.device.ring(queue) is exists


def test_a_doorbell_is_heard_once(ready: VirtioDriver) -> None:
    ready.device.ring(0)
    ready.device.perform()
    ready.offer()
    ready.device.perform()
    assert ready.function.served == []


def test_a_reset_forgets_a_doorbell(ready: VirtioDriver) -> None:
    ready.device.ring(0)
    ready.do(WRITE_STATUS, b"\0")
    ready.write_features(VERSION_1)
    ready.set_queue()
    ready.do(WRITE_STATUS, bytes((READY,)))
    ready.offer()
    ready.device.perform()
    assert ready.function.served == []


def test_a_queue_is_served_when_its_doorbell_has_been_rung(ready: VirtioDriver) -> None:
    ready.offer(0)
    ready.offer(1)
    ready.device.perform()
    assert ready.function.served == []
    ready.device.ring(1)
    ready.device.perform()
    assert ready.function.served == [[Buffer(REQUEST, 16, is_writable=False)]]
    # The used ring of queue 1: index 1; head 0 and what the device has written.
    used = RINGS + 0x400 + 0x200
    assert ready.storage.fetch(used, 12) == bytes.fromhex("0000 0100 00000000 07000000")
    assert ready.storage.fetch(used - 0x400, 4) == bytes(4)


def test_all_requests_of_a_queue_are_served(ready: VirtioDriver) -> None:
    ready.offer(requests=3)
    ready.device.ring(0)
    ready.device.perform()
    assert len(ready.function.served) == 3


@pytest.mark.parametrize("status", (0, ACKNOWLEDGE | DRIVER | FEATURES_OK))
def test_nothing_is_served_before_the_driver_is_ready(place: VirtioDriver, status: int) -> None:
    place.set_revision()
    place.write_features(VERSION_1)
    place.set_queue()
    if status:
        place.do(WRITE_STATUS, bytes((status,)))
    place.offer()
    place.device.ring(0)
    place.device.perform()
    assert place.function.served == []


# Telling the driver


@pytest.mark.parametrize("queue", (0, 1))
def test_the_indicator_of_a_served_queue_is_counted_from_the_right_and_interrupts(
    ready: VirtioDriver, queue: int
) -> None:
    ready.storage.store(INDICATORS, b"\x80" + bytes(7))
    ready.offer(queue)
    ready.device.ring(queue)
    ready.device.perform()
    assert ready.indicators() == 1 << 63 | 1 << queue
    assert ready.subchannel.presented == [0]


def test_a_driver_that_wants_no_interruption_is_not_told(ready: VirtioDriver) -> None:
    ready.offer()
    ready.storage.store(RINGS + 0x100, b"\1\0")
    ready.device.ring(0)
    ready.device.perform()
    assert len(ready.function.served) == 1
    assert (ready.indicators(), ready.subchannel.presented) == (0, [])


def test_of_a_doorbell_without_a_request_the_driver_is_not_told(ready: VirtioDriver) -> None:
    ready.device.ring(0)
    ready.device.perform()
    assert (ready.indicators(), ready.subchannel.presented) == (0, [])


def test_without_indicators_the_driver_is_not_told(ready: VirtioDriver) -> None:
    ready.do(SET_INDICATORS, bytes(8))
    ready.offer()
    ready.device.ring(0)
    ready.device.perform()
    assert len(ready.function.served) == 1
    assert ready.subchannel.presented == []


# Errors


def test_a_request_that_breaks_the_rules_needs_a_reset_and_presents_status(ready: VirtioDriver) -> None:
    ready.offer(length=0)
    ready.device.ring(0)
    ready.device.perform()
    assert ready.status() == READY | NEEDS_RESET
    assert ready.subchannel.presented == [0]


def test_a_ring_outside_storage_needs_a_reset_and_presents_a_program_check(ready: VirtioDriver) -> None:
    ready.device._queues[0].set_up(4, RINGS, 1 << 40, RINGS)
    ready.device.ring(0)
    ready.device.perform()
    assert ready.status() == READY | NEEDS_RESET
    assert ready.subchannel.presented == [0x20]


def test_a_device_that_needs_a_reset_serves_nothing_until_it_is_reset(ready: VirtioDriver) -> None:
    ready.offer(length=0)
    ready.device.ring(0)
    ready.device.perform()
    # The driver cannot take the bit back but by a reset.
    ready.do(WRITE_STATUS, bytes((READY,)))
    assert ready.status() == READY | NEEDS_RESET
    ready.offer(1)
    ready.device.ring(1)
    ready.device.perform()
    assert ready.function.served == []
    ready.do(RESET)
    assert ready.status() == 0


# Virtio 1.x, 2.1.2: a device that needs a reset notifies the driver as of a change of the configuration.
@pytest.mark.parametrize(("indicators", "presented"), ((INDICATORS + 8, 0), (1 << 40, 0x20)))
def test_a_device_that_needs_a_reset_says_so(ready: VirtioDriver, indicators: int, presented: int) -> None:
    ready.do(SET_CONFIGURATION_INDICATORS, indicators.to_bytes(8, "big"))
    ready.offer(length=0)
    ready.device.ring(0)
    ready.device.perform()
    assert ready.subchannel.presented == [presented]
    if not presented:
        assert ready.storage.fetch(indicators, 8) == (1).to_bytes(8, "big")
    assert ready.indicators() == 0
