# SPDX-License-Identifier: GPL-2.0-or-later
"""The channel commands of a virtio device: Virtio 1.x, sections 4.3 (Virtio Over Channel I/O) and 2.1 (device status).

Its queues are in ``test_virtio_ccw_queues.py``.
"""

from __future__ import annotations

import pytest

from emu.devices.channel_storage import ChannelStorage
from tests.support.virtio_driver import (
    ACKNOWLEDGE,
    CONFIGURATION,
    DONE,
    DRIVER,
    FEATURES_OK,
    OFFERED,
    READ_CONFIGURATION,
    READ_FEATURES,
    READ_QUEUE,
    READ_STATUS,
    READY,
    REJECTED,
    RESET,
    SET_CONFIGURATION_INDICATORS,
    SET_INDICATORS,
    SET_QUEUE,
    SET_REVISION,
    VERSION_1,
    WRITE_CONFIGURATION,
    WRITE_FEATURES,
    WRITE_STATUS,
    VirtioDriver,
)

NO_OPERATION, BASIC_SENSE, SENSE_ID, SET_ADAPTER_INDICATORS = 0x03, 0x04, 0xE4, 0x73
COMMAND_REJECT = 0x80
FAILED = 128


@pytest.fixture
def place(storage: ChannelStorage) -> VirtioDriver:
    return VirtioDriver(storage)


@pytest.fixture
def ready(place: VirtioDriver) -> VirtioDriver:
    """The device after its initialization."""
    place.bring_up()
    return place


# Channel commands of every control unit


def test_sense_id_tells_the_control_unit_and_the_device_type(place: VirtioDriver) -> None:
    # FF, control-unit type 3832, model: the virtio device type, device type and model zero.
    assert place.read(SENSE_ID, bytes(8))[:7] == bytes.fromhex("ff 3832 02 0000 00")


def test_sense_tells_of_a_rejected_command_once(place: VirtioDriver) -> None:
    assert place.do(READ_CONFIGURATION, bytes(24)) == REJECTED
    assert place.read(BASIC_SENSE, bytes(32)) == bytes((COMMAND_REJECT,)) + bytes(31)
    assert place.read(BASIC_SENSE, bytes(32)) == bytes(32)


def test_the_sense_of_a_rejected_command_is_gone_after_the_next_command(place: VirtioDriver) -> None:
    place.do(READ_CONFIGURATION, bytes(24))
    assert place.do(NO_OPERATION) == DONE
    assert place.read(BASIC_SENSE, bytes(32)) == bytes(32)


# Revisions


@pytest.mark.parametrize("command", (WRITE_FEATURES, READ_FEATURES, SET_QUEUE, READ_CONFIGURATION, WRITE_STATUS))
def test_before_a_revision_is_set_no_virtio_command_is_accepted(place: VirtioDriver, command: int) -> None:
    assert place.do(command, bytes(32)) == REJECTED


@pytest.mark.parametrize(("revision", "status"), ((0, REJECTED), (1, DONE), (2, DONE), (3, REJECTED)))
def test_the_revisions_1_and_2_are_accepted_and_the_legacy_one_is_not(
    place: VirtioDriver, revision: int, status: int
) -> None:
    assert place.set_revision(revision) == status


def test_a_refused_revision_leaves_the_choice_of_another(place: VirtioDriver) -> None:
    assert [place.set_revision(3), place.set_revision(2)] == [REJECTED, DONE]


def test_a_second_revision_is_not_accepted(place: VirtioDriver) -> None:
    assert [place.set_revision(1), place.set_revision(2)] == [DONE, REJECTED]


def test_a_revision_is_needed_again_after_a_reset_of_the_subsystem(ready: VirtioDriver) -> None:
    ready.device.reset()
    assert ready.do(READ_FEATURES, bytes(5)) == REJECTED
    assert ready.set_revision(1) == DONE


def test_a_revision_is_needed_again_after_the_subchannel_was_disabled(ready: VirtioDriver) -> None:
    ready.device.enable()
    assert ready.do(READ_FEATURES, bytes(5)) == REJECTED
    assert ready.set_revision(1) == DONE


@pytest.mark.parametrize("length", (1, 4, 0xFFFF))
def test_a_revision_with_data_is_rejected(place: VirtioDriver, length: int) -> None:
    """Virtio 1.x, 4.3.2.1: an invalid combination of revision, length and data."""
    block = (1).to_bytes(2, "big") + length.to_bytes(2, "big")
    assert place.do(SET_REVISION, block + bytes(4)) == REJECTED
    assert place.set_revision(1) == DONE


@pytest.mark.parametrize(("revision", "status"), ((1, REJECTED), (2, DONE)))
def test_the_status_can_be_read_from_revision_2_on(place: VirtioDriver, revision: int, status: int) -> None:
    place.set_revision(revision)
    assert place.do(READ_STATUS, b"\0") == status


def test_adapter_interruptions_are_not_offered(ready: VirtioDriver) -> None:
    assert ready.do(SET_ADAPTER_INDICATORS, bytes(25)) == REJECTED


@pytest.mark.parametrize(
    ("command", "length"),
    (
        (WRITE_FEATURES, 5),
        (READ_FEATURES, 5),
        (SET_QUEUE, 32),
        (WRITE_STATUS, 1),
        (READ_QUEUE, 2),
        (SET_INDICATORS, 8),
        (SET_CONFIGURATION_INDICATORS, 8),
    ),
)
def test_a_block_that_is_too_short_is_rejected(place: VirtioDriver, command: int, length: int) -> None:
    place.set_revision()
    assert place.do(command, bytes(length - 1)) == REJECTED
    assert place.do(SET_REVISION, bytes(3)) == REJECTED


# Features


@pytest.mark.parametrize(("index", "word"), ((0, OFFERED), (1, 1), (2, 0), (255, 0)))
def test_features_are_read_by_words_with_version_1_among_them(place: VirtioDriver, index: int, word: int) -> None:
    place.set_revision()
    assert place.read(READ_FEATURES, bytes(4) + bytes((index,))) == word.to_bytes(4, "little") + bytes((index,))


@pytest.mark.parametrize(
    ("accepted", "status"),
    ((VERSION_1, DONE), (VERSION_1 | OFFERED, DONE), (OFFERED, REJECTED), (VERSION_1 | 1, REJECTED)),
)
def test_features_are_fine_with_version_1_and_nothing_that_was_not_offered(
    place: VirtioDriver, accepted: int, status: int
) -> None:
    place.set_revision()
    place.write_features(accepted)
    assert place.do(WRITE_STATUS, bytes((ACKNOWLEDGE | DRIVER | FEATURES_OK,))) == status
    assert bool(place.status() & FEATURES_OK) is (status == DONE)


def test_features_that_are_written_again_replace_the_word(place: VirtioDriver) -> None:
    place.set_revision()
    place.write_features(VERSION_1 | 1)
    place.write_features(VERSION_1)
    assert place.do(WRITE_STATUS, bytes((ACKNOWLEDGE | DRIVER | FEATURES_OK,))) == DONE


# Configuration


@pytest.mark.parametrize("length", (1, 8, 24))
def test_as_much_of_the_configuration_is_read_as_there_is_room_for(place: VirtioDriver, length: int) -> None:
    place.set_revision()
    assert place.read(READ_CONFIGURATION, bytes(length)) == CONFIGURATION[:length]


def test_writing_the_configuration_changes_nothing(place: VirtioDriver) -> None:
    place.set_revision()
    assert place.do(WRITE_CONFIGURATION, b"\xff" * 24) == DONE
    assert place.read(READ_CONFIGURATION, bytes(24)) == CONFIGURATION


# Status and reset


def test_the_status_is_what_was_written(place: VirtioDriver) -> None:
    place.set_revision()
    assert place.status() == 0
    place.do(WRITE_STATUS, bytes((ACKNOWLEDGE | FAILED,)))
    assert place.status() == ACKNOWLEDGE | FAILED


@pytest.mark.parametrize("how", ((RESET, b""), (WRITE_STATUS, b"\0")))
def test_a_reset_of_the_device_forgets_everything_but_the_revision(ready: VirtioDriver, how: tuple[int, bytes]) -> None:
    ready.offer()
    ready.device.ring(0)
    assert ready.do(*how) == DONE
    assert ready.status() == 0
    # Neither the doorbell nor the queues, the indicators or the features are left.
    ready.device.perform()
    assert ready.do(WRITE_STATUS, bytes((FEATURES_OK,))) == REJECTED
    ready.write_features(VERSION_1)
    ready.do(WRITE_STATUS, bytes((READY,)))
    ready.device.ring(0)
    ready.device.perform()
    assert (ready.function.served, ready.subchannel.presented) == ([], [])
    ready.set_queue()
    ready.device.ring(0)
    ready.device.perform()
    assert (len(ready.function.served), ready.subchannel.presented) == (1, [])
