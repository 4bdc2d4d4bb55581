# SPDX-License-Identifier: GPL-2.0-or-later
"""Assembler text with labels: :mod:`emu.isa.assembler` with names in place of addresses.

A name is in small letters; ``name:`` at the beginning of a line gives it to the place, and ``name``, ``name+8`` or
``name-2`` stand for the address wherever a number may stand.  ``DC A(name)`` is a doubleword with an address.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from emu.isa.assembler import AssemblyError, assemble

_LABEL: Final = re.compile(r"\s*([a-z][a-z0-9_]*):\s*(.*)")
_NAME: Final = re.compile(r"(?<![%'\w])([a-z][a-z0-9_]*)(?:([+-])(0x[0-9a-f]+|[0-9]+))?(?!\w)")
_ADDRESS: Final = re.compile(r"DC\s+A\((.*)\)")

Value = int | str
"""A number, or an expression with a name in it."""


def is_expression(text: str) -> bool:
    """Whether *text* is a name, or a name and a distance."""
    return _NAME.fullmatch(text) is not None


def evaluate(value: Value, symbols: Mapping[str, int]) -> int:
    """What *value* means.

    :raises AssemblyError: if it has a name that *symbols* does not know.
    """
    if isinstance(value, int):
        return value
    matched = _NAME.fullmatch(value)
    if matched is None:
        raise AssemblyError(f"expected a name, or a name and a distance, not {value!r}")
    return _value(matched, symbols)


def assemble_parts(parts: Mapping[int, str], symbols: Mapping[str, int]) -> tuple[dict[int, bytes], dict[str, int]]:
    """The bytes of each of *parts*, by the address at which it begins, and all names.

    :raises AssemblyError: naming the part and the line.
    """
    known = dict(symbols)
    # Every instruction has its length whatever its operands are, so one pass finds all places.
    for address, text in parts.items():
        known |= _places(address, text, symbols)
    return {address: _code(address, text, known) for address, text in parts.items()}, known


def _value(matched: re.Match[str], symbols: Mapping[str, int]) -> int:
    name, sign, distance = matched.groups()
    if name not in symbols:
        raise AssemblyError(f"{name}: there is no such name")
    offset = 0 if distance is None else int(distance, 0)
    return symbols[name] - offset if sign == "-" else symbols[name] + offset


def _statements(text: str) -> list[tuple[int, list[str], str]]:
    """The number of each line that has something, its labels, and its statement."""
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        labels = []
        rest = line.partition("#")[0]
        while (label := _LABEL.fullmatch(rest)) is not None:
            labels.append(label[1])
            rest = label[2]
        if labels or rest.strip():
            found.append((number, labels, rest.strip()))
    return found


def _places(address: int, text: str, symbols: Mapping[str, int]) -> dict[str, int]:
    """The labels of the part *text* that begins at *address*."""
    places: dict[str, int] = {}
    place = address
    for number, labels, statement in _statements(text):
        for label in labels:
            if label in places or label in symbols:
                raise AssemblyError(f"line {number}: {label} is there twice")
            places[label] = place
        place += len(_assemble(number, statement, place, None))
    return places


def _code(address: int, text: str, symbols: Mapping[str, int]) -> bytes:
    code = b""
    for number, _, statement in _statements(text):
        code += _assemble(number, statement, address + len(code), symbols)
    return code


def _assemble(number: int, statement: str, place: int, symbols: Mapping[str, int] | None) -> bytes:
    """The *statement*; without *symbols* only its length is right."""
    if not statement:
        return b""
    constant = _ADDRESS.fullmatch(statement)
    if constant is not None:
        return (0 if symbols is None else evaluate(constant[1], symbols)).to_bytes(8, "big")

    def replaced(matched: re.Match[str]) -> str:
        if symbols is None:
            return _any_number(statement, place)
        return f"{_value(matched, symbols):#x}"

    try:
        return assemble(_NAME.sub(replaced, statement), place)
    except AssemblyError as reason:
        raise AssemblyError(f"line {number}: {statement}: {reason}") from None


def _any_number(statement: str, place: int) -> str:
    """A number that fits wherever a name may stand: an address in reach, or zero."""
    return f"{place:#x}" if statement.startswith(_RELATIVE) else "0"


_RELATIVE: Final = ("BRC", "BRAS", "BRX", "LARL", "EXRL", "LRL", "LGRL", "STRL", "CRJ", "CGRJ", "CIJ", "CGIJ", "CLGRJ")
