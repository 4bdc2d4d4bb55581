# SPDX-License-Identifier: GPL-2.0-or-later
"""The channel subsystem: subchannels, I/O interruptions, channel reports (PoP chapters 13 to 17).

I/O functions are performed between two instructions, at once.
"""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from emu import interruption
from emu.bits import MASK_32, bit
from emu.device import InterruptionRequest
from emu.devices.channel_storage import ChannelCheck, ChannelStorage
from emu.devices.subchannel import Subchannel
from emu.machine_checks import CHANNEL_REPORT
from emu.psw import IO_MASK
from emu.state import Section, typed

if TYPE_CHECKING:
    from emu.configuration import Configuration
    from emu.cpu import Cpu
    from emu.devices.virtio_ccw import VirtioCcw

CHANNEL_PATH: Final = 0
"""The identifier of the one channel path."""
_BLOCK_BYTES: Final = 32
_ONE: Final = 0x0001_0000
"""What bits 0-15 of a subsystem-identification word are."""
_PATH_REPORT: Final = 4 << 24 | 2 << 16
"""A channel report about a channel path that is initialized."""


class ChannelSubsystem:
    """All subchannels of one configuration; a :class:`~emu.device.Device`."""

    interruption_mask: ClassVar[int] = IO_MASK
    pending_subclasses: ClassVar[int] = 0
    STATE = Section(
        "channel subsystem",
        "subchannels",
        "_devices",
        "_reports",
        "_announces_reports",
        typed("_measurement", tuple[int, int] | None),
        excluded={"_configuration": "whose part it is", "storage": "the way to that of the configuration"},
    )

    def __init__(self, configuration: Configuration[Cpu]) -> None:
        self._configuration = configuration
        self.storage: Final = ChannelStorage(configuration)
        self.subchannels: list[Subchannel] = []
        self._devices: list[VirtioCcw] = []
        self._reports: deque[int] = deque()
        self._announces_reports = True
        """Whether a machine check tells of the next report: one was looked for in vain since it last did."""
        self._measurement: tuple[int, int] | None = None
        """The measurement-block key and origin while measurement blocks are updated."""

    def attach(self, device: VirtioCcw) -> Subchannel:
        """Put *device* on the next subchannel; its device number is that of the subchannel."""
        number = len(self.subchannels)
        subchannel = Subchannel(number, number, device, self.storage)
        self.subchannels.append(subchannel)
        self._devices.append(device)
        device.connect(subchannel, self.storage)
        return subchannel

    def reset(self) -> None:
        """I/O-system reset."""
        self._reports.clear()
        self._announces_reports = True
        self._configuration.floating.machine_checks &= ~CHANNEL_REPORT
        self._measurement = None
        for subchannel, device in zip(self.subchannels, self._devices, strict=True):
            subchannel.reset()
            device.reset()

    def find(self, number: int) -> Subchannel | None:
        """The subchannel called *number*."""
        return self.subchannels[number] if number < len(self.subchannels) else None

    def request_work(self) -> None:
        """Have :meth:`perform` called before the next instruction."""
        self._configuration.call_soon()

    def perform(self) -> None:
        """Perform all pending functions and notifications.

        :raises HostFailure: if the host cannot make room for a page.
        """
        for subchannel, device in zip(self.subchannels, self._devices, strict=True):
            if subchannel.has_work:
                if self._measurement is not None and subchannel.is_measured and subchannel.begins_program:
                    self._count_start(subchannel, *self._measurement)
                self._tell_of_function(subchannel)
            if device.rung_queues:
                self._tell_of_queues(subchannel, device)

    def _tell_of_function(self, subchannel: Subchannel) -> None:
        """Perform the pending function of *subchannel*, and tell the observers."""
        what = subchannel.pending_function
        for observer in self._configuration.observers:
            observer.io_begins(subchannel.number, what)
        subchannel.perform()
        for observer in self._configuration.observers:
            observer.io_ended(subchannel.number, f"{what}: subchannel status {subchannel.control & MASK_32:08x}")

    def _tell_of_queues(self, subchannel: Subchannel, device: VirtioCcw) -> None:
        """Have the *device* on *subchannel* serve its queues, and tell the observers."""
        what = f"virtio queue {', '.join(map(str, device.rung_queues))}"
        for observer in self._configuration.observers:
            observer.io_begins(subchannel.number, what)
        device.perform()
        for observer in self._configuration.observers:
            observer.io_ended(subchannel.number, what)

    def measure(self, key: int, origin: int) -> None:
        """Update measurement blocks from now on: the one at index n is at absolute address *origin* plus 32 n."""
        self._measurement = key, origin

    def end_measurement(self) -> None:
        """Update none any more."""
        self._measurement = None

    def _count_start(self, subchannel: Subchannel, key: int, origin: int) -> None:
        """Update the block of *subchannel*, of format 0 (PoP 17, "Measurement Block").

        The SSCH+RSCH count and the sample count, its first two halfwords, are one more each; the times stay, since a
        channel program takes none.  A block that cannot be accessed ends the updates for this subchannel; that no
        measurement-block check is reported is inferred, for there is no extended status.
        """
        address = origin + _BLOCK_BYTES * subchannel.measurement_index
        try:
            block = self.storage.fetch(address, 4, key)
            counts = [(int.from_bytes(block[at : at + 2], "big") + 1) & 0xFFFF for at in (0, 2)]
            self.storage.store(address, b"".join(count.to_bytes(2, "big") for count in counts), key)
        except ChannelCheck:
            subchannel.end_measurement()

    def notify(self, number: int, queue: int) -> bool:
        """Ring the doorbell of *queue* of the device on subchannel *number*; False if there is none."""
        if number >= len(self._devices) or not self._devices[number].ring(queue):
            return False
        self.request_work()
        return True

    # Interruptions

    def pending(self, subclasses: int) -> Subchannel | None:
        """The subchannel whose interruption comes first among those that CR6 (*subclasses*) lets through."""
        candidates = [
            each for each in self.subchannels if each.interruption_pending and subclasses & bit(32 + each.subclass)
        ]
        return min(candidates, key=lambda each: (each.subclass, each.number)) if candidates else None

    @staticmethod
    def code(subchannel: Subchannel) -> tuple[int, int, int]:
        """The interruption code of *subchannel*: identification, parameter, and identification of the interruption."""
        return _ONE | subchannel.number, subchannel.parameter, subchannel.subclass << 27

    def pending_interruption(self, cpu: Cpu) -> InterruptionRequest | None:
        """See :meth:`emu.device.Device.pending_interruption`."""
        subchannel = self.pending(cpu.cr[6])
        if subchannel is None:
            return None
        return InterruptionRequest("io", self.code(subchannel)[0], partial(self._interrupt, cpu, subchannel))

    def _interrupt(self, cpu: Cpu, subchannel: Subchannel) -> None:
        subsystem, parameter, identification = self.code(subchannel)
        interruption.input_output(cpu, subsystem=subsystem, parameter=parameter, identification=identification)
        subchannel.interruption_pending = False

    # Channel paths and reports

    def has_path(self, path: int) -> bool:
        """Whether the channel path exists."""
        return path == CHANNEL_PATH and bool(self.subchannels)

    def reset_path(self, path: int) -> bool:
        """RESET CHANNEL PATH: a channel report tells that it is done.  False if there is no such path."""
        if not self.has_path(path):
            return False
        for device in self._devices:
            # It gets the signal "system reset".
            device.reset()
        self._reports.append(_PATH_REPORT | path)
        if self._announces_reports:
            self._configuration.floating.machine_checks |= CHANNEL_REPORT
            self._announces_reports = False
        return True

    def next_report(self) -> int:
        """The next channel-report word, or zero; it is given once.  Behind zero, another is announced again."""
        if self._reports:
            return self._reports.popleft()
        self._announces_reports = True
        return 0
