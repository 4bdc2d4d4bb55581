# SPDX-License-Identifier: GPL-2.0-or-later
"""Loads, stores and inserts of the reference model that follow no pattern, and several registers at once (PoP 7)."""

from __future__ import annotations

from typing import Final

from tests.support.reference.state import (
    STORAGE_END,
    Fields,
    Interruption,
    State,
    UnpredictableError,
    enter,
    general,
    ones,
    signed,
)


def second(s: State, f: Fields) -> int:
    """The address of the second operand."""
    return s.effective(f.b2, f.d2, f.x2)


def condition(s: State, mask: int) -> bool:
    """Whether *mask* selects the condition code."""
    return bool(mask << s.cc & 8)


# STORE

_STORES: Final = """
ST RX 50 32 0
STY RXY E350 32 0
STG RXY E324 64 0
STH RX 40 16 0
STHY RXY E370 16 0
STC RX 42 8 0
STCY RXY E372 8 0
STFH RXY E3CB 32 32
STHH RXY E3C7 16 32
STCH RXY E3C3 8 32
STRV RXY E33E -32 0
STRVG RXY E32F -64 0
STRVH RXY E33F -16 0
"""


def _reversed(value: int, width: int) -> int:
    return int.from_bytes((value & ones(width)).to_bytes(width // 8, "little"), "big")


def _store(mnemonic: str, form: str, opcode: int, width: int, shift: int) -> None:
    def function(s: State, f: Fields) -> None:
        value = s.gr[f.r1] >> shift
        s.store(second(s, f), _reversed(value, -width) if width < 0 else value, abs(width))

    enter(mnemonic, form, opcode, function)


for _row in _STORES.strip().splitlines():
    _mnemonic, _form, _opcode, _width, _shift = _row.split()
    _store(_mnemonic, _form, int(_opcode, 16), int(_width), int(_shift))


def _store_relative(mnemonic: str, opcode: int, width: int) -> None:
    def function(s: State, f: Fields) -> None:
        address = s.wrap(s.place + 2 * signed(f.i, 32))
        s.require(address % (width // 8) == 0)
        s.store(address, s.gr[f.r1], width)

    enter(mnemonic, "RIL", opcode, function)


for _mnemonic, _number, _bits in (("STRL", 0xC4F, 32), ("STGRL", 0xC4B, 64), ("STHRL", 0xC47, 16)):
    _store_relative(_mnemonic, _number, _bits)


# LOAD REVERSED, LOAD ADDRESS and the like


@general("LRVR", "RRE", 0xB91F)
def _lrvr(s: State, f: Fields) -> None:
    s.set_low(f.r1, _reversed(s.gr[f.r2], 32))


@general("LRVGR", "RRE", 0xB90F)
def _lrvgr(s: State, f: Fields) -> None:
    s.set_whole(f.r1, _reversed(s.gr[f.r2], 64))


@general("LRV", "RXY", 0xE31E)
def _lrv(s: State, f: Fields) -> None:
    s.set_low(f.r1, _reversed(s.load(second(s, f), 32), 32))


@general("LRVG", "RXY", 0xE30F)
def _lrvg(s: State, f: Fields) -> None:
    s.set_whole(f.r1, _reversed(s.load(second(s, f), 64), 64))


@general("LRVH", "RXY", 0xE31F)
def _lrvh(s: State, f: Fields) -> None:
    s.gr[f.r1] = s.gr[f.r1] & ~ones(16) | _reversed(s.load(second(s, f), 16), 16)


@general("LLGT", "RXY", 0xE317)
def _llgt(s: State, f: Fields) -> None:
    s.set_whole(f.r1, s.load(second(s, f), 32) & ones(31))


@general("LZRF", "RXY", 0xE33B)
def _lzrf(s: State, f: Fields) -> None:
    s.set_low(f.r1, s.load(second(s, f), 32) & ~0xFF)


@general("LZRG", "RXY", 0xE32A)
def _lzrg(s: State, f: Fields) -> None:
    s.set_whole(f.r1, s.load(second(s, f), 64) & ~0xFF)


@general("LLZRGF", "RXY", 0xE33A)
def _llzrgf(s: State, f: Fields) -> None:
    s.set_whole(f.r1, s.load(second(s, f), 32) & ~0xFF)


@general("LA", "RX", 0x41)
def _la(s: State, f: Fields) -> None:
    s.set_address(f.r1, second(s, f))


@general("LAY", "RXY", 0xE371)
def _lay(s: State, f: Fields) -> None:
    s.set_address(f.r1, second(s, f))


@general("LARL", "RIL", 0xC00)
def _larl(s: State, f: Fields) -> None:
    s.set_address(f.r1, s.wrap(s.place + 2 * signed(f.i, 32)))


@general("IC", "RX", 0x43)
def _ic(s: State, f: Fields) -> None:
    s.gr[f.r1] = s.gr[f.r1] & ~0xFF | s.load(second(s, f), 8)


@general("ICY", "RXY", 0xE373)
def _icy(s: State, f: Fields) -> None:
    _ic(s, f)


# INSERT, AND, OR, LOAD LOGICAL IMMEDIATE of a halfword; TEST UNDER MASK

_PLACES: Final = (("HH", 48), ("HL", 32), ("LH", 16), ("LL", 0))


def _halfword(number: int, suffix: str, shift: int) -> None:
    part = ones(16) << shift

    def insert(s: State, f: Fields) -> None:
        s.gr[f.r1] = s.gr[f.r1] & ~part | f.i << shift

    def and_(s: State, f: Fields) -> None:
        s.gr[f.r1] &= ~part | f.i << shift
        s.cc = 1 if s.gr[f.r1] & part else 0

    def or_(s: State, f: Fields) -> None:
        s.gr[f.r1] |= f.i << shift
        s.cc = 1 if s.gr[f.r1] & part else 0

    def load(s: State, f: Fields) -> None:
        s.gr[f.r1] = f.i << shift

    enter("II" + suffix, "RI", 0xA50 + number, insert)
    enter("NI" + suffix, "RI", 0xA54 + number, and_)
    enter("OI" + suffix, "RI", 0xA58 + number, or_)
    enter("LLI" + suffix, "RI", 0xA5C + number, load)


for _at, (_suffix, _amount) in enumerate(_PLACES):
    _halfword(_at, _suffix, _amount)


@general("LLIHF", "RIL", 0xC0E)
def _llihf(s: State, f: Fields) -> None:
    s.gr[f.r1] = f.i << 32


def _mask_code(s: State, value: int, mask: int) -> None:
    """TEST UNDER MASK of a register: the leftmost selected bit tells the two mixed cases."""
    selected = value & mask
    if not selected:
        s.cc = 0
    elif selected == mask:
        s.cc = 3
    else:
        s.cc = 2 if selected.bit_length() == mask.bit_length() else 1


def _test_register(mnemonic: str, opcode: int, shift: int) -> None:
    enter(mnemonic, "RI", opcode, lambda s, f: _mask_code(s, s.gr[f.r1] >> shift, f.i))


for _mnemonic, _number, _amount in (("TMLH", 0xA70, 16), ("TMLL", 0xA71, 0), ("TMHH", 0xA72, 48), ("TMHL", 0xA73, 32)):
    _test_register(_mnemonic, _number, _amount)


@general("TM", "SI", 0x91)
def _tm(s: State, f: Fields) -> None:
    selected = s.load(s.effective(f.b1, f.d1), 8) & f.i
    s.cc = 0 if not selected else 3 if selected == f.i else 1


@general("TMY", "SIY", 0xEB51)
def _tmy(s: State, f: Fields) -> None:
    _tm(s, f)


# Characters under mask


def _selected(mask: int) -> list[int]:
    """The numbers of the bytes of a word that *mask* selects."""
    return [number for number in range(4) if mask << number & 8]


def _insert(s: State, f: Fields, shift: int) -> None:
    chosen = _selected(f.m)
    # With a zero mask, access exceptions are recognized for one byte.
    data = s.load_bytes(second(s, f), len(chosen) or 1)
    inserted = data[: len(chosen)]
    for number, byte in zip(chosen, inserted, strict=True):
        place = shift + 24 - 8 * number
        s.gr[f.r1] = s.gr[f.r1] & ~(0xFF << place) | byte << place
    s.cc = 0 if not any(inserted) else 1 if inserted[0] & 0x80 else 2


def _compare(s: State, f: Fields, shift: int) -> None:
    chosen = _selected(f.m)
    data = s.load_bytes(second(s, f), len(chosen) or 1)[: len(chosen)]
    mine = bytes(s.gr[f.r1] >> shift + 24 - 8 * number & 0xFF for number in chosen)
    s.cc = 0 if mine == data else 1 if mine < data else 2


def _store_selected(s: State, f: Fields, shift: int) -> None:
    chosen = _selected(f.m)
    if not chosen and second(s, f) >= STORAGE_END:
        # Access exceptions for one byte are recognized, or not.
        raise UnpredictableError
    s.store_bytes(second(s, f), bytes(s.gr[f.r1] >> shift + 24 - 8 * number & 0xFF for number in chosen))


for _prefix, _function, _short, _long, _upper in (
    ("ICM", _insert, 0xBF, 0xEB81, 0xEB80),
    ("CLM", _compare, 0xBD, 0xEB21, 0xEB20),
    ("STCM", _store_selected, 0xBE, 0xEB2D, 0xEB2C),
):
    enter(_prefix, "RS-m", _short, lambda s, f, function=_function: function(s, f, 0))  # type: ignore[misc]
    enter(_prefix + "Y", "RSY-m", _long, lambda s, f, function=_function: function(s, f, 0))  # type: ignore[misc]
    enter(_prefix + "H", "RSY-m", _upper, lambda s, f, function=_function: function(s, f, 32))  # type: ignore[misc]


# Several registers


def _range(f: Fields) -> list[int]:
    return [(f.r1 + number) % 16 for number in range((f.r3 - f.r1) % 16 + 1)]


def _multiple(mnemonic: str, form: str, opcode: int, width: int, shift: int) -> None:
    def load(s: State, f: Fields) -> None:
        registers = _range(f)
        address = s.effective(f.b2, f.d2)
        data = s.load_bytes(address, len(registers) * width // 8)
        for number, register in enumerate(registers):
            value = int.from_bytes(data[number * width // 8 :][: width // 8], "big")
            if width == 64:
                s.set_whole(register, value)
            elif shift:
                s.set_high(register, value)
            else:
                s.set_low(register, value)

    def store(s: State, f: Fields) -> None:
        values = (s.gr[register] >> shift & ones(width) for register in _range(f))
        s.store_bytes(s.effective(f.b2, f.d2), b"".join(value.to_bytes(width // 8, "big") for value in values))

    enter(mnemonic, form, opcode, load if mnemonic.startswith("L") else store)


for _row in """
LM RS 98 32 0
LMY RSY EB98 32 0
LMG RSY EB04 64 0
LMH RSY EB96 32 32
STM RS 90 32 0
STMY RSY EB90 32 0
STMG RSY EB24 64 0
STMH RSY EB26 32 32
""".strip().splitlines():
    _mnemonic, _form, _opcode, _width, _shift = _row.split()
    _multiple(_mnemonic, _form, int(_opcode, 16), int(_width), int(_shift))


@general("LPQ", "RXY", 0xE38F)
def _lpq(s: State, f: Fields) -> None:
    address = second(s, f)
    s.require_even(f.r1)
    s.require(address % 16 == 0)
    value = s.load(address, 128)
    s.gr[f.r1], s.gr[f.r1 + 1] = value >> 64, value & ones(64)


@general("STPQ", "RXY", 0xE38E)
def _stpq(s: State, f: Fields) -> None:
    address = second(s, f)
    s.require_even(f.r1)
    s.require(address % 16 == 0)
    s.store(address, s.gr[f.r1] << 64 | s.gr[f.r1 + 1], 128)


# LOAD and STORE ON CONDITION


def _on_condition(mnemonic: str, form: str, opcode: int, width: int, kind: str) -> None:
    def put(s: State, register: int, value: int) -> None:
        if width == 64:
            s.set_whole(register, value)
        elif width == 32:
            s.set_low(register, value)
        else:
            s.set_high(register, value)

    bits = 64 if width == 64 else 32

    def function(s: State, f: Fields) -> None:
        if kind == "storage":
            address = s.effective(f.b2, f.d2)
            # Whether an access that the condition does not ask for is made, is not defined.
            s.load(address, bits)
        if not condition(s, f.m):
            return
        if kind == "storage":
            put(s, f.r1, s.load(address, bits))
        elif kind == "store":
            s.store(s.effective(f.b2, f.d2), s.gr[f.r1] >> (0 if width >= 0 else 32), bits)
        elif kind == "register":
            put(s, f.r1, s.gr[f.r2] if width >= 0 else s.high(f.r2))
        else:
            put(s, f.r1, signed(f.i, 16))

    enter(mnemonic, form, opcode, function)


for _row in """
LOCR RRF-c B9F2 32 register
LOCGR RRF-c B9E2 64 register
LOCFHR RRF-c B9E0 -32 register
LOC RSY-m EBF2 32 storage
LOCG RSY-m EBE2 64 storage
LOCFH RSY-m EBE0 -32 storage
STOC RSY-m EBF3 32 store
STOCG RSY-m EBE3 64 store
STOCFH RSY-m EBE1 -32 store
LOCHI RIE-g EC42 32 immediate
LOCGHI RIE-g EC46 64 immediate
LOCHHI RIE-g EC4E -32 immediate
""".strip().splitlines():
    _mnemonic, _form, _opcode, _width, _kind = _row.split()
    _on_condition(_mnemonic, _form, int(_opcode, 16), int(_width), _kind)


# LOAD AND TRAP

_COMPARE_AND_TRAP: Final = 7


def _load_and_trap(mnemonic: str, opcode: int, target: str) -> None:
    def function(s: State, f: Fields) -> None:
        value = s.load(second(s, f), 64 if mnemonic == "LGAT" else 32)
        if mnemonic == "LLGTAT":
            value &= ones(31)
        if target == "whole":
            s.set_whole(f.r1, value)
        elif target == "high":
            s.set_high(f.r1, value)
        else:
            s.set_low(f.r1, value)
        if value == 0:
            raise Interruption(_COMPARE_AND_TRAP)

    enter(mnemonic, "RXY", opcode, function)


for _mnemonic, _number, _target in (
    ("LAT", 0xE39F, "low"),
    ("LGAT", 0xE385, "whole"),
    ("LFHAT", 0xE3C8, "high"),
    ("LLGFAT", 0xE39D, "whole"),
    ("LLGTAT", 0xE39C, "whole"),
):
    _load_and_trap(_mnemonic, _number, _target)


# Program mask


@general("IPM", "RRE-r", 0xB222)
def _ipm(s: State, f: Fields) -> None:
    mask = 8 if s.overflow_mask else 0
    s.gr[f.r1] = s.gr[f.r1] & ~(0xFF << 24) | (s.cc << 4 | mask) << 24
