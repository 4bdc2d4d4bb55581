# SPDX-License-Identifier: GPL-2.0-or-later
"""Instruction formats: what is composed is extracted again, and some instructions as the manual's figures give them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emu.instruction_length import instruction_length
from emu.isa import formats
from emu.isa.formats import Field, Format, Kind

FORMATS = [value for value in vars(formats).values() if isinstance(value, Format)]
SIGNED = (Kind.LONG_DISPLACEMENT, Kind.RELATIVE, Kind.SIGNED_IMMEDIATE)
EACH = pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)


def values(field: Field) -> st.SearchStrategy[int]:
    """Everything that *field* can hold."""
    if field.kind in SIGNED:
        return st.integers(-(1 << field.width - 1), (1 << field.width - 1) - 1)
    return st.integers(0, 31 if field.kind is Kind.VECTOR_REGISTER else (1 << field.width) - 1)


def opcode_width(form: Format) -> int:
    return sum(width for _, width in form.opcode)


@EACH
@given(data=st.data())
def test_what_is_composed_is_extracted_again(form: Format, data: st.DataObject) -> None:
    opcode = data.draw(st.integers(0, (1 << opcode_width(form)) - 1))
    operands = {field.name: data.draw(values(field)) for field in form.fields}
    instruction = form.compose(opcode, operands)
    assert 0 <= instruction < 1 << 8 * form.length
    assert form.extract(instruction) == operands
    assert form.opcode_of(instruction) == opcode


@EACH
def test_fields_and_opcode_lie_apart_and_inside(form: Format) -> None:
    pieces = [*form.opcode, *((field.start, field.width) for field in form.fields)]
    covered = [number for start, width in pieces for number in range(start, start + width)]
    assert len(covered) == len(set(covered))
    assert max(covered) < 8 * form.length
    names = [field.name for field in form.fields]
    assert len(names) == len(set(names))


@EACH
def test_the_syntax_names_the_fields(form: Format) -> None:
    named = {name.lower() for name in re.findall(r"[A-Z]+\d?", form.syntax)}
    assert {field.name for field in form.fields} == ({"i1"} if named == {"i"} else named)


# Opcode, format and operands of an instruction, and its bytes.
@pytest.mark.parametrize(
    ("name", "opcode", "operands", "code"),
    (
        ("RR", 0x18, {"r1": 1, "r2": 2}, "1812"),
        ("RRE", 0xB98D, {"r1": 3, "r2": 4}, "b98d0034"),
        ("RRF_B", 0xB221, {"r1": 1, "r2": 2, "r3": 3, "m4": 1}, "b2213112"),
        ("RRF_C", 0xB9AB, {"r1": 1, "r2": 2, "m3": 4}, "b9ab4012"),
        ("RS_A", 0xB7, {"r1": 14, "r3": 1, "b2": 5, "d2": 0xABC}, "b7e15abc"),
        ("RSY_A", 0xEB2F, {"r1": 0, "r3": 15, "b2": 5, "d2": 0x12345}, "eb0f5345122f"),
        ("RSY_A", 0xEB2F, {"r1": 0, "r3": 15, "b2": 5, "d2": -1}, "eb0f5fffff2f"),
        ("RX_A", 0xB1, {"r1": 1, "x2": 2, "b2": 3, "d2": 4}, "b1123004"),
        ("RXY_A", 0xE303, {"r1": 1, "x2": 2, "b2": 3, "d2": -0x80000}, "e31230008003"),
        ("RIL_B", 0xC00, {"r1": 1, "ri2": -2}, "c010fffffffe"),
        ("RSI", 0x84, {"r1": 1, "r3": 3, "ri2": 0x7FFF}, "84137fff"),
        ("S", 0xB2B2, {"b2": 5, "d2": 8}, "b2b25008"),
        ("S_8", 0x82, {"b2": 5, "d2": 8}, "82005008"),
        ("SI", 0xAD, {"b1": 5, "d1": 8, "i2": 3}, "ad035008"),
        ("SS_D", 0xDA, {"r1": 1, "b1": 2, "d1": 3, "b2": 4, "d2": 5, "r3": 6}, "da1620034005"),
        ("SSE", 0xE50E, {"b1": 2, "d1": 3, "b2": 4, "d2": 5}, "e50e20034005"),
        ("SSF", 0xC80, {"b1": 2, "d1": 3, "b2": 4, "d2": 5, "r3": 6}, "c86020034005"),
        ("E", 0x0101, {}, "0101"),
    ),
)
def test_instructions_of_the_manual(name: str, opcode: int, operands: dict[str, int], code: str) -> None:
    form: Format = getattr(formats, name)
    assert form.compose(opcode, operands).to_bytes(form.length, "big").hex() == code
    assert form.extract(int(code, 16)) == operands
    assert form.opcode_of(int(code, 16)) == opcode


@pytest.mark.parametrize(
    ("operands", "message"),
    (
        ({"r1": 1}, "format RRE needs the field r2"),
        ({"r1": 1, "r2": 2, "d2": 3}, "format RRE has no field d2"),
        ({"r1": 1, "r2": 16}, "r2 must lie between 0 and 15, not 16"),
        ({"r1": -1, "r2": 2}, "r1 must lie between 0 and 15, not -1"),
    ),
)
def test_operands_that_do_not_fit(operands: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        formats.RRE.compose(0xB98D, operands)


@pytest.mark.parametrize("displacement", (-0x80001, 0x80000))
def test_a_long_displacement_is_signed(displacement: int) -> None:
    with pytest.raises(ValueError, match=r"^d2 must lie between -524288 and 524287"):
        formats.RSY_A.compose(0xEB2F, {"r1": 0, "r3": 0, "b2": 0, "d2": displacement})


@EACH
def test_relative_formats_are_known(form: Format) -> None:
    assert form.is_relative == ("RI" in form.syntax.replace("RIE", ""))


# PoP 5, "Instruction Formats": bits 0 and 1 of the opcode.
@pytest.mark.parametrize(
    ("first", "length"), ((0x00, 2), (0x3F, 2), (0x40, 4), (0x7F, 4), (0x80, 4), (0xBF, 4), (0xC0, 6), (0xFF, 6))
)
def test_instruction_length(first: int, length: int) -> None:
    assert instruction_length(first) == length
