# SPDX-License-Identifier: GPL-2.0-or-later
"""Instruction formats (PoP 5) of the reference model: where the fields are, as hexadecimal digits in their order.

``o`` and ``p`` are the digits of the opcode's pieces; ``D`` is a displacement of 20 bits, low part first.
"""

from __future__ import annotations

from dataclasses import asdict, fields
from random import Random
from typing import Final

from tests.support.reference.state import Fields, General

# Name: opcode digits in the first byte or two, fields, opcode digits behind.
LAYOUT: Final = {
    "RR": "oo r1 r2",
    "RR-m": "oo m r2",
    "RR-i": "oo i:2",
    "RR-r": "oo r1 0",
    "RRE": "oooo 00 r1 r2",
    "RRE-r": "oooo 00 r1 0",
    "RRF-a": "oooo r3 0 r1 r2",
    "RRF-b": "oooo r3 0 r1 r2",
    "RRF-c": "oooo m 0 r1 r2",
    "RX": "oo r1 x2 b2 d2:3",
    "RX-m": "oo m x2 b2 d2:3",
    "RXY": "oo r1 x2 b2 D2 pp",
    "RS": "oo r1 r3 b2 d2:3",
    "RS-m": "oo r1 m b2 d2:3",
    "RS-s": "oo r1 0 b2 d2:3",
    "RSY": "oo r1 r3 b2 D2 pp",
    "RSY-m": "oo r1 m b2 D2 pp",
    "RI": "oo r1 p i:4",
    "RI-m": "oo m p i:4",
    "RIL": "oo r1 p i:8",
    "RIL-m": "oo m p i:8",
    "SI": "oo i:2 b1 d1:3",
    "SIY": "oo i:2 b1 D1 pp",
    "SIL": "oooo b1 d1:3 i:4",
    "S": "oooo b2 d2:3",
    "S-8": "oo 00 b2 d2:3",
    "E": "oooo",
    "RSL": "oo l1 0 b1 d1:3 00 pp",
    "SSF": "oo r3 p b1 d1:3 b2 d2:3",
    "RIE-a": "oo r1 0 i:4 m 0 pp",
    "RIE-b": "oo r1 r2 i:4 m 0 pp",
    "RIE-c": "oo r1 m i4:4 i:2 pp",
    "RIE-d": "oo r1 r3 i:4 00 pp",
    "RIE-e": "oo r1 r3 i:4 00 pp",
    "RIE-f": "oo r1 r2 i3:2 i4:2 i5:2 pp",
    "RIE-g": "oo r1 m i:4 00 pp",
    "RRS": "oo r1 r2 b2 d2:3 m 0 pp",
    "RIS": "oo r1 m b2 d2:3 i:2 pp",
    "RSI": "oo r1 r3 i:4",
    "SS-a": "oo l1:2 b1 d1:3 b2 d2:3",
    "SS-b": "oo l1 l2 b1 d1:3 b2 d2:3",
    "SS-f": "oo l2:2 b1 d1:3 b2 d2:3",
}
DIGIT: Final = 4


def encode(instruction: General, values: Fields) -> bytes:
    """The bytes of *instruction* with these fields."""
    layout = LAYOUT[instruction.format].split()
    opcode = f"{instruction.opcode:X}"
    behind = sum(len(piece) for piece in layout[1:] if set(piece) == {"p"})
    pieces = {"o": opcode[: len(opcode) - behind].rjust(len(layout[0]), "0"), "p": opcode[len(opcode) - behind :]}
    given = asdict(values)
    text = ""
    for piece in layout:
        if piece[0] in "op":
            text += pieces[piece[0]]
        elif piece[0] == "0":
            text += piece
        elif piece[0] == "D":
            digits = f"{given['d' + piece[1]] & 0xFFFFF:05X}"
            text += digits[2:] + digits[:2]
        else:
            name, _, width = piece.partition(":")
            digits_wanted = int(width or 1)
            text += f"{given[name] & (1 << DIGIT * digits_wanted) - 1:0{digits_wanted}X}"
    return bytes.fromhex(text)


def random_fields(instruction: General, chance: Random) -> Fields:
    """Any fields that the format has; displacements are small, signed ones of both signs."""
    values: dict[str, int] = {}
    for piece in LAYOUT[instruction.format].split():
        if piece[0] in "op0":
            continue
        if piece[0] == "D":
            values["d" + piece[1]] = chance.choice((0, 1, -1, 8, 0x10, -0x20, 0x100))
            continue
        name, _, width = piece.partition(":")
        if name.startswith("d"):
            values[name] = chance.choice((0, 0, 1, 2, 4, 8, 0x10, 0x7F))
        else:
            values[name] = random_number(chance, DIGIT * int(width or 1))
    assert values.keys() <= {each.name for each in fields(Fields)}
    return Fields(**values)


def random_number(chance: Random, width: int) -> int:
    """A number of *width* bits, often one at a boundary."""
    boundary = chance.choice((0, 1, 2, (1 << width) - 1, (1 << width) - 2, 1 << width - 1, (1 << width - 1) - 1))
    return boundary if chance.random() < 0.5 else chance.getrandbits(width)
