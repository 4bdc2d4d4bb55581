# SPDX-License-Identifier: GPL-2.0-or-later
"""CONVERT UTF, UNPACK ASCII and UNICODE, TEST DECIMAL, LOAD PAIR DISJOINT (PoP 7 and 8) of the reference model."""

from __future__ import annotations

from collections.abc import Callable

from tests.support.reference.state import Fields, State, UnpredictableError, enter, general

_HIGH = range(0xD800, 0xDC00)
_LOW = range(0xDC00, 0xE000)

Decoder = Callable[[State, int, int, bool], tuple[int, int] | int]
"""Of state, address, what is left of the length, and whether to check: a character and its length, or a code."""


def _decode_16(s: State, at: int, left: int, checks: bool) -> tuple[int, int] | int:
    if left < 2:
        return 0
    first = s.load(at, 16)
    if first not in _HIGH:
        return first, 2
    if left < 4:
        return 0
    second = s.load(s.wrap(at + 2), 16)
    if checks and second not in _LOW:
        return 2
    return 0x10000 + ((first & 0x3FF) << 10 | second & 0x3FF), 4


def _decode_32(s: State, at: int, left: int, _: bool) -> tuple[int, int] | int:
    if left < 4:
        return 0
    character = s.load(at, 32)
    return 2 if character in _HIGH or character > 0x10FFFF else (character, 4)


def _encode_8(character: int) -> bytes:
    if character < 0x80:
        return bytes((character,))
    following = 1 if character < 0x800 else 2 if character < 0x10000 else 3
    first = (0xC0, 0xE0, 0xF0)[following - 1] | character >> 6 * following
    return bytes((first, *(0x80 | character >> 6 * number & 0x3F for number in reversed(range(following)))))


def _encode_16(character: int) -> bytes:
    if character < 0x10000:
        return character.to_bytes(2, "big")
    character -= 0x10000
    return ((_HIGH[0] | character >> 10) << 16 | _LOW[0] | character & 0x3FF).to_bytes(4, "big")


def _encode_32(character: int) -> bytes:
    return character.to_bytes(4, "big")


def _convert(mnemonic: str, opcode: int, decode: Decoder, encode: Callable[[int], bytes]) -> None:
    def function(s: State, f: Fields) -> None:
        s.require_even(f.r1, f.r2)
        to, room = s.register_address(f.r1), s.length_in(f.r1 + 1)
        at, left = s.register_address(f.r2), s.length_in(f.r2 + 1)
        if f.r1 == f.r2 or max(to, at) < min(to + room, at + left):
            raise UnpredictableError
        while True:
            found = decode(s, at, left, bool(f.m & 1))
            if isinstance(found, int):
                s.cc = found
                break
            encoded = encode(found[0])
            if len(encoded) > room:
                s.cc = 1
                break
            s.store_bytes(to, encoded)
            to, room = s.wrap(to + len(encoded)), room - len(encoded)
            at, left = s.wrap(at + found[1]), left - found[1]
        s.set_address(f.r1, to)
        s.set_length(f.r1 + 1, room)
        s.set_address(f.r2, at)
        s.set_length(f.r2 + 1, left)

    enter(mnemonic, "RRF-c", opcode, function)


_convert("CU21", 0xB2A6, _decode_16, _encode_8)
_convert("CU24", 0xB9B1, _decode_16, _encode_32)
_convert("CU41", 0xB9B2, _decode_32, _encode_8)
_convert("CU42", 0xB9B3, _decode_32, _encode_16)


# Decimal


def _unpacked(s: State, f: Fields, size: int, most: int) -> None:
    """The digits of a packed number of 16 bytes, each in *size* bytes; condition code of its sign."""
    length = f.l1 + 1
    s.require(length <= most and length % size == 0)
    to, source = s.effective(f.b1, f.d1), s.effective(f.b2, f.d2)
    if max(to, source) < min(to + length, source + 16):
        raise UnpredictableError
    packed = f"{s.load(source, 128):032x}"
    digits = packed[:-1].rjust(length // size, "0")[-(length // size) :]
    s.store_bytes(to, b"".join((0x30 | int(digit, 16)).to_bytes(size, "big") for digit in digits))
    s.cc = 0 if packed[-1] in "acef" else 1 if packed[-1] in "bd" else 3


@general("UNPKA", "SS-a", 0xEA)
def _unpka(s: State, f: Fields) -> None:
    _unpacked(s, f, 1, 32)


@general("UNPKU", "SS-a", 0xE2)
def _unpku(s: State, f: Fields) -> None:
    _unpacked(s, f, 2, 64)


@general("TP", "RSL", 0xEBC0)
def _tp(s: State, f: Fields) -> None:
    packed = s.load_bytes(s.effective(f.b1, f.d1), f.l1 + 1).hex()
    s.cc = (0 if packed[-1] in "abcdef" else 1) | (0 if packed[:-1].isdecimal() or len(packed) == 1 else 2)


# Pairs


def _pair_disjoint(mnemonic: str, opcode: int, width: int) -> None:
    def function(s: State, f: Fields) -> None:
        s.require_even(f.r3)
        places = s.effective(f.b1, f.d1), s.effective(f.b2, f.d2)
        s.require(not any(place % (width // 8) for place in places))
        values = [s.load(place, width) for place in places]
        for number, value in enumerate(values):
            if width == 64:
                s.set_whole(f.r3 + number, value)
            else:
                s.set_low(f.r3 + number, value)
        s.cc = 0

    enter(mnemonic, "SSF", opcode, function)


_pair_disjoint("LPD", 0xC84, 32)
_pair_disjoint("LPDG", 0xC85, 64)


@general("TAM", "E", 0x010B)
def _tam(s: State, _: Fields) -> None:
    s.cc = {24: 0, 31: 1, 64: 3}[s.mode]
