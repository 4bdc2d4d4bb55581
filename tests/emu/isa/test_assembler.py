# SPDX-License-Identifier: GPL-2.0-or-later
"""The assembler: encodings from the manual's figures, round trips, and errors."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

import emu.isa.catalogue  # noqa: F401
from emu.isa.assembler import AssemblyError, assemble, encode
from emu.isa.declaration import INSTRUCTIONS, Instruction
from emu.isa.disassembler import disassemble
from emu.isa.formats import Field, Kind


def field_values(field: Field) -> st.SearchStrategy[int]:
    if field.kind in (Kind.LONG_DISPLACEMENT, Kind.RELATIVE, Kind.SIGNED_IMMEDIATE):
        return st.integers(-(1 << field.width - 1), (1 << field.width - 1) - 1)
    return st.integers(0, 31 if field.kind is Kind.VECTOR_REGISTER else (1 << field.width) - 1)


@st.composite
def declared_instructions(draw: st.DrawFn) -> tuple[Instruction, dict[str, int]]:
    """Any declared instruction with any operands."""
    instruction = draw(st.sampled_from(sorted(INSTRUCTIONS, key=lambda each: each.mnemonic)))
    return instruction, {field.name: draw(field_values(field)) for field in instruction.format.fields}


@given(declared_instructions())
def test_encode_is_the_inverse_of_the_decoder(drawn: tuple[Instruction, dict[str, int]]) -> None:
    instruction, fields = drawn
    code = encode(instruction.mnemonic, **fields)
    raw = int.from_bytes(code, "big")
    assert INSTRUCTIONS.find(raw, len(code)) is instruction
    assert instruction.format.extract(raw) == fields


@given(declared_instructions(), st.integers(0, 1 << 63).map(lambda half: 2 * half & (1 << 64) - 1))
def test_text_and_bytes_go_round(drawn: tuple[Instruction, dict[str, int]], address: int) -> None:
    instruction, fields = drawn
    code = encode(instruction.mnemonic, **fields)
    assert assemble(disassemble(code, address), address) == code


@pytest.mark.parametrize(
    ("text", "expected"),
    (
        # RRF-c: the opcode, M3, zeros, R1, R2.
        ("ESSA 2,3,1", "b9ab1023"),
        ("essa %r2, %r3, 1", "b9ab1023"),
        ("SSKE 1,2", "b22b0012"),
        ("SSKE 1,2,8", "b22b8012"),
        ("PTLB", "b20d0000"),
        ("IPTE 1,2", "b2210012"),
        ("IPTE 1,2,3", "b2213012"),
        ("IPTE 1,2,3,1", "b2213112"),
        # RRF-b writes R3 second.
        ("IDTE 1,3,2", "b98e3012"),
        ("LRA 1,X'FFF'(2,3)", "b1123fff"),
        ("LRA 1,16(3)", "b1103010"),
        ("LRA 1,16(,3)", "b1103010"),
        ("LRA 1,16(3,0)", "b1130010"),
        ("LRA 1,16", "b1100010"),
        # The long displacement is stored low part first.
        ("LRAG 1,-1(2,3)", "e3123fffff03"),
        ("LRAG 1,0x12345(3)", "e31033451203"),
        ("TPROT 0(1),0(2)", "e50110002000"),
        ("LARL 1,*+8", "c01000000004"),
        ("LARL 1,*", "c01000000000"),
        ("DC X'0001aBcD'", "0001abcd"),
    ),
)
def test_statement(text: str, expected: str) -> None:
    assert assemble(text).hex() == expected


def test_relative_operand_is_an_address() -> None:
    assert assemble("LARL 1,0x10008", 0x10000) == bytes.fromhex("c01000000004")
    assert assemble("LARL 1,0xFFFFFFFFFFFFFFFE", 0) == bytes.fromhex("c010ffffffff")


def test_statements_follow_each_other() -> None:
    code = assemble("# nothing\nPTLB\n\n  BRC 15,0x10000  # back\n", 0x10000)
    assert code == bytes.fromhex("b20d0000a7f4fffe")


@pytest.mark.parametrize(
    ("text", "message"),
    (
        ("FROB 1", "FROB is not an instruction that is known here"),
        ("ESSA 1,2", "ESSA: expected the operands R1,R2,M3, not '1,2'"),
        ("PTLB 1,2", "PTLB: expected the operands D2(B2), not '1,2'"),
        ("ESSA 16,2,3", "ESSA: r1 must lie between 0 and 15, not 16"),
        ("ESSA 1,2,16", "ESSA: m3 must lie between 0 and 15, not 16"),
        ("ESSA x,2,3", "ESSA: R1: expected a register number, not 'x'"),
        ("ESSA 1,2,x", "ESSA: M3: expected a number, not 'x'"),
        ("LRA 1,4096(2)", "LRA: d2 must lie between 0 and 4095, not 4096"),
        ("LRA 1,0(2,3,4)", "LRA: expected D2(X2,B2), not '0(2,3,4)'"),
        ("LRA 1,0(2", "LRA: expected D2(X2,B2), not '0(2'"),
        ("LARL 1,*+3", "LARL: RI2: *+3 is an odd number of bytes away"),
        ("BRAS 1,*+65536", "BRAS: ri2 must lie between -32768 and 32767, not 32768"),
        ("DC 12", "DC: expected X'...' with an even number of hexadecimal digits, not '12'"),
        ("PTLB\nFROB", "line 2: FROB is not an instruction that is known here"),
    ),
)
def test_errors_name_what_was_expected(text: str, message: str) -> None:
    with pytest.raises(AssemblyError, match=f"^{re.escape(message)}$"):
        assemble(text)


def test_unknown_field() -> None:
    with pytest.raises(AssemblyError, match="ESSA: format RRF-c has no field x2"):
        encode("ESSA", x2=1)
