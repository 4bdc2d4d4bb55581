# SPDX-License-Identifier: GPL-2.0-or-later
"""Which operation codes are tried."""

from __future__ import annotations

from random import Random

from emu.instruction_length import instruction_length
from emu.isa.declaration import INSTRUCTIONS
from tools.differential.opcodes import opcodes, random_instruction, with_operands


def test_every_declared_instruction_is_tried() -> None:
    templates = set(opcodes())
    for each in INSTRUCTIONS:
        plain = each.format.compose(each.opcode, {field.name: 0 for field in each.format.fields})
        assert plain.to_bytes(each.format.length, "big") in templates


def test_general_floating_point_and_vector_instructions_are_tried() -> None:
    templates = set(opcodes())
    for text in ("1a00", "d20000000000", "b30a0000", "e700000000f3", "eb0000000004", "a70a0000", "44000000"):
        assert bytes.fromhex(text) in templates


def test_operands_leave_the_operation_alone() -> None:
    random = Random(1)
    for template in opcodes():
        made = with_operands(template, random)
        assert (made[0], len(made)) == (template[0], len(template))


def test_a_field_is_cleared_at_a_boundary_within_it() -> None:
    """EXCLUSIVE OR of more than eight bytes with themselves, at an address that a page is refused shortly behind."""
    random = Random(3)
    made = [with_operands(bytes.fromhex("d70000000000"), random) for _ in range(1000)]
    same = [each for each in made if each[2:4] == each[4:6] and 8 < each[1] + 1 <= 32]
    assert len(same) > 100
    assert sum(each[2] & 0x0F == 0 and each[3] == 0 and each[2] >> 4 != 0 for each in same) > 20


def test_lengths_are_right() -> None:
    random = Random(2)
    for _ in range(1000):
        made = random_instruction(random)
        assert len(made) == instruction_length(made[0])
