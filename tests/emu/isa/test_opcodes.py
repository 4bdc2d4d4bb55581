# SPDX-License-Identifier: GPL-2.0-or-later
"""Opcodes: all of them, in the digits of the manual, and as parts of instructions."""

from __future__ import annotations

import pytest

import emu.isa.catalogue  # noqa: F401 - fills the instruction set
from emu.isa.declaration import INSTRUCTIONS
from emu.isa.opcodes import Opcode, opcodes, parse_list


def test_digits_and_opcodes_are_the_same() -> None:
    everything = list(opcodes())
    assert everything == sorted(set(everything))
    assert [Opcode.parse(str(each)) for each in everything] == everything


def test_every_declared_instruction_has_one_of_them() -> None:
    digits = {str(each) for each in opcodes()}
    assert {each.opcode_text for each in INSTRUCTIONS} <= digits


@pytest.mark.parametrize(
    ("digits", "instruction"),
    (("EE", "EE3456789ABC"), ("C60", "C63056789ABC"), ("B2FF", "B2FF5678"), ("E33B", "E33456789A3B"), ("07", "0734")),
)
def test_what_is_no_opcode_comes_from_the_operands(digits: str, instruction: str) -> None:
    assert Opcode.parse(digits).instruction(bytes.fromhex("FF3456789ABC")).hex().upper() == instruction


@pytest.mark.parametrize("digits", ("E", "EE0", "C6", "C600", "B2F", "E3", "xx", ""))
def test_other_digits_are_refused(digits: str) -> None:
    with pytest.raises(ValueError, match=r"opcode|invalid literal"):
        Opcode.parse(digits)


def test_a_list_has_ranges() -> None:
    found = parse_list("20-22 B2FF C60-C62")
    assert sorted(map(str, found)) == ["20", "21", "22", "B2FF", "C60", "C61", "C62"]
    with pytest.raises(ValueError, match="twice"):
        parse_list("20-22 21")


@pytest.mark.parametrize(
    "instruction", ("1A12", "B2B20800", "C6F56789ABCD", "E312345678EB", "A7F40000", "0102", "D25012345678")
)
def test_the_opcode_of_an_instruction(instruction: str) -> None:
    found = Opcode.of(bytes.fromhex(instruction))
    assert found.instruction(bytes.fromhex(instruction).ljust(6, b"\0")).hex().upper() == instruction
    assert sum(width for _, width in found.pieces) == 4 * len(str(found))
