# SPDX-License-Identifier: GPL-2.0-or-later
"""What the fields of a case may hold.

All that can be said without its labels is checked here, when a case is read; what a label leads to, when its image is
made (:mod:`tools.conform.architecture.image`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from reprlib import repr as shortened
from typing import Any, Final, NamedTuple

from emu.isa.assembler import AssemblyError
from emu.machine_checks import require_conditions
from tools.conform.architecture import harness, layout
from tools.conform.architecture.case import (
    OUTSIDE,
    TWO_CPUS,
    Basis,
    Case,
    CaseSection,
    Class,
    ExpectedInterruption,
    FinalState,
    Going,
    InterruptKey,
    MachineCheck,
    Need,
)
from tools.conform.architecture.checks import LOG_FIELDS
from tools.conform.architecture.page_states import making, state_byte
from tools.conform.architecture.source import evaluate, is_expression

_NAME: Final = re.compile(r"[a-z0-9]+(?:[-+][a-z0-9]+)*", re.IGNORECASE)
_MOST_CODE: Final = {Class.PROGRAM: 0xFFFF, Class.SUPERVISOR_CALL: harness.END_CALL - 1, Class.EXTERNAL: 0xFFFF}
"""The highest interruption code, where there is one; the number above it in SUPERVISOR CALL ends a case."""
_WITH_ILC: Final = (Class.PROGRAM, Class.SUPERVISOR_CALL)
_MOST: Final = (1 << 64) - 1
_HEXADECIMAL_FROM: Final = 256
"""Smaller numbers are rather counted than looked at bit by bit."""


def require_section(section: CaseSection) -> None:
    """Check that *section* is one, with cases of which each field is what it may be.

    :raises ValueError: naming the case, the field, and what was expected.
    """
    _expect(
        isinstance(section, CaseSection), "SECTION", 'a CaseSection, such as CaseSection("Title", (CASE,))', section
    )
    _expect(isinstance(section.title, str), "SECTION: title", "text", section.title)
    cases: object = section.cases
    is_tuple = isinstance(cases, tuple) and all(isinstance(case, Case) for case in cases)
    _expect(is_tuple, "SECTION: cases", "a tuple of cases, such as (CASE,)", cases)
    seen: set[str] = set()
    for case in section.cases:
        require_name(case.name)
        if case.name in seen:
            raise ValueError(f"{case.name}: name: expected a name of its own, which no other case of the file has")
        seen.add(case.name)
        try:
            require_valid(case)
        except ValueError as reason:
            raise ValueError(f"{case.name}: {reason}") from None


def require_name(name: object) -> None:
    """Check that a case may be called *name*.

    :raises ValueError: if it may not.
    """
    is_name = isinstance(name, str) and _NAME.fullmatch(name) is not None
    _expect(is_name, "name", "letters and digits, with single hyphens or plus signs between them", name)


def require_valid(case: Case) -> None:
    """Check the fields of *case*.

    :raises ValueError: naming the field, and what was expected.
    """
    for field in ("rule", "source", "code"):
        _expect(isinstance(getattr(case, field), str), field, "text", getattr(case, field))
    _expect(isinstance(case.basis, Basis), "basis", "VERIFIED or INFERRED", case.basis)
    _expect(isinstance(case.is_pressed, bool), "is_pressed", "True or False", case.is_pressed)
    for place, address, text in _items("parts", case.parts):
        _number(place, address, 0, layout.MEMORY - 2, boundary=2)
        _expect(isinstance(text, str), place, "guest code, as text", text)
    _needs(case.needs)
    for place, register, value in _items("registers", case.registers):
        _register(place, register)
        _value(place, value)
    for place, register, value in _items("controls", case.controls):
        _register(place, register)
        _word(place, value)
    _number("mask", case.mask, 0, _MOST)
    _keys("keys", case.keys)
    for place, page, state in _items("pages", case.pages):
        _address(place, page)
        _expect(isinstance(state, str), place, "a page state such as Vz or Sr+NT", state)
        _checked(place, making, state)
    for place, address, value in _items("fill", case.fill):
        _address(place, address)
        _word(place, value)
    for place, address, value in _items("storage", case.storage):
        _address(place, address)
        if not isinstance(value, bytes):
            _expect(_is_number(value), place, "a number, or bytes", value)
            _word(place, value)
    _outside(case)
    _expect(isinstance(case.events, tuple), "events", "a tuple of interruptions, such as (EVENT,)", case.events)
    _most("events", case.events, layout.LOG_ENTRIES)
    for number, event in enumerate(case.events):
        _event(f"events[{number}]", event)
    _end(case.end)


def _needs(needs: object) -> None:
    is_so = isinstance(needs, tuple) and all(isinstance(need, Need) for need in needs)
    _expect(is_so, "needs", "a tuple of needs, such as (ESSA,) or (facility(8),)", needs)
    _most("needs", needs, layout.MOST_NEEDS)
    for number, need in enumerate(needs if isinstance(needs, tuple) else ()):
        if need.is_of_a_facility:
            _number(f"needs[{number}]: facility", need.number, 0, layout.MOST_FACILITIES - 1)


def _outside(case: Case) -> None:
    _expect(isinstance(case.outside, tuple), "outside", "a tuple of what happens, such as (EVENT,)", case.outside)
    if case.outside and OUTSIDE not in case.needs:
        raise ValueError(f"needs: expected OUTSIDE among them, {OUTSIDE.name}, for what is in outside")
    for number, event in enumerate(case.outside):
        place = f"outside[{number}]"
        _expect(isinstance(event, InterruptKey | MachineCheck), place, "an InterruptKey or a MachineCheck", event)
        _value(f"{place}.at", event.at)
        if isinstance(event, MachineCheck):
            _word(f"{place}.conditions", event.conditions)
            _checked(f"{place}.conditions", require_conditions, event.conditions)
            _number(f"{place}.cpu", event.cpu, 0, int(TWO_CPUS in case.needs))


def _event(place: object, event: ExpectedInterruption) -> None:
    _expect(isinstance(event, ExpectedInterruption), place, "an interruption, such as program(0x0001, ilc=2)", event)
    _expect(isinstance(event.kind, Class), f"{place}.kind", "a Class", event.kind)
    if event.code is not None:
        _expect(event.kind in _MOST_CODE, f"{place}.code", "none, as such an interruption has no code", event.code)
        _number(f"{place}.code", event.code, 0, _MOST_CODE[event.kind])
    if event.ilc is not None:
        _expect(event.kind in _WITH_ILC, f"{place}.ilc", "none, as such an interruption stores none", event.ilc)
        _number(f"{place}.ilc", event.ilc, 0, 6, boundary=2)
    if event.at is not None:
        _value(f"{place}.at", event.at)
    if event.mask is not None:
        _masked(f"{place}.mask", event.mask)
    _condition_code(f"{place}.cc", event.cc)
    for field, name, value in _items(f"{place}.fields", event.fields):
        _expect(name in LOG_FIELDS, field, f"one of {', '.join(LOG_FIELDS)}", name)
        _masked(field, value, 8 * LOG_FIELDS[str(name)][1])
    _expect(isinstance(event.going, Going), f"{place}.going", "a Going", event.going)
    _value(f"{place}.to", event.to)
    if event.going not in (Going.LABEL, Going.LABEL_AS_BEFORE):
        _expect(event.to == 0, f"{place}.to", "none, as it goes on at a label only with Going.LABEL", event.to)


def _end(end: FinalState) -> None:
    _expect(isinstance(end, FinalState), "end", "a FinalState", end)
    for name in ("registers", "controls"):
        for place, register, value in _items(f"end.{name}", getattr(end, name)):
            _register(place, register)
            _masked(place, value)
    for place, address, value in _items("end.storage", end.storage):
        _address(place, address, boundary=8)
        _masked(place, value)
    _keys("end.keys", end.keys)
    for place, page, state in _items("end.pages", end.pages):
        _address(place, page)
        _expect(isinstance(state, str), place, "a page state such as Vz or Sr+NT", state)
        _checked(place, state_byte, state)
    for name in ("keys", "pages"):
        _most(f"end.{name}", getattr(end, name), layout.MOST_LOOKED_AT)
    _condition_code("end.cc", end.cc)
    if end.mask is not None:
        _expect(isinstance(end.mask, tuple), "end.mask", "two numbers, the mask and which bits of it count", end.mask)
        _masked("end.mask", end.mask)
    if end.at is not None:
        _value("end.at", end.at)


def _items(field: str, mapping: Mapping[Any, object]) -> Iterator[tuple[_Entry, object, object]]:
    """The entries of *mapping*, with what each is called."""
    _expect(isinstance(mapping, Mapping), field, "a dictionary", mapping)
    for key, value in mapping.items():
        yield _Entry(field, key), key, value


class _Entry(NamedTuple):
    """An entry of a dictionary, as messages call it."""

    field: str
    key: object

    def __str__(self) -> str:
        """As it is written in Python."""
        return f"{self.field}[{_short(self.key)}]"


def _keys(field: str, keys: Mapping[Any, object]) -> None:
    """Storage keys have their seven bits at the left of a byte."""
    for place, page, key in _items(field, keys):
        _address(place, page)
        _number(place, key, 0, 0xFE, boundary=2)


def _register(place: object, register: object) -> None:
    is_so = _is_number(register) and 0 <= register <= 15  # type: ignore[operator]
    _expect(is_so, place, "the number of a register, 0 to 15", register)


def _condition_code(place: object, cc: object) -> None:
    if cc is not None:
        _number(place, cc, 0, 3)


def _value(place: object, value: object) -> None:
    """A number of 64 bits, or an expression with a name in it."""
    if isinstance(value, str):
        _expect(is_expression(value), place, "a name, or a name and a distance", value)
    else:
        _expect(_is_number(value), place, "a number, or a name", value)
        _word(place, value)


def _address(place: object, address: object, *, boundary: int = 1) -> None:
    """A place in the storage of an image; a label of the case is in it."""
    _value(place, address)
    if isinstance(address, str):
        try:
            address = evaluate(address, layout.SYMBOLS)
        except AssemblyError:
            return
    _number(place, address, 0, layout.MEMORY - 1, boundary=boundary)


def _masked(place: object, value: object, bits: int = 64) -> None:
    """A value of so many bits, or one with the bits of it that count."""
    mask: object = None
    if isinstance(value, tuple):
        _expect(len(value) == 2, place, "two numbers, the value and which bits of it count", value)
        value, mask = value
        _number(f"{place}: bits that count", mask, 0, (1 << bits) - 1)
    if not isinstance(value, str) and bits < 64:
        _number(place, value, 0, (1 << bits) - 1)
    _value(place, value)
    if isinstance(value, int) and isinstance(mask, int):
        _expect(not value & ~mask, place, f"a value in the bits that count, {mask:#x}", value)


def _word(place: object, value: object) -> None:
    """A number of 64 bits, with a sign or without."""
    _number(place, value, -(1 << 63), _MOST)


def _number(place: object, value: object, least: int, most: int, *, boundary: int = 1) -> None:
    is_so = _is_number(value) and least <= value <= most and not value % boundary  # type: ignore[operator]
    if not is_so:
        kind = "a number" if boundary == 1 else f"a multiple of {boundary}"
        _expect(False, place, f"{kind} from {_short(least)} to {_short(most)}", value)


def _most(field: str, found: object, most: int) -> None:
    count = len(found)  # type: ignore[arg-type]
    _expect(count <= most, field, f"{most} at most", count)


def _checked(place: object, check: object, value: object) -> None:
    """Have *check* look at *value*, and name the *place* if it refuses it."""
    try:
        check(value)  # type: ignore[operator]
    except ValueError as reason:
        raise ValueError(f"{place}: {reason}") from None


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _short(value: object) -> str:
    """*value* in a few words."""
    if type(value) is int and abs(value) >= _HEXADECIMAL_FROM:
        return f"{value:#x}" if abs(value) <= _MOST else "a number of more than 64 bits"
    return " ".join(shortened(value).split())


def _expect(is_so: bool, place: object, what: str, value: object) -> None:
    if not is_so:
        raise ValueError(f"{place}: expected {what}, not {_short(value)}")
