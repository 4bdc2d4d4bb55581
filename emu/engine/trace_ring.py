# SPDX-License-Identifier: GPL-2.0-or-later
"""What compiled code and Python write while a machine is traced: rows of four words in one ring, in their order.

The engines of all CPUs of a configuration share one ring, of which only one runs at a time.  Where a row refers to
bytes, these lie in the ring's second part.  :mod:`emu.tracing.rows` makes the streams of a trace of them.
"""

from __future__ import annotations

import ctypes
from enum import IntEnum
from typing import Annotated, Any, Final

import numpy as np
import numpy.typing as npt

from emu.engine.record_fields import Word, declare_fields

ROW_WORDS: Final = 4
ROW_SHIFT: Final = 5
"""A row is so many bits of an address long: 32 bytes."""
ROWS: Final = 1 << 20
"""Room for rows."""
_ROW_MARGIN: Final = 1 << 13
"""More than are written before it is looked again whether there is room: a key or a state of many pages at once."""
OCTETS: Final = 1 << 24
"""Room for bytes."""
_OCTET_MARGIN: Final = 1 << 20
CPU_SHIFT: Final = 8
FIRST_SHIFT: Final = 16
SECOND_SHIFT: Final = 24
THIRD_SHIFT: Final = 32
LOW_CORE_FIRST: Final = 0x80
LOW_CORE_LAST: Final = 0x11F
"""The real locations that an interruption stores its codes and parameters in (PoP 3, "Assigned Storage Locations")."""
LOW_CORE_BYTES: Final = LOW_CORE_LAST + 1 - LOW_CORE_FIRST
PSW_BYTES: Final = 16
TARGET_BYTES: Final = 8
MOST_PARTS: Final = 4
"""Two operands, each in two pages."""
TRACED_REGISTERS: Final = 16 + 16 + 16 + 64 + 3
"""How many words the registers are that are compared: see :class:`TracedRegister`."""


class TracedRegister(IntEnum):
    """The number of the first register of each kind, in a row and among the words that are compared."""

    GENERAL = 0
    ACCESS = 16
    CONTROL = 32
    VECTOR = 48
    """The left and the right half of each vector register."""
    FLOATING_POINT_CONTROL = 112
    PSW_MASK = 113
    PREFIX = 114


class RowKind(IntEnum):
    """What a row is of: the first byte of its first word.  The second byte is the address of the CPU.

    *number* is how many instructions of all CPUs had ended, *time* the units of work done.
    """

    BLOCK = 1
    """A block begins: its identification from bit FIRST_SHIFT on; number, time."""
    NEW_BLOCK = 2
    """One that had not begun before: its identification; address, size and place of its bytes, PSW mask."""
    ALONE = 3
    """An instruction that is no part of a block, or the target of the EXECUTE before it: its length, which of the two
    (a :class:`emu.traces.schema.FlowKind`), and the place of its bytes; number, time, address."""
    ALONE_MASK = 4
    """It goes on: PSW mask."""
    REGISTER = 5
    """A register was changed: which one; number, old and new content."""
    ACCESS = 6
    """An operand was accessed: whether stored (1) or fetched (0), length from SECOND_SHIFT on; number, logical address,
    absolute address."""
    ACCESS_BYTES = 7
    """It goes on: the places of the old and the new bytes."""
    INTERRUPTION = 8
    """An interruption was taken: its class, the instruction length, its code; number, time, the place of old PSW, new
    PSW and low core."""
    STATE = 9
    """ESSA: request, state before and after; number, time, page."""
    STATE_ADDRESS = 10
    """It goes on: address of the instruction."""
    KEY = 11
    """A storage key was changed: before, after; number, time, page."""
    HOST = 12
    """The host took or supplied a frame: state before and after; number, time, page."""
    FILL = 13
    """A translation was found: kind of access; number, logical address, absolute address."""
    FILL_SPACE = 14
    """It goes on: address-space-control element."""
    DEVICE = 15
    """A device did something: what, which device; number, time, the place of the data."""
    DEVICE_LENGTH = 16
    """It goes on: how many bytes the data are."""


def first_word(kind: RowKind, cpu: int = 0, *, first: int = 0, second: int = 0, third: int = 0) -> int:
    """The first word of a row: its *kind*, the address of the *cpu*, and what it says besides."""
    return kind | cpu << CPU_SHIFT | first << FIRST_SHIFT | second << SECOND_SHIFT | third << THIRD_SHIFT


class TraceRing(ctypes.Structure):
    """The ring itself, as Python and compiled code see it."""

    rows_address: Annotated[int, ctypes.c_uint64]
    row_count: Annotated[int, ctypes.c_uint64]
    row_limit: Annotated[int, ctypes.c_uint64]
    """From so many rows on it is to be emptied before anything else."""
    octets_address: Annotated[int, ctypes.c_uint64]
    octet_count: Annotated[int, ctypes.c_uint64]
    octet_limit: Annotated[int, ctypes.c_uint64]
    others: Annotated[int, ctypes.c_uint64]
    """Instructions that the other CPUs have executed."""
    next_block: Annotated[int, ctypes.c_uint64]
    """The identification of the block that begins next for the first time."""
    follows_flow: Annotated[int, ctypes.c_uint64]
    """Whether blocks are noted, and targets of EXECUTE."""
    follows_registers: Annotated[int, ctypes.c_uint64]
    """Whether registers are compared; each block is one instruction then."""
    follows_fetches: Annotated[int, ctypes.c_uint64]
    """Whether operands that are fetched are noted, and translations."""


class TracedBlock(ctypes.Structure):
    """A block that has an identification."""

    key: Word
    known: Word
    epoch: Word
    """As in the memo of blocks."""
    state: Word
    """What of the PSW mask tells it from others."""
    number: Word


class TracedPart(ctypes.Structure):
    """A part of an operand, in one page, of an instruction that has begun."""

    use: Word
    """A :class:`emu.isa.storage_operands.Use`."""
    address: Word
    length: Word
    place: Word
    """Its address in this process."""
    before: Word
    """Where in the ring's bytes what was there before is."""


class TracedRegisters(ctypes.Structure):
    """What the registers of one CPU held when they were compared last, and what the next instruction accesses."""

    number: Annotated[int, ctypes.c_uint64]
    """The instruction that has changed what will be found changed."""
    part_count: Annotated[int, ctypes.c_uint64]
    """How many parts there are of its operands."""
    given_up: Annotated[int, ctypes.c_uint64]
    """How many of them are of an instruction that was begun, may have stored into some, and is executed alone now."""
    parts: Annotated[ctypes.Array[TracedPart], MOST_PARTS]
    fpc_address: Annotated[int, ctypes.c_uint64]
    access_address: Annotated[int, ctypes.c_uint64]
    words: Annotated[ctypes.Array[ctypes.c_uint64], TRACED_REGISTERS]


declare_fields(TraceRing)
declare_fields(TracedBlock)
declare_fields(TracedPart)
declare_fields(TracedRegisters)
RING_TYPE: Final[np.dtype[Any]] = np.dtype(TraceRing)
TRACED_BLOCK_TYPE: Final[np.dtype[Any]] = np.dtype(TracedBlock)
TRACED_REGISTERS_TYPE: Final[np.dtype[Any]] = np.dtype(TracedRegisters)


class SharedRing:
    """The ring of one configuration."""

    def __init__(self) -> None:
        """Make an empty one."""
        self._array = np.zeros(1, dtype=RING_TYPE)
        self.fields: Final = TraceRing.from_buffer(self._array.data)
        self.rows: npt.NDArray[np.uint64] = np.zeros((ROWS, ROW_WORDS), dtype=np.uint64)
        self.octets: npt.NDArray[np.uint8] = np.zeros(OCTETS, dtype=np.uint8)
        self.fields.rows_address = self.rows.ctypes.data
        self.fields.row_limit = ROWS - _ROW_MARGIN
        self.fields.octets_address = self.octets.ctypes.data
        self.fields.octet_limit = OCTETS - _OCTET_MARGIN

    @property
    def address(self) -> int:
        """Where the ring lies, for compiled code."""
        return int(self._array.ctypes.data)

    @property
    def is_full(self) -> bool:
        """Whether it must be emptied."""
        fields = self.fields
        return fields.row_count >= fields.row_limit or fields.octet_count >= fields.octet_limit

    def append(self, first: int, *words: int) -> None:
        """Write a row; the ring grows where one instruction has more to say than there is room for."""
        if self.fields.row_count >= len(self.rows):
            self.rows = np.concatenate((self.rows, np.zeros_like(self.rows)))
            self.fields.rows_address = self.rows.ctypes.data
        row = self.rows[self.fields.row_count]
        row[0] = first
        row[1 : 1 + len(words)] = words
        self.fields.row_count += 1

    def move(self, first: int, to: int) -> None:
        """Let the rows from *first* on stand before the one at *to*."""
        rows = self.rows[to : self.fields.row_count]
        rows[:] = np.roll(rows, self.fields.row_count - first, axis=0)

    def keep(self, octets: bytes) -> int:
        """Write *octets*, and give their place."""
        place = self.fields.octet_count
        if place + len(octets) > self.octets.size - _OCTET_MARGIN:
            self.octets = np.concatenate((self.octets, np.zeros(self.octets.size + len(octets), dtype=np.uint8)))
            self.fields.octets_address = self.octets.ctypes.data
        self.octets[place : place + len(octets)] = np.frombuffer(octets, dtype=np.uint8)
        self.fields.octet_count += len(octets)
        return place

    def clear(self) -> None:
        """Empty it."""
        self.fields.row_count = self.fields.octet_count = 0
