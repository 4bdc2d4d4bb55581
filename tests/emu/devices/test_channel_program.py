# SPDX-License-Identifier: GPL-2.0-or-later
"""Channel programs alone: PoP 15, "Operation-Request Block", "Channel-Command Word", "Chaining", "Skipping",
"Suspension of Channel-Program Execution"; 16, "Subchannel-Status Field"."""

from __future__ import annotations

import pytest

from emu.configuration import MEGABYTE, Configuration
from emu.cpu import Cpu
from emu.devices import channel_program
from emu.devices.channel_program import ChannelEnding, ChannelProgram, DataArea, OperationRequestBlock
from emu.devices.channel_storage import ChannelStorage

CCWS, DATA, MORE, LIST = 0x21000, 0x22000, 0x24000, 0x25000
BEYOND_31_BITS = 1 << 31
FORMAT_1, SUSPEND_CONTROL, IDAW_2, IDAW_2K = 1 << 23, 1 << 27, 1 << 17, 1 << 16
"""Of word 1 of the ORB: bits 8, 4, 14 and 15."""
CHAIN_DATA, CHAIN_COMMAND, SUPPRESS_LENGTH, SKIP, INDIRECT, SUSPEND, MODIFIED = 0x80, 0x40, 0x20, 0x10, 0x04, 0x02, 0x01
BOTH_ENDS, UNIT_CHECK = 0x0C, 0x02
"""Of the device status: channel end and device end; unit check."""
PROGRAM_CHECK, PROTECTION_CHECK, INCORRECT_LENGTH = 0x20, 0x10, 0x40
WRITE, READ, NO_OPERATION, REJECTED = 0x01, 0x02, 0x03, 0x07
SENT = bytes(range(1, 9))
"""What the device sends for a read command."""
NORMAL = ChannelEnding(BOTH_ENDS, 0, 0)


class Unit:
    """A device that sends and takes eight bytes."""

    def __init__(self) -> None:
        self.commands: list[int] = []
        self.received = b""

    def execute(self, command: int, data: DataArea) -> int:
        self.commands.append(command)
        if command == READ:
            data.send(SENT)
        elif command == WRITE:
            self.received = data.receive(8)
        return BOTH_ENDS | (UNIT_CHECK if command == REJECTED else 0)

    def enable(self) -> None:
        self.is_told = True


class Channel:
    """Starts programs at :data:`CCWS`."""

    def __init__(self, storage: ChannelStorage) -> None:
        self.storage = storage
        self.unit = Unit()
        self.program: ChannelProgram | None = None

    def start(self, *ccws: str, control: int = FORMAT_1, address: int = CCWS) -> ChannelEnding:
        self.storage.store(CCWS, bytes.fromhex("".join(ccws)))
        self.program = ChannelProgram(OperationRequestBlock(0, control, address), self.storage, self.unit)
        return self.program.run()


@pytest.fixture
def channel(storage: ChannelStorage) -> Channel:
    return Channel(storage)


@pytest.fixture
def large() -> Channel:
    """A channel with storage that ends behind the first address of 32 bits."""
    configuration: Configuration[Cpu] = Configuration(BEYOND_31_BITS + MEGABYTE)
    return Channel(ChannelStorage(configuration))


def ccw(code: int, count: int, address: int = DATA, flags: int = 0) -> str:
    """A format-1 CCW: code, flags, count, address."""
    return f"{code:02x}{flags:02x}{count:04x}{address:08x}"


def transfer(address: int) -> str:
    """TRANSFER IN CHANNEL of format 1."""
    return ccw(0x08, 0, address)


# The operation-request block


def test_the_fields_of_the_operation_request_block() -> None:
    request = OperationRequestBlock.from_bytes(bytes.fromhex("12345678 A880C000 00021000") + bytes(20))
    assert (request.parameter, request.address) == (0x1234_5678, 0x21000)
    assert (request.key, request.path_mask) == (0xA, 0xC0)
    assert [number for number in range(32) if request.has(number)] == [0, 2, 4, 8, 16, 17]


# Channel-command words


def test_a_ccw_of_format_1_is_code_flags_count_address(channel: Channel) -> None:
    assert channel.start(ccw(READ, 8)) == NORMAL
    assert channel.storage.fetch(DATA, 8) == SENT


def test_a_ccw_of_format_0_is_code_address_flags_count(channel: Channel) -> None:
    assert channel.start(f"{READ:02x} {DATA:06x} 20 ff 0009", control=0) == ChannelEnding(BOTH_ENDS, 0, 1)
    assert channel.storage.fetch(DATA, 8) == SENT


def test_a_write_command_fetches_from_storage(channel: Channel) -> None:
    channel.storage.store(DATA, b"abcdefgh")
    assert channel.start(ccw(WRITE, 8)) == NORMAL
    assert channel.unit.received == b"abcdefgh"


def test_a_ccw_lies_on_a_doubleword(channel: Channel) -> None:
    assert channel.start("00" * 4, ccw(NO_OPERATION, 0), address=CCWS + 4) == ChannelEnding(status=PROGRAM_CHECK)
    assert channel.unit.commands == []


@pytest.mark.parametrize("address", (4 << 20, 1 << 31))
def test_a_ccw_lies_in_storage(channel: Channel, address: int) -> None:
    assert channel.start(address=address) == ChannelEnding(status=PROGRAM_CHECK)


def test_a_ccw_lies_at_a_31_bit_address(large: Channel) -> None:
    large.storage.store(BEYOND_31_BITS, bytes.fromhex(ccw(NO_OPERATION, 0)))
    assert large.start(address=BEYOND_31_BITS) == ChannelEnding(status=PROGRAM_CHECK)


def test_ccws_are_fetched_with_the_key_of_the_request(channel: Channel) -> None:
    for page in (CCWS >> 12, DATA >> 12):
        channel.storage._configuration.keys.bytes[page] = 0x38
    assert channel.start(ccw(READ, 8), control=FORMAT_1 | 2 << 28) == ChannelEnding(status=PROTECTION_CHECK)
    assert channel.start(ccw(READ, 8), control=FORMAT_1 | 3 << 28) == NORMAL


def test_data_are_stored_with_the_key_of_the_request(channel: Channel) -> None:
    channel.storage._configuration.keys.bytes[DATA >> 12] = 0x30
    failed = ChannelEnding(BOTH_ENDS, PROTECTION_CHECK, 8)
    assert channel.start(ccw(READ, 8), control=FORMAT_1 | 2 << 28) == failed
    assert channel.start(ccw(WRITE, 8), control=FORMAT_1 | 2 << 28) == NORMAL
    assert channel.start(ccw(READ, 8), control=FORMAT_1 | 3 << 28) == NORMAL


@pytest.mark.parametrize(
    "wrong",
    (ccw(0x10, 8), ccw(READ, 8, 1 << 31), ccw(READ, 8, flags=MODIFIED), ccw(READ, 0, flags=CHAIN_DATA)),
    ids=("code", "address", "modified indirect", "count"),
)
def test_a_ccw_that_is_not_valid_is_a_program_check_and_nothing_is_executed(channel: Channel, wrong: str) -> None:
    assert channel.start(wrong) == ChannelEnding(status=PROGRAM_CHECK)
    assert channel.unit.commands == []


def test_a_count_of_zero_is_valid_in_format_1_and_not_in_format_0(channel: Channel) -> None:
    assert channel.start(ccw(NO_OPERATION, 0)) == NORMAL
    assert channel.start(f"{NO_OPERATION:02x} {DATA:06x} 00 00 0000", control=0) == ChannelEnding(status=PROGRAM_CHECK)


def test_data_outside_storage_are_a_program_check_of_the_command(channel: Channel) -> None:
    assert channel.start(ccw(READ, 8, 4 << 20)) == ChannelEnding(BOTH_ENDS, PROGRAM_CHECK, 8)


def test_data_are_fetched_with_the_key_of_the_request(channel: Channel) -> None:
    channel.storage._configuration.keys.bytes[DATA >> 12] = 0x38
    failed = ChannelEnding(BOTH_ENDS, PROTECTION_CHECK, 8)
    assert channel.start(ccw(WRITE, 8), control=FORMAT_1 | 2 << 28) == failed
    assert channel.start(ccw(WRITE, 8), control=FORMAT_1 | 3 << 28) == NORMAL


# Lengths


@pytest.mark.parametrize(("count", "residual"), ((9, 1), (7, 0)))
def test_a_count_that_is_not_what_the_device_has_is_an_incorrect_length(
    channel: Channel, count: int, residual: int
) -> None:
    assert channel.start(ccw(READ, count)) == ChannelEnding(BOTH_ENDS, INCORRECT_LENGTH, residual)
    assert channel.start(ccw(READ, count, flags=SUPPRESS_LENGTH)) == ChannelEnding(BOTH_ENDS, 0, residual)


def test_no_more_than_the_count_is_stored(channel: Channel) -> None:
    channel.start(ccw(READ, 3))
    assert channel.storage.fetch(DATA, 4) == SENT[:3] + b"\0"


def test_no_more_than_the_count_is_fetched(channel: Channel) -> None:
    channel.storage.store(DATA, b"abcdefgh")
    channel.start(ccw(WRITE, 3, flags=SUPPRESS_LENGTH))
    assert channel.unit.received == b"abc"


def test_an_incorrect_length_ends_the_chain_unless_it_is_suppressed(channel: Channel) -> None:
    channel.start(ccw(READ, 9, flags=CHAIN_COMMAND), ccw(NO_OPERATION, 0))
    channel.start(ccw(READ, 9, flags=CHAIN_COMMAND | SUPPRESS_LENGTH), ccw(NO_OPERATION, 0))
    assert channel.unit.commands == [READ, READ, NO_OPERATION]


def test_skipping_stores_nothing_and_counts(channel: Channel) -> None:
    assert channel.start(ccw(READ, 9, flags=SKIP)) == ChannelEnding(BOTH_ENDS, INCORRECT_LENGTH, 1)
    assert channel.storage.fetch(DATA, 8) == bytes(8)


# Chaining


def test_command_chaining_goes_on_with_the_next_ccw(channel: Channel) -> None:
    assert channel.start(ccw(NO_OPERATION, 0, flags=CHAIN_COMMAND), ccw(READ, 8)) == NORMAL
    assert channel.unit.commands == [NO_OPERATION, READ]
    assert channel.program is not None
    assert channel.program.address == CCWS + 16


def test_without_the_flag_the_program_ends(channel: Channel) -> None:
    channel.start(ccw(NO_OPERATION, 0), ccw(READ, 8))
    assert channel.unit.commands == [NO_OPERATION]
    assert channel.program is not None
    assert channel.program.address == CCWS + 8


def test_a_unit_check_ends_the_chain(channel: Channel) -> None:
    ending = channel.start(ccw(REJECTED, 0, flags=CHAIN_COMMAND), ccw(READ, 8))
    assert ending == ChannelEnding(BOTH_ENDS | UNIT_CHECK, 0, 0)
    assert channel.unit.commands == [REJECTED]


def test_data_chaining_fills_one_area_after_the_other_for_one_command(channel: Channel) -> None:
    assert channel.start(ccw(READ, 3, flags=CHAIN_DATA), ccw(0x00, 5, MORE)) == NORMAL
    assert (channel.storage.fetch(DATA, 4), channel.storage.fetch(MORE, 5)) == (SENT[:3] + b"\0", SENT[3:])
    assert channel.unit.commands == [READ]


def test_data_chaining_fetches_from_one_area_after_the_other(channel: Channel) -> None:
    channel.storage.store(DATA, b"abc")
    channel.storage.store(MORE, b"defgh")
    assert channel.start(ccw(WRITE, 3, flags=CHAIN_DATA), ccw(0x00, 5, MORE)) == NORMAL
    assert channel.unit.received == b"abcdefgh"


def test_the_flags_of_the_last_ccw_of_a_chain_of_data_count(channel: Channel) -> None:
    last = ccw(0x00, 6, MORE, flags=SUPPRESS_LENGTH | CHAIN_COMMAND)
    assert channel.start(ccw(READ, 3, flags=CHAIN_DATA), last, ccw(NO_OPERATION, 0)) == NORMAL
    assert channel.unit.commands == [READ, NO_OPERATION]


def test_a_chain_of_data_that_is_not_used_up_is_an_incorrect_length_which_cannot_be_suppressed(
    channel: Channel,
) -> None:
    ending = channel.start(ccw(READ, 9, flags=CHAIN_DATA | SUPPRESS_LENGTH), ccw(0x00, 5, MORE))
    assert ending == ChannelEnding(BOTH_ENDS, INCORRECT_LENGTH, 1)


@pytest.mark.parametrize("wrong", (ccw(0x00, 0), ccw(0x00, 5, 1 << 31), ccw(0x00, 5, flags=MODIFIED)))
def test_a_ccw_of_a_chain_of_data_that_is_not_valid_is_a_program_check(channel: Channel, wrong: str) -> None:
    assert channel.start(ccw(READ, 3, flags=CHAIN_DATA), wrong).status == PROGRAM_CHECK


def test_a_chain_of_data_may_be_transferred_in_channel(channel: Channel) -> None:
    ccws = (ccw(READ, 3, flags=CHAIN_DATA), transfer(CCWS + 24), "00" * 8, ccw(0x00, 5, MORE))
    assert channel.start(*ccws) == NORMAL
    assert channel.storage.fetch(MORE, 5) == SENT[3:]


# Transfer in channel


def test_a_transfer_in_channel_goes_on_elsewhere(channel: Channel) -> None:
    ccws = (ccw(NO_OPERATION, 0, flags=CHAIN_COMMAND), transfer(CCWS + 24), "00" * 8, ccw(READ, 8))
    assert channel.start(*ccws) == NORMAL


def test_in_format_0_the_rest_of_a_transfer_in_channel_is_ignored(channel: Channel) -> None:
    first = f"{NO_OPERATION:02x} {DATA:06x} 40 00 0001"
    ccws = (first, f"f8 {CCWS + 24:06x} ffff ffff", "00" * 8, f"{READ:02x} {DATA:06x} 00 00 0008")
    assert channel.start(*ccws, control=0) == NORMAL


@pytest.mark.parametrize(
    "wrong",
    (
        transfer(CCWS + 4),
        transfer(1 << 31 | CCWS),
        ccw(0x08, 1, CCWS + 16),
        ccw(0x08, 0, CCWS + 16, flags=SUPPRESS_LENGTH),
    ),
    ids=("no doubleword", "no 31-bit address", "count", "flags"),
)
def test_a_transfer_in_channel_with_other_bits_is_a_program_check(channel: Channel, wrong: str) -> None:
    ccws = (ccw(NO_OPERATION, 0, flags=CHAIN_COMMAND), wrong, ccw(READ, 8))
    assert channel.start(*ccws) == ChannelEnding(status=PROGRAM_CHECK)


def test_a_program_does_not_begin_with_a_transfer_in_channel(channel: Channel) -> None:
    assert channel.start(transfer(CCWS + 8), ccw(READ, 8)) == ChannelEnding(status=PROGRAM_CHECK)


def test_a_transfer_in_channel_does_not_follow_another(channel: Channel) -> None:
    ccws = (ccw(NO_OPERATION, 0, flags=CHAIN_COMMAND), transfer(CCWS + 16), transfer(CCWS + 24), ccw(READ, 8))
    assert channel.start(*ccws) == ChannelEnding(status=PROGRAM_CHECK)


def test_a_program_of_too_many_ccws_is_endless(channel: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel_program, "MOST_CCWS", 9)
    ending = channel.start(ccw(NO_OPERATION, 0, flags=CHAIN_COMMAND), transfer(CCWS))
    assert ending == ChannelEnding(is_endless=True)
    # Five commands and four transfers.
    assert len(channel.unit.commands) == 5


# Indirect data addresses


@pytest.mark.parametrize(
    ("control", "width", "block"),
    ((0, 4, 2048), (IDAW_2, 8, 4096), (IDAW_2 | IDAW_2K, 8, 2048)),
    ids=("format 1", "format 2", "format 2 of 2K"),
)
def test_indirect_addresses_lead_to_blocks(channel: Channel, control: int, width: int, block: int) -> None:
    first = DATA + block - 3
    words = b"".join(address.to_bytes(width, "big") for address in (first, MORE))
    channel.storage.store(LIST, words)
    assert channel.start(ccw(READ, 8, LIST, flags=INDIRECT), control=FORMAT_1 | control) == NORMAL
    assert channel.storage.fetch(first, 3) + channel.storage.fetch(MORE, 5) == SENT


@pytest.mark.parametrize(
    ("control", "words"),
    (
        (0, f"{DATA + 2045:08x} {MORE + 1024:08x}"),
        (IDAW_2, f"{DATA + 4093:016x} {MORE + 2048:016x}"),
    ),
    ids=("inside a block", "inside a block of 4K"),
)
def test_an_indirect_address_that_is_not_valid_is_a_program_check(channel: Channel, control: int, words: str) -> None:
    channel.storage.store(LIST, bytes.fromhex(words))
    ending = channel.start(ccw(READ, 8, LIST, flags=INDIRECT), control=FORMAT_1 | control)
    assert ending.status == PROGRAM_CHECK


@pytest.mark.parametrize(("control", "width", "status"), ((0, 4, PROGRAM_CHECK), (IDAW_2, 8, 0)))
def test_only_an_indirect_address_of_format_2_has_more_than_31_bits(
    large: Channel, control: int, width: int, status: int
) -> None:
    large.storage.store(LIST, BEYOND_31_BITS.to_bytes(width, "big"))
    assert large.start(ccw(READ, 8, LIST, flags=INDIRECT), control=FORMAT_1 | control).status == status


@pytest.mark.parametrize(("control", "offset"), ((0, 2), (IDAW_2, 4)))
def test_a_list_of_indirect_addresses_lies_on_the_boundary_of_its_words(
    channel: Channel, control: int, offset: int
) -> None:
    channel.storage.store(LIST + offset, DATA.to_bytes(4 if not control else 8, "big"))
    ending = channel.start(ccw(READ, 8, LIST + offset, flags=INDIRECT), control=FORMAT_1 | control)
    assert ending.status == PROGRAM_CHECK


# Suspension


def test_a_ccw_with_the_suspend_flag_is_not_executed_until_the_program_is_resumed(channel: Channel) -> None:
    ccws = (ccw(NO_OPERATION, 0, flags=CHAIN_COMMAND), ccw(READ, 8, flags=SUSPEND))
    assert channel.start(*ccws, control=FORMAT_1 | SUSPEND_CONTROL) == ChannelEnding(is_suspended=True)
    assert channel.unit.commands == [NO_OPERATION]
    assert channel.program is not None
    assert channel.program.address == CCWS + 8
    assert channel.program.run(resumed=True) == NORMAL


def test_a_resumed_program_is_suspended_again_at_the_next_flag(channel: Channel) -> None:
    ccws = (ccw(NO_OPERATION, 0, flags=CHAIN_COMMAND | SUSPEND), ccw(READ, 8, flags=SUSPEND))
    assert channel.start(*ccws, control=FORMAT_1 | SUSPEND_CONTROL).is_suspended
    assert channel.program is not None
    assert channel.program.run(resumed=True).is_suspended
    assert channel.unit.commands == [NO_OPERATION]


def test_the_suspend_flag_is_a_program_check_if_the_request_does_not_allow_it(channel: Channel) -> None:
    assert channel.start(ccw(READ, 8, flags=SUSPEND)) == ChannelEnding(status=PROGRAM_CHECK)


def test_a_program_that_is_restored_goes_on_where_it_was(channel: Channel) -> None:
    ccws = (ccw(NO_OPERATION, 0, flags=CHAIN_COMMAND), ccw(READ, 8, flags=SUSPEND))
    channel.start(*ccws, control=FORMAT_1 | SUSPEND_CONTROL)
    assert channel.program is not None
    restored = ChannelProgram.restored(channel.program.state(), channel.storage, channel.unit)
    assert restored.state() == channel.program.state()
    assert restored.run(resumed=True) == NORMAL


# PoP 15, "Transfer in Channel": in format 1 bits 0-3 of the command code are zeros.
@pytest.mark.parametrize("code", (0x18, 0x88, 0xF8))
def test_a_transfer_with_reserved_bits_is_a_program_check(channel: Channel, code: int) -> None:
    ending = channel.start(ccw(NO_OPERATION, 1, flags=CHAIN_COMMAND | SUPPRESS_LENGTH), ccw(code, 1, CCWS + 16))
    assert ending.status == PROGRAM_CHECK
    assert channel.unit.commands == [NO_OPERATION]


def test_the_command_code_means_nothing_while_data_are_chained(channel: Channel) -> None:
    assert channel.start(ccw(WRITE, 4, flags=CHAIN_DATA), ccw(0x18, 4, DATA + 4)) == NORMAL


# PoP 15, "Incorrect-Length-Suppression Mode".
@pytest.mark.parametrize(
    ("control", "count", "flags", "status"),
    (
        (FORMAT_1, 1, 0, INCORRECT_LENGTH),
        (FORMAT_1, 0, 0, 0),
        (FORMAT_1, 1, SUPPRESS_LENGTH, 0),
        (FORMAT_1 | 1 << 31 - 24, 1, 0, 0),
    ),
)
def test_an_immediate_operation_with_a_count(
    channel: Channel, control: int, count: int, flags: int, status: int
) -> None:
    assert channel.start(ccw(NO_OPERATION, count, flags=flags), control=control).status == status


@pytest.mark.parametrize("place", ("command", "data"))
def test_a_program_controlled_interruption(channel: Channel, place: str) -> None:
    first, second = (0x08, 0) if place == "command" else (0, 0x08)
    channel.start(ccw(WRITE, 4, flags=CHAIN_DATA | first), ccw(0, 4, DATA + 4, flags=second))
    assert channel.program is not None
    assert channel.program.has_interrupted
    channel.start(ccw(WRITE, 8))
    assert not channel.program.has_interrupted


def test_a_ccw_that_suspends_interrupts_only_when_it_is_resumed(channel: Channel) -> None:
    control = FORMAT_1 | SUSPEND_CONTROL
    assert channel.start(ccw(WRITE, 8, flags=SUSPEND | 0x08), control=control).is_suspended
    assert channel.program is not None
    assert not channel.program.has_interrupted
    assert channel.program.run(resumed=True) == NORMAL
    assert channel.program.has_interrupted
