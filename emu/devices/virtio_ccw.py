# SPDX-License-Identifier: GPL-2.0-or-later
"""A virtio device on a subchannel (Virtio 1.x, section "Virtio Over Channel I/O"), without the legacy interface."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from emu.devices.channel_program import NORMAL_END, UNIT_CHECK
from emu.devices.channel_storage import ChannelCheck
from emu.devices.virtqueue import MOST_DESCRIPTORS, QueueError, Virtqueue
from emu.state import Section

if TYPE_CHECKING:
    from collections.abc import Callable

    from emu.devices.channel_program import DataArea
    from emu.devices.channel_storage import ChannelStorage
    from emu.devices.subchannel import Subchannel
    from emu.devices.virtqueue import Buffer

CONTROL_UNIT_TYPE: Final = 0x3832
VERSION_1: Final = 1 << 32
"""The feature bit that every driver has to accept."""
NEEDS_RESET: Final = 0x40
_FEATURES_OK: Final = 0x08
_DRIVER_OK: Final = 0x04
_COMMAND_REJECT: Final = 0x80
_FIRST_REVISION: Final = 1
_LAST_REVISION: Final = 2
_SENSE_BYTES: Final = 32


class VirtioFunction(Protocol):
    """What a virtio device is for."""

    device_type: int
    features: int
    """Offered besides :data:`VERSION_1`."""
    queues: int

    def configuration(self) -> bytes:
        """The configuration space."""

    def serve(self, buffers: list[Buffer], storage: ChannelStorage) -> int:
        """Carry out a request and give how many bytes were written into its buffers.

        :raises QueueError: for a request that cannot even be refused.
        """


class _Rejected(Exception):  # noqa: N818 - a status, which the guest gets
    """The command is not one that the device does now: unit check with command reject."""


class VirtioCcw:
    """The control unit of a virtio device."""

    STATE = Section(
        "virtio device",
        "function",
        "_revision",
        "_sense",
        "_status",
        "_accepted",
        "_indicators",
        "_configuration_indicators",
        "_queues",
        "_rung",
        excluded={
            "_commands": "always the same",
            "_subchannel": "declares its state itself",
            "_storage": "the way to that of the configuration",
        },
    )

    def __init__(self, function: VirtioFunction) -> None:
        self.function = function
        self._commands: Final[dict[int, Callable[[DataArea], None]]] = {
            0x11: self._write_features,
            0x12: self._read_features,
            0x13: self._set_queue,
            0x21: self._write_configuration,
            0x22: self._read_configuration,
            0x31: self._write_status,
            0x32: self._read_queue,
            0x33: self._reset_device,
            0x43: self._set_indicators,
            0x53: self._set_configuration_indicators,
            0x72: self._read_status,
        }

    def connect(self, subchannel: Subchannel, storage: ChannelStorage) -> None:
        """Put the device on *subchannel*."""
        self._subchannel = subchannel
        self._storage = storage
        self.reset()

    def reset(self) -> None:
        """As after power-on."""
        self._revision: int | None = None
        self._sense = 0
        self._reset_virtio()

    def enable(self) -> None:
        """See :meth:`emu.devices.channel_program.ControlUnit.enable`: no revision outlives it (Virtio 1.x, 4.3.2.1)."""
        self._revision = None

    def _reset_virtio(self) -> None:
        self._status = 0
        self._accepted = 0
        self._indicators = self._configuration_indicators = 0
        self._queues = [Virtqueue(self._storage) for _ in range(self.function.queues)]
        self._rung: set[int] = set()

    # Commands

    def execute(self, command: int, data: DataArea) -> int:
        """See :meth:`emu.devices.channel_program.ControlUnit.execute`."""
        if command == 0x04:
            data.send(bytes((self._sense,)).ljust(_SENSE_BYTES, b"\0"))
            self._sense = 0
            return NORMAL_END
        self._sense = 0
        if command == 0x03:
            return NORMAL_END
        if command == 0xE4:
            kind = self.function.device_type
            data.send(b"\xff" + CONTROL_UNIT_TYPE.to_bytes(2, "big") + bytes((kind, 0, 0, 0, 0)))
            return NORMAL_END
        try:
            self._find(command)(data)
        except _Rejected:
            self._sense = _COMMAND_REJECT
            return NORMAL_END | UNIT_CHECK
        return NORMAL_END

    def _find(self, command: int) -> Callable[[DataArea], None]:
        if command == 0x83:
            return self._set_revision
        if self._revision is None or command not in self._commands:
            raise _Rejected
        return self._commands[command]

    def _set_revision(self, data: DataArea) -> None:
        block = _whole(data, 4)
        revision, length = int.from_bytes(block[:2], "big"), int.from_bytes(block[2:], "big")
        # No revision that there is takes data.
        if length or not _FIRST_REVISION <= revision <= _LAST_REVISION or self._revision is not None:
            raise _Rejected
        self._revision = revision

    def _offered(self) -> int:
        return self.function.features | VERSION_1

    def _read_features(self, data: DataArea) -> None:
        block = data.peek(5)
        if len(block) < 5:
            raise _Rejected
        word = self._offered() >> 32 * block[4] & 0xFFFF_FFFF
        data.send(word.to_bytes(4, "little") + block[4:])

    def _write_features(self, data: DataArea) -> None:
        block = _whole(data, 5)
        shift = 32 * block[4]
        self._accepted = self._accepted & ~(0xFFFF_FFFF << shift) | int.from_bytes(block[:4], "little") << shift

    def _read_configuration(self, data: DataArea) -> None:
        """As much as is wanted: Linux reads up to the end of the field that it needs, without suppressing lengths."""
        data.send(self.function.configuration()[: data.residual])

    def _write_configuration(self, data: DataArea) -> None:
        """Nothing in the configuration space of these devices can be written; it is taken and forgotten."""
        data.receive(len(self.function.configuration()))

    def _read_queue(self, data: DataArea) -> None:
        block = data.peek(2)
        if len(block) < 2:
            raise _Rejected
        there = int.from_bytes(block, "big") < len(self._queues)
        data.send(block + (MOST_DESCRIPTORS if there else 0).to_bytes(2, "big"))

    def _set_queue(self, data: DataArea) -> None:
        block = _whole(data, 32)
        descriptors, driver, device = (int.from_bytes(block[at : at + 8], "big") for at in (0, 16, 24))
        index, size = int.from_bytes(block[12:14], "big"), int.from_bytes(block[14:16], "big")
        if index >= len(self._queues) or size > MOST_DESCRIPTORS or size & (size - 1):
            raise _Rejected
        self._queues[index].set_up(size if descriptors else 0, descriptors, driver, device)

    def _write_status(self, data: DataArea) -> None:
        status = _whole(data, 1)[0]
        if not status:
            self._reset_virtio()
            return
        if status & _FEATURES_OK and (self._accepted & ~self._offered() or not self._accepted & VERSION_1):
            # That the bit stays off tells the driver; the command is rejected for those who do not look.
            raise _Rejected
        self._status = status | self._status & NEEDS_RESET

    def _read_status(self, data: DataArea) -> None:
        if self._revision is None or self._revision < _LAST_REVISION:
            raise _Rejected
        data.send(bytes((self._status,)))

    def _reset_device(self, data: DataArea) -> None:
        self._reset_virtio()

    def _set_indicators(self, data: DataArea) -> None:
        self._indicators = int.from_bytes(_whole(data, 8), "big")

    def _set_configuration_indicators(self, data: DataArea) -> None:
        self._configuration_indicators = int.from_bytes(_whole(data, 8), "big")

    # Queues

    def ring(self, queue: int) -> bool:
        """The driver's notification; False if there is no such queue."""
        if queue >= len(self._queues):
            return False
        self._rung.add(queue)
        return True

    @property
    def rung_queues(self) -> list[int]:
        """Which queues have doorbells that have been rung."""
        return sorted(self._rung)

    def perform(self) -> None:
        """Serve the queues whose doorbells have been rung."""
        rung, self._rung = self.rung_queues, set()
        if self._status & NEEDS_RESET or not self._status & _DRIVER_OK:
            return
        for index in rung:
            try:
                if self._serve(self._queues[index]):
                    self._tell(index)
            except QueueError:
                self._need_reset()
            except ChannelCheck as check:
                self._need_reset(check.status)

    def _need_reset(self, status: int = 0) -> None:
        """Say so, as a change of the configuration is told (Virtio 1.x, 2.1.2): bit 0 of the indicators for that."""
        self._status |= NEEDS_RESET
        if self._configuration_indicators:
            try:
                self._set_bit(self._configuration_indicators, 0)
            except ChannelCheck as check:
                status |= check.status
        self._subchannel.attention(status)

    def _set_bit(self, indicators: int, number: int) -> None:
        """Set a bit of a doubleword of indicators; they are numbered from the rightmost one on."""
        bits = int.from_bytes(self._storage.fetch(indicators, 8), "big") | 1 << number
        self._storage.store(indicators, bits.to_bytes(8, "big"))

    def _serve(self, queue: Virtqueue) -> bool:
        """Serve what is available, at most one queue full; give whether the driver is to be told."""
        served = 0
        while served < queue.size and (request := queue.take()) is not None:
            head, buffers = request
            queue.use(head, self.function.serve(buffers, self._storage))
            served += 1
        return bool(served) and queue.wants_interruption

    def _tell(self, index: int) -> None:
        """Set the indicator of queue *index*, numbered from the rightmost bit on, and interrupt."""
        if self._indicators:
            self._set_bit(self._indicators, index)
            self._subchannel.attention()


def _whole(data: DataArea, length: int) -> bytes:
    block = data.receive(length)
    if len(block) < length:
        raise _Rejected
    return block
