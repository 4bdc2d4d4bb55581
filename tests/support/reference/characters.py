# SPDX-License-Identifier: GPL-2.0-or-later
"""Storage-to-storage instructions of up to 256 bytes, and interlocked updates (PoP 7) of the reference model."""

from __future__ import annotations

from collections.abc import Callable

from tests.support.reference.registers import second
from tests.support.reference.state import Fields, State, enter, general, ones, signed


def _operands(s: State, f: Fields) -> tuple[int, int]:
    return s.effective(f.b1, f.d1), s.effective(f.b2, f.d2)


def _probe(s: State, first: int, other: int, length: int) -> None:
    s.load_bytes(first, length)
    s.load_bytes(other, length)


def _bytewise(mnemonic: str, opcode: int, rule: Callable[[int, int], int], *, has_code: bool) -> None:
    """Byte by byte from left to right, so that operands may overlap."""

    def function(s: State, f: Fields) -> None:
        first, other = _operands(s, f)
        _probe(s, first, other, f.l1 + 1)
        found = 0
        for number in range(f.l1 + 1):
            place = s.wrap(first + number)
            byte = rule(s.load(place, 8), s.load(s.wrap(other + number), 8))
            found |= byte
            s.store(place, byte, 8)
        if has_code:
            s.cc = 1 if found else 0

    enter(mnemonic, "SS-a", opcode, function)


_bytewise("MVC", 0xD2, lambda _, b: b, has_code=False)
_bytewise("MVN", 0xD1, lambda a, b: a & 0xF0 | b & 0x0F, has_code=False)
_bytewise("MVZ", 0xD3, lambda a, b: a & 0x0F | b & 0xF0, has_code=False)
_bytewise("NC", 0xD4, lambda a, b: a & b, has_code=True)
_bytewise("OC", 0xD6, lambda a, b: a | b, has_code=True)
_bytewise("XC", 0xD7, lambda a, b: a ^ b, has_code=True)


@general("CLC", "SS-a", 0xD5)
def _clc(s: State, f: Fields) -> None:
    first, other = _operands(s, f)
    a, b = s.load_bytes(first, f.l1 + 1), s.load_bytes(other, f.l1 + 1)
    s.cc = 0 if a == b else 1 if a < b else 2


@general("MVCIN", "SS-a", 0xE8)
def _mvcin(s: State, f: Fields) -> None:
    first, other = _operands(s, f)
    s.load_bytes(first, f.l1 + 1)
    for number in range(f.l1 + 1):
        s.load(s.wrap(other - number), 8)
    for number in range(f.l1 + 1):
        s.store(s.wrap(first + number), s.load(s.wrap(other - number), 8), 8)


@general("MVO", "SS-b", 0xF1)
def _mvo(s: State, f: Fields) -> None:
    """Digits move one place to the left of the rightmost one, which stays; bytes from right to left."""
    first, other = _operands(s, f)
    s.load_bytes(first, f.l1 + 1)
    s.load_bytes(other, f.l2 + 1)
    place, source = first + f.l1, other + f.l2
    byte = s.load(s.wrap(source), 8)
    s.store(s.wrap(place), s.load(s.wrap(place), 8) & 0x0F | byte << 4 & 0xF0, 8)
    for number in range(1, f.l1 + 1):
        carried = byte >> 4
        byte = s.load(s.wrap(source - number), 8) if number <= f.l2 else 0
        s.store(s.wrap(place - number), carried | byte << 4 & 0xF0, 8)


@general("PACK", "SS-b", 0xF2)
def _pack(s: State, f: Fields) -> None:
    first, other = _operands(s, f)
    s.load_bytes(first, f.l1 + 1)
    s.load_bytes(other, f.l2 + 1)
    place, source = first + f.l1, other + f.l2
    byte = s.load(s.wrap(source), 8)
    s.store(s.wrap(place), byte >> 4 | byte << 4 & 0xF0, 8)
    taken = 1
    for number in range(1, f.l1 + 1):
        digits = 0
        for half in range(2):
            if taken <= f.l2:
                digits |= (s.load(s.wrap(source - taken), 8) & 0x0F) << 4 * half
                taken += 1
        s.store(s.wrap(place - number), digits, 8)


@general("UNPK", "SS-b", 0xF3)
def _unpk(s: State, f: Fields) -> None:
    first, other = _operands(s, f)
    s.load_bytes(first, f.l1 + 1)
    s.load_bytes(other, f.l2 + 1)
    place, source = first + f.l1, other + f.l2
    byte = s.load(s.wrap(source), 8)
    s.store(s.wrap(place), byte >> 4 | byte << 4 & 0xF0, 8)
    byte = 0
    for number in range(1, f.l1 + 1):
        if number % 2:
            position = number // 2 + 1
            byte = s.load(s.wrap(source - position), 8) if position <= f.l2 else 0
            digit = byte & 0x0F
        else:
            digit = byte >> 4
        s.store(s.wrap(place - number), 0xF0 | digit, 8)


def _marked(s: State, f: Fields, step: int) -> None:
    """TRANSLATE AND TEST: the first byte with a function byte that is not zero."""
    first, table = _operands(s, f)
    for number in range(f.l1 + 1):
        place = s.wrap(first + step * number)
        function_byte = s.load(s.wrap(table + s.load(place, 8)), 8)
        if function_byte:
            if s.mode == 64:
                s.set_whole(1, place)
            elif s.mode == 31:
                # TRT makes bit 32 zero; TRANSLATE AND TEST REVERSE leaves bits 0-32.
                s.gr[1] = s.gr[1] & ~ones(31 if step < 0 else 32) | place
            else:
                s.gr[1] = s.gr[1] & ~ones(24) | place
            s.gr[2] = s.gr[2] & ~0xFF | function_byte
            s.cc = 2 if number == f.l1 else 1
            return
    s.cc = 0


@general("TRT", "SS-a", 0xDD)
def _trt(s: State, f: Fields) -> None:
    _marked(s, f, 1)


@general("TRTR", "SS-a", 0xD0)
def _trtr(s: State, f: Fields) -> None:
    _marked(s, f, -1)


@general("TR", "SS-a", 0xDC)
def _tr(s: State, f: Fields) -> None:
    first, table = _operands(s, f)
    s.load_bytes(first, f.l1 + 1)
    s.load_bytes(table, 256)
    for number in range(f.l1 + 1):
        place = s.wrap(first + number)
        s.store(place, s.load(s.wrap(table + s.load(place, 8)), 8), 8)


# Interlocked updates


def _aligned(s: State, address: int, width: int) -> None:
    s.require(address % (width // 8) == 0)


def _load_and(mnemonic: str, opcode: int, width: int, rule: str) -> None:
    def function(s: State, f: Fields) -> None:
        address = s.effective(f.b2, f.d2)
        _aligned(s, address, width)
        old, third = s.load(address, width), s.gr[f.r3] & ones(width)
        exact = signed(old, width) + signed(third, width)
        if rule == "add":
            result = exact
            value = signed(exact, width)
            s.cc = 3 if value != exact else 0 if value == 0 else 1 if value < 0 else 2
        elif rule == "add_logical":
            result = old + third
            s.cc = (2 if result >> width else 0) | (1 if result & ones(width) else 0)
        else:
            result = {"and": old & third, "or": old | third, "xor": old ^ third}[rule]
            s.cc = 1 if result else 0
        s.store(address, result, width)
        if width == 64:
            s.set_whole(f.r1, old)
        else:
            s.set_low(f.r1, old)
        if s.cc == 3 and rule == "add":
            s.overflowed()

    enter(mnemonic, "RSY", opcode, function)


for _suffix, _digit, _rule in (
    ("A", 8, "add"),
    ("AL", 0xA, "add_logical"),
    ("N", 4, "and"),
    ("O", 6, "or"),
    ("X", 7, "xor"),
):
    _load_and("LA" + _suffix, 0xEBF0 + _digit, 32, _rule)
    _load_and("LA" + _suffix + "G", 0xEBE0 + _digit, 64, _rule)


def _compare_and_swap(mnemonic: str, form: str, opcode: int, width: int, *, is_double: bool) -> None:
    half = width // 2

    def function(s: State, f: Fields) -> None:
        if is_double:
            s.require_even(f.r1, f.r3)
        address = s.effective(f.b2, f.d2)
        _aligned(s, address, width)
        old = s.load(address, width)
        if is_double:
            mask = ones(half)
            comparand = (s.gr[f.r1] & mask) << half | s.gr[f.r1 + 1] & mask
            replacement = (s.gr[f.r3] & mask) << half | s.gr[f.r3 + 1] & mask
        else:
            comparand, replacement = s.gr[f.r1] & ones(width), s.gr[f.r3] & ones(width)
        if old == comparand:
            s.store(address, replacement, width)
            s.cc = 0
            return
        s.cc = 1
        parts = [(f.r1, old >> half, half), (f.r1 + 1, old, half)] if is_double else [(f.r1, old, width)]
        for register, value, bits in parts:
            if bits == 64:
                s.set_whole(register, value)
            else:
                s.set_low(register, value)

    enter(mnemonic, form, opcode, function)


_compare_and_swap("CS", "RS", 0xBA, 32, is_double=False)
_compare_and_swap("CSY", "RSY", 0xEB14, 32, is_double=False)
_compare_and_swap("CSG", "RSY", 0xEB30, 64, is_double=False)
_compare_and_swap("CDS", "RS", 0xBB, 64, is_double=True)
_compare_and_swap("CDSY", "RSY", 0xEB31, 64, is_double=True)
_compare_and_swap("CDSG", "RSY", 0xEB3E, 128, is_double=True)


@general("TS", "S-8", 0x93)
def _ts(s: State, f: Fields) -> None:
    address = second(s, f)
    s.cc = s.load(address, 8) >> 7
    s.store(address, 0xFF, 8)


# CONVERT


def _converted(s: State, f: Fields, width: int, *, is_wide: bool) -> None:
    value = signed(s.gr[f.r1], width)
    digits = f"{abs(value)}{'D' if value < 0 else 'C'}"
    bits = 128 if is_wide else 64
    s.store(second(s, f), int(digits, 16), bits)


enter("CVD", "RX", 0x4E, lambda s, f: _converted(s, f, 32, is_wide=False))
enter("CVDY", "RXY", 0xE326, lambda s, f: _converted(s, f, 32, is_wide=False))
enter("CVDG", "RXY", 0xE32E, lambda s, f: _converted(s, f, 64, is_wide=True))
