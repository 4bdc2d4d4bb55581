# SPDX-License-Identifier: GPL-2.0-or-later
"""Program interruptions as a Linux process gets them: signals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tools.differential.peers.outcome import ILLEGAL_INSTRUCTION, StreamEnding, StreamOutcome

_TRAP, _BUS, _ARITHMETIC, _SEGMENT = 5, 7, 8, 11
_NAMES: Final = {
    ILLEGAL_INSTRUCTION: "SIGILL",
    _TRAP: "SIGTRAP",
    _BUS: "SIGBUS",
    _ARITHMETIC: "SIGFPE",
    _SEGMENT: "SIGSEGV",
}
_SIGNALS: Final[Mapping[int, int]] = {
    **dict.fromkeys((0x01, 0x02, 0x03, 0x06, 0x13), ILLEGAL_INSTRUCTION),
    **dict.fromkeys((0x04, 0x05, 0x10, 0x11, 0x38, 0x39, 0x3A, 0x3B), _SEGMENT),
    **dict.fromkeys((0x08, 0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x0E, 0x0F, 0x1B, 0x1D), _ARITHMETIC),
}
"""The signal of a program-interruption code; that of a data exception depends on its code."""
_DATA: Final = 0x07
_NO_ARITHMETIC: Final = frozenset({0x00, 0x01, 0x02, 0x03, 0xFE})
"""Data-exception codes that are no IEEE exceptions and no trap."""


def signal_of(outcome: StreamOutcome) -> str:
    """What a process would get, or has got, of what ended *outcome*; empty if that is no signal."""
    if outcome.ending is StreamEnding.SIGNAL:
        return _NAMES.get(outcome.signal, f"signal {outcome.signal}")
    if outcome.ending is not StreamEnding.PROGRAM:
        return ""
    code = outcome.program_code
    if code == _DATA:
        return "SIGILL" if outcome.data_exception_code in _NO_ARITHMETIC else "SIGFPE"
    return _NAMES.get(_SIGNALS.get(code, 0), f"none for {code:04x}")
