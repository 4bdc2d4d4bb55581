# SPDX-License-Identifier: GPL-2.0-or-later
"""A subchannel: path-management-control word, subchannel-status word, and the functions (PoP chapters 14 to 16)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu.bits import bit, bits, field
from emu.devices.channel_program import ChannelEnding, ChannelProgram, OperationRequestBlock
from emu.state import Section, computed, constant

if TYPE_CHECKING:
    from emu.devices.channel_program import ControlUnit
    from emu.devices.channel_storage import ChannelStorage

START_FUNCTION: Final = bit(17, 32)
HALT_FUNCTION: Final = bit(18, 32)
CLEAR_FUNCTION: Final = bit(19, 32)
RESUME_PENDING: Final = bit(20, 32)
START_PENDING: Final = bit(21, 32)
HALT_PENDING: Final = bit(22, 32)
CLEAR_PENDING: Final = bit(23, 32)
ACTIVE: Final = bit(24, 32) | bit(25, 32)
"""Subchannel active and device active."""
SUSPENDED: Final = bit(26, 32)
ALERT: Final = bit(27, 32)
INTERMEDIATE: Final = bit(28, 32)
PRIMARY: Final = bit(29, 32)
SECONDARY: Final = bit(30, 32)
STATUS_PENDING: Final = bit(31, 32)
_FUNCTIONS: Final = START_FUNCTION | HALT_FUNCTION | CLEAR_FUNCTION
_ACTIVITY: Final = bits(20, 26, 32)
_STATUS: Final = bits(27, 31, 32)
_ALL: Final = _FUNCTIONS | _ACTIVITY | _STATUS

_ENABLED: Final = bit(8, 32)
_VALID: Final = bit(15, 32)
_MODIFIABLE: Final = bits(2, 4, 32) | _ENABLED | bits(9, 10, 32) | bits(11, 12, 32) | bit(13, 32)
"""Of word 1 of the path-management-control word: subclass, enabled, limit mode, measurement mode, multipath."""
_MEASURED: Final = bit(11, 32)
"""The first bit of the measurement mode: measurement blocks are updated."""
_ZERO_STATUS: Final = bit(13, 32)
"""Zero condition code: the first command has been accepted, with an initial status of zero."""
_INITIAL_STATUS: Final = 10
_PROGRAM_CONTROLLED: Final = 0x80
"""Of the subchannel status: a program-controlled interruption."""
PATH: Final = 0x80
"""The one channel path of every subchannel, in the path masks."""
DONE: Final = 0
STATUS_IS_PENDING: Final = 1
BUSY: Final = 2
NOT_OPERATIONAL: Final = 3


class Subchannel:
    """One subchannel with its device."""

    STATE = Section(
        "subchannel",
        constant("number"),
        constant("device_number"),
        "parameter",
        "_flags",
        "_path_mask",
        "_operational_mask",
        "measurement_index",
        "_word_6",
        "control",
        "_ccw_address",
        "_ending",
        computed(
            "_program",
            "program_state",
            "restore_program",
            of=("_program",),
        ),
        "interruption_pending",
        excluded={"unit": "declares its state itself", "_storage": "the way to that of the configuration"},
    )

    def __init__(self, number: int, device_number: int, unit: ControlUnit, storage: ChannelStorage) -> None:
        self.number = number
        self.device_number = device_number
        self.unit = unit
        self._storage = storage
        self.reset()

    def reset(self) -> None:
        """I/O-system reset."""
        self.parameter = 0
        self._flags = _VALID
        self._path_mask = PATH
        self._operational_mask = 0xFF
        """The path-operational mask, which the program may set."""
        self.measurement_index = 0
        """Which measurement block is that of this subchannel."""
        self._word_6 = 0
        self.control = 0
        """Word 0 of the subchannel-status word."""
        self._ccw_address = 0
        self._ending = 0
        """Word 2 of the subchannel-status word."""
        self._program: ChannelProgram | None = None
        self.interruption_pending = False

    @property
    def is_enabled(self) -> bool:
        """Whether I/O functions are accepted."""
        return bool(self._flags & _ENABLED)

    @property
    def is_status_pending(self) -> bool:
        """Whether TEST SUBCHANNEL has something to tell."""
        return bool(self.control & STATUS_PENDING)

    @property
    def subclass(self) -> int:
        """The I/O-interruption subclass."""
        return field(self._flags, 2, 4, 32)

    @property
    def has_work(self) -> bool:
        """Whether a function is pending that is to be performed between two instructions."""
        return bool(self.control & (START_PENDING | RESUME_PENDING | HALT_PENDING | CLEAR_PENDING))

    @property
    def begins_program(self) -> bool:
        """Whether that is the start or the resume function."""
        pending = self.control & (START_PENDING | RESUME_PENDING | HALT_PENDING | CLEAR_PENDING)
        return bool(pending) and not pending & (HALT_PENDING | CLEAR_PENDING)

    @property
    def is_measured(self) -> bool:
        """Whether the guest has enabled it for the update of measurement blocks."""
        return bool(self._flags & _MEASURED)

    def end_measurement(self) -> None:
        """Disable it for that."""
        self._flags &= ~_MEASURED

    def program_state(self) -> list[int] | None:
        """The state of the channel program, if there is one."""
        return None if self._program is None else self._program.state()

    def restore_program(self, saved: list[int] | None) -> None:
        """Go on with the channel program in that state."""
        self._program = None if saved is None else ChannelProgram.restored(saved, self._storage, self.unit)

    # Blocks

    def status_word(self) -> bytes:
        """The twelve bytes of the subchannel-status word."""
        return b"".join(word.to_bytes(4, "big") for word in (self.control, self._ccw_address, self._ending))

    def information_block(self) -> bytes:
        """The subchannel-information block."""
        words = (
            self.parameter,
            self._flags | self.device_number,
            self._path_mask << 24 | PATH << 8 | PATH,
            self.measurement_index << 16 | self._operational_mask << 8 | PATH,
            0,
            0,
            self._word_6,
        )
        return b"".join(word.to_bytes(4, "big") for word in words) + self.status_word() + bytes(12)

    # Instructions; each gives the condition code

    def modify(self, block: bytes) -> int:
        """MODIFY SUBCHANNEL with a block that has passed its checks."""
        if self.control & STATUS_PENDING:
            return STATUS_IS_PENDING
        if self.control & _FUNCTIONS:
            return BUSY
        words = [int.from_bytes(block[offset : offset + 4], "big") for offset in range(0, 28, 4)]
        self.parameter = words[0]
        was_enabled = self.is_enabled
        self._flags = words[1] & _MODIFIABLE | _VALID
        if self.is_enabled != was_enabled:
            self.unit.enable()
        self._path_mask = words[2] >> 24
        self.measurement_index = words[3] >> 16
        self._operational_mask = field(words[3], 16, 23, 32)
        self._word_6 = words[6]
        return DONE

    def start(self, block: bytes) -> int:
        """START SUBCHANNEL with an operation-request block that has passed its checks."""
        request = OperationRequestBlock.from_bytes(block)
        if not self.is_enabled:
            return NOT_OPERATIONAL
        if self.control & STATUS_PENDING:
            return STATUS_IS_PENDING
        if self.control & _FUNCTIONS:
            return BUSY
        if not request.path_mask & self._path_mask & PATH:
            return NOT_OPERATIONAL
        self.parameter = request.parameter
        # Key, suspend control, format, prefetch, initial-status, address-limit and suppress-suspended are the ORB's.
        self.control = request.control & (bits(0, 4, 32) | bits(8, 12, 32)) | START_FUNCTION | START_PENDING
        self._ccw_address = self._ending = 0
        self._program = ChannelProgram(request, self._storage, self.unit)
        return DONE

    def clear(self) -> int:
        """CLEAR SUBCHANNEL."""
        if not self.is_enabled:
            return NOT_OPERATIONAL
        self.interruption_pending = False
        self._program = None
        self.control = self.control & ~_ALL | CLEAR_FUNCTION | CLEAR_PENDING
        return DONE

    def halt(self) -> int:
        """HALT SUBCHANNEL."""
        if not self.is_enabled:
            return NOT_OPERATIONAL
        if self.control & STATUS_PENDING and self.control & _STATUS != INTERMEDIATE | STATUS_PENDING:
            return STATUS_IS_PENDING
        if self.control & (HALT_FUNCTION | CLEAR_FUNCTION):
            return BUSY
        # An intermediate status alone does not keep it from being halted, and is not presented any more.
        self.interruption_pending = False
        self.control = self.control & ~_STATUS | HALT_FUNCTION | HALT_PENDING
        return DONE

    def resume(self) -> int:
        """RESUME SUBCHANNEL."""
        if not self.is_enabled:
            return NOT_OPERATIONAL
        if self.control & STATUS_PENDING:
            return STATUS_IS_PENDING
        suspendable = self._program is not None and self._program.request.has(4)
        if not suspendable or self.control & (HALT_FUNCTION | CLEAR_FUNCTION | RESUME_PENDING):
            return BUSY
        if self.control & SUSPENDED:
            self.control |= RESUME_PENDING
        # Else the program goes on by itself, and never comes to a CCW at which it would be suspended.
        return DONE

    def cancel(self) -> int:
        """CANCEL SUBCHANNEL: condition code 2 unless the start or resume function has not begun."""
        if not self.is_enabled:
            return NOT_OPERATIONAL
        if self.control & STATUS_PENDING:
            return STATUS_IS_PENDING
        if self.control & (HALT_FUNCTION | CLEAR_FUNCTION) or not self.control & (START_PENDING | SUSPENDED):
            return BUSY
        self.control &= ~_ALL
        self._program = None
        return DONE

    def take_status(self) -> None:
        """What TEST SUBCHANNEL does after it has stored the interruption-response block."""
        self.interruption_pending = False
        if not self.control & STATUS_PENDING:
            return
        if self.control & _STATUS == INTERMEDIATE | STATUS_PENDING:
            self.control &= ~(_STATUS | _ZERO_STATUS)
        else:
            self.control &= ~(_ALL | _ZERO_STATUS)
        self._ending &= ~(_PROGRAM_CONTROLLED << 16)

    # Between instructions

    @property
    def pending_function(self) -> str:
        """What :meth:`perform` is about to perform, in words."""
        if self.control & CLEAR_PENDING:
            return "clear function"
        if self.control & HALT_PENDING:
            return "halt function"
        resumed = "resume" if self.control & RESUME_PENDING else "start"
        address = 0 if self._program is None else self._program.address
        return f"{resumed} function, CCW at {address:x}"

    def perform(self) -> None:
        """Perform the pending function."""
        if self.control & CLEAR_PENDING:
            self._flags &= ~bit(0, 32)
            self.control = CLEAR_FUNCTION
            self._ccw_address = self._ending = 0
            self._present(0)
        elif self.control & HALT_PENDING:
            self._program = None
            self.control &= ~_ACTIVITY
            self._present(0)
        elif self._program is not None:
            resumed = bool(self.control & RESUME_PENDING)
            self.control &= ~_ACTIVITY
            self.control |= ACTIVE
            self._end(self._program, self._program.run(resumed=resumed))

    def _end(self, program: ChannelProgram, ending: ChannelEnding) -> None:
        self._ccw_address = program.address
        early = self._intermediate(program)
        controlled = _PROGRAM_CONTROLLED if program.has_interrupted else 0
        program.has_interrupted = program.was_accepted = False
        self._ending = controlled << 16
        if ending.is_endless:
            if early:
                self._present(early)
            return
        self.control &= ~_ACTIVITY
        if ending.is_suspended:
            self.control |= SUSPENDED
            if early or not program.request.has(12):
                self._present(early | INTERMEDIATE)
            return
        self._program = None
        self._ending = ending.device_status << 24 | (ending.status | controlled) << 16 | ending.count
        alert = ALERT if ending.status or ending.device_status & ~0x0C else 0
        self._present(early | alert | PRIMARY | (SECONDARY if ending.device_status & 0x04 or alert else 0))

    def _intermediate(self, program: ChannelProgram) -> int:
        """What was to be presented while *program* ran, and is now, with what comes after it (PoP 16, "Intermediate
        Status"): the first command was accepted, or a CCW asked for an interruption."""
        if program.was_accepted and program.request.has(_INITIAL_STATUS):
            self.control |= _ZERO_STATUS
            return INTERMEDIATE
        return INTERMEDIATE if program.has_interrupted else 0

    def attention(self, status: int = 0) -> None:
        """Present status that nobody asked for, with the subchannel *status*; nothing if status is pending already."""
        if self.control & STATUS_PENDING or not self.is_enabled:
            return
        self._ending = status << 16
        self._present(ALERT)

    def _present(self, kind: int) -> None:
        self.control |= kind | STATUS_PENDING
        self.interruption_pending = True
