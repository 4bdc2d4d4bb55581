# SPDX-License-Identifier: GPL-2.0-or-later
"""The disassembler: ESSA has a name, the rest agrees with capstone, and nothing is without a text."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

import emu.isa.catalogue  # noqa: F401
from emu.isa.declaration import INSTRUCTIONS
from emu.isa.disassembler import _by_capstone, disassemble
from emu.isa.formats import Kind
from emu.isa.operand_syntax import names_of, operand_lists


@pytest.mark.parametrize(
    ("code", "expected"),
    (
        ("b9ab1023", "ESSA 2,3,1"),
        ("b9ab0000", "ESSA 0,0,0"),
        ("b20d0000", "PTLB"),
        ("b20d1000", "PTLB 0(1)"),
        ("b22b0012", "SSKE 1,2"),
        ("b22b8012", "SSKE 1,2,8"),
        ("b1123fff", "LRA 1,0xfff(2,3)"),
        ("b1103010", "LRA 1,0x10(3)"),
        ("b1130010", "LRA 1,0x10(3,0)"),
        ("b1100010", "LRA 1,0x10"),
        ("e31033451203", "LRAG 1,0x12345(3)"),
        ("c010ffffffff", "LARL 1,0xfffe"),
        # What capstone knows, in the same notation.
        ("b9040012", "LGR 1,2"),
        ("e3102000ff71", "LAY 1,-0x1000(2)"),
        ("3802", "LER 0,2"),
        # Nothing at all, and too few bytes.
        ("00000000", "DC X'00000000'"),
        ("b9ab", "DC X'b9ab'"),
        # A bit outside every field of ESSA.
        ("b9ab1123", "DC X'b9ab1123'"),
    ),
)
def test_text(code: str, expected: str) -> None:
    assert disassemble(bytes.fromhex(code), 0x10000) == expected


def test_no_bytes() -> None:
    with pytest.raises(ValueError, match="no bytes"):
        disassemble(b"")


@given(st.binary(min_size=1, max_size=6), st.integers(0, (1 << 64) - 1))
def test_everything_has_a_text(code: bytes, address: int) -> None:
    text = disassemble(code, address)
    assert re.fullmatch(r"[A-Z0-9.]+( \S+)?( X'[0-9a-f]+')?", text)


UNKNOWN_TO_CAPSTONE = ("CHSC", "ESSA", "SERVC")


def _without_zero_tail(text: str) -> str:
    return re.sub(r"(,0)+$", "", text)


@pytest.mark.parametrize("mnemonic", sorted(each.mnemonic for each in INSTRUCTIONS))
def test_declaration_agrees_with_capstone(mnemonic: str) -> None:
    instruction = INSTRUCTIONS.by_mnemonic(mnemonic)
    form = instruction.format
    # A different value in each operand that is used, all of them right for pairs of general and of floating-point
    # registers; and no masks, which capstone turns into mnemonics of their own.
    used = names_of(operand_lists(instruction)[0])
    values = {field.name: number for number, field in enumerate(form.fields, 1)}
    values |= {field.name: 4 * int(field.name[1]) for field in form.fields if field.kind is Kind.REGISTER}
    values |= {field.name: 0 for field in form.fields if field.kind is Kind.MASK or field.name not in used}
    code = form.compose(instruction.opcode, values).to_bytes(form.length, "big")
    theirs = _by_capstone(code, 0x10000)
    if mnemonic in UNKNOWN_TO_CAPSTONE:
        assert theirs is None
        return
    assert theirs is not None
    # LDXBRA, CEFBRA and their like with masks of zero are the older LDXBR, CEFBR ..., which have none; VREP with
    # zero is of bytes.
    ours = re.sub("^(LEDBR|L[DE]XBR|C[EDX][FG]BR)A 4,0,8", r"\1 4,8", disassemble(code, 0x10000))
    ours = ours.replace("VREP ", "VREPB ")
    assert _without_zero_tail(ours) == _without_zero_tail(theirs)
