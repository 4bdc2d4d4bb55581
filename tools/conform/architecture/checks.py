# SPDX-License-Identifier: GPL-2.0-or-later
"""From what a case expects to what its image compares: doublewords, with a mask, and a name for each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from emu.psw import CONDITION_CODE
from tools.conform.architecture import harness, layout
from tools.conform.architecture.case import (
    ANY_CONDITION_CODE,
    Case,
    Class,
    ExpectedInterruption,
    FinalState,
    Masked,
    code_name,
)
from tools.conform.architecture.page_states import state_byte
from tools.conform.architecture.source import evaluate

ALL: Final = (1 << 64) - 1
LOW_CORE_FIELDS: Final[Mapping[str, tuple[int, int]]] = {
    "external_parameter": (0x80, 4),
    "cpu_address": (0x84, 2),
    "data_exception_code": (0x90, 4),
    "monitor_class": (0x94, 2),
    "per_code": (0x96, 1),
    "per_mode": (0x97, 1),
    "per_address": (0x98, 8),
    "exception_access": (0xA0, 1),
    "per_access": (0xA1, 1),
    "operand_access": (0xA2, 1),
    "architectural_mode": (0xA3, 1),
    "teid": (0xA8, 8),
    "monitor_code": (0xB0, 8),
    "subsystem": (0xB8, 4),
    "io_parameter": (0xBC, 4),
    "io_identification": (0xC0, 4),
    "machine_check_code": (0xE8, 8),
}
"""Real location and length of the fields that an interruption may store (PoP 3, "Assigned Storage Locations")."""
LOG_FIELDS: Final[Mapping[str, tuple[int, int]]] = {
    **{name: (layout.LOG_LOW_CORE - 0x80 + place, length) for name, (place, length) in LOW_CORE_FIELDS.items()},
    "breaking_event": (layout.LOG_BREAKING_EVENT, 8),
    "external_parameter_64": (layout.LOG_EXTERNAL_PARAMETER, 8),
}
"""Where in an entry of the log they stand, and how long they are."""
_CODES: Final = {
    Class.PROGRAM: 0x8C,
    Class.SUPERVISOR_CALL: 0x88,
    Class.EXTERNAL: 0x84,
}
"""Real location of the word whose right half is the code, and which for the first two has the ILC in byte 1."""


@dataclass(frozen=True, slots=True)
class ImageCheck:
    """A comparison: the doubleword at *address*, of which the bits *mask* count, with *expected*."""

    name: str
    address: int
    mask: int
    expected: int
    shift: int = 0
    """How far to the right the field ends, for who reads the numbers."""
    is_code: bool = False
    """Whether it is a program-interruption code, which has a name."""

    def text(self, value: int) -> str:
        """*value*, of the whole doubleword, as the field is written."""
        digits = max(1, (self.mask.bit_length() - self.shift + 3) // 4)
        text = f"{(value & self.mask) >> self.shift:0{digits}x}"
        return f"{text} ({code_name(int(text, 16))})" if self.is_code else text


def checks_of(case: Case, symbols: Mapping[str, int]) -> tuple[ImageCheck, ...]:
    """What the image of *case* compares, in this order."""
    found = [*_events(case, symbols), *_ending(case.end, symbols)]
    return tuple(found)


def _field(name: str, address: int, length: int, value: Masked, symbols: Mapping[str, int]) -> ImageCheck:
    """A check of the field of *length* bytes at *address*, inside one doubleword."""
    place = address & ~7
    if address + length > place + 8:
        raise ValueError(f"{name}: expected it at a doubleword boundary, not at {address:x}")
    shift = 64 - 8 * (address - place + length)
    mask, expected = (1 << 8 * length) - 1, value
    if isinstance(value, tuple):
        expected, mask = value
    number = evaluate(expected, symbols) & (1 << 8 * length) - 1  # type: ignore[arg-type]
    return ImageCheck(name, place, mask << shift, (number & mask) << shift, shift)


def _events(case: Case, symbols: Mapping[str, int]) -> Iterator[ImageCheck]:
    for number, event in enumerate(case.events, 1):
        yield from _event(f"event {number}", layout.LOG + layout.LOG_ENTRY * (number - 1), event, case, symbols)
    yield ImageCheck("number of events", harness.EVENTS, ALL, len(case.events))


def _event(
    name: str, entry: int, event: ExpectedInterruption, case: Case, symbols: Mapping[str, int]
) -> Iterator[ImageCheck]:
    yield ImageCheck(f"{name}: class", entry + layout.LOG_CLASS, ALL, event.kind)
    low_core = entry + layout.LOG_LOW_CORE - 0x80
    word = _CODES.get(event.kind)
    if word is not None and event.code is not None:
        check = _field(f"{name}: code", low_core + word + 2, 2, event.code, symbols)
        yield ImageCheck(
            check.name, check.address, check.mask, check.expected, check.shift, event.kind is Class.PROGRAM
        )
    if word is not None and event.ilc is not None:
        yield _field(f"{name}: instruction length", low_core + word + 1, 1, event.ilc, symbols)
    if event.at is not None:
        yield _field(f"{name}: old PSW address", entry + layout.LOG_OLD_PSW + 8, 8, event.at, symbols)
    mask = event.mask if event.mask is not None else (case.mask, ANY_CONDITION_CODE)
    yield _field(f"{name}: old PSW mask", entry + layout.LOG_OLD_PSW, 8, mask, symbols)
    if event.cc is not None:
        yield _condition_code(f"{name}: condition code in the old PSW", entry + layout.LOG_OLD_PSW, event.cc)
    for field, value in event.fields.items():
        title = f"{name}: {field.replace('_', ' ')}"
        place, length = LOG_FIELDS[field]
        yield _field(title, entry + place, length, value, symbols)


def _condition_code(name: str, address: int, cc: int) -> ImageCheck:
    return ImageCheck(name, address, CONDITION_CODE, cc << 44, 44)


def _ending(end: FinalState, symbols: Mapping[str, int]) -> Iterator[ImageCheck]:
    if end.cc is not None:
        yield _condition_code("condition code", layout.FINAL_PSW, end.cc)
    if end.mask is not None:
        yield _field("PSW mask", layout.FINAL_PSW, 8, end.mask, symbols)
    if end.at is not None:
        yield _field("PSW address", layout.FINAL_PSW + 8, 8, end.at, symbols)
    for register, value in end.registers.items():
        yield _field(f"general register {register}", layout.FINAL_REGISTERS + 8 * register, 8, value, symbols)
    for register, value in end.controls.items():
        yield _field(f"control register {register}", layout.FINAL_CONTROLS + 8 * register, 8, value, symbols)
    for number, (page, key) in enumerate(end.keys.items()):
        yield _field(f"key of {_place(page)}", layout.FINAL_KEYS + 8 * number + 7, 1, key, symbols)
    for number, (page, state) in enumerate(end.pages.items()):
        yield _field(f"state of {_place(page)}", layout.FINAL_STATES + 8 * number + 7, 1, state_byte(state), symbols)
    for address, value in end.storage.items():
        yield _field(f"storage at {_place(address)}", evaluate(address, symbols), 8, value, symbols)


def _place(value: int | str) -> str:
    return value if isinstance(value, str) else f"{value:x}"
