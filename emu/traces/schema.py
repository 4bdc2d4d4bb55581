# SPDX-License-Identifier: GPL-2.0-or-later
"""What is in a trace: its streams, and what each column of their rows is.

A trace is a sequence of chunks.  A chunk covers the instructions from its first number up to, not including, its end,
and has rows of some streams, each a numpy array of the dtype that stands here, and a byte string, its *blob*, which
holds what is too long or too uneven for a column.

*Number* is how many instructions of all CPUs of the configuration had ended before
(:attr:`emu.configuration.Configuration.executed`).  What happens in an instruction has the number of this
instruction; what happens between two, and every interruption, that of the instruction which comes next.  An
instruction that is nullified or suppressed does not end: what comes after it has the same number.

*Turn* tells such apart: how many interruptions with the same number were taken before.  A row with turn 0 belongs to
what comes before the first of them, which itself has turn 0.

*Time* is virtual time in units of work (:mod:`emu.timing`).  *Page* is the number of an absolute page of 4 KiB.  *cpu*
is a CPU address.  The rows of a stream are in the order in which things happened.
"""

from __future__ import annotations

from enum import IntEnum, IntFlag
from typing import Final

import numpy as np

VERSION: Final = 2
"""Of the streams and their columns; a file says which version it is of."""

NOTHING: Final = 0xFFFF_FFFF
"""As an offset in the blob: it was not recorded."""


class Mode(IntFlag):
    """How code was executed: what of the PSW decides what its addresses mean."""

    ADDRESSING_24 = 0x00
    ADDRESSING_31 = 0x01
    ADDRESSING_64 = 0x03
    """Addressing mode: PSW bits 31 and 32, as a number."""
    DAT = 0x04
    SECONDARY_SPACE = 0x20
    ACCESS_REGISTER = 0x10
    HOME_SPACE = 0x30
    """Address-space control: PSW bits 16 and 17."""
    PROBLEM_STATE = 0x40


ADDRESSING_MODE: Final = 0x03
SPACE: Final = 0x30


def mode_of(mask: int) -> int:
    """The :class:`Mode` of code that is executed with PSW bits 0-63 *mask*."""
    return mask >> 31 & 0x03 | mask >> 56 & 0x04 | mask >> 42 & 0x30 | mask >> 42 & 0x40


class FlowKind(IntEnum):
    """What a row of flow is."""

    EXECUTED = 0
    """Instructions that ended."""
    TARGET = 1
    """The target of the EXECUTE that is the last instruction of the row before: no instruction of its own.

    Its number is that of the EXECUTE.  Its code is what was executed: the second byte is as the EXECUTE modifies it."""
    NOT_EXECUTED = 2
    """One instruction, which was begun, and nullified or suppressed."""


class AccessKind(IntEnum):
    """What an operand or an address was used for."""

    FETCH = 0
    STORE = 1
    INSTRUCTION_FETCH = 2


class InterruptionClass(IntEnum):
    """The classes of interruption, by the words of :meth:`emu.observing.ObserverOf.interrupted`."""

    PROGRAM = 0
    SVC = 1
    EXTERNAL = 2
    IO = 3
    MACHINE_CHECK = 4
    RESTART = 5

    @property
    def word(self) -> str:
        """What it is called there."""
        return self.name.lower().replace("_", "-")


CLASSES_BY_WORD: Final = {each.word: each for each in InterruptionClass}


def code_column(class_: InterruptionClass, code: int) -> int:
    """What the column "code" holds of an interruption with *code*: of machine-check conditions bits 0-31."""
    return code >> 32 if class_ is InterruptionClass.MACHINE_CHECK else code


class DeviceEvent(IntEnum):
    """What a device did."""

    OUTPUT = 0
    """It showed what the guest has written: the data."""
    INPUT = 1
    """Somebody typed the data."""
    STARTED = 2
    """An I/O request was begun; the data are a line that says which."""
    ENDED = 3


class Register(IntEnum):
    """The numbers of registers in a trace; to the first of a row of them the register's own number is added."""

    GENERAL = 0
    ACCESS = 16
    CONTROL = 32
    VECTOR = 48
    """48+2n is the left half of vector register n (below 16: floating-point register n), 49+2n the right one."""
    FLOATING_POINT_CONTROL = 112
    PSW_MASK = 113
    """PSW bits 0-63.  Of an interruption the old and the new PSW are in its own row, and only there."""
    PREFIX = 114
    CPU_TIMER = 115
    """As it was set; that it runs is no change."""
    CLOCK_COMPARATOR = 116
    TOD_PROGRAMMABLE = 117
    BREAKING_EVENT_ADDRESS = 118
    """Only in the states at the head of a chunk: it follows from the flow."""
    INSTRUCTION_ADDRESS = 119
    """PSW bits 64-127; only in the states at the head of a chunk."""


REGISTERS: Final = 120

LOW_CORE: Final = 0x80
"""The real address of the assigned storage locations of which an interruption keeps the content."""
LOW_CORE_LENGTH: Final = 0xA0

STREAMS: Final[dict[str, np.dtype[np.void]]] = {
    # Straight-line code, in the chunk in which it is executed first.  How code is cut into blocks is the recorder's
    # affair: two traces of the same run have the same instructions, one by one, and maybe other blocks.
    "blocks": np.dtype(
        [
            ("id", "<u4"),  # 0, 1, 2 ... over the whole trace
            ("address", "<u8"),  # logical, of its first instruction
            ("mode", "u1"),  # a Mode
            ("code", "<u4"),  # where in the blob its bytes are
            ("length", "<u2"),  # how many bytes
        ]
    ),
    # One row for each time that a block is executed, or a part of it: it may be left before its end.
    "flow": np.dtype(
        [
            ("number", "<u8"),  # of its first instruction
            ("turn", "<u2"),  # of its first instruction; it is 0 for the others
            ("time", "<u8"),  # before it; each instruction but the last of a row is one unit of work
            ("block", "<u4"),
            ("start", "<u2"),  # how many of its instructions come before the first of this row; mostly 0
            ("count", "<u2"),  # how many from there on ended; 0 unless kind is EXECUTED
            ("cpu", "u1"),
            ("kind", "u1"),  # a FlowKind
        ]
    ),
    # A register that an instruction changed.
    "registers": np.dtype(
        [
            ("number", "<u8"),
            ("turn", "<u2"),
            ("cpu", "u1"),  # whose register it is
            ("register", "u1"),  # a Register
            ("old", "<u8"),
            ("new", "<u8"),
        ]
    ),
    # An access to an operand in storage; one in two pages has two rows.
    "accesses": np.dtype(
        [
            ("number", "<u8"),
            ("turn", "<u2"),
            ("cpu", "u1"),
            ("kind", "u1"),  # an AccessKind
            ("logical", "<u8"),
            ("absolute", "<u8"),
            ("length", "<u4"),
            ("old", "<u4"),  # where in the blob the old content is; of stores, else NOTHING
            ("new", "<u4"),  # what was stored, or fetched
        ]
    ),
    "interruptions": np.dtype(
        [
            ("number", "<u8"),  # after the instruction that gives it, if that is completed (SVC, overflow ...)
            ("turn", "<u2"),
            ("time", "<u8"),
            ("cpu", "u1"),
            ("class", "u1"),  # an InterruptionClass
            ("length", "u1"),  # of the instruction: the instruction-length code times two
            ("code", "<u4"),  # of a machine check bits 0-31 of the conditions; what was stored is in the low core
            ("old_mask", "<u8"),
            ("old_address", "<u8"),
            ("new_mask", "<u8"),
            ("new_address", "<u8"),
            ("low_core", "<u4"),  # where in the blob the LOW_CORE_LENGTH bytes of real LOW_CORE after it are
        ]
    ),
    # ESSA.
    "page_states": np.dtype(
        [
            ("number", "<u8"),
            ("turn", "<u2"),
            ("time", "<u8"),
            ("cpu", "u1"),
            ("request", "u1"),  # the operation request code
            ("before", "u1"),  # states as emu.page_states encodes them
            ("after", "u1"),
            ("page", "<u8"),
            ("address", "<u8"),  # of the instruction
        ]
    ),
    # Storage keys that an instruction changed.
    "keys": np.dtype(
        [
            ("number", "<u8"),
            ("turn", "<u2"),
            ("cpu", "u1"),
            ("before", "u1"),
            ("after", "u1"),
            ("page", "<u8"),
        ]
    ),
    # What the host did with frames: evicted, discarded, paged in, supplied; it follows from the states.
    "host": np.dtype(
        [
            ("number", "<u8"),
            ("turn", "<u2"),
            ("time", "<u8"),
            ("before", "u1"),
            ("after", "u1"),
            ("page", "<u8"),
        ]
    ),
    # Translations that were made.
    "translations": np.dtype(
        [
            ("number", "<u8"),
            ("turn", "<u2"),
            ("cpu", "u1"),
            ("kind", "u1"),  # an AccessKind
            ("logical", "<u8"),  # of the page
            ("absolute", "<u8"),  # of the page
            ("space", "<u8"),  # the address-space-control element; 0 if it is a real address
        ]
    ),
    "devices": np.dtype(
        [
            ("number", "<u8"),
            ("turn", "<u2"),
            ("time", "<u8"),
            ("device", "<u2"),  # which of the "devices" in the metadata
            ("kind", "u1"),  # a DeviceEvent
            ("data", "<u4"),  # where in the blob
            ("length", "<u4"),
        ]
    ),
    # At the head of each chunk the registers of every CPU before its first instruction, so that what a register holds
    # at any instruction is the last row of it in "registers" (and "interruptions") of the chunk, or this one.
    "states": np.dtype([("cpu", "u1"), ("register", "u1"), ("value", "<u8")]),
}

PIECES: Final[dict[str, tuple[str, ...]]] = {
    "blocks": ("code",),
    "accesses": ("old", "new"),
    "interruptions": ("low_core",),
    "devices": ("data",),
}
"""The columns that lead into the blob, in the order in which a row's pieces are put there.

A piece is as long as the column "length" says; the low core of an interruption is always of LOW_CORE_LENGTH bytes."""

EVENTS: Final = ("interruptions", "page_states", "keys", "host", "devices")
"""The streams that are recorded at each level."""

LEVELS: Final[dict[str, tuple[str, ...]]] = {
    "events": EVENTS,
    "flow": (*EVENTS, "blocks", "flow"),
    "registers": (*EVENTS, "blocks", "flow", "registers", "accesses", "states"),
    "all": (*EVENTS, "blocks", "flow", "registers", "accesses", "states", "translations"),
}
"""How much is recorded: at "registers" accesses are stores, at "all" fetches too."""


def moments(rows: np.ndarray) -> np.ndarray:
    """Number and turn of each of the *rows*, as one number: what has the same is of the same instruction."""
    moments: np.ndarray = rows["number"] << np.uint64(16) | rows["turn"]
    return moments


def empty(stream: str) -> np.ndarray:
    """No row of *stream*."""
    return np.empty(0, dtype=STREAMS[stream])


def piece_lengths(stream: str, rows: np.ndarray) -> np.ndarray:
    """How long the pieces of each of the *rows* of *stream* are."""
    if stream == "interruptions":
        return np.full(rows.size, LOW_CORE_LENGTH, dtype=np.uint64)
    return rows["length"].astype(np.uint64)
