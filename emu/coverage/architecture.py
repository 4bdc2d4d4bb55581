# SPDX-License-Identifier: GPL-2.0-or-later
"""Which instructions are left out of the basic machine and of the facilities that are there."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

from emu.isa.facility_table import facility_of
from emu.isa.opcodes import Opcode, parse_list

LEFT_OUT: Final[Mapping[str, str]] = {
    "linkage stack": "0101 B218 B228 B240 B247 B249 B24A B90E",
    "interpretive execution": "B214",
    "expanded storage": "B22E B22F",
    "DAT enhancement 2": "B9AA",
    "PROGRAM TRANSFER WITH INSTANCE": "B99E",
    "conversions of decimal floating point": "B941-B943 B949-B94B B951-B953 B959-B95B",
}
"""Instructions that are operation exceptions here: those that no facility bit tells of, and what is missing of the
facilities of which a part is there (:data:`emu.facilities.PARTIAL`)."""


@cache
def left_out() -> dict[Opcode, str]:
    """Why opcodes of the basic machine are operation exceptions."""
    return {opcode: reason for reason, text in LEFT_OUT.items() for opcode in parse_list(text)}


def is_expected(opcode: Opcode, facilities: frozenset[int]) -> bool:
    """Whether an assigned *opcode* must be executed, and not be an operation exception, with these *facilities*."""
    facility = facility_of(opcode)
    return opcode not in left_out() and (facility is None or facility in facilities)
