# SPDX-License-Identifier: GPL-2.0-or-later
"""The virtio block device (Virtio 1.x, section "Block Device"), on an image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from emu.devices.channel_storage import ChannelCheck
from emu.devices.virtqueue import QueueError
from emu.state import Section

if TYPE_CHECKING:
    from emu.devices.channel_storage import ChannelStorage
    from emu.devices.virtqueue import Buffer

SECTOR: Final = 512
READ: Final = 0
WRITE: Final = 1
FLUSH: Final = 4
GET_ID: Final = 8
OK: Final = 0
IO_ERROR: Final = 1
UNSUPPORTED: Final = 2

_READ_ONLY: Final = 1 << 5
_BLOCK_SIZE: Final = 1 << 6
_FLUSH_FEATURE: Final = 1 << 9
_HEADER: Final = 16
_ID_BYTES: Final = 20
_MOST_BYTES: Final = 64 << 20
"""In one request."""


class Image(Protocol):
    """The content of a disk."""

    size: int
    """Bytes, a multiple of 512."""
    is_writable: bool

    def read(self, offset: int, length: int) -> bytes:
        """The *length* bytes at *offset*.

        :raises OSError: if they cannot be read.
        """

    def write(self, offset: int, data: bytes) -> None:
        """Write *data* at *offset*.

        :raises OSError: if that fails.
        """

    def flush(self) -> None:
        """Have everything written for good.

        :raises OSError: if that fails.
        """


class VirtioBlock:
    """A disk; errors of image and guest are status codes."""

    STATE = Section(
        "virtio disk",
        "_image",
        excluded={"_name": "what the disk was made with", "features": "follow from the image"},
    )

    device_type = 2
    queues = 1

    def __init__(self, image: Image, name: str = "") -> None:
        self._image = image
        self._name = name.encode("ascii", errors="replace")[:_ID_BYTES].ljust(_ID_BYTES, b"\0")
        self.features = _BLOCK_SIZE | _FLUSH_FEATURE | (0 if image.is_writable else _READ_ONLY)

    def configuration(self) -> bytes:
        """Capacity in sectors, and the block size at offset 20."""
        return (self._image.size // SECTOR).to_bytes(8, "little") + bytes(12) + SECTOR.to_bytes(4, "little")

    def serve(self, buffers: list[Buffer], storage: ChannelStorage) -> int:
        """See :meth:`emu.devices.virtio_ccw.VirtioFunction.serve`."""
        # How the driver cuts a request into descriptors says nothing (Virtio 1.x, 2.7.4, "Message Framing").
        outgoing = [(each.address, each.length) for each in buffers if not each.is_writable]
        incoming = [(each.address, each.length) for each in buffers if each.is_writable]
        header_parts, sources = _cut(outgoing, _HEADER)
        areas, status_parts = _cut(incoming, _size(incoming) - 1)
        if _size(header_parts) < _HEADER or _size(status_parts) != 1:
            raise QueueError("no header of 16 bytes, or no status byte")
        header = b"".join(storage.fetch(at, size) for at, size in header_parts)
        kind, sector = int.from_bytes(header[:4], "little"), int.from_bytes(header[8:], "little")
        try:
            status, written = self._do(kind, sector * SECTOR, areas, sources, storage)
        except (OSError, ChannelCheck):
            status, written = IO_ERROR, 0
        ((status_address, _),) = status_parts
        storage.store(status_address, bytes((status,)))
        return written + 1

    def _do(
        self,
        kind: int,
        offset: int,
        areas: list[tuple[int, int]],
        sources: list[tuple[int, int]],
        storage: ChannelStorage,
    ) -> tuple[int, int]:
        """Status, and how many bytes were put into *areas*."""
        if kind == READ:
            length = _size(areas)
            if not self._is_inside(offset, length):
                return IO_ERROR, 0
            return OK, _scatter(self._image.read(offset, length), areas, storage)
        if kind == WRITE:
            length = _size(sources)
            if not self._image.is_writable or not self._is_inside(offset, length):
                return IO_ERROR, 0
            self._image.write(offset, b"".join(storage.fetch(at, size) for at, size in sources))
            return OK, 0
        if kind == FLUSH:
            self._image.flush()
            return OK, 0
        if kind == GET_ID:
            return OK, _scatter(self._name, areas, storage)
        return UNSUPPORTED, 0

    def _is_inside(self, offset: int, length: int) -> bool:
        return not length % SECTOR and length <= _MOST_BYTES and offset + length <= self._image.size


def _size(areas: list[tuple[int, int]]) -> int:
    return sum(size for _, size in areas)


def _cut(areas: list[tuple[int, int]], first: int) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """*areas* up to the byte *first*, and from there on; none of them is empty then."""
    before, behind = [], []
    for address, size in areas:
        part = max(0, min(size, first))
        first -= part
        if part:
            before.append((address, part))
        if size > part:
            behind.append((address + part, size - part))
    return before, behind


def _scatter(data: bytes, areas: list[tuple[int, int]], storage: ChannelStorage) -> int:
    done = 0
    for address, size in areas:
        part = data[done : done + size]
        storage.store(address, part)
        done += len(part)
    return done
