# SPDX-License-Identifier: GPL-2.0-or-later
"""Relative operands: the address is that which the text of the instruction has."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import emu.isa.catalogue  # noqa: F401
from emu.instruction_length import instruction_length
from emu.isa.declaration import INSTRUCTIONS
from emu.isa.disassembler import disassemble
from emu.isa.formats import Kind
from emu.isa.relative_operands import relative_operand

ADDRESS = 0x1234_5678


@pytest.mark.parametrize(
    ("code", "expected"),
    (
        ("a7f4fffe", 0xFFFC),  # BRC
        ("a7e50010", 0x10020),  # BRAS
        ("a716ffff", 0xFFFE),  # BRCT
        ("84120003", 0x10006),  # BRXH
        ("c0e500001918", 0x13230),  # BRASL
        ("c010ffffffff", 0xFFFE),  # LARL
        ("c42d00000002", 0x10004),  # LRL
        ("c61000000004", 0x10008),  # EXRL
        ("cc1600000004", 0x10008),  # BRCTH
        ("ec1200048064", 0x10008),  # CGRJ
        ("ec18fffc017e", 0xFFF8),  # CIJ
        ("a7f50000", 0x10000),
        # None of their operands is relative.
        ("a71b0001", None),  # AGHI
        ("c01f00000001", None),  # LLILF
        ("ec1200048055", None),  # RISBG
        ("cc1800000004", None),  # AIH
        ("b9ab0032", None),  # ESSA
        ("07fe", None),
        ("a7f4", None),
        ("", None),
    ),
)
def test_the_address_is_that_of_the_manual(code: str, expected: int | None) -> None:
    assert relative_operand(bytes.fromhex(code), 0x10000) == expected


def test_addresses_wrap_around() -> None:
    assert relative_operand(bytes.fromhex("a7f4fffe"), 0) == 0xFFFF_FFFF_FFFF_FFFC


def test_each_declared_instruction_has_one_if_its_format_says_so() -> None:
    for declared in INSTRUCTIONS:
        form = declared.format
        values = {field.name: 3 if field.kind is Kind.RELATIVE else 0 for field in form.fields}
        raw = form.compose(declared.opcode, values).to_bytes(form.length, "big")
        expected = ADDRESS + 6 if form.is_relative else None
        assert relative_operand(raw, ADDRESS) == expected, declared.mnemonic


@example(0xC6, bytes.fromhex("0080000000"))
@given(st.sampled_from((0x84, 0x85, 0xA7, 0xC0, 0xC4, 0xC6, 0xCC, 0xEC)), st.binary(min_size=5, max_size=5))
def test_the_text_of_the_instruction_has_it(first: int, rest: bytes) -> None:
    instruction = (bytes((first,)) + rest)[: instruction_length(first)]
    text = disassemble(instruction, ADDRESS)
    target = relative_operand(instruction, ADDRESS)
    if target is not None and not text.startswith("DC "):
        assert text.endswith(f"{target:#x}"), text
