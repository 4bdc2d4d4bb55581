# SPDX-License-Identifier: GPL-2.0-or-later
"""The tables of facilities, held against the declarations and against each other."""

from __future__ import annotations

import pytest

import emu.isa.catalogue  # noqa: F401 - fills the instruction set
from emu.coverage.architecture import EXECUTED_UNSHOWN, OF_FACILITIES, facility_of, is_expected, left_out
from emu.coverage.opcodes import Opcode, parse_list
from emu.facilities import DEFAULT_FACILITIES
from emu.isa.declaration import INSTRUCTIONS, Instruction


def opcode_of(instruction: Instruction) -> Opcode:
    return Opcode.parse(instruction.opcode_text)


@pytest.mark.parametrize(
    "instruction", [each for each in INSTRUCTIONS if each.facility is not None], ids=lambda each: each.mnemonic
)
def test_a_declared_facility_is_that_of_the_table(instruction: Instruction) -> None:
    assert facility_of(opcode_of(instruction)) == instruction.facility


def test_declared_instructions_without_a_facility_are_of_the_basic_machine() -> None:
    found = {opcode_of(each): each.mnemonic for each in INSTRUCTIONS if each.facility is None}
    wrong = {mnemonic for opcode, mnemonic in found.items() if facility_of(opcode) and opcode not in EXECUTED_UNSHOWN}
    assert wrong == set()


def test_an_opcode_is_of_one_group() -> None:
    of_facilities = [opcode for text in OF_FACILITIES.values() for opcode in parse_list(text)]
    assert len(of_facilities) == len(set(of_facilities))
    assert not left_out().keys() & set(of_facilities)
    assert set(of_facilities) >= EXECUTED_UNSHOWN


def test_what_is_expected() -> None:
    without_vectors = DEFAULT_FACILITIES - {129}
    assert is_expected(Opcode.parse("1A"), DEFAULT_FACILITIES)
    assert not is_expected(Opcode.parse("B214"), DEFAULT_FACILITIES)
    assert is_expected(Opcode.parse("E7F3"), DEFAULT_FACILITIES)
    assert not is_expected(Opcode.parse("E7F3"), without_vectors)
    assert is_expected(Opcode.parse("B99A"), DEFAULT_FACILITIES)
