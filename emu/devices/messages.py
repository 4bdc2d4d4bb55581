# SPDX-License-Identifier: GPL-2.0-or-later
"""Special messages: what CP's command SMSG sends to a guest, presented by the Virtual Machine Communication Facility.

The guest names a buffer (DIAGNOSE 0x068, :mod:`emu.isa.virtual_machine_communication`); each message is an external
interruption 0x4001, for which the buffer holds the message header VMCMHDR, and behind it the text in EBCDIC.  Messages
are presented one at a time, the oldest first, and a guest answers none (VM/SP System Programmer's Guide SC19-6203-2,
"The Virtual Machine Communication Facility" and "The Special Message Facility"; z/VM control block VMCMHDR).

Inferred, since no source says it: which CPU takes the interruption (any that is enabled), its priority (the lowest of
the external ones), the numbering of messages, and the limit of the queue.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from emu import interruption
from emu.addresses import PAGE_SIZE, RealAddress
from emu.control_registers import CR0_VMCF
from emu.device import InterruptionRequest
from emu.identification import EBCDIC
from emu.program_interruption import ProgramInterruption
from emu.psw import EXTERNAL_MASK
from emu.state import Section, typed
from emu.storage_keys import CHANGE, REFERENCE

if TYPE_CHECKING:
    from emu.addresses import AbsoluteAddress
    from emu.configuration import Configuration
    from emu.cpu import Cpu

LONGEST_TEXT: Final = 129
"""Bytes of text that SMSG sends at most; with the header, the 169 bytes of buffer that the manual asks for."""
QUEUE_LIMIT: Final = 50
"""Messages that wait for one guest at most."""
_HEADER: Final = 40
_SENDX: Final = 4
"""VMCMFUNC of a special message: CP sends it as if by SENDX, with the data behind the header."""
_USER_LENGTH: Final = 8
_SOURCE: Final = "SYSTEM"
"""VMCMUSER of a special message, whoever gave the command."""


@dataclass(frozen=True, slots=True)
class _Buffer:
    """The external-interruption buffer that a guest has named."""

    address: int
    length: int
    special: bool


class SpecialMessages:
    """The messages on their way to one configuration; a :class:`~emu.device.Device`."""

    interruption_mask: ClassVar[int] = EXTERNAL_MASK
    STATE = Section(
        "special messages",
        typed("_buffer", _Buffer | None),
        "_queue",
        "_sent",
        "dropped",
        excluded={"_configuration": "whose part it is"},
    )

    def __init__(self, configuration: Configuration[Cpu]) -> None:
        self._configuration = configuration
        self._buffer: _Buffer | None = None
        self._queue: deque[bytes] = deque()
        """Headers with their texts."""
        self._sent = 0
        self.dropped = 0
        """Messages lost because the buffer could not be stored into when its time had come."""

    # The guest's side

    def authorize(self, address: int, length: int, *, special: bool) -> None:
        """Present messages in the buffer of *length* bytes at real *address* from now on, and in no other.

        :param special: whether special messages are to come (VMCPSMSG).
        """
        self._buffer = _Buffer(address, length, special)

    def unauthorize(self) -> bool:
        """Forget the buffer and what waits for it; False if there is none."""
        was_authorized = self._buffer is not None
        self.reset()
        return was_authorized

    # The sender's side

    @property
    def is_authorized(self) -> bool:
        """Whether the guest takes special messages."""
        return self._buffer is not None and self._buffer.special

    def send(self, text: str, sender: str = "VMRMSVM") -> bool:
        """Send *text* as the user *sender*; False if the guest cannot have it.

        That is so if it takes no special messages, if its buffer is too short (VMCF return code 7) or if as many
        messages wait as may (return code 10).

        :raises ValueError: if *text* is longer than SMSG allows, or *sender* is no user ID, or one has no EBCDIC.
        """
        data, user = text.encode(EBCDIC), sender.encode(EBCDIC)
        if len(data) > LONGEST_TEXT:
            raise ValueError(f"a special message has at most {LONGEST_TEXT} characters, not {len(data)}")
        if not 1 <= len(user) <= _USER_LENGTH:
            raise ValueError(f"a user ID has 1 to {_USER_LENGTH} characters, not {sender!r}")
        if self._buffer is None or not self.is_authorized:
            return False
        if _HEADER + len(data) > self._buffer.length or len(self._queue) == QUEUE_LIMIT:
            return False
        self._sent += 1
        self._queue.append(_header(self._sent, len(data), user) + data)
        return True

    # The machine's side

    @property
    def waiting(self) -> int:
        """How many messages have been sent and not been presented."""
        return len(self._queue)

    def pending_interruption(self, cpu: Cpu) -> InterruptionRequest | None:
        """See :meth:`emu.device.Device.pending_interruption`."""
        if not self.pending_subclasses & cpu.cr[0]:
            return None
        return InterruptionRequest("external", interruption.EXTERNAL_VMCF, partial(self.take, cpu))

    @property
    def pending_subclasses(self) -> int:
        """See :attr:`emu.device.Device.pending_subclasses`."""
        return CR0_VMCF if self._queue else 0

    def perform(self) -> None:
        """See :meth:`emu.device.Device.perform`: messages wait for nothing but an interruption."""

    def take(self, cpu: Cpu) -> None:
        """Present the oldest message to *cpu*: store it in the buffer and take the external interruption.

        If the buffer cannot be stored into, the message is lost and there is no interruption.

        :raises FrameShortage: before anything has changed.
        """
        message = self._queue[0]
        stored = self._store(cpu, message)
        self._queue.popleft()
        if stored:
            interruption.external(cpu, interruption.EXTERNAL_VMCF)
        else:
            self.dropped += 1

    def reset(self) -> None:
        """System reset: nobody is authorized and nothing waits."""
        self._buffer = None
        self._queue.clear()

    def _store(self, cpu: Cpu, message: bytes) -> bool:
        """Store *message* in the buffer, all of it or nothing; False if that cannot be.

        Addresses are real ones of the CPU that takes the interruption, and keys are recorded in but not checked, as
        for interruption storing.
        """
        buffer, configuration = self._buffer, self._configuration
        # Shortened since it was sent, or authorized anew without special messages: not a buffer for this message.
        if buffer is None or not buffer.special or len(message) > buffer.length:
            return False
        parts: list[tuple[AbsoluteAddress, bytes]] = []
        done = 0
        while done < len(message):
            address = buffer.address + done
            size = min(len(message) - done, PAGE_SIZE - address % PAGE_SIZE)
            parts.append((cpu.real_to_absolute(RealAddress(address)), message[done : done + size]))
            done += size
        try:
            for absolute, _ in parts:
                configuration.storage.require(absolute)
                configuration.hypervisor.frame_for_store(absolute >> 12)
        except ProgramInterruption:
            return False
        for absolute, data in parts:
            configuration.storage.write(absolute, data)
            configuration.keys.bytes[absolute >> 12] |= REFERENCE | CHANGE
        return True


def _header(identifier: int, length: int, user: bytes) -> bytes:
    """VMCMHDR: status, error flag, subfunction, identifier, source, two addresses and lengths, user doubleword."""
    blank = " ".encode(EBCDIC)
    return b"".join(
        (
            bytes(2),
            _SENDX.to_bytes(2, "big"),
            (identifier & 0xFFFF_FFFF).to_bytes(4, "big"),
            _SOURCE.encode(EBCDIC).ljust(_USER_LENGTH, blank),
            bytes(4),
            length.to_bytes(4, "big"),
            bytes(8),
            user.ljust(_USER_LENGTH, blank),
        )
    )
