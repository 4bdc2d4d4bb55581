# SPDX-License-Identifier: GPL-2.0-or-later
"""Split virtqueues (Virtio 1.x, section 2.7): what the driver has made available, and what the device has used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from emu.state import Section

if TYPE_CHECKING:
    from emu.devices.channel_storage import ChannelStorage

MOST_DESCRIPTORS: Final = 128
_NEXT: Final = 1
_WRITE: Final = 2
_NO_INTERRUPT: Final = 1
_INDEX_MASK: Final = 0xFFFF


class QueueError(Exception):
    """The driver broke the rules of the queue; the device needs a reset."""


@dataclass(frozen=True, slots=True)
class Buffer:
    """One piece of a request, at an absolute address."""

    address: int
    length: int
    is_writable: bool


class Virtqueue:
    """One queue; its rings are little-endian."""

    STATE = Section(
        "virtqueue",
        "size",
        "_descriptors",
        "_driver",
        "_device",
        "_taken",
        "_used",
        excluded={"_storage": "the way to that of the configuration"},
    )

    def __init__(self, storage: ChannelStorage) -> None:
        self._storage = storage
        self.size = 0
        """Zero as long as the driver has not set it up."""
        self._descriptors = self._driver = self._device = 0
        self._taken = self._used = 0

    def set_up(self, size: int, descriptors: int, driver: int, device: int) -> None:
        """Take the places of the three parts."""
        self.size, self._descriptors, self._driver, self._device = size, descriptors, driver, device
        self._taken = self._used = 0

    def take(self) -> tuple[int, list[Buffer]] | None:
        """The next request, as the index of its first descriptor and its buffers; None if there is none.

        :raises QueueError: for an index that cannot be, or a chain that is too long.
        :raises ChannelCheck: if the rings cannot be reached.
        """
        available = (self._get(self._driver + 2, 2) - self._taken) & _INDEX_MASK
        if not self.size or not available:
            return None
        if available > self.size:
            raise QueueError("more requests than descriptors")
        head = self._get(self._driver + 4 + 2 * (self._taken % self.size), 2)
        self._taken = (self._taken + 1) & _INDEX_MASK
        buffers: list[Buffer] = []
        index = head
        while True:
            if index >= self.size or len(buffers) >= self.size:
                raise QueueError("a chain that is too long or leaves the table")
            entry = self._storage.fetch(self._descriptors + 16 * index, 16)
            flags = int.from_bytes(entry[12:14], "little")
            if flags & ~(_NEXT | _WRITE):
                raise QueueError("a descriptor with a feature that was not offered")
            address, length = int.from_bytes(entry[:8], "little"), int.from_bytes(entry[8:12], "little")
            buffers.append(Buffer(address, length, bool(flags & _WRITE)))
            if not flags & _NEXT:
                return head, buffers
            index = int.from_bytes(entry[14:16], "little")

    def use(self, head: int, written: int) -> None:
        """Give the request *head* back, into which the device has *written* so many bytes.

        :raises ChannelCheck: if the ring cannot be reached.
        """
        entry = head.to_bytes(4, "little") + written.to_bytes(4, "little")
        self._storage.store(self._device + 4 + 8 * (self._used % self.size), entry)
        self._used = (self._used + 1) & _INDEX_MASK
        self._storage.store(self._device + 2, self._used.to_bytes(2, "little"))

    @property
    def wants_interruption(self) -> bool:
        """Whether the driver wants to be told of used buffers.

        :raises ChannelCheck: if the ring cannot be reached.
        """
        return not self._get(self._driver, 2) & _NO_INTERRUPT

    def _get(self, address: int, length: int) -> int:
        return int.from_bytes(self._storage.fetch(address, length), "little")
