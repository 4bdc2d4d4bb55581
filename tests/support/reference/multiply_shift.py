# SPDX-License-Identifier: GPL-2.0-or-later
"""MULTIPLY and DIVIDE of pairs, shifts, rotates, FIND LEFTMOST ONE, POPULATION COUNT (PoP 7) of the reference model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tests.support.reference.registers import second
from tests.support.reference.state import (
    FIXED_POINT_DIVIDE,
    Fields,
    Interruption,
    State,
    enter,
    general,
    ones,
    signed,
)

# MULTIPLY and DIVIDE

_PAIRS: Final = """
MR RR 1C multiply 32 signed register
M RX 5C multiply 32 signed storage
MFY RXY E35C multiply 32 signed storage
MLR RRE B996 multiply 32 logical register
ML RXY E396 multiply 32 logical storage
MLGR RRE B986 multiply 64 logical register
MLG RXY E386 multiply 64 logical storage
DR RR 1D divide 32 signed register
D RX 5D divide 32 signed storage
DLR RRE B997 divide 32 logical register
DL RXY E397 divide 32 logical storage
DLGR RRE B987 divide 64 logical register
DLG RXY E387 divide 64 logical storage
DSGR RRE B90D single 64 signed register
DSG RXY E30D single 64 signed storage
DSGFR RRE B91D single 32 signed register
DSGF RXY E31D single 32 signed storage
"""


def _put(s: State, register: int, value: int, width: int) -> None:
    if width == 64:
        s.set_whole(register, value)
    else:
        s.set_low(register, value)


def _divide(s: State, register: int, dividend: int, divisor: int, width: int, *, is_signed: bool) -> None:
    if divisor == 0:
        raise Interruption(FIXED_POINT_DIVIDE)
    quotient, remainder = divmod(abs(dividend), abs(divisor))
    quotient = -quotient if (dividend < 0) != (divisor < 0) else quotient
    remainder = -remainder if dividend < 0 else remainder
    fits = signed(quotient, width) == quotient if is_signed else quotient <= ones(width)
    if not fits:
        raise Interruption(FIXED_POINT_DIVIDE)
    _put(s, register, remainder, width)
    _put(s, register + 1, quotient, width)


def _of_pair(mnemonic: str, form: str, opcode: int, kind: str, width: int, sign: str, source: str) -> None:
    def function(s: State, f: Fields) -> None:
        s.require_even(f.r1)
        operand = s.gr[f.r2] & ones(width) if source == "register" else s.load(second(s, f), width)
        if sign == "signed":
            operand = signed(operand, width)
        if kind == "multiply":
            first = s.gr[f.r1 + 1] & ones(width)
            product = (signed(first, width) if sign == "signed" else first) * operand
            _put(s, f.r1, product >> width, width)
            _put(s, f.r1 + 1, product, width)
        elif kind == "single":
            _divide(s, f.r1, signed(s.gr[f.r1 + 1], 64), operand, 64, is_signed=True)
        else:
            dividend = s.gr[f.r1] << 64 | s.gr[f.r1 + 1] if width == 64 else s.pair(f.r1)
            dividend = signed(dividend, 2 * width) if sign == "signed" else dividend
            _divide(s, f.r1, dividend, operand, width, is_signed=sign == "signed")

    enter(mnemonic, form, opcode, function)


for _row in _PAIRS.strip().splitlines():
    _mnemonic, _form, _opcode, _kind, _width, _sign, _source = _row.split()
    _of_pair(_mnemonic, _form, int(_opcode, 16), _kind, int(_width), _sign, _source)


# Shifts: the amount is bits 58-63 of the second-operand address, which is no address of storage


def _amount(s: State, f: Fields) -> int:
    return s.effective(f.b2, f.d2) & 63


def _left(value: int, amount: int, width: int) -> int:
    return value << amount & ones(width)


def _right(value: int, amount: int, _: int) -> int:
    return value >> amount


def _left_single(s: State, value: int, amount: int, width: int) -> tuple[int, bool]:
    """The sign stays; overflow if a bit unlike the sign is shifted out of the numeric part."""
    exact = signed(value, width) << amount
    result = exact & ones(width - 1) | value & 1 << width - 1
    overflow = signed(result, width) != exact
    s.cc = 3 if overflow else (0 if exact == 0 else 1 if exact < 0 else 2)
    return result, overflow


def _right_single(s: State, value: int, amount: int, width: int) -> tuple[int, bool]:
    result = signed(value, width) >> amount
    s.cc = 0 if result == 0 else 1 if result < 0 else 2
    return result & ones(width), False


_Logical = Callable[[int, int, int], int]
_Single = Callable[[State, int, int, int], tuple[int, bool]]

_SHIFTS: Final = (
    ("SLL", "RS-s", 0x89, 32, "r1", _left),
    ("SLLK", "RSY", 0xEBDF, 32, "r3", _left),
    ("SLLG", "RSY", 0xEB0D, 64, "r3", _left),
    ("SLDL", "RS-s", 0x8D, 64, "pair", _left),
    ("SRL", "RS-s", 0x88, 32, "r1", _right),
    ("SRLK", "RSY", 0xEBDE, 32, "r3", _right),
    ("SRLG", "RSY", 0xEB0C, 64, "r3", _right),
    ("SRDL", "RS-s", 0x8C, 64, "pair", _right),
)
_SINGLE_SHIFTS: Final = (
    ("SLA", "RS-s", 0x8B, 32, "r1", _left_single),
    ("SLAK", "RSY", 0xEBDD, 32, "r3", _left_single),
    ("SLAG", "RSY", 0xEB0B, 64, "r3", _left_single),
    ("SLDA", "RS-s", 0x8F, 64, "pair", _left_single),
    ("SRA", "RS-s", 0x8A, 32, "r1", _right_single),
    ("SRAK", "RSY", 0xEBDC, 32, "r3", _right_single),
    ("SRAG", "RSY", 0xEB0A, 64, "r3", _right_single),
    ("SRDA", "RS-s", 0x8E, 64, "pair", _right_single),
)


def _operand(s: State, f: Fields, source: str, width: int) -> int:
    if source == "pair":
        s.require_even(f.r1)
        return s.pair(f.r1)
    return s.gr[f.r1 if source == "r1" else f.r3] & ones(width)


def _replace(s: State, f: Fields, source: str, width: int, result: int) -> None:
    if source == "pair":
        s.set_pair(f.r1, result)
    else:
        _put(s, f.r1, result, width)


def _shift(mnemonic: str, form: str, opcode: int, width: int, source: str, rule: _Logical) -> None:
    def function(s: State, f: Fields) -> None:
        result = rule(_operand(s, f, source, width), _amount(s, f), width)
        _replace(s, f, source, width, result)

    enter(mnemonic, form, opcode, function)


def _shift_single(mnemonic: str, form: str, opcode: int, width: int, source: str, rule: _Single) -> None:
    def function(s: State, f: Fields) -> None:
        result, overflow = rule(s, _operand(s, f, source, width), _amount(s, f), width)
        _replace(s, f, source, width, result)
        if overflow:
            s.overflowed()

    enter(mnemonic, form, opcode, function)


for _shifts in _SHIFTS:
    _shift(*_shifts)
for _singles in _SINGLE_SHIFTS:
    _shift_single(*_singles)


def _rotated(value: int, amount: int, width: int) -> int:
    amount %= width
    return (value << amount | value >> width - amount) & ones(width)


@general("RLL", "RSY", 0xEB1D)
def _rll(s: State, f: Fields) -> None:
    s.set_low(f.r1, _rotated(s.low(f.r3), _amount(s, f), 32))


@general("RLLG", "RSY", 0xEB1C)
def _rllg(s: State, f: Fields) -> None:
    s.set_whole(f.r1, _rotated(s.gr[f.r3], _amount(s, f), 64))


# ROTATE THEN ... SELECTED BITS


def _bits(start: int, end: int, width: int = 64) -> int:
    """Ones in the bits *start* to *end*, which may go around the end."""
    found = 0
    while True:
        found |= 1 << width - 1 - start
        if start == end:
            return found
        start = (start + 1) % width


def _insert(s: State, f: Fields) -> None:
    mask = _bits(f.i3 & 63, f.i4 & 63)
    rest = 0 if f.i4 & 0x80 else s.gr[f.r1] & ~mask
    s.gr[f.r1] = rest | _rotated(s.gr[f.r2], f.i5 & 63, 64) & mask


@general("RISBG", "RIE-f", 0xEC55)
def _risbg(s: State, f: Fields) -> None:
    _insert(s, f)
    value = signed(s.gr[f.r1], 64)
    s.cc = 0 if value == 0 else 1 if value < 0 else 2


enter("RISBGN", "RIE-f", 0xEC59, _insert)


@general("RISBHG", "RIE-f", 0xEC5D)
def _risbhg(s: State, f: Fields) -> None:
    mask = _bits(f.i3 & 31, f.i4 & 31, 32)
    rest = 0 if f.i4 & 0x80 else s.high(f.r1) & ~mask
    s.set_high(f.r1, rest | _rotated(s.gr[f.r2], f.i5 & 63, 64) >> 32 & mask)


@general("RISBLG", "RIE-f", 0xEC51)
def _risblg(s: State, f: Fields) -> None:
    mask = _bits(f.i3 & 31, f.i4 & 31, 32)
    rest = 0 if f.i4 & 0x80 else s.low(f.r1) & ~mask
    s.set_low(f.r1, rest | _rotated(s.gr[f.r2], f.i5 & 63, 64) & mask)


def _selected(mnemonic: str, opcode: int, rule: Callable[[int, int], int]) -> None:
    def function(s: State, f: Fields) -> None:
        mask = _bits(f.i3 & 63, f.i4 & 63)
        found = rule(s.gr[f.r1], _rotated(s.gr[f.r2], f.i5 & 63, 64)) & mask
        s.cc = 1 if found else 0
        if not f.i3 & 0x80:
            s.gr[f.r1] = s.gr[f.r1] & ~mask | found

    enter(mnemonic, "RIE-f", opcode, function)


_selected("RNSBG", 0xEC54, lambda a, b: a & b)
_selected("ROSBG", 0xEC56, lambda a, b: a | b)
_selected("RXSBG", 0xEC57, lambda a, b: a ^ b)


@general("FLOGR", "RRE", 0xB983)
def _flogr(s: State, f: Fields) -> None:
    s.require_even(f.r1)
    value = s.gr[f.r2]
    s.gr[f.r1] = 64 - value.bit_length()
    s.gr[f.r1 + 1] = value & ~(1 << value.bit_length() - 1) if value else 0
    s.cc = 2 if value else 0


@general("POPCNT", "RRF-c", 0xB9E1)
def _popcnt(s: State, f: Fields) -> None:
    data = s.gr[f.r2].to_bytes(8, "big")
    # M3 is of a facility that is not installed, and then ignored.
    s.gr[f.r1] = int.from_bytes(bytes(byte.bit_count() for byte in data), "big")
    s.cc = 1 if s.gr[f.r1] else 0
