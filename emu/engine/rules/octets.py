# SPDX-License-Identifier: GPL-2.0-or-later
"""Bytes in compiled code: those that integers make, and those that lie in storage."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Final

from emu.engine.rules import arithmetic
from emu.engine.rules.values import (
    WORD,
    Number,
    Octets,
    OutsideSubsetError,
    Several,
    Static,
    Stored,
    Value,
    constant,
    describe,
    exact,
    number,
    static_integer,
)

if TYPE_CHECKING:
    from emu.engine.rules.core import Core

LENGTHS: Final = (1, 2, 4, 8)
"""What one load or store of compiled code can move."""


def octets(value: Value, length: Value, order: Value) -> Octets:
    """``value.to_bytes(length, order)``."""
    known = static_integer(length)
    if known not in LENGTHS or order != Static("big"):
        raise OutsideSubsetError(f"to_bytes of {describe(length)} bytes")
    found = exact(value, "what is stored")
    if found.high >= 1 << 8 * known:
        raise OutsideSubsetError(f"{describe(found)} may not fit in {known} bytes")
    return Octets(((found, known),))


def joined(parts: Several) -> Octets:
    """The *parts* one after the other, each made of one integer, and all of one length."""
    pieces: list[tuple[Value, int]] = []
    for each in parts.items:
        if not isinstance(each, Octets) or len(each.pieces) != 1 or each.count is not None:
            raise OutsideSubsetError(f"bytes made of several {describe(each)}")
        pieces += each.pieces
    if len({length for _, length in pieces}) != 1:
        raise OutsideSubsetError("bytes made of several of different lengths")
    return Octets(tuple(pieces), parts.count)


def concatenated(parts: list[Value]) -> Value:
    """The *parts* one after the other."""
    pieces: list[tuple[Value, int]] = []
    for each in parts:
        match each:
            case Octets(more, None):
                pieces += more
            case Static(bytes() as known):
                pieces += [(Static(byte), 1) for byte in known]
            case _:
                raise OutsideSubsetError(f"bytes made of {describe(each)}")
    return Octets(tuple(pieces))


def length_of(value: Octets | Stored) -> Value:
    """``len(value)``."""
    if isinstance(value, Stored):
        return value.length
    if value.count is not None:
        return arithmetic.binary(ast.Mult, value.count, Static(value.pieces[0][1]))
    return Static(sum(length for _, length in value.pieces))


def is_length_of(number_of_bytes: Value, value: Octets | Stored) -> bool:
    """Whether it is known that *value* has so many bytes."""
    return number(number_of_bytes).text == number(length_of(value)).text


def part(translator: Core, value: Stored, first: int, end: int) -> Stored:
    """``value[first:end]``; the model is to see to it where there are not so many bytes."""
    length = exact(value.length, "a length")
    if not 0 <= first < end:
        raise OutsideSubsetError(f"the bytes from {first} to {end}")
    if length.low < end:
        translator.writer.refuse_if(f"({length.text} < {constant(end)})")
    return Stored(f"({value.place} + {constant(first)})", Static(end - first))


def integer(translator: Core, value: Value, order: Value) -> Value:
    """``int.from_bytes(value, order)``."""
    if order != Static("big"):
        raise OutsideSubsetError(f"from_bytes in the order {describe(order)}")
    match value:
        case Octets(((found, _),), None):
            return found
        case Stored(place, length):
            translator.require_reached("storage is read")
            known = static_integer(length)
            if known in LENGTHS:
                text = translator.writer.bind(f"load{8 * known}({place})")
                return Number(text, 0, min(1 << 8 * known, WORD) - 1)
    raise OutsideSubsetError(f"from_bytes of {describe(value)}")


def compare_octets(translator: Core, kind: type[ast.cmpop], left: Stored, right: Stored) -> Value:
    """Whether bytes in storage are as *kind* says of those elsewhere there, of which there are as many."""
    translator.require_reached("storage is compared")
    if left.length != right.length:
        raise OutsideSubsetError("a comparison of bytes of different lengths")
    length = number(left.length)
    # Less than one if the first are lower; computed again for another operator, and once by the compiler.
    order = f"compare_bytes({left.place}, {right.place}, {length.text})"
    return arithmetic.compare(kind, Number(order, 0, 2), Static(1))


def put(translator: Core, place: str, data: Value) -> None:
    """Store *data* at address *place* of this process, in the epilogue."""
    if isinstance(data, Stored) and not translator.writer.has_written("storage"):
        size = translator.writer.variable("ZERO")
        translator.writer.block.line(f"{size} = {exact(data.length, 'a length').text}")
        translator.writer.write("storage", place, data.place, f"move_bytes({{index}}, {{value}}, {size})")
        return
    if not isinstance(data, Octets):
        raise OutsideSubsetError(f"{describe(data)} is stored")
    translator.require_reached("storage is written")
    done = 0
    for order, (value, length) in enumerate(data.pieces):
        at = f"({place} + uint64({done}))" if done else place
        when = "True" if data.count is None or order < data.count.low else f"({data.count.text} > {constant(order)})"
        translator.writer.write(
            "storage", at, number(value).text, f"store{8 * length}({{index}}, {{value}})", when=when
        )
        done += length
