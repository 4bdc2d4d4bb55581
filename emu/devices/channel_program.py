# SPDX-License-Identifier: GPL-2.0-or-later
"""Channel programs: the operation-request block, channel-command words and chaining (PoP chapter 15)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from emu.bits import bit, field
from emu.devices.channel_storage import ChannelCheck, SubchannelStatus

if TYPE_CHECKING:
    from emu.devices.channel_storage import ChannelStorage

CHANNEL_END: Final = 0x08
DEVICE_END: Final = 0x04
UNIT_CHECK: Final = 0x02
NORMAL_END: Final = CHANNEL_END | DEVICE_END

CHAIN_DATA: Final = 0x80
CHAIN_COMMAND: Final = 0x40
SUPPRESS_LENGTH: Final = 0x20
SKIP: Final = 0x10
PROGRAM_CONTROLLED: Final = 0x08
INDIRECT: Final = 0x04
SUSPEND: Final = 0x02
MODIFIED_INDIRECT: Final = 0x01
_TRANSFER_IN_CHANNEL: Final = 0x08
_ADDRESS_END: Final = 1 << 31
_OF_TRANSFER_1: Final = 0x7FFF_FFFF
"""The address of a format-1 transfer in channel; everything else in it is fixed."""
_SUPPRESSES_IMMEDIATE: Final = 24
"""The bit of the ORB for the incorrect-length-suppression mode."""

MOST_CCWS: Final = 65_536
"""A program that goes on longer is taken for one that never ends: it stays active until it is halted or cleared."""


class ControlUnit(Protocol):
    """A device with its control unit."""

    def execute(self, command: int, data: DataArea) -> int:
        """Do *command*, and give the device status."""

    def enable(self) -> None:
        """Its subchannel has been enabled or disabled."""


@dataclass(frozen=True, slots=True)
class OperationRequestBlock:
    """The operation-request block."""

    parameter: int
    control: int
    """Word 1."""
    address: int
    """Of the channel program."""

    @classmethod
    def from_bytes(cls, block: bytes) -> OperationRequestBlock:
        """The ORB that begins *block*."""
        words = [int.from_bytes(block[offset : offset + 4], "big") for offset in (0, 4, 8)]
        return cls(*words)

    @property
    def key(self) -> int:
        """The subchannel key."""
        return field(self.control, 0, 3, 32)

    @property
    def path_mask(self) -> int:
        """The logical-path mask."""
        return field(self.control, 16, 23, 32)

    def has(self, number: int) -> bool:
        """Whether bit *number* of word 1 is one."""
        return bool(self.control & bit(number, 32))


@dataclass(slots=True)
class _Command:
    code: int
    flags: int
    count: int
    address: int


@dataclass(frozen=True, slots=True)
class ChannelEnding:
    """How a channel program ended or stopped."""

    device_status: int = 0
    status: int = 0
    count: int = 0
    is_suspended: bool = False
    is_endless: bool = False


class ChannelProgram:
    """The execution of one channel program."""

    def __init__(self, request: OperationRequestBlock, storage: ChannelStorage, unit: ControlUnit) -> None:
        self.request = request
        self.storage = storage
        self._unit = unit
        self.address = request.address
        """Of the CCW behind the last one used."""
        self.fetched = 0
        self.has_interrupted = False
        """A CCW with the flag for a program-controlled interruption has been fetched."""
        self.was_accepted = False
        """The first command has been initiated, and was neither immediate nor refused: its initial status is zero."""

    def state(self) -> list[int]:
        """The request, and how far it is."""
        request = self.request
        flags = self.has_interrupted | self.was_accepted << 1
        return [request.parameter, request.control, request.address, self.address, self.fetched, flags]

    @classmethod
    def restored(cls, state: list[int], storage: ChannelStorage, unit: ControlUnit) -> ChannelProgram:
        """The program that gave this *state*."""
        program = cls(OperationRequestBlock(*state[:3]), storage, unit)
        program.address, program.fetched, flags = state[3:]
        program.has_interrupted, program.was_accepted = bool(flags & 1), bool(flags & 2)
        return program

    def run(self, *, resumed: bool = False) -> ChannelEnding:
        """Execute CCWs from :attr:`address` on until the program ends, is suspended or is taken for endless.

        :param resumed: whether the suspend flag of the first CCW has had its effect.
        """
        is_first = not resumed
        while True:
            start = self.address
            try:
                command = self.next_command(is_first=is_first)
                if command is None:
                    return ChannelEnding(is_endless=True)
            except ChannelCheck as check:
                return ChannelEnding(status=check.status)
            suspends = bool(command.flags & SUSPEND) and not resumed
            if not command.code & 0x0F or (command.flags & SUSPEND and not self.request.has(4)):
                return ChannelEnding(status=SubchannelStatus.PROGRAM_CHECK)
            if suspends:
                self.address = start
                return ChannelEnding(is_suspended=True)
            self.begin(command)
            begins = is_first
            resumed = is_first = False
            area = DataArea(self, command)
            try:
                status = self._unit.execute(command.code, area)
            except ChannelCheck as check:
                return ChannelEnding(CHANNEL_END | DEVICE_END, check.status, area.residual)
            if begins:
                self.was_accepted = area.moved
            wrong = self._is_wrong_length(area, status) and not area.flags & SUPPRESS_LENGTH
            if area.flags & CHAIN_DATA and area.moved:
                # The chain of data is not used up.
                wrong = True
            if wrong:
                return ChannelEnding(status, SubchannelStatus.INCORRECT_LENGTH, area.residual)
            if status != NORMAL_END or not area.flags & CHAIN_COMMAND:
                return ChannelEnding(status, 0, area.residual)

    def _is_wrong_length(self, area: DataArea, status: int) -> bool:
        """Whether the CCWs say another length than that of what was moved.

        An immediate operation moves nothing, which is wrong only in format 1, for a count other than zero, and in the
        incorrect-length-indication mode (PoP 15, "Incorrect-Length-Suppression Mode").
        """
        if area.moved or status != NORMAL_END:
            return area.is_wrong_length
        return self.request.has(8) and not self.request.has(_SUPPRESSES_IMMEDIATE) and area.residual != 0

    def next_command(self, *, is_first: bool = False, is_data: bool = False) -> _Command | None:
        """The next CCW that is no transfer in channel; None if there have been too many.

        :raises ChannelCheck: if it cannot be fetched or is not valid.
        """
        transferred = is_first
        while True:
            self.fetched += 1
            if self.fetched > MOST_CCWS:
                return None
            if self.address % 8 or self.address >= _ADDRESS_END:
                raise ChannelCheck(SubchannelStatus.PROGRAM_CHECK)
            word = int.from_bytes(self.storage.fetch(self.address, 8, self.request.key), "big")
            self.address += 8
            is_format_1 = self.request.has(8)
            if is_format_1:
                command = _Command(word >> 56, field(word, 8, 15), field(word, 16, 31), field(word, 32, 63))
            else:
                command = _Command(word >> 56, field(word, 32, 39), field(word, 48, 63), field(word, 8, 31))
            # While data are chained, a format-1 CCW has a command code only if that is exactly a transfer in channel.
            has_code = not is_format_1 or not is_data or command.code == _TRANSFER_IN_CHANNEL
            if has_code and command.code & 0x0F == _TRANSFER_IN_CHANNEL:
                is_wrong = is_format_1 and word & ~_OF_TRANSFER_1 != _TRANSFER_IN_CHANNEL << 56
                if transferred or command.address % 8 or is_wrong:
                    raise ChannelCheck(SubchannelStatus.PROGRAM_CHECK)
                self.address = command.address
                transferred = True
                continue
            without_data = is_format_1 and not command.flags & CHAIN_DATA and not is_data
            if (
                command.address >= _ADDRESS_END
                or command.flags & MODIFIED_INDIRECT
                or (not command.count and not without_data)
            ):
                raise ChannelCheck(SubchannelStatus.PROGRAM_CHECK)
            return command

    def begin(self, command: _Command) -> None:
        """Note that *command*, or data chained by it, is in use now."""
        if command.flags & PROGRAM_CONTROLLED:
            self.has_interrupted = True


class DataArea:
    """The storage that a command designates, with its data chaining, skipping and indirect addressing."""

    def __init__(self, program: ChannelProgram, command: _Command) -> None:
        self._program = program
        self._command = command
        self._used = 0
        """Bytes moved under the current CCW."""
        self.moved = False
        self._is_longer = False

    @property
    def flags(self) -> int:
        """Those of the current CCW."""
        return self._command.flags

    @property
    def residual(self) -> int:
        """The count that is left."""
        return self._command.count - self._used

    @property
    def is_wrong_length(self) -> bool:
        """Whether more or fewer bytes were moved than the CCWs say; an immediate operation moves none."""
        return self.moved and (self.residual != 0 or self._is_longer)

    def peek(self, length: int) -> bytes:
        """At most *length* bytes of the current CCW's area, which stay where they are in the count.

        :raises ChannelCheck: if they cannot be fetched.
        """
        pieces = self._pieces(0, min(length, self._command.count))
        return b"".join(self._program.storage.fetch(at, size, self._program.request.key) for at, size in pieces)

    def receive(self, length: int) -> bytes:
        """At most *length* bytes of storage, for the device.

        :raises ChannelCheck: if they cannot be fetched.
        """
        parts: list[bytes] = []
        key, storage = self._program.request.key, self._program.storage
        wanted = length
        while wanted and (size := self._size(wanted)):
            parts += [storage.fetch(at, part, key) for at, part in self._pieces(self._used, size)]
            self._used += size
            wanted -= size
        self.moved = True
        return b"".join(parts)

    def send(self, data: bytes) -> None:
        """Put *data* of the device into storage, as much as there is room for.

        :raises ChannelCheck: if it cannot be stored.
        """
        key, storage = self._program.request.key, self._program.storage
        while data and (size := self._size(len(data))):
            if not self._command.flags & SKIP:
                done = 0
                for at, part in self._pieces(self._used, size):
                    storage.store(at, data[done : done + part], key)
                    done += part
            self._used += size
            data = data[size:]
        self.moved = True
        self._is_longer = bool(data)

    def _size(self, wanted: int) -> int:
        """How much of *wanted* the current CCW takes, which is the next of the chain if this one is used up."""
        while not self.residual and self._command.flags & CHAIN_DATA:
            following = self._program.next_command(is_data=True)
            if following is None:
                raise ChannelCheck(SubchannelStatus.PROGRAM_CHECK)
            self._program.begin(following)
            self._command, self._used = following, 0
        return min(wanted, self.residual)

    def _pieces(self, offset: int, length: int) -> list[tuple[int, int]]:
        """The absolute (address, length) of a part of the area.

        :raises ChannelCheck: for an indirect-data-address word that is not valid.
        """
        address = self._command.address
        if not self._command.flags & INDIRECT:
            return [(address + offset, length)] if length else []
        request = self._program.request
        width, block = (8, 2048 if request.has(15) else 4096) if request.has(14) else (4, 2048)
        if address % width:
            raise ChannelCheck(SubchannelStatus.PROGRAM_CHECK)
        pieces = []
        position, end = 0, offset + length
        while position < end:
            start = int.from_bytes(self._program.storage.fetch(address, width, request.key), "big")
            if (position and start % block) or (width == 4 and start >= _ADDRESS_END):
                raise ChannelCheck(SubchannelStatus.PROGRAM_CHECK)
            size = block - start % block
            first, last = max(position, offset), min(position + size, end)
            if first < last:
                pieces.append((start + first - position, last - first))
            position += size
            address += width
        return pieces
