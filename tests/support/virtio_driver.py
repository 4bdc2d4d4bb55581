# SPDX-License-Identifier: GPL-2.0-or-later
"""A virtio device whose requests do nothing, and its driver, which speaks in the structures of the specification.

Virtio 1.x, section 4.3.  Structures of channel commands are big-endian but where the specification says otherwise;
rings are little-endian.
"""

from __future__ import annotations

from emu.devices.channel_storage import ChannelStorage
from emu.devices.virtio_ccw import VirtioCcw
from emu.devices.virtqueue import Buffer, QueueError

WRITE_FEATURES, READ_FEATURES, SET_QUEUE, WRITE_CONFIGURATION, READ_CONFIGURATION = 0x11, 0x12, 0x13, 0x21, 0x22
WRITE_STATUS, READ_QUEUE, RESET, SET_INDICATORS, SET_CONFIGURATION_INDICATORS = 0x31, 0x32, 0x33, 0x43, 0x53
READ_STATUS, SET_REVISION = 0x72, 0x83
DONE, REJECTED = 0x0C, 0x0E
"""Channel end and device end; the same with unit check."""
ACKNOWLEDGE, DRIVER, DRIVER_OK, FEATURES_OK, NEEDS_RESET = 1, 2, 4, 8, 64
READY = ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK
VERSION_1, OFFERED = 1 << 32, 1 << 5 | 1 << 9
RINGS, INDICATORS, REQUEST = 0x24000, 0x27000, 0x28000
"""The parts of the queue at index n are at RINGS + 0x400 n."""
CONFIGURATION = bytes(range(24))


class Area:
    """The area of a channel command: what the program wrote there, and what the device has put there."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.sent = b""

    @property
    def residual(self) -> int:
        return len(self.content)

    def peek(self, length: int) -> bytes:
        return self.content[:length]

    def receive(self, length: int) -> bytes:
        return self.content[:length]

    def send(self, data: bytes) -> None:
        self.sent = data


class Function:
    """A device with two queues, which writes seven bytes for each request, unless the first buffer is no bytes."""

    device_type = 2
    features = OFFERED
    queues = 2

    def __init__(self) -> None:
        self.served: list[list[Buffer]] = []

    def configuration(self) -> bytes:
        return CONFIGURATION

    def serve(self, buffers: list[Buffer], storage: ChannelStorage) -> int:
        if not buffers[0].length:
            raise QueueError("no bytes")
        self.served.append(buffers)
        return 7


class Subchannel:
    """Notes the status that is presented to it."""

    def __init__(self) -> None:
        self.presented: list[int] = []

    def attention(self, status: int = 0) -> None:
        self.presented.append(status)


class VirtioDriver:
    """The driver of a device on a subchannel."""

    def __init__(self, storage: ChannelStorage) -> None:
        self.storage = storage
        self.function, self.subchannel = Function(), Subchannel()
        self.device = VirtioCcw(self.function)
        self.device.connect(self.subchannel, storage)  # type: ignore[arg-type]

    def do(self, command: int, data: bytes = b"") -> int:
        return self.device.execute(command, Area(data))  # type: ignore[arg-type]

    def read(self, command: int, data: bytes) -> bytes:
        area = Area(data)
        assert self.device.execute(command, area) == DONE  # type: ignore[arg-type]
        return area.sent

    def set_revision(self, revision: int = 2) -> int:
        return self.do(SET_REVISION, revision.to_bytes(2, "big") + bytes(2))

    def write_features(self, features: int) -> None:
        for index in (0, 1):
            word = (features >> 32 * index & 0xFFFF_FFFF).to_bytes(4, "little")
            assert self.do(WRITE_FEATURES, word + bytes((index,))) == DONE

    def set_queue(self, index: int = 0, size: int = 4, *, descriptors: int | None = None) -> int:
        at = RINGS + 0x400 * index
        place = at if descriptors is None else descriptors
        words = (place.to_bytes(8, "big"), bytes(4), index.to_bytes(2, "big"), size.to_bytes(2, "big"))
        return self.do(SET_QUEUE, b"".join(words) + (at + 0x100).to_bytes(8, "big") + (at + 0x200).to_bytes(8, "big"))

    def bring_up(self) -> None:
        """Initialize the device, with both queues and their indicators."""
        assert self.set_revision() == DONE
        self.write_features(VERSION_1)
        for index in (0, 1):
            assert self.set_queue(index) == DONE
        assert self.do(SET_INDICATORS, INDICATORS.to_bytes(8, "big")) == DONE
        assert self.do(WRITE_STATUS, bytes((READY,))) == DONE

    def status(self) -> int:
        return self.read(READ_STATUS, b"\0")[0]

    def offer(self, queue: int = 0, *, requests: int = 1, length: int = 16) -> None:
        """Make the one-descriptor request 0 available so many times."""
        at = RINGS + 0x400 * queue
        self.storage.store(at, REQUEST.to_bytes(8, "little") + length.to_bytes(4, "little") + bytes(4))
        self.storage.store(at + 0x102, requests.to_bytes(2, "little"))

    def indicators(self) -> int:
        return int.from_bytes(self.storage.fetch(INDICATORS, 8), "big")
