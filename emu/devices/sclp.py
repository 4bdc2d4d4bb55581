# SPDX-License-Identifier: GPL-2.0-or-later
"""The service-call logical processor (SCLP): what SERVICE CALL talks to, and through it the console.

No public manual describes the interface; commands, response codes and layouts are those that Linux and the test
programs for s390x use.  A service-call control block (SCCB) begins with a header of eight bytes: length (halfword),
function code, three bytes of control mask, and the response code (halfword) that the SCLP stores.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from emu import access, interruption
from emu.addresses import PAGE_SIZE
from emu.bits import bit
from emu.control_registers import CR0_SERVICE_SIGNAL
from emu.device import InterruptionRequest
from emu.devices.console import Console, ConsoleBuffer
from emu.devices.line_mode import message_lines, operator_command
from emu.devices.sccb import HEADER, Command, Response, Sccb
from emu.devices.system_information import read_cpu_info, read_scp_info
from emu.identification import EBCDIC
from emu.lowcore import PREFIX_AREA_SIZE
from emu.prefixing import absolute_to_real
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode
from emu.psw import EXTERNAL_MASK
from emu.state import Section, computed

if TYPE_CHECKING:
    from emu.configuration import Configuration
    from emu.cpu import Cpu

_Code = ProgramInterruptionCode

_COMMANDS: Final = tuple(Command)
_COMMAND_MASK: Final = 0xFFFF_00FF
"""Bits 16-23 of the command are a parameter of some commands."""

OPERATOR_COMMAND: Final = 0x01
MESSAGE: Final = 0x02
ASCII_CONSOLE: Final = 0x1A

_RESPONSE_CODE: Final = 6
"""Where it is in the header."""
_EVENT_HEADER: Final = 6
_EVENT_ACCEPTED: Final = 0x80
_VARIABLE_LENGTH_RESPONSE: Final = 0x80
"""In byte 2 of the control mask."""
_EVENT_PENDING: Final = 1
"""In the external parameter of a service signal."""
_SELECTIVE_READ: Final = 1
_LONGEST_MASK: Final = 1021

_LONGEST_LINE: Final = 200
"""Bytes of an operator command; its length must fit the byte-wide lengths of the vectors around it."""


class Sclp:
    """The SCLP of one configuration; a :class:`~emu.device.Device`.

    A command is carried out while SERVICE CALL executes; its end is announced by a service signal.
    """

    interruption_mask: ClassVar[int] = EXTERNAL_MASK
    STATE = Section(
        "SCLP",
        "_completed",
        "_event_signal",
        computed("input", "unread", "put_unread", of=("_input",)),
        "_receive_mask",
        "_uses_vt220",
        excluded={
            "_configuration": "whose part it is",
            "_completed_word": "the same as _completed",
            "console": "where the output goes, not what the guest has",
            "line_console": "the same",
            "has_line_mode": "what the SCLP was made with",
        },
    )

    def __init__(self, configuration: Configuration[Cpu]) -> None:
        self._configuration = configuration
        self.console: Console = ConsoleBuffer()
        """Takes what the guest writes to the VT220 console, and line-mode messages."""
        self.line_console: Console | None = None
        """If set, takes the line-mode messages instead of :attr:`console`."""
        self.has_line_mode = True
        """Whether there is a line-mode console at all: Linux, which finds both, would write some things to each."""
        self._completed = np.zeros(1, dtype=np.uint64)
        """What :attr:`completed` is, where compiled code finds it."""
        self._completed_word: memoryview[int] = self._completed.data
        """The same, as an integer."""
        self._event_signal = False
        """An event came that no service signal has announced yet."""
        self._input = bytearray()
        self._receive_mask = 0
        """Events that the guest wants to receive, 32 bits."""
        self._uses_vt220 = False

    # The machine's side

    @property
    def completed(self) -> int:
        """The SCCB of the command whose end is not announced yet; zero, where no SCCB can be, if there is none."""
        return self._completed_word[0]

    @completed.setter
    def completed(self, address: int) -> None:
        self._completed_word[0] = address

    @property
    def completed_address(self) -> int:
        """Where in this process :attr:`completed` is, 64 bits."""
        return self._completed.ctypes.data

    @property
    def is_signal_pending(self) -> bool:
        """Whether a service-signal interruption is requested."""
        return self._completed_word[0] != 0 or self._event_signal

    @property
    def has_event(self) -> bool:
        """Whether there is something to be read that the guest wants to hear of."""
        return bool(self._input) and self.reads_input

    @property
    def reads_input(self) -> bool:
        """Whether the guest wants to hear of what is typed."""
        return bool(self._receive_mask & (_event_bit(ASCII_CONSOLE) | _event_bit(OPERATOR_COMMAND)))

    def pending_interruption(self, cpu: Cpu) -> InterruptionRequest | None:
        """See :meth:`emu.device.Device.pending_interruption`: a service signal."""
        if not self.pending_subclasses & cpu.cr[0]:
            return None
        return InterruptionRequest("external", interruption.EXTERNAL_SERVICE_SIGNAL, partial(self.interrupt, cpu))

    @property
    def pending_subclasses(self) -> int:
        """See :attr:`emu.device.Device.pending_subclasses`."""
        return CR0_SERVICE_SIGNAL if self.is_signal_pending else 0

    def interrupt(self, cpu: Cpu) -> None:
        """Have *cpu* take the service signal that is pending."""
        interruption.external(cpu, interruption.EXTERNAL_SERVICE_SIGNAL, parameter=self.take_signal())

    def perform(self) -> None:
        """See :meth:`emu.device.Device.perform`: a command is carried out while SERVICE CALL executes."""

    def take_signal(self) -> int:
        """The external parameter of the pending service signal, which is no longer pending then.

        It is the address of the SCCB of the completed command, or zero, and the event-pending indication.
        """
        parameter = self.completed | (_EVENT_PENDING if self.has_event else 0)
        self.completed = 0
        self._event_signal = False
        return parameter

    def reset(self) -> None:
        """Subsystem reset: nothing pending, no event wanted.  What was typed stays typed."""
        self.completed = 0
        self._event_signal = False
        self._receive_mask = 0

    def unread(self) -> bytes:
        """What is typed and not read yet."""
        return bytes(self._input)

    def put_unread(self, data: bytes) -> None:
        """Let that be *data*; nobody is told."""
        self._input[:] = data

    def type(self, data: bytes) -> None:
        """Type *data* on the console; a service signal tells a guest that reads from one."""
        self._input += data
        self._event_signal = self._event_signal or self.has_event

    def service_call(self, cpu: Cpu, command: int, address: int) -> int:
        """Carry out *command* with the SCCB at absolute *address*; give the condition code of SERVICE CALL.

        :raises ProgramInterruption: addressing; specification if the SCCB is not on a doubleword boundary, is not
            below 2 GB, lies in the prefix area or the block that it is exchanged with, or is shorter than its header.
        """
        storage = self._configuration.storage
        storage.require(address)
        area = address & -PREFIX_AREA_SIZE
        if address % 8 or address >> 31 or area in (0, cpu.prefix):
            raise ProgramInterruption(_Code.SPECIFICATION)
        length = storage.read_integer(address, 2)
        if length < HEADER:
            raise ProgramInterruption(_Code.SPECIFICATION)
        if self.completed:
            return 2
        if command & _COMMAND_MASK not in _COMMANDS:
            response = Response.INVALID_COMMAND
        elif address % PAGE_SIZE + length > PAGE_SIZE:
            response = Response.BOUNDARY_VIOLATION
        else:
            response = self.carry_out(cpu, command & _COMMAND_MASK, address, length)
        # The SCCB is on a doubleword boundary.
        place = address | _RESPONSE_CODE
        access.announce_store(cpu, absolute_to_real(place, cpu.prefix), 2, real=True)
        storage.write_integer(place, 2, response)
        self.completed = address
        return 0

    def carry_out(self, cpu: Cpu, command: int, address: int, length: int) -> Response:
        """Do what *command* says with the SCCB of *length* bytes at absolute *address*; all but its response is stored.

        :raises ProgramInterruption: what the state of the page gives.
        """
        storage = self._configuration.storage
        sccb = Sccb(storage.read(address, length))
        match command:
            case Command.READ_SCP_INFO | Command.READ_SCP_INFO_FORCED:
                response = read_scp_info(self._configuration, sccb)
            case Command.READ_CPU_INFO:
                response = read_cpu_info(self._configuration, sccb)
            case Command.WRITE_EVENT_DATA:
                response = self._write_event_data(sccb)
            case Command.READ_EVENT_DATA:
                response = self._read_event_data(sccb)
            case _:
                response = self._write_event_mask(sccb)
        access.announce_store(cpu, absolute_to_real(address, cpu.prefix), length, real=True)
        storage.write(address, bytes(sccb.bytes))
        return response

    # Events

    def _write_event_mask(self, sccb: Sccb) -> Response:
        """Take the guest's receive and send masks, and show the SCLP's: what it takes, and what it sends.

        The masks have the length that the guest gives, and are padded with zeros or cut.
        """
        if len(sccb.bytes) < 12:
            return Response.INSUFFICIENT_LENGTH
        length = sccb.get(10, 2)
        if not 1 <= length <= _LONGEST_MASK:
            return Response.INVALID_MASK_LENGTH
        if len(sccb.bytes) < 12 + 4 * length:
            return Response.INSUFFICIENT_LENGTH
        self._receive_mask = int.from_bytes(bytes(sccb.bytes[12 : 12 + length])[:4].ljust(4, b"\0"), "big")
        for index, line_mode in ((2, MESSAGE), (3, OPERATOR_COMMAND)):
            types = (line_mode, ASCII_CONSOLE) if self.has_line_mode else (ASCII_CONSOLE,)
            mask = sum(_event_bit(event) for event in types).to_bytes(4, "big")
            start = 12 + index * length
            sccb.bytes[start : start + length] = mask[:length].ljust(length, b"\0")
        return Response.COMPLETION

    def _write_event_data(self, sccb: Sccb) -> Response:
        if sccb.bytes[2]:
            return Response.INVALID_FUNCTION
        events = []
        offset = HEADER
        while offset < len(sccb.bytes):
            length = sccb.get(offset, 2) if offset + _EVENT_HEADER <= len(sccb.bytes) else 0
            if length < _EVENT_HEADER or offset + length > len(sccb.bytes):
                return Response.INCONSISTENT_LENGTHS
            events.append((offset, length))
            offset += length
        response = Response.COMPLETION
        for offset, length in events:
            kind = sccb.bytes[offset + 2]
            data = bytes(sccb.bytes[offset + _EVENT_HEADER : offset + length])
            if kind == ASCII_CONSOLE:
                self._uses_vt220 = True
                self._write(self.console, data)
            elif kind == MESSAGE and self.has_line_mode:
                self._write_message(data)
            else:
                response = Response.INVALID_FUNCTION
                continue
            sccb.bytes[offset + 3] |= _EVENT_ACCEPTED
        return response

    def _write_message(self, data: bytes) -> None:
        """Write the lines of a line-mode message.

        Programs that do not know which console works write to both.  So that nothing is seen twice, the console they
        share takes no messages after it has taken VT220 data.
        """
        console = self.line_console
        if console is None and not self._uses_vt220:
            console = self.console
        if console is not None:
            for line in message_lines(data):
                self._write(console, line)

    def show(self, data: bytes) -> None:
        """Show *data* on the guest's console, which does not come from the guest's own output."""
        self._write(self.console, data)

    def _write(self, console: Console, data: bytes) -> None:
        console.write(data)
        for observer in self._configuration.observers:
            observer.console_written(data)

    def _read_event_data(self, sccb: Sccb) -> Response:
        """Store one event buffer with as much input as fits."""
        selection = self._receive_mask
        if sccb.bytes[2] == _SELECTIVE_READ:
            if len(sccb.bytes) < 18:
                return Response.INSUFFICIENT_LENGTH
            selection = sccb.get(14, 4)
            if not selection or selection & ~self._receive_mask:
                return Response.INVALID_SELECTION_MASK
        elif sccb.bytes[2]:
            return Response.INVALID_FUNCTION
        if not self._input or not selection & (_event_bit(ASCII_CONSOLE) | _event_bit(OPERATOR_COMMAND)):
            return Response.NO_EVENT_BUFFERS
        room = len(sccb.bytes) - HEADER - _EVENT_HEADER
        is_ascii = bool(selection & _event_bit(ASCII_CONSOLE))
        event = self._ascii_input(room) if is_ascii else self._command_input(room)
        if event is None:
            return Response.INSUFFICIENT_LENGTH
        kind = ASCII_CONSOLE if is_ascii else OPERATOR_COMMAND
        length = _EVENT_HEADER + len(event)
        header = length.to_bytes(2, "big") + bytes((kind, 0, 0, 0))
        sccb.bytes[HEADER : HEADER + length] = header + event
        if sccb.bytes[5] & _VARIABLE_LENGTH_RESPONSE:
            sccb.bytes[5] &= ~_VARIABLE_LENGTH_RESPONSE & 0xFF
            sccb.put(0, 2, HEADER + length)
        return Response.COMPLETION

    def _ascii_input(self, room: int) -> bytes | None:
        """A byte that says that data follows, and the data; None if there is no room."""
        if room < 2:
            return None
        data = bytes(self._input[: room - 1])
        del self._input[: room - 1]
        return b"\0" + data

    def _command_input(self, room: int) -> bytes | None:
        """A line of input as an operator command: nested vectors around EBCDIC text; None if there is no room."""
        # The key that ends a line is either one, as the terminal has it.
        ends = [end for end in map(self._input.find, (b"\n", b"\r")) if end >= 0]
        end = min(ends, default=-1)
        line = bytes(self._input if end < 0 else self._input[:end])[:_LONGEST_LINE]
        text = line.decode("utf-8", errors="replace").encode(EBCDIC, errors="replace")
        event = operator_command(text)
        if len(event) > room:
            return None
        used = len(line) + (end == len(line))
        del self._input[:used]
        return event


def _event_bit(event: int) -> int:
    """The bit of an event type in a 32-bit event mask: type 1 is the leftmost."""
    return bit(event - 1, 32)
