# SPDX-License-Identifier: GPL-2.0-or-later
"""Instructions on strings and long operands (PoP 7) of the reference model.

Where the manual lets the CPU choose how much it does at a time, the model goes on to the end, and the test executes the
instruction as long as it gives condition code 3.
"""

from __future__ import annotations

from tests.support.reference.state import Fields, State, UnpredictableError, general, ones


def _ending_character(s: State, width: int) -> int:
    """General register 0: bits 32 up to the character must be zeros."""
    s.require(s.low(0) >> width == 0)
    return s.gr[0] & ones(width)


@general("SRST", "RRE", 0xB25E)
def _srst(s: State, f: Fields) -> None:
    character = _ending_character(s, 8)
    end, at = s.register_address(f.r1), s.register_address(f.r2)
    while at != end:
        if s.load(at, 8) == character:
            s.set_address(f.r1, at)
            s.cc = 1
            return
        at = s.wrap(at + 1)
    s.cc = 2


@general("SRSTU", "RRE", 0xB9BE)
def _srstu(s: State, f: Fields) -> None:
    character = _ending_character(s, 16)
    end, at = s.register_address(f.r1), s.register_address(f.r2)
    # The end is reached where the address is not less than it: addresses differ in their last bit, perhaps.
    end = s.wrap(end + ((at ^ end) & 1))
    while at != end:
        if s.load(at, 16) == character:
            s.set_address(f.r1, at)
            s.cc = 1
            return
        at = s.wrap(at + 2)
    s.cc = 2


@general("MVST", "RRE", 0xB255)
def _mvst(s: State, f: Fields) -> None:
    character = _ending_character(s, 8)
    to, source = s.register_address(f.r1), s.register_address(f.r2)
    while True:
        byte = s.load(source, 8)
        s.store(to, byte, 8)
        if byte == character:
            s.set_address(f.r1, to)
            s.cc = 1
            return
        to, source = s.wrap(to + 1), s.wrap(source + 1)


@general("CLST", "RRE", 0xB25D)
def _clst(s: State, f: Fields) -> None:
    character = _ending_character(s, 8)
    first, other = s.register_address(f.r1), s.register_address(f.r2)
    while True:
        a, b = s.load(first, 8), s.load(other, 8)
        if a == b == character:
            s.cc = 0
            return
        if a != b:
            # A string that has ended is the lower one.
            is_low = a == character if character in (a, b) else a < b
            s.cc = 1 if is_low else 2
            s.set_address(f.r1, first)
            s.set_address(f.r2, other)
            return
        first, other = s.wrap(first + 1), s.wrap(other + 1)


@general("CKSM", "RRE", 0xB241)
def _cksm(s: State, f: Fields) -> None:
    s.require_even(f.r2)
    if f.r1 in (f.r2, f.r2 + 1):
        raise UnpredictableError
    address, length = s.register_address(f.r2), s.length_in(f.r2 + 1)
    data = s.load_bytes(address, length)
    total = s.low(f.r1)
    padded = data + bytes(-length % 4)
    for at in range(0, len(padded), 4):
        total += int.from_bytes(padded[at : at + 4], "big")
        total = (total & ones(32)) + (total >> 32)
    s.set_low(f.r1, total)
    s.set_address(f.r2, address + length)
    s.set_length(f.r2 + 1, 0)
    s.cc = 0


@general("TRE", "RRE", 0xB2A5)
def _tre(s: State, f: Fields) -> None:
    s.require_even(f.r1)
    test = s.gr[0] & 0xFF
    at, length, table = s.register_address(f.r1), s.length_in(f.r1 + 1), s.register_address(f.r2)
    if f.r2 in (f.r1, f.r1 + 1) or f.r1 == 0 or f.r2 == 0 or max(at, table) < min(at + length, table + 256):
        raise UnpredictableError
    s.cc = 0
    while length:
        byte = s.load(at, 8)
        if byte == test:
            s.cc = 1
            break
        s.store(at, s.load(s.wrap(table + byte), 8), 8)
        at, length = s.wrap(at + 1), length - 1
    s.set_address(f.r1, at)
    s.set_length(f.r1 + 1, length)


def _short(s: State, register: int) -> tuple[int, int]:
    """Address and 24-bit length in a pair."""
    return s.register_address(register), s.gr[register + 1] & ones(24)


def _set_short(s: State, register: int, address: int, length: int) -> None:
    s.set_address(register, address)
    s.gr[register + 1] = s.gr[register + 1] & ~ones(24) | length


@general("MVCL", "RR", 0x0E)
def _mvcl(s: State, f: Fields) -> None:
    s.require_even(f.r1, f.r2)
    to, length = _short(s, f.r1)
    source, available = _short(s, f.r2)
    pad = s.gr[f.r2 + 1] >> 24 & 0xFF
    s.cc = 0 if length == available else 1 if length < available else 2
    moved = min(length, available)
    if f.b2 in (f.r1, f.r1 + 1, f.r3, f.r3 + 1):
        # The padding changes while the instruction is executed.
        raise UnpredictableError
    if moved and 0 < s.wrap(to - source) < moved:
        # Destructive overlap: nothing is moved.
        s.cc = 3
        moved = length = 0
        _set_short(s, f.r2, source, available)
        _set_short(s, f.r1, *_short(s, f.r1))
        return
    data = s.load_bytes(source, moved) + bytes([pad]) * (length - moved)
    s.store_bytes(to, data)
    _set_short(s, f.r2, source + moved, available - moved)
    _set_short(s, f.r1, to + length, 0)


@general("CLCL", "RR", 0x0F)
def _clcl(s: State, f: Fields) -> None:
    s.require_even(f.r1, f.r2)
    first, length = _short(s, f.r1)
    other, available = _short(s, f.r2)
    pad = s.gr[f.r2 + 1] >> 24 & 0xFF
    s.cc = 0
    while length or available:
        a = s.load(first, 8) if length else pad
        b = s.load(other, 8) if available else pad
        if a != b:
            s.cc = 1 if a < b else 2
            break
        if length:
            first, length = s.wrap(first + 1), length - 1
        if available:
            other, available = s.wrap(other + 1), available - 1
    _set_short(s, f.r2, other, available)
    _set_short(s, f.r1, first, length)


def _padding(s: State, f: Fields, width: int) -> int:
    return s.effective(f.b2, f.d2) & ones(width)


def _move_extended(s: State, f: Fields, size: int) -> None:
    s.require_even(f.r1, f.r3)
    to, length = s.register_address(f.r1), s.length_in(f.r1 + 1)
    source, available = s.register_address(f.r3), s.length_in(f.r3 + 1)
    s.require(length % size == 0 and available % size == 0)
    pad = _padding(s, f, 8 * size).to_bytes(size, "big")
    s.cc = 0 if length == available else 1 if length < available else 2
    moved = min(length, available)
    if f.b2 in (f.r1, f.r1 + 1, f.r3, f.r3 + 1):
        # The padding changes while the instruction is executed.
        raise UnpredictableError
    if moved and 0 < s.wrap(to - source) < moved:
        raise UnpredictableError
    for number in range(moved):
        s.store(s.wrap(to + number), s.load(s.wrap(source + number), 8), 8)
    s.store_bytes(s.wrap(to + moved), pad * ((length - moved) // size))
    s.set_address(f.r1, to + length)
    s.set_length(f.r1 + 1, 0)
    s.set_address(f.r3, source + moved)
    s.set_length(f.r3 + 1, available - moved)


def _compare_extended(s: State, f: Fields, size: int) -> None:
    s.require_even(f.r1, f.r3)
    first, length = s.register_address(f.r1), s.length_in(f.r1 + 1)
    other, available = s.register_address(f.r3), s.length_in(f.r3 + 1)
    s.require(length % size == 0 and available % size == 0)
    pad = _padding(s, f, 8 * size)
    s.cc = 0
    while length or available:
        a = s.load(first, 8 * size) if length else pad
        b = s.load(other, 8 * size) if available else pad
        if a != b:
            s.cc = 1 if a < b else 2
            break
        if length:
            first, length = s.wrap(first + size), length - size
        if available:
            other, available = s.wrap(other + size), available - size
    s.set_address(f.r1, first)
    s.set_length(f.r1 + 1, length)
    s.set_address(f.r3, other)
    s.set_length(f.r3 + 1, available)


@general("MVCLE", "RS", 0xA8)
def _mvcle(s: State, f: Fields) -> None:
    _move_extended(s, f, 1)


@general("CLCLE", "RS", 0xA9)
def _clcle(s: State, f: Fields) -> None:
    _compare_extended(s, f, 1)


@general("MVCLU", "RSY", 0xEB8E)
def _mvclu(s: State, f: Fields) -> None:
    _move_extended(s, f, 2)


@general("CLCLU", "RSY", 0xEB8F)
def _clclu(s: State, f: Fields) -> None:
    _compare_extended(s, f, 2)
