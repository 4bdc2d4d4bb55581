# SPDX-License-Identifier: GPL-2.0-or-later
"""Branches, and COMPARE AND TRAP (PoP 7) of the reference model."""

from __future__ import annotations

from typing import Final

from tests.support.reference.registers import condition
from tests.support.reference.state import DATA, Fields, Interruption, State, enter, general, ones, signed

_LONG: Final = 1 << 31


def _relative(s: State, halfwords: int, width: int) -> int:
    return s.place + 2 * signed(halfwords, width)


def _link(s: State, register: int) -> None:
    """Link information of BAS and its like: of BASR with bit 32 in the 31-bit mode, and without the rest in 64-bit."""
    if s.mode == 64:
        s.set_whole(register, s.address + s.length)
    else:
        after = s.wrap(s.address + s.length)
        s.set_low(register, after | _LONG if s.mode == 31 else after)


def _link_old(s: State, register: int) -> None:
    """Of BAL: in the 24-bit mode the instruction length, condition code and program mask come first."""
    if s.mode == 24:
        mask = 8 if s.overflow_mask else 0
        after = s.wrap(s.address + s.length)
        s.set_low(register, (s.length // 2 << 6 | s.cc << 4 | mask) << 24 | after)
    else:
        _link(s, register)


@general("BC", "RX-m", 0x47)
def _bc(s: State, f: Fields) -> None:
    if condition(s, f.m):
        s.branch(s.effective(f.b2, f.d2, f.x2))


@general("BCR", "RR-m", 0x07)
def _bcr(s: State, f: Fields) -> None:
    if f.r2 and condition(s, f.m):
        s.branch(s.gr[f.r2])


@general("BRC", "RI-m", 0xA74)
def _brc(s: State, f: Fields) -> None:
    if condition(s, f.m):
        s.branch(_relative(s, f.i, 16))


@general("BRCL", "RIL-m", 0xC04)
def _brcl(s: State, f: Fields) -> None:
    if condition(s, f.m):
        s.branch(_relative(s, f.i, 32))


def _with_link(mnemonic: str, form: str, opcode: int, *, is_old: bool) -> None:
    def function(s: State, f: Fields) -> None:
        if form == "RR":
            target = s.gr[f.r2] if f.r2 else None
        elif form == "RX":
            target = s.effective(f.b2, f.d2, f.x2)
        else:
            target = _relative(s, f.i, 16 if form == "RI" else 32)
        (_link_old if is_old else _link)(s, f.r1)
        if target is not None:
            s.branch(target)

    enter(mnemonic, form, opcode, function)


_with_link("BALR", "RR", 0x05, is_old=True)
_with_link("BAL", "RX", 0x45, is_old=True)
_with_link("BASR", "RR", 0x0D, is_old=False)
_with_link("BAS", "RX", 0x4D, is_old=False)
_with_link("BRAS", "RI", 0xA75, is_old=False)
_with_link("BRASL", "RIL", 0xC05, is_old=False)


def _on_count(mnemonic: str, form: str, opcode: int, part: str) -> None:
    def function(s: State, f: Fields) -> None:
        if form in ("RR", "RRE"):
            target = s.gr[f.r2] if f.r2 else None
        elif form in ("RX", "RXY"):
            target = s.effective(f.b2, f.d2, f.x2)
        else:
            target = _relative(s, f.i, 16 if form == "RI" else 32)
        if part == "whole":
            s.set_whole(f.r1, s.gr[f.r1] - 1)
            is_zero = s.gr[f.r1] == 0
        elif part == "low":
            s.set_low(f.r1, s.low(f.r1) - 1)
            is_zero = s.low(f.r1) == 0
        else:
            s.set_high(f.r1, s.high(f.r1) - 1)
            is_zero = s.high(f.r1) == 0
        if target is not None and not is_zero:
            s.branch(target)

    enter(mnemonic, form, opcode, function)


_on_count("BCT", "RX", 0x46, "low")
_on_count("BCTR", "RR", 0x06, "low")
_on_count("BCTG", "RXY", 0xE346, "whole")
_on_count("BCTGR", "RRE", 0xB946, "whole")
_on_count("BRCT", "RI", 0xA76, "low")
_on_count("BRCTG", "RI", 0xA77, "whole")
_on_count("BRCTH", "RIL", 0xCC6, "high")


def _on_index(mnemonic: str, form: str, opcode: int, width: int, *, is_high: bool) -> None:
    def function(s: State, f: Fields) -> None:
        target = _relative(s, f.i, 16) if form in ("RSI", "RIE-e") else s.effective(f.b2, f.d2)
        increment, comparand = signed(s.gr[f.r3], width), signed(s.gr[f.r3 | 1], width)
        total = signed(signed(s.gr[f.r1], width) + increment, width)
        if width == 64:
            s.set_whole(f.r1, total)
        else:
            s.set_low(f.r1, total)
        if total > comparand if is_high else total <= comparand:
            s.branch(target)

    enter(mnemonic, form, opcode, function)


_on_index("BXH", "RS", 0x86, 32, is_high=True)
_on_index("BXLE", "RS", 0x87, 32, is_high=False)
_on_index("BXHG", "RSY", 0xEB44, 64, is_high=True)
_on_index("BXLEG", "RSY", 0xEB45, 64, is_high=False)
_on_index("BRXH", "RSI", 0x84, 32, is_high=True)
_on_index("BRXLE", "RSI", 0x85, 32, is_high=False)
_on_index("BRXHG", "RIE-e", 0xEC44, 64, is_high=True)
_on_index("BRXLG", "RIE-e", 0xEC45, 64, is_high=False)


def _outcome(first: int, second: int, width: int, *, is_signed: bool) -> int:
    """8 equal, 4 low, 2 high."""
    first, second = first & ones(width), second & ones(width)
    if is_signed:
        first, second = signed(first, width), signed(second, width)
    return 8 if first == second else 4 if first < second else 2


def _compare_and(mnemonic: str, form: str, opcode: int, width: int, *, is_signed: bool) -> None:
    def function(s: State, f: Fields) -> None:
        if form in ("RIE-c", "RIS"):
            operand = signed(f.i, 8) if is_signed else f.i
        elif form == "RIE-a":
            operand = signed(f.i, 16) if is_signed else f.i
        elif form == "RSY-m":
            operand = s.load(s.effective(f.b2, f.d2), width)
        else:
            operand = s.gr[f.r2]
        is_met = f.m & _outcome(s.gr[f.r1], operand, width, is_signed=is_signed)
        if "T" in mnemonic:
            if is_met:
                raise Interruption(DATA)
        elif is_met:
            if form in ("RRS", "RIS"):
                s.branch(s.effective(f.b2, f.d2))
            else:
                s.branch(_relative(s, f.i4 if form == "RIE-c" else f.i, 16))

    enter(mnemonic, form, opcode, function)


for _row in """
CRJ RIE-b EC76 32 signed
CGRJ RIE-b EC64 64 signed
CLRJ RIE-b EC77 32 logical
CLGRJ RIE-b EC65 64 logical
CIJ RIE-c EC7E 32 signed
CGIJ RIE-c EC7C 64 signed
CLIJ RIE-c EC7F 32 logical
CLGIJ RIE-c EC7D 64 logical
CRB RRS ECF6 32 signed
CGRB RRS ECE4 64 signed
CLRB RRS ECF7 32 logical
CLGRB RRS ECE5 64 logical
CIB RIS ECFE 32 signed
CGIB RIS ECFC 64 signed
CLIB RIS ECFF 32 logical
CLGIB RIS ECFD 64 logical
CRT RRF-c B972 32 signed
CGRT RRF-c B960 64 signed
CLRT RRF-c B973 32 logical
CLGRT RRF-c B961 64 logical
CIT RIE-a EC72 32 signed
CGIT RIE-a EC70 64 signed
CLFIT RIE-a EC73 32 logical
CLGIT RIE-a EC71 64 logical
CLT RSY-m EB23 32 logical
CLGT RSY-m EB2B 64 logical
""".strip().splitlines():
    _mnemonic, _form, _opcode, _width, _sign = _row.split()
    _compare_and(_mnemonic, _form, int(_opcode, 16), int(_width), is_signed=_sign == "signed")
