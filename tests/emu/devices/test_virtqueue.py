# SPDX-License-Identifier: GPL-2.0-or-later
"""Split virtqueues: Virtio 1.x, sections 2.7.5 (descriptor table), 2.7.6 (available ring), 2.7.8 (used ring)."""

from __future__ import annotations

import pytest

from emu.devices.channel_storage import ChannelCheck, ChannelStorage
from emu.devices.virtqueue import Buffer, QueueError, Virtqueue

TABLE, DRIVER, DEVICE = 0x24000, 0x25000, 0x26000
SIZE = 4
NEXT, WRITE, INDIRECT = 1, 2, 4
NO_INTERRUPT = 1


class Driver:
    """The driver's side of a queue of four, by the offsets of the specification."""

    def __init__(self, storage: ChannelStorage) -> None:
        self.storage = storage
        self.queue = Virtqueue(storage)
        self.queue.set_up(SIZE, TABLE, DRIVER, DEVICE)
        self.index = 0

    def describe(self, number: int, address: int, length: int, flags: int = 0, following: int = 0) -> None:
        """A descriptor: le64 address, le32 length, le16 flags, le16 next."""
        entry = address.to_bytes(8, "little") + length.to_bytes(4, "little") + flags.to_bytes(2, "little")
        self.storage.store(TABLE + 16 * number, entry + following.to_bytes(2, "little"))

    def offer(self, head: int) -> None:
        """The available ring: le16 flags, le16 index, le16 of each entry."""
        self.storage.store(DRIVER + 4 + 2 * (self.index % SIZE), head.to_bytes(2, "little"))
        self.set_index((self.index + 1) & 0xFFFF)

    def set_index(self, index: int) -> None:
        self.index = index
        self.storage.store(DRIVER + 2, index.to_bytes(2, "little"))

    def used(self) -> tuple[int, list[tuple[int, int]]]:
        """The used ring: le16 flags, le16 index, and of each entry le32 head and le32 length."""
        data = self.storage.fetch(DEVICE, 4 + 8 * SIZE)
        words = [int.from_bytes(data[at : at + 4], "little") for at in range(4, len(data), 4)]
        return int.from_bytes(data[2:4], "little"), list(zip(words[::2], words[1::2], strict=True))


@pytest.fixture
def driver(storage: ChannelStorage) -> Driver:
    return Driver(storage)


# Taking


def test_there_is_no_request_before_the_queue_is_set_up(storage: ChannelStorage) -> None:
    queue = Virtqueue(storage)
    storage.store(2, b"\1\0")
    assert queue.size == 0
    assert queue.take() is None


def test_there_is_no_request_while_the_index_is_that_of_what_was_taken(driver: Driver) -> None:
    assert driver.queue.take() is None
    driver.describe(0, 0x1000, 8)
    driver.offer(0)
    assert driver.queue.take() is not None
    assert driver.queue.take() is None


def test_a_descriptor_is_one_buffer(driver: Driver) -> None:
    driver.describe(3, 0x1_2345_6789, 0x0102_0304)
    driver.offer(3)
    assert driver.queue.take() == (3, [Buffer(0x1_2345_6789, 0x0102_0304, is_writable=False)])


def test_a_chain_is_followed_to_its_end_with_what_the_device_may_write(driver: Driver) -> None:
    driver.describe(1, 0x1000, 16, NEXT, 3)
    driver.describe(3, 0x2000, 512, NEXT | WRITE, 0)
    driver.describe(0, 0x3000, 1, WRITE, 2)
    driver.offer(1)
    buffers = [Buffer(0x1000, 16, is_writable=False), Buffer(0x2000, 512, is_writable=True)]
    assert driver.queue.take() == (1, [*buffers, Buffer(0x3000, 1, is_writable=True)])


def test_requests_are_taken_in_the_order_of_the_ring(driver: Driver) -> None:
    for number in (2, 0, 1):
        driver.describe(number, 0x1000 * number, 8)
        driver.offer(number)
    assert [taken and taken[0] for taken in (driver.queue.take() for _ in range(4))] == [2, 0, 1, None]


def test_the_available_ring_is_used_round_and_its_index_wraps(driver: Driver) -> None:
    driver.describe(1, 0x1000, 8)
    driver.describe(2, 0x2000, 8)
    driver.queue._taken = driver.index = 0xFFFF
    driver.offer(2)
    assert driver.index == 0
    driver.offer(1)
    assert [taken and taken[0] for taken in (driver.queue.take() for _ in range(3))] == [2, 1, None]


def test_a_queue_that_is_set_up_again_begins_at_index_zero(driver: Driver) -> None:
    driver.describe(1, 0x1000, 8)
    driver.offer(1)
    driver.queue.take()
    driver.queue.use(1, 0)
    driver.queue.set_up(SIZE, TABLE, DRIVER, DEVICE)
    assert (driver.queue.take() or (0,))[0] == 1
    driver.queue.use(1, 5)
    assert driver.used() == (1, [(1, 5), (0, 0), (0, 0), (0, 0)])


# What a driver must not do


def test_as_many_requests_as_descriptors_may_be_available_and_no_more(driver: Driver) -> None:
    driver.describe(0, 0x1000, 8)
    driver.set_index(SIZE)
    assert driver.queue.take() is not None
    driver.set_index(SIZE + 2)
    with pytest.raises(QueueError, match="more requests than descriptors"):
        driver.queue.take()


def test_the_requests_available_are_counted_across_the_wrap_of_the_index(driver: Driver) -> None:
    driver.queue._taken = 0xFFFF
    driver.set_index(SIZE)
    with pytest.raises(QueueError, match="more requests than descriptors"):
        driver.queue.take()


def test_a_chain_has_no_more_descriptors_than_the_table(driver: Driver) -> None:
    for number in range(SIZE):
        driver.describe(number, 0x1000, 8, NEXT if number < SIZE - 1 else 0, number + 1)
    driver.offer(0)
    assert len((driver.queue.take() or (0, []))[1]) == SIZE
    driver.describe(SIZE - 1, 0x1000, 8, NEXT, 0)
    driver.offer(0)
    with pytest.raises(QueueError, match="a chain that is too long"):
        driver.queue.take()


@pytest.mark.parametrize("head", (SIZE, 0xFFFF))
def test_a_request_begins_inside_the_table(driver: Driver, head: int) -> None:
    driver.offer(head)
    with pytest.raises(QueueError, match="leaves the table"):
        driver.queue.take()


def test_a_chain_stays_inside_the_table(driver: Driver) -> None:
    driver.describe(0, 0x1000, 8, NEXT, SIZE)
    driver.offer(0)
    with pytest.raises(QueueError, match="leaves the table"):
        driver.queue.take()


@pytest.mark.parametrize("flag", (INDIRECT, 8, 1 << 7, 1 << 15))
def test_a_flag_of_a_feature_that_was_not_offered_is_refused(driver: Driver, flag: int) -> None:
    driver.describe(0, 0x1000, 16, flag)
    driver.offer(0)
    with pytest.raises(QueueError, match="not offered"):
        driver.queue.take()


def test_a_ring_outside_storage_cannot_be_taken_from(driver: Driver) -> None:
    driver.queue.set_up(SIZE, TABLE, 1 << 40, DEVICE)
    with pytest.raises(ChannelCheck):
        driver.queue.take()


# Giving back


def test_a_used_request_is_its_head_and_what_was_written(driver: Driver) -> None:
    driver.queue.use(3, 0x0102_0304)
    assert driver.used() == (1, [(3, 0x0102_0304), (0, 0), (0, 0), (0, 0)])


def test_the_used_ring_is_used_round_and_its_index_wraps(driver: Driver) -> None:
    driver.queue._used = 0xFFFE
    for head in (1, 2, 3):
        driver.queue.use(head, head)
    assert driver.used() == (1, [(3, 3), (0, 0), (1, 1), (2, 2)])


@pytest.mark.parametrize(("flags", "wants"), ((0, True), (NO_INTERRUPT, False), (2, True)))
def test_the_driver_says_in_the_available_ring_whether_it_wants_to_be_told(
    driver: Driver, flags: int, wants: bool
) -> None:
    driver.storage.store(DRIVER, flags.to_bytes(2, "little"))
    assert driver.queue.wants_interruption is wants
