# SPDX-License-Identifier: GPL-2.0-or-later
"""Instruction formats as data (PoP chapter 5, "Instruction Formats").

A format says how long an instruction is, where its opcode lies, and where each operand field lies, in the bit
numbers of the manual's figures.  Decoder, assembler and disassembler all read these tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from emu.bits import signed


class Kind(Enum):
    """What an operand field holds."""

    REGISTER = "register"
    VECTOR_REGISTER = "vector register"
    """Its leftmost bit is one of the RXB field."""
    MASK = "mask"
    LENGTH = "length"
    """One less than the number of bytes."""
    BASE = "base register"
    INDEX = "index register"
    DISPLACEMENT = "displacement"
    LONG_DISPLACEMENT = "signed 20-bit displacement, low part first"
    IMMEDIATE = "unsigned immediate"
    SIGNED_IMMEDIATE = "signed immediate"
    RELATIVE = "signed number of halfwords from the instruction"


@dataclass(frozen=True, slots=True)
class Field:
    """One operand field: *width* bits from bit *start*."""

    name: str
    start: int
    width: int
    kind: Kind


@dataclass(frozen=True, slots=True)
class Format:
    """An instruction format.

    *opcode* lists the (start, width) of the opcode's pieces; *syntax* is the operand list as the manual writes it,
    for example ``R1,D2(X2,B2)``.
    """

    name: str
    length: int
    opcode: tuple[tuple[int, int], ...]
    syntax: str
    fields: tuple[Field, ...]

    @property
    def is_relative(self) -> bool:
        """Whether an operand is designated relative to the address of the instruction."""
        return any(field.kind is Kind.RELATIVE for field in self.fields)

    def extract(self, instruction: int) -> dict[str, int]:
        """The operand fields of *instruction* (an integer of ``length`` bytes), by name."""
        return {field.name: self._extract(field, instruction) for field in self.fields}

    def _extract(self, field: Field, instruction: int) -> int:
        width = 8 * self.length
        value = (instruction >> (width - field.start - field.width)) & ((1 << field.width) - 1)
        if field.kind is Kind.VECTOR_REGISTER:
            return instruction >> width - 1 - _RXB[field.start] << 4 & 0x10 | value
        if field.kind is Kind.LONG_DISPLACEMENT:
            return signed(((value & 0xFF) << 12) | value >> 8, 20)
        if field.kind in (Kind.RELATIVE, Kind.SIGNED_IMMEDIATE):
            return signed(value, field.width)
        return value

    def compose(self, opcode: int, operands: dict[str, int]) -> int:
        """The instruction with *opcode* (its pieces concatenated) and *operands*; the inverse of :meth:`extract`.

        :raises ValueError: if an operand is missing, unknown, or does not fit its field.
        """
        unknown = operands.keys() - {field.name for field in self.fields}
        if unknown:
            raise ValueError(f"format {self.name} has no field {', '.join(sorted(unknown))}")
        total = 8 * self.length
        instruction = 0
        remaining = sum(width for _, width in self.opcode)
        for start, width in self.opcode:
            remaining -= width
            instruction |= ((opcode >> remaining) & ((1 << width) - 1)) << (total - start - width)
        for field in self.fields:
            if field.name not in operands:
                raise ValueError(f"format {self.name} needs the field {field.name}")
            bits = _field_bits(field, operands[field.name])
            if field.kind is Kind.VECTOR_REGISTER:
                instruction |= bits >> 4 << total - 1 - _RXB[field.start]
                bits &= 0x0F
            instruction |= bits << (total - field.start - field.width)
        return instruction

    def opcode_of(self, instruction: int) -> int:
        """The opcode pieces of *instruction*, concatenated."""
        total = 8 * self.length
        opcode = 0
        for start, width in self.opcode:
            opcode = opcode << width | (instruction >> (total - start - width)) & ((1 << width) - 1)
        return opcode


_RXB: Final = {8: 36, 12: 37, 16: 38, 32: 39}
"""The bit that is the leftmost of the number of a vector register, by the first bit of its other four."""


def _field_bits(field: Field, value: int) -> int:
    is_signed = field.kind in (Kind.LONG_DISPLACEMENT, Kind.RELATIVE, Kind.SIGNED_IMMEDIATE)
    low, high = (-(1 << field.width - 1), (1 << field.width - 1) - 1) if is_signed else (0, (1 << field.width) - 1)
    if field.kind is Kind.VECTOR_REGISTER:
        high = 31
    if not low <= value <= high:
        raise ValueError(f"{field.name} must lie between {low} and {high}, not {value}")
    if field.kind is Kind.VECTOR_REGISTER:
        return value
    bits = value & ((1 << field.width) - 1)
    if field.kind is Kind.LONG_DISPLACEMENT:
        return (bits & 0xFFF) << 8 | bits >> 12
    return bits


def _r(number: int, start: int) -> Field:
    return Field(f"r{number}", start, 4, Kind.REGISTER)


def _m(number: int, start: int) -> Field:
    return Field(f"m{number}", start, 4, Kind.MASK)


def _v(number: int, start: int) -> Field:
    return Field(f"v{number}", start, 4, Kind.VECTOR_REGISTER)


def _bd(number: int, start: int) -> tuple[Field, Field]:
    return Field(f"b{number}", start, 4, Kind.BASE), Field(f"d{number}", start + 4, 12, Kind.DISPLACEMENT)


def _bdl(number: int, start: int) -> tuple[Field, Field]:
    return Field(f"b{number}", start, 4, Kind.BASE), Field(f"d{number}", start + 4, 20, Kind.LONG_DISPLACEMENT)


def _x(number: int, start: int) -> Field:
    return Field(f"x{number}", start, 4, Kind.INDEX)


def _i(number: int, start: int, width: int) -> Field:
    return Field(f"i{number}", start, width, Kind.IMMEDIATE)


def _si(number: int, start: int, width: int) -> Field:
    return Field(f"i{number}", start, width, Kind.SIGNED_IMMEDIATE)


def _l(number: int, start: int, width: int) -> Field:
    return Field(f"l{number}", start, width, Kind.LENGTH)


def _relative(number: int, start: int, width: int) -> Field:
    return Field(f"ri{number}", start, width, Kind.RELATIVE)


def _without(form: Format, name: str, *left_out: str) -> Format:
    """*form* for instructions that have not the last operands *left_out*, and whose format is then called *name*."""
    syntax = form.syntax
    for each in reversed(left_out):
        syntax = syntax.removesuffix(f",{each.upper()}")
    fields = tuple(field for field in form.fields if field.name not in left_out)
    return Format(f"{form.name} ({name})", form.length, form.opcode, syntax, fields)


_FIRST_BYTE: Final = ((0, 8),)
_TWO_BYTES: Final = ((0, 16),)
_SPLIT: Final = ((0, 8), (40, 8))
_NIBBLE: Final = ((0, 8), (12, 4))

E: Final = Format("E", 2, _TWO_BYTES, "", ())
I: Final = Format("I", 2, _FIRST_BYTE, "I", (_i(1, 8, 8),))  # noqa: E741 - the manual's name
IE: Final = Format("IE", 4, _TWO_BYTES, "I1,I2", (_i(1, 24, 4), _i(2, 28, 4)))
MII: Final = Format("MII", 6, _FIRST_BYTE, "M1,RI2,RI3", (_m(1, 8), _relative(2, 12, 12), _relative(3, 24, 24)))
RI_A: Final = Format("RI-a", 4, _NIBBLE, "R1,I2", (_r(1, 8), _si(2, 16, 16)))
RI_A_UNSIGNED: Final = Format("RI-a (unsigned)", 4, _NIBBLE, "R1,I2", (_r(1, 8), _i(2, 16, 16)))
RI_B: Final = Format("RI-b", 4, _NIBBLE, "R1,RI2", (_r(1, 8), _relative(2, 16, 16)))
RI_C: Final = Format("RI-c", 4, _NIBBLE, "M1,RI2", (_m(1, 8), _relative(2, 16, 16)))
RIE_A: Final = Format("RIE-a", 6, _SPLIT, "R1,I2,M3", (_r(1, 8), _si(2, 16, 16), _m(3, 32)))
RIE_A_UNSIGNED: Final = Format("RIE-a (unsigned)", 6, _SPLIT, "R1,I2,M3", (_r(1, 8), _i(2, 16, 16), _m(3, 32)))
RIE_B: Final = Format("RIE-b", 6, _SPLIT, "R1,R2,M3,RI4", (_r(1, 8), _r(2, 12), _relative(4, 16, 16), _m(3, 32)))
RIE_C: Final = Format("RIE-c", 6, _SPLIT, "R1,I2,M3,RI4", (_r(1, 8), _m(3, 12), _relative(4, 16, 16), _si(2, 32, 8)))
RIE_C_UNSIGNED: Final = Format(
    "RIE-c (unsigned)", 6, _SPLIT, "R1,I2,M3,RI4", (_r(1, 8), _m(3, 12), _relative(4, 16, 16), _i(2, 32, 8))
)
RIE_D: Final = Format("RIE-d", 6, _SPLIT, "R1,R3,I2", (_r(1, 8), _r(3, 12), _si(2, 16, 16)))
RIE_E: Final = Format("RIE-e", 6, _SPLIT, "R1,R3,RI2", (_r(1, 8), _r(3, 12), _relative(2, 16, 16)))
RIE_G: Final = Format("RIE-g", 6, _SPLIT, "R1,I2,M3", (_r(1, 8), _m(3, 12), _si(2, 16, 16)))
RIL_A: Final = Format("RIL-a", 6, _NIBBLE, "R1,I2", (_r(1, 8), _si(2, 16, 32)))
RIL_A_UNSIGNED: Final = Format("RIL-a (unsigned)", 6, _NIBBLE, "R1,I2", (_r(1, 8), _i(2, 16, 32)))
RIL_C: Final = Format("RIL-c", 6, _NIBBLE, "M1,RI2", (_m(1, 8), _relative(2, 16, 32)))
RIS: Final = Format("RIS", 6, _SPLIT, "R1,I2,M3,D4(B4)", (_r(1, 8), _m(3, 12), *_bd(4, 16), _si(2, 32, 8)))
RIS_UNSIGNED: Final = Format(
    "RIS (unsigned)", 6, _SPLIT, "R1,I2,M3,D4(B4)", (_r(1, 8), _m(3, 12), *_bd(4, 16), _i(2, 32, 8))
)
RR: Final = Format("RR", 2, _FIRST_BYTE, "R1,R2", (_r(1, 8), _r(2, 12)))
RR_MASK: Final = Format("RR (mask)", 2, _FIRST_BYTE, "M1,R2", (_m(1, 8), _r(2, 12)))
RRD: Final = Format("RRD", 4, _TWO_BYTES, "R1,R3,R2", (_r(1, 16), _r(3, 24), _r(2, 28)))
RRE: Final = Format("RRE", 4, _TWO_BYTES, "R1,R2", (_r(1, 24), _r(2, 28)))
RRE_NO_R2: Final = _without(RRE, "no R2", "r2")
RRF_A: Final = Format("RRF-a", 4, _TWO_BYTES, "R1,R2,R3,M4", (_r(3, 16), _m(4, 20), _r(1, 24), _r(2, 28)))
RRF_A_NO_M4: Final = _without(RRF_A, "no M4", "m4")
RRF_B: Final = Format("RRF-b", 4, _TWO_BYTES, "R1,R3,R2,M4", (_r(3, 16), _m(4, 20), _r(1, 24), _r(2, 28)))
RRF_B_NO_M4: Final = _without(RRF_B, "no M4", "m4")
RRF_C: Final = Format("RRF-c", 4, _TWO_BYTES, "R1,R2,M3", (_m(3, 16), _r(1, 24), _r(2, 28)))
RRF_E: Final = Format("RRF-e", 4, _TWO_BYTES, "R1,M3,R2,M4", (_m(3, 16), _m(4, 20), _r(1, 24), _r(2, 28)))
RRF_E_NO_M4: Final = Format("RRF-e (no M4)", 4, _TWO_BYTES, "R1,M3,R2", (_m(3, 16), _r(1, 24), _r(2, 28)))
RRS: Final = Format("RRS", 6, _SPLIT, "R1,R2,M3,D4(B4)", (_r(1, 8), _r(2, 12), *_bd(4, 16), _m(3, 32)))
RSL_A: Final = Format("RSL-a", 6, _SPLIT, "D1(L1,B1)", (_l(1, 8, 4), *_bd(1, 16)))
RSI: Final = Format("RSI", 4, _FIRST_BYTE, "R1,R3,RI2", (_r(1, 8), _r(3, 12), _relative(2, 16, 16)))
RS_A: Final = Format("RS-a", 4, _FIRST_BYTE, "R1,R3,D2(B2)", (_r(1, 8), _r(3, 12), *_bd(2, 16)))
RS_A_NO_R3: Final = Format("RS-a (no R3)", 4, _FIRST_BYTE, "R1,D2(B2)", (_r(1, 8), *_bd(2, 16)))
RS_B: Final = Format("RS-b", 4, _FIRST_BYTE, "R1,M3,D2(B2)", (_r(1, 8), _m(3, 12), *_bd(2, 16)))
RSY_A: Final = Format("RSY-a", 6, _SPLIT, "R1,R3,D2(B2)", (_r(1, 8), _r(3, 12), *_bdl(2, 16)))
RSY_B: Final = Format("RSY-b", 6, _SPLIT, "R1,M3,D2(B2)", (_r(1, 8), _m(3, 12), *_bdl(2, 16)))
RSY_B_MASK: Final = Format("RSY-b (mask last)", 6, _SPLIT, "R1,D2(B2),M3", RSY_B.fields)
RX_A: Final = Format("RX-a", 4, _FIRST_BYTE, "R1,D2(X2,B2)", (_r(1, 8), _x(2, 12), *_bd(2, 16)))
RX_B: Final = Format("RX-b", 4, _FIRST_BYTE, "M1,D2(X2,B2)", (_m(1, 8), _x(2, 12), *_bd(2, 16)))
RXE: Final = Format("RXE", 6, _SPLIT, "R1,D2(X2,B2),M3", (_r(1, 8), _x(2, 12), *_bd(2, 16), _m(3, 32)))
RXE_NO_MASK: Final = Format("RXE (no M3)", 6, _SPLIT, "R1,D2(X2,B2)", (_r(1, 8), _x(2, 12), *_bd(2, 16)))
RXF: Final = Format("RXF", 6, _SPLIT, "R1,R3,D2(X2,B2)", (_r(3, 8), _x(2, 12), *_bd(2, 16), _r(1, 32)))
RXY_A: Final = Format("RXY-a", 6, _SPLIT, "R1,D2(X2,B2)", (_r(1, 8), _x(2, 12), *_bdl(2, 16)))
RXY_B: Final = Format("RXY-b", 6, _SPLIT, "M1,D2(X2,B2)", (_m(1, 8), _x(2, 12), *_bdl(2, 16)))
RIE_F: Final = Format(
    "RIE-f", 6, _SPLIT, "R1,R2,I3,I4,I5", (_r(1, 8), _r(2, 12), _i(3, 16, 8), _i(4, 24, 8), _i(5, 32, 8))
)
RIL_B: Final = Format("RIL-b", 6, _NIBBLE, "R1,RI2", (_r(1, 8), _relative(2, 16, 32)))
S: Final = Format("S", 4, _TWO_BYTES, "D2(B2)", _bd(2, 16))
S_8: Final = Format("S (one-byte opcode)", 4, _FIRST_BYTE, "D2(B2)", _bd(2, 16))
SI: Final = Format("SI", 4, _FIRST_BYTE, "D1(B1),I2", (_i(2, 8, 8), *_bd(1, 16)))
SIL: Final = Format("SIL", 6, _TWO_BYTES, "D1(B1),I2", (*_bd(1, 16), _si(2, 32, 16)))
SIL_UNSIGNED: Final = Format("SIL (unsigned)", 6, _TWO_BYTES, "D1(B1),I2", (*_bd(1, 16), _i(2, 32, 16)))
SIY: Final = Format("SIY", 6, _SPLIT, "D1(B1),I2", (_si(2, 8, 8), *_bdl(1, 16)))
SIY_UNSIGNED: Final = Format("SIY (unsigned)", 6, _SPLIT, "D1(B1),I2", (_i(2, 8, 8), *_bdl(1, 16)))
SMI: Final = Format("SMI", 6, _FIRST_BYTE, "M1,RI2,D3(B3)", (_m(1, 8), *_bd(3, 16), _relative(2, 32, 16)))
SS_A: Final = Format("SS-a", 6, _FIRST_BYTE, "D1(L1,B1),D2(B2)", (_l(1, 8, 8), *_bd(1, 16), *_bd(2, 32)))
SS_B: Final = Format(
    "SS-b", 6, _FIRST_BYTE, "D1(L1,B1),D2(L2,B2)", (_l(1, 8, 4), _l(2, 12, 4), *_bd(1, 16), *_bd(2, 32))
)
SS_C: Final = Format(
    "SS-c", 6, _FIRST_BYTE, "D1(L1,B1),D2(B2),I3", (_l(1, 8, 4), _i(3, 12, 4), *_bd(1, 16), *_bd(2, 32))
)
SS_D: Final = Format("SS-d", 6, _FIRST_BYTE, "D1(R1,B1),D2(B2),R3", (_r(1, 8), _r(3, 12), *_bd(1, 16), *_bd(2, 32)))
SS_F: Final = Format("SS-f", 6, _FIRST_BYTE, "D1(B1),D2(L2,B2)", (_l(2, 8, 8), *_bd(1, 16), *_bd(2, 32)))
SS_E: Final = Format("SS-e", 6, _FIRST_BYTE, "R1,R3,D2(B2),D4(B4)", (_r(1, 8), _r(3, 12), *_bd(2, 16), *_bd(4, 32)))
SS_E_PLO: Final = Format("SS-e (PLO)", 6, _FIRST_BYTE, "R1,D2(B2),R3,D4(B4)", SS_E.fields)
SSE: Final = Format("SSE", 6, _TWO_BYTES, "D1(B1),D2(B2)", (*_bd(1, 16), *_bd(2, 32)))
SSF_R3: Final = Format("SSF (R3 first)", 6, _NIBBLE, "R3,D1(B1),D2(B2)", (_r(3, 8), *_bd(1, 16), *_bd(2, 32)))
SSF: Final = Format("SSF", 6, _NIBBLE, "D1(B1),D2(B2),R3", (_r(3, 8), *_bd(1, 16), *_bd(2, 32)))
VRI_A: Final = Format("VRI-a", 6, _SPLIT, "V1,I2,M3", (_v(1, 8), _i(2, 16, 16), _m(3, 32)))
VRI_A_NO_M3: Final = _without(VRI_A, "no M3", "m3")
VRI_A_SIGNED: Final = Format("VRI-a (signed)", 6, _SPLIT, "V1,I2,M3", (_v(1, 8), _si(2, 16, 16), _m(3, 32)))
VRI_B: Final = Format("VRI-b", 6, _SPLIT, "V1,I2,I3,M4", (_v(1, 8), _i(2, 16, 8), _i(3, 24, 8), _m(4, 32)))
VRI_C: Final = Format("VRI-c", 6, _SPLIT, "V1,V3,I2,M4", (_v(1, 8), _v(3, 12), _i(2, 16, 16), _m(4, 32)))
VRI_D: Final = Format("VRI-d", 6, _SPLIT, "V1,V2,V3,I4,M5", (_v(1, 8), _v(2, 12), _v(3, 16), _i(4, 24, 8), _m(5, 32)))
VRI_D_NO_M5: Final = _without(VRI_D, "no M5", "m5")
VRI_E: Final = Format("VRI-e", 6, _SPLIT, "V1,V2,I3,M4,M5", (_v(1, 8), _v(2, 12), _i(3, 16, 12), _m(5, 28), _m(4, 32)))
VRR_A: Final = Format("VRR-a", 6, _SPLIT, "V1,V2,M3,M4,M5", (_v(1, 8), _v(2, 12), _m(5, 24), _m(4, 28), _m(3, 32)))
VRR_A_NO_MASK: Final = _without(VRR_A, "no masks", "m3", "m4", "m5")
VRR_A_M3: Final = _without(VRR_A, "M3 only", "m4", "m5")
VRR_A_M3_M4: Final = _without(VRR_A, "no M5", "m5")
VRR_A_M3_M5: Final = Format("VRR-a (no M4)", 6, _SPLIT, "V1,V2,M3,M5", (_v(1, 8), _v(2, 12), _m(5, 24), _m(3, 32)))
VRR_B: Final = Format("VRR-b", 6, _SPLIT, "V1,V2,V3,M4,M5", (_v(1, 8), _v(2, 12), _v(3, 16), _m(5, 24), _m(4, 32)))
VRR_C: Final = Format(
    "VRR-c",
    6,
    _SPLIT,
    "V1,V2,V3,M4,M5,M6",
    (_v(1, 8), _v(2, 12), _v(3, 16), _m(6, 24), _m(5, 28), _m(4, 32)),
)
VRR_E: Final = Format(
    "VRR-e",
    6,
    _SPLIT,
    "V1,V2,V3,V4,M5,M6",
    (_v(1, 8), _v(2, 12), _v(3, 16), _m(6, 20), _m(5, 28), _v(4, 32)),
)
VRR_C_M4: Final = _without(VRR_C, "M4 only", "m5", "m6")
VRR_C_NO_MASK: Final = _without(VRR_C, "no masks", "m4", "m5", "m6")
VRR_D: Final = Format(
    "VRR-d",
    6,
    _SPLIT,
    "V1,V2,V3,V4,M5,M6",
    (_v(1, 8), _v(2, 12), _v(3, 16), _m(5, 20), _m(6, 24), _v(4, 32)),
)
VRR_D_M5: Final = _without(VRR_D, "no M6", "m6")
VRR_E_NO_MASK: Final = _without(VRR_E, "no masks", "m5", "m6")
VRR_F: Final = Format("VRR-f", 6, _SPLIT, "V1,R2,R3", (_v(1, 8), _r(2, 12), _r(3, 16)))
VRS_A: Final = Format("VRS-a", 6, _SPLIT, "V1,V3,D2(B2),M4", (_v(1, 8), _v(3, 12), *_bd(2, 16), _m(4, 32)))
VRS_A_NO_M4: Final = _without(VRS_A, "no M4", "m4")
VRS_B: Final = Format("VRS-b", 6, _SPLIT, "V1,R3,D2(B2),M4", (_v(1, 8), _r(3, 12), *_bd(2, 16), _m(4, 32)))
VRS_B_NO_M4: Final = _without(VRS_B, "no M4", "m4")
VRS_C: Final = Format("VRS-c", 6, _SPLIT, "R1,V3,D2(B2),M4", (_r(1, 8), _v(3, 12), *_bd(2, 16), _m(4, 32)))
VRV: Final = Format("VRV", 6, _SPLIT, "V1,D2(V2,B2),M3", (_v(1, 8), _v(2, 12), *_bd(2, 16), _m(3, 32)))
VRX: Final = Format("VRX", 6, _SPLIT, "V1,D2(X2,B2),M3", (_v(1, 8), _x(2, 12), *_bd(2, 16), _m(3, 32)))
VRX_NO_M3: Final = _without(VRX, "no M3", "m3")
