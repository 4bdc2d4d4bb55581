# SPDX-License-Identifier: GPL-2.0-or-later
"""What came of a stream: how it ended, registers, and digests of its pages; and how two of these differ."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from emu.bits import field
from emu.program_interruption import ProgramInterruptionCode
from emu.psw import CONDITION_CODE, PROGRAM_MASK
from tools.differential.peers import layout


class StreamEnding(IntEnum):
    """What has ended a stream."""

    END = -1
    """Nothing: it has come to its end."""
    LOST = 0
    """Nothing: the machine ended, or did not answer any more."""
    PROGRAM = 1
    SUPERVISOR_CALL = 2
    EXTERNAL = 3
    INPUT_OUTPUT = 4
    MACHINE_CHECK = 5
    SIGNAL = 6
    """A signal of Linux, where a stream is a part of a process."""


class OutcomeFields:
    """Where the fields are in an outcome."""

    ENDING: Final = 0
    OLD_PSW: Final = 8
    LOW_CORE: Final = 24
    """Real locations 80-BF."""
    FPC: Final = 88
    DIGESTS: Final = 96
    GENERAL: Final = 224
    ACCESS: Final = 352
    BREAKING_EVENT: Final = 416
    VECTORS: Final = 512


ILLEGAL_INSTRUCTION: Final = 4
"""The number of SIGILL."""
_ACCESS_EXCEPTIONS: Final = frozenset({0x04, 0x05, 0x10, 0x11, 0x38, 0x39, 0x3A, 0x3B})
_TRANSLATION: Final = frozenset({0x10, 0x11, 0x38, 0x39, 0x3A, 0x3B})
_DATA_CODES: Final = frozenset({0x07, 0x1B})
"""Interruptions that come with a data-exception code."""
_MONITOR: Final = 0x40
_TRANSLATION_ADDRESS: Final = ~0xFFF & (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Part:
    """Something in which outcomes differ: what it is called, and what it is here and there."""

    name: str
    here: str
    there: str
    interruption: str = ""
    """What has ended the stream, if that is the same on both."""

    def __str__(self) -> str:
        return f"{self.name}: {self.here} here, {self.there} there"


@dataclass(frozen=True, slots=True)
class StreamOutcome:
    """What came of a stream: the bytes that the driver has stored, or why there are none."""

    content: bytes
    lost: str = ""
    end: int = (1 << 64) - 1
    """The address behind the last instruction."""

    def number(self, place: int, length: int) -> int:
        """The number in *length* bytes at *place*, one of :class:`OutcomeFields`."""
        return int.from_bytes(self.content[place : place + length], "big")

    @property
    def signal(self) -> int:
        """The number of the signal that a process has got."""
        return self.number(OutcomeFields.LOW_CORE, 8)

    @property
    def program_code(self) -> int:
        """The program-interruption code."""
        return self._low_core(0x8E, 2)

    @property
    def data_exception_code(self) -> int:
        """The data-exception code, or vector-exception code."""
        return self._low_core(0x90, 4)

    @property
    def ending(self) -> StreamEnding:
        """What has ended it."""
        if self.lost:
            return StreamEnding.LOST
        ending = StreamEnding(self.number(OutcomeFields.ENDING, 8))
        if ending is StreamEnding.PROGRAM:
            is_operation = self.program_code == ProgramInterruptionCode.OPERATION
        else:
            is_operation = ending is StreamEnding.SIGNAL and self.signal == ILLEGAL_INSTRUCTION
        # The old PSW designates what is behind the opcode 00.
        behind = self.number(OutcomeFields.OLD_PSW + 8, 8)
        return StreamEnding.END if is_operation and self.end < behind <= self.end + layout.CODE_BYTES else ending

    @property
    def is_cut_off(self) -> bool:
        """Whether the timer has ended it, so that nothing can be said."""
        return self.ending is StreamEnding.EXTERNAL

    def interruption(self) -> str:
        """What has ended it, in words."""
        if self.lost:
            return self.lost
        ending = self.ending
        if ending is StreamEnding.PROGRAM:
            code = self.program_code
            try:
                return f"{code:04x} {ProgramInterruptionCode(code).name.lower().replace('_', ' ')}"
            except ValueError:
                return f"{code:04x}"
        if ending is StreamEnding.END:
            return "none"
        return ending.name.lower().replace("_", " ")

    def parts(self) -> dict[str, str]:
        """What must be the same elsewhere, by name; the interruption itself is not in it."""
        found = dict(self._of_interruption())
        mask, address = self.number(OutcomeFields.OLD_PSW, 8), self.number(OutcomeFields.OLD_PSW + 8, 8)
        found["condition code"] = f"{field(mask, 18, 19)}"
        found["program mask"] = f"{field(mask, 20, 23):x}"
        found["PSW mask"] = f"{mask & ~(CONDITION_CODE | PROGRAM_MASK):016x}"
        found["PSW address"] = f"{address:x}"
        found["FPC"] = f"{self.number(OutcomeFields.FPC, 4):08x}"
        for name, place, count, width in (
            ("general register", OutcomeFields.GENERAL, 16, 8),
            ("access register", OutcomeFields.ACCESS, 16, 4),
            ("vector register", OutcomeFields.VECTORS, 32, 16),
        ):
            for number in range(count):
                found[f"{name} {number}"] = self.content[place + width * number :][:width].hex()
        for number, page in enumerate(layout.DATA):
            found[f"page {page:x}"] = f"digest {self.number(OutcomeFields.DIGESTS + 8 * number, 8):016x}"
        return found

    def _of_interruption(self) -> dict[str, str]:
        """The fields of the low core that the program interruption must have stored."""
        if self.ending is not StreamEnding.PROGRAM:
            return {}
        code = self.program_code
        found = {
            "instruction length": f"{self._low_core(0x8D, 1)}",
            "breaking-event address": f"{self.number(OutcomeFields.BREAKING_EVENT, 8):x}",
        }
        if code in _DATA_CODES:
            found["data-exception code"] = f"{self._low_core(0x90, 4):x}"
        if code in _TRANSLATION:
            found["translation-exception address"] = f"{self._low_core(0xA8, 8) & _TRANSLATION_ADDRESS:x}"
            found["translation-exception bits"] = f"{self._low_core(0xA8, 8) & 0xFFF:x}"
        elif code in _ACCESS_EXCEPTIONS:
            found["translation-exception bits"] = f"{self._low_core(0xA8, 8):x}"
        if code in _TRANSLATION:
            found["exception access identification"] = f"{self._low_core(0xA0, 1):x}"
        if code == _MONITOR:
            found["monitor class"] = f"{self._low_core(0x94, 2):x}"
            found["monitor code"] = f"{self._low_core(0xB0, 8):x}"
        return found

    def _low_core(self, address: int, length: int) -> int:
        return self.number(OutcomeFields.LOW_CORE + address - 0x80, length)
