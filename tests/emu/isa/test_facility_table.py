# SPDX-License-Identifier: GPL-2.0-or-later
"""Which facility an instruction is of: no opcode is of two, and declarations go by the table."""

from __future__ import annotations

import pytest

import emu.isa.catalogue  # noqa: F401 - fills the instruction set
from emu.isa.declaration import INSTRUCTIONS
from emu.isa.facility_table import OF_FACILITIES, facility_of
from emu.isa.opcodes import Opcode, parse_list


def test_an_opcode_is_of_one_facility() -> None:
    opcodes = [opcode for text in OF_FACILITIES.values() for opcode in parse_list(text)]
    assert len(opcodes) == len(set(opcodes)) > 600


@pytest.mark.parametrize(
    ("opcode", "facility"),
    (("1A", None), ("00", None), ("E313", 18), ("C60", 35), ("B39C", 37), ("B99A", 6), ("E7F3", 129), ("B32E", 20)),
)
def test_facilities(opcode: str, facility: int | None) -> None:
    assert facility_of(Opcode.parse(opcode)) == facility


@pytest.mark.parametrize(
    ("mnemonic", "facility"), (("LMD", None), ("AER", None), ("MAER", 20), ("CU14", 22), ("EPAIR", 6), ("VFA", 129))
)
def test_a_declared_instruction_is_of_the_facility_of_its_opcode(mnemonic: str, facility: int | None) -> None:
    assert INSTRUCTIONS.by_mnemonic(mnemonic).facility == facility
