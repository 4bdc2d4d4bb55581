# SPDX-License-Identifier: GPL-2.0-or-later
"""From the bytes of an instruction to its number."""

from __future__ import annotations

from dataclasses import replace

import pytest

from emu.engine.rules.dispatch import NO_INSTRUCTION, SPLIT, OpcodeTables, chain_source
from emu.isa.declaration import INSTRUCTIONS

DECLARED = list(enumerate(INSTRUCTIONS))
TABLES = OpcodeTables(DECLARED)


def number(instruction: bytes) -> int:
    """As the callback finds it."""
    found = int(TABLES.halfwords[instruction[0] << 8 | instruction[1]])
    if found & SPLIT:
        return int(TABLES.rows[(found & ~SPLIT) << 8 | instruction[5]])
    return found


@pytest.mark.parametrize(("expected", "declared"), DECLARED, ids=lambda value: getattr(value, "mnemonic", ""))
def test_each_declared_instruction_is_found(expected: int, declared: object) -> None:
    instruction = DECLARED[expected][1]
    form = instruction.format
    for ones in (False, True):
        operands = {}
        for field in form.fields:
            is_signed = "signed" in field.kind.value and "unsigned" not in field.kind.value
            operands[field.name] = (-1 if is_signed else (1 << field.width) - 1) if ones else 0
        raw = form.compose(instruction.opcode, operands).to_bytes(form.length, "big")
        assert number(raw + bytes(6 - len(raw))) == expected


@pytest.mark.parametrize(
    "code", ("0000 0000 0000", "1800 0000 0000", "b9ff 0000 0000", "eb00 0000 00ff", "c601 0000 0000")
)
def test_others_are_not(code: str) -> None:
    assert number(bytes.fromhex(code)) == NO_INSTRUCTION


def test_an_opcode_in_another_place_is_refused() -> None:
    declared = DECLARED[0][1]
    strange = replace(declared, format=replace(declared.format, opcode=((8, 8),)))
    with pytest.raises(ValueError, match="no rule for an opcode"):
        OpcodeTables([(0, strange)])


def test_each_has_a_branch_of_its_own() -> None:
    essa = INSTRUCTIONS.by_mnemonic("ESSA")
    stoc = INSTRUCTIONS.by_mnemonic("STOC")
    source = chain_source([(3, essa), (5, stoc)])
    assert "if number == uint64(3):\n        return execute_ESSA(record, address, word >> uint64(32))" in source
    assert "if number == uint64(5):\n        return execute_STOC(record, address, word >> uint64(16))" in source
