# SPDX-License-Identifier: GPL-2.0-or-later
"""The virtio block device: Virtio 1.x, sections 5.2.3 (features), 5.2.4 (configuration), 5.2.6 (operation)."""

from __future__ import annotations

import pytest

from emu.devices.channel_storage import ChannelStorage
from emu.devices.virtio_block import VirtioBlock
from emu.devices.virtqueue import Buffer, QueueError

HEADER, STATUS, DATA, MORE = 0x24000, 0x24100, 0x25000, 0x27000
SECTORS = 16
IN, OUT, FLUSH, GET_ID = 0, 1, 4, 8
OK, IO_ERROR, UNSUPPORTED = 0, 1, 2
READ_ONLY, BLOCK_SIZE, FLUSH_FEATURE = 1 << 5, 1 << 6, 1 << 9
NO_STATUS = 0xEE


class Image:
    """A disk in memory, whose sectors hold their numbers."""

    def __init__(self, *, is_writable: bool = True, size: int = SECTORS * 512) -> None:
        self.content = bytearray(b"".join(bytes((number,)) * 512 for number in range(SECTORS)))
        self.size = size
        self.is_writable = is_writable
        self.fails = False
        self.flushed = 0

    def read(self, offset: int, length: int) -> bytes:
        if self.fails:
            raise OSError
        return bytes(self.content[offset : offset + length])

    def write(self, offset: int, data: bytes) -> None:
        if self.fails:
            raise OSError
        self.content[offset : offset + len(data)] = data

    def flush(self) -> None:
        if self.fails:
            raise OSError
        self.flushed += 1


class Disk:
    """A block device, and the requests of its driver."""

    def __init__(self, storage: ChannelStorage, image: Image) -> None:
        self.storage, self.image = storage, image
        self.block = VirtioBlock(image, "disk 0")

    def request(self, kind: int, sector: int, *buffers: Buffer) -> tuple[int, int]:
        """The status byte of a request, and how many bytes the device says that it has written."""
        self.storage.store(HEADER, kind.to_bytes(4, "little") + bytes(4) + sector.to_bytes(8, "little"))
        self.storage.store(STATUS, bytes((NO_STATUS,)))
        chain = [Buffer(HEADER, 16, is_writable=False), *buffers, Buffer(STATUS, 1, is_writable=True)]
        written = self.block.serve(chain, self.storage)
        return self.storage.fetch(STATUS, 1)[0], written


@pytest.fixture
def disk(storage: ChannelStorage) -> Disk:
    return Disk(storage, Image())


def readable(length: int, address: int = DATA) -> Buffer:
    return Buffer(address, length, is_writable=False)


def writable(length: int, address: int = DATA) -> Buffer:
    return Buffer(address, length, is_writable=True)


# What it is


def test_it_is_a_block_device_with_one_queue(disk: Disk) -> None:
    assert (disk.block.device_type, disk.block.queues) == (2, 1)


@pytest.mark.parametrize("is_writable", (True, False))
def test_it_is_read_only_if_its_image_is(is_writable: bool) -> None:
    features = VirtioBlock(Image(is_writable=is_writable)).features
    assert features == BLOCK_SIZE | FLUSH_FEATURE | (0 if is_writable else READ_ONLY)


def test_the_configuration_holds_the_capacity_in_sectors_and_the_block_size(disk: Disk) -> None:
    configuration = disk.block.configuration()
    assert int.from_bytes(configuration[:8], "little") == SECTORS
    assert configuration[8:20] == bytes(12)
    assert int.from_bytes(configuration[20:24], "little") == 512


# Reading and writing


def test_a_read_gives_the_sectors_from_the_one_that_is_named(disk: Disk) -> None:
    assert disk.request(IN, 5, writable(1024)) == (OK, 1025)
    assert disk.storage.fetch(DATA, 1024) == b"\5" * 512 + b"\6" * 512


def test_a_read_is_scattered_over_its_buffers(disk: Disk) -> None:
    assert disk.request(IN, 5, writable(300), writable(724, MORE)) == (OK, 1025)
    assert disk.storage.fetch(DATA, 301) == b"\5" * 300 + b"\0"
    assert disk.storage.fetch(MORE, 724) == b"\5" * 212 + b"\6" * 512


def test_a_write_is_gathered_from_its_buffers(disk: Disk) -> None:
    disk.storage.store(DATA, b"\xaa" * 300)
    disk.storage.store(MORE, b"\xbb" * 212)
    assert disk.request(OUT, 7, readable(300), readable(212, MORE)) == (OK, 1)
    assert disk.image.content[7 * 512 : 9 * 512] == b"\xaa" * 300 + b"\xbb" * 212 + b"\x08" * 512


def test_data_may_follow_the_header_in_its_buffer(disk: Disk) -> None:
    disk.storage.store(HEADER, OUT.to_bytes(4, "little") + bytes(4) + (7).to_bytes(8, "little") + b"\xaa" * 512)
    chain = [Buffer(HEADER, 16 + 512, is_writable=False), Buffer(DATA, 1, is_writable=True)]
    assert disk.block.serve(chain, disk.storage) == 1
    assert disk.storage.fetch(DATA, 1)[0] == OK
    assert disk.image.content[7 * 512 : 8 * 512] == b"\xaa" * 512


@pytest.mark.parametrize("kind", (IN, OUT))
@pytest.mark.parametrize(("sector", "length"), ((SECTORS, 512), (SECTORS - 1, 1024), (1 << 62, 512), (0, 511)))
def test_what_is_not_whole_sectors_of_the_disk_is_an_error(disk: Disk, kind: int, sector: int, length: int) -> None:
    buffer = writable(length) if kind == IN else readable(length)
    before = bytes(disk.image.content)
    assert disk.request(kind, sector, buffer) == (IO_ERROR, 1)
    assert disk.image.content == before


def test_the_last_sector_can_be_read_and_written(disk: Disk) -> None:
    assert disk.request(IN, SECTORS - 1, writable(512))[0] == OK
    assert disk.request(OUT, SECTORS - 1, readable(512))[0] == OK


def test_more_than_64_megabytes_in_one_request_are_an_error(storage: ChannelStorage) -> None:
    disk = Disk(storage, Image(size=1 << 30))
    # The buffers are not looked at.
    assert disk.request(IN, 0, writable((64 << 20) + 512)) == (IO_ERROR, 1)


def test_a_write_to_a_read_only_disk_is_an_error(storage: ChannelStorage) -> None:
    disk = Disk(storage, Image(is_writable=False))
    assert disk.request(OUT, 7, readable(512)) == (IO_ERROR, 1)
    assert disk.image.content[7 * 512] == 7


# Other requests


def test_a_flush_has_the_image_written_for_good(disk: Disk) -> None:
    assert disk.request(FLUSH, 0) == (OK, 1)
    assert disk.image.flushed == 1


def test_the_identification_is_twenty_bytes_with_zeros_behind_the_name(disk: Disk) -> None:
    disk.storage.store(DATA, b"\xff" * 24)
    assert disk.request(GET_ID, 0, writable(24)) == (OK, 21)
    assert disk.storage.fetch(DATA, 24) == b"disk 0" + bytes(14) + b"\xff" * 4


def test_a_long_name_is_cut(storage: ChannelStorage) -> None:
    disk = Disk(storage, Image())
    disk.block = VirtioBlock(disk.image, "x" * 30)
    assert disk.request(GET_ID, 0, writable(24)) == (OK, 21)
    assert storage.fetch(DATA, 24) == b"x" * 20 + bytes(4)


@pytest.mark.parametrize("kind", (2, 3, 11, 1 << 31))
def test_a_request_that_is_not_known_is_unsupported(disk: Disk, kind: int) -> None:
    assert disk.request(kind, 0, writable(512)) == (UNSUPPORTED, 1)


# Errors


@pytest.mark.parametrize(("kind", "buffers"), ((IN, (writable(512),)), (OUT, (readable(512),)), (FLUSH, ())))
def test_an_error_of_the_image_is_one_of_the_request(disk: Disk, kind: int, buffers: tuple[Buffer, ...]) -> None:
    disk.image.fails = True
    assert disk.request(kind, 0, *buffers) == (IO_ERROR, 1)


@pytest.mark.parametrize(("kind", "buffer"), ((IN, writable(512, 1 << 40)), (OUT, readable(512, 1 << 40))))
def test_a_buffer_outside_storage_is_an_error_of_the_request(disk: Disk, kind: int, buffer: Buffer) -> None:
    before = bytes(disk.image.content)
    assert disk.request(kind, 0, buffer) == (IO_ERROR, 1)
    assert disk.image.content == before


@pytest.mark.parametrize(
    "chain",
    (
        [writable(512), writable(1, STATUS)],
        [readable(15, HEADER), writable(1, STATUS)],
        [readable(16, HEADER)],
    ),
    ids=("no header", "a short header", "no status"),
)
def test_a_request_without_header_or_status_breaks_the_queue(disk: Disk, chain: list[Buffer]) -> None:
    with pytest.raises(QueueError, match="no header of 16 bytes, or no status byte"):
        disk.block.serve(chain, disk.storage)


# Virtio 1.x, 2.7.4, "Message Framing".
@pytest.mark.parametrize("size", (1, 5, 16))
def test_a_request_is_cut_into_descriptors_as_the_driver_likes(disk: Disk, size: int) -> None:
    storage = disk.storage
    storage.store(HEADER, bytes(8) + (3).to_bytes(8, "little"))
    storage.store(STATUS, bytes((NO_STATUS,)))
    header = [readable(min(size, 16 - at), HEADER + at) for at in range(0, 16, size)]
    # The last descriptor has the end of the data and the status.
    data = [Buffer(DATA, 500, is_writable=True), Buffer(DATA + 500, 13, is_writable=True)]
    assert disk.block.serve([*header, *data], storage) == 513
    assert storage.fetch(DATA, 513) == bytes((3,)) * 512 + bytes((OK,))
