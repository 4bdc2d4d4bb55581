# SPDX-License-Identifier: GPL-2.0-or-later
"""Where general instructions have their storage operands, how long these are, and whether they are fetched or stored.

It is what the manual says of each ("Instructions" in chapters 7 to 9 and 18 to 24).  An operand whose length depends on
what is met while the instruction is executed (MVCL, MVST, TROO ...), or that is accessed only if a condition holds
(STOC), is not described: such an instruction is one of :data:`UNDESCRIBED`.  Nor is the second operand of TR, ED, MVCIN
and the like, of which the bytes that are fetched are chosen by the first, or lie to the left of its address.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from emu.bits import MASK_64

if TYPE_CHECKING:
    from collections.abc import Sequence


class Use(IntEnum):
    """What is done with an operand."""

    FETCH = 1
    STORE = 2
    UPDATE = 3
    """Fetched, and stored."""
    COMPARE = 7
    """Fetched, and stored if the condition code is 0 then: COMPARE AND SWAP."""


class OperandPlace(IntEnum):
    """By which fields an operand is found."""

    BASE = 0
    """Base in bits 16-19 and displacement in bits 20-31."""
    INDEXED = 1
    """The same, and an index in bits 12-15."""
    BASE_LONG = 2
    """Base, and displacement of which bits 32-39 are the high part."""
    INDEXED_LONG = 3
    SECOND = 4
    """Base in bits 32-35 and displacement in bits 36-47."""
    RELATIVE = 5
    """A signed number of halfwords from the instruction, in bits 16-47."""


class Length(IntEnum):
    """Lengths that the instruction says; other lengths are given in bytes."""

    BYTES = 0
    L = 1
    """One more than bits 8-15."""
    L1 = 2
    """One more than bits 8-11."""
    L2 = 3
    """One more than bits 12-15."""
    WORDS = 4
    """Four bytes for each register from R1 (bits 8-11) to R3 (bits 12-15)."""
    DOUBLEWORDS = 5
    MASK = 6
    """A byte for each one of bits 12-15."""


USE_BITS: Final = 3
PLACE_SHIFT: Final = USE_BITS
RULE_SHIFT: Final = 6
SIZE_SHIFT: Final = 9
OPERAND_BITS: Final = 16
OPERAND_MASK: Final = (1 << OPERAND_BITS) - 1
UNDESCRIBED_BIT: Final = 1 << 2 * OPERAND_BITS
"""In the table: the instruction is one of :data:`UNDESCRIBED`."""
PARTLY_DESCRIBED_BIT: Final = UNDESCRIBED_BIT << 1
"""It is one of :data:`PARTLY_DESCRIBED`."""
LAST_BYTE_SAYS: Final = (0xE3, 0xE7, 0xEB, 0xED)
"""First bytes of instructions of which the last byte is the rest of the opcode; of others it may be the second."""

_F, _S, _U, _C = Use.FETCH, Use.STORE, Use.UPDATE, Use.COMPARE
_DESCRIBED: Final[tuple[tuple[Use, OperandPlace, Length | int, str], ...]] = (
    (_S, OperandPlace.INDEXED, 1, "42"),
    (_S, OperandPlace.INDEXED, 2, "40"),
    (_S, OperandPlace.INDEXED, 4, "50 70"),
    (_S, OperandPlace.INDEXED, 8, "60 4E"),
    (_F, OperandPlace.INDEXED, 1, "43"),
    (_F, OperandPlace.INDEXED, 2, "48 49 4A 4B 4C"),
    (_F, OperandPlace.INDEXED, 4, "54 55 56 57 58 59 5A 5B 5C 5D 5E 5F 71 78 79 7A 7B 7C 7D 7E 7F"),
    (_F, OperandPlace.INDEXED, 8, "4F 67 68 69 6A 6B 6C 6D 6E 6F"),
    (_S, OperandPlace.BASE, Length.WORDS, "90 9B"),
    (_F, OperandPlace.BASE, Length.WORDS, "98 9A"),
    (_S, OperandPlace.BASE, Length.MASK, "BE"),
    (_F, OperandPlace.BASE, Length.MASK, "BF BD"),
    (_C, OperandPlace.BASE, 4, "BA"),
    (_C, OperandPlace.BASE, 8, "BB"),
    (_S, OperandPlace.BASE, 1, "92"),
    (_U, OperandPlace.BASE, 1, "93 94 96 97"),
    (_F, OperandPlace.BASE, 1, "91 95"),
    (_S, OperandPlace.BASE, 4, "B29C"),
    (_F, OperandPlace.BASE, 4, "B29D B2BD"),
    (_S, OperandPlace.BASE, Length.L, "D2"),
    (_F, OperandPlace.SECOND, Length.L, "D1 D2 D3 D4 D5 D6 D7"),
    (_U, OperandPlace.BASE, Length.L, "D1 D3 D4 D6 D7"),
    (_F, OperandPlace.BASE, Length.L, "D5"),
    (_U, OperandPlace.BASE, Length.L, "DC DE DF"),
    (_S, OperandPlace.BASE, Length.L, "E2 E8 EA"),
    (_S, OperandPlace.BASE, 16, "E1 E9"),
    (_U, OperandPlace.BASE, Length.L1, "F0 F1 FA FB FC FD"),
    (_S, OperandPlace.BASE, Length.L1, "F2 F3 F8"),
    (_F, OperandPlace.BASE, Length.L1, "F9 EBC0"),
    (_F, OperandPlace.SECOND, Length.L2, "F1 F2 F3 F8 F9 FA FB FC FD"),
    (_S, OperandPlace.BASE, 2, "E544"),
    (_S, OperandPlace.BASE, 8, "E548"),
    (_S, OperandPlace.BASE, 4, "E54C"),
    (_F, OperandPlace.BASE, 2, "E554 E555"),
    (_F, OperandPlace.BASE, 8, "E558 E559"),
    (_F, OperandPlace.BASE, 4, "E55C E55D"),
    (_S, OperandPlace.INDEXED_LONG, 1, "E372 E3C3"),
    (_S, OperandPlace.INDEXED_LONG, 2, "E370 E33F E3C7"),
    (_S, OperandPlace.INDEXED_LONG, 4, "E350 E33E E3CB"),
    (_S, OperandPlace.INDEXED_LONG, 8, "E324 E326 E32F"),
    (_S, OperandPlace.INDEXED_LONG, 16, "E32E E38E"),
    (_F, OperandPlace.INDEXED_LONG, 1, "E373 E376 E377 E390 E394 E3C0 E3C2"),
    (_F, OperandPlace.INDEXED_LONG, 2, "E315 E31F E334 E378 E379 E37A E37B E37C E391 E395 E3C4 E3C6 E338 E339 E33C"),
    (
        _F,
        OperandPlace.INDEXED_LONG,
        4,
        "E312 E314 E316 E317 E318 E319 E31A E31B E31C E31D E31E E330 E331 E332 E33A E33B",
    ),
    (
        _F,
        OperandPlace.INDEXED_LONG,
        4,
        "E351 E353 E354 E355 E356 E357 E358 E359 E35A E35B E35C E35E E35F E396 E397",
    ),
    (_F, OperandPlace.INDEXED_LONG, 4, "E398 E399 E39C E39D E39F E3C8 E3CA E3CD E3CF"),
    (
        _F,
        OperandPlace.INDEXED_LONG,
        8,
        "E302 E304 E306 E308 E309 E30A E30B E30C E30D E30F E320 E321 E32A E380 E381 E382",
    ),
    (_F, OperandPlace.INDEXED_LONG, 8, "E383 E384 E385 E386 E387 E388 E389"),
    (_F, OperandPlace.INDEXED_LONG, 16, "E30E E38F"),
    (_S, OperandPlace.BASE_LONG, Length.DOUBLEWORDS, "EB24"),
    (_S, OperandPlace.BASE_LONG, Length.WORDS, "EB26 EB90 EB9B"),
    (_F, OperandPlace.BASE_LONG, Length.DOUBLEWORDS, "EB04"),
    (_F, OperandPlace.BASE_LONG, Length.WORDS, "EB96 EB98 EB9A"),
    (_S, OperandPlace.BASE_LONG, Length.MASK, "EB2C EB2D"),
    (_F, OperandPlace.BASE_LONG, Length.MASK, "EB20 EB21 EB80 EB81"),
    (_S, OperandPlace.BASE_LONG, 1, "EB52"),
    (_U, OperandPlace.BASE_LONG, 1, "EB54 EB56 EB57"),
    (_F, OperandPlace.BASE_LONG, 1, "EB51 EB55"),
    (_C, OperandPlace.BASE_LONG, 4, "EB14"),
    (_C, OperandPlace.BASE_LONG, 8, "EB30 EB31"),
    (_C, OperandPlace.BASE_LONG, 16, "EB3E"),
    (_U, OperandPlace.BASE_LONG, 4, "EB6A EB6E EBF8 EBFA EBF4 EBF6 EBF7"),
    (_U, OperandPlace.BASE_LONG, 8, "EB7A EB7E EBE8 EBEA EBE4 EBE6 EBE7"),
    (_F, OperandPlace.BASE_LONG, 4, "EB23"),
    (_F, OperandPlace.BASE_LONG, 8, "EB2B"),
    (_S, OperandPlace.INDEXED_LONG, 4, "ED66"),
    (_S, OperandPlace.INDEXED_LONG, 8, "ED67"),
    (_F, OperandPlace.INDEXED_LONG, 4, "ED64"),
    (_F, OperandPlace.INDEXED_LONG, 8, "ED65"),
    (_F, OperandPlace.INDEXED, 4, "ED04 ED06 ED08 ED09 ED0A ED0B ED0C ED0D ED0E ED0F ED14 ED17 ED24 ED26 ED34 ED37"),
    (_F, OperandPlace.INDEXED, 8, "ED05 ED07 ED15 ED18 ED19 ED1A ED1B ED1C ED1D ED1E ED1F ED25 ED35"),
    (_S, OperandPlace.INDEXED, 1, "E708"),
    (_S, OperandPlace.INDEXED, 2, "E709"),
    (_S, OperandPlace.INDEXED, 4, "E70B"),
    (_S, OperandPlace.INDEXED, 8, "E70A"),
    (_S, OperandPlace.INDEXED, 16, "E70E"),
    (_F, OperandPlace.INDEXED, 1, "E700"),
    (_F, OperandPlace.INDEXED, 2, "E701"),
    (_F, OperandPlace.INDEXED, 4, "E703"),
    (_F, OperandPlace.INDEXED, 8, "E702"),
    (_F, OperandPlace.INDEXED, 16, "E706"),
    (_S, OperandPlace.RELATIVE, 2, "C47"),
    (_S, OperandPlace.RELATIVE, 4, "C4F"),
    (_S, OperandPlace.RELATIVE, 8, "C4B"),
    (_F, OperandPlace.RELATIVE, 2, "C42 C44 C45 C46 C64 C65 C66 C67"),
    (_F, OperandPlace.RELATIVE, 4, "C4C C4D C4E C6C C6D C6E C6F"),
    (_F, OperandPlace.RELATIVE, 8, "C48 C68 C6A"),
)
PARTLY_DESCRIBED: Final = frozenset(["DC", "DE", "DF", "E8"])
"""Opcodes of those that fetch from a second operand that is not described."""
UNDESCRIBED: Final = frozenset(
    opcode
    for line in (
        "0E 0F A8 A9 D0 DD",
        "B241 B254 B255 B257 B25D B25E B263 B2A5 B2A6 B2A7",
        "B990 B991 B992 B993 B9B0 B9B1 B9B2 B9B3 B9BD B9BE B9BF",
        "E704 E705 E707 E712 E713 E71A E71B E736 E737 E73E E73F",
        "EB8E EB8F EBE0 EBE1 EBE2 EBE3 EBF2 EBF3 C82 C84 C85",
    )
    for opcode in line.split()
)
"""Opcodes of instructions that access storage otherwise."""


def _places(opcode: str) -> slice | int:
    """Where *opcode* is in the table."""
    if len(opcode) == 2:
        return slice(int(opcode, 16) << 8, (int(opcode, 16) + 1) << 8)
    if len(opcode) == 3:
        first = int(opcode[:2], 16) << 8
        return slice(first | int(opcode[2], 16), first + 256, 16)
    return int(opcode, 16)


def _packed(use: Use, place: OperandPlace, length: Length | int) -> int:
    rule, size = (length, 0) if isinstance(length, Length) else (Length.BYTES, length)
    return use | place << PLACE_SHIFT | rule << RULE_SHIFT | size << SIZE_SHIFT


def _table() -> npt.NDArray[np.uint64]:
    table = np.zeros(1 << 16, dtype=np.uint64)
    for use, place, length, opcodes in _DESCRIBED:
        for opcode in opcodes.split():
            where = _places(opcode)
            before = table[where]
            table[where] = np.where(
                before == 0,
                np.uint64(_packed(use, place, length)),
                before | np.uint64(_packed(use, place, length) << OPERAND_BITS),
            )
    for opcode in PARTLY_DESCRIBED:
        table[_places(opcode)] |= np.uint64(PARTLY_DESCRIBED_BIT)
    for opcode in UNDESCRIBED:
        table[_places(opcode)] = UNDESCRIBED_BIT
    return table


TABLE: Final = _table()
"""By the first byte of an instruction and the second, or the last where that says more: its operands, 16 bits for each,
and zero for none; or UNDESCRIBED_BIT; PARTLY_DESCRIBED_BIT besides."""


def base_of(word: int, place: int) -> int:
    """The number of the base register of the operand at *place* of an instruction left-aligned in *word*; 0: none."""
    if place == OperandPlace.SECOND:
        return word >> 28 & 15
    return word >> 44 & 15


def index_of(word: int, place: int) -> int:
    """The number of its index register; 0: none."""
    if place in (OperandPlace.INDEXED, OperandPlace.INDEXED_LONG):
        return word >> 48 & 15
    return 0


def displacement_of(word: int, place: int) -> int:
    """Its displacement, modulo 2**64; of a relative operand how far from the instruction it is."""
    if place == OperandPlace.RELATIVE:
        halfwords = word >> 16 & 0xFFFF_FFFF
        return (halfwords << 1) - (halfwords >> 31 << 33) & MASK_64
    if place == OperandPlace.SECOND:
        return word >> 16 & 0xFFF
    short = word >> 32 & 0xFFF
    if place in (OperandPlace.BASE_LONG, OperandPlace.INDEXED_LONG):
        high = word >> 24 & 0xFF
        return short + (high << 12) - (high >> 7 << 20) & MASK_64
    return short


def length_of(word: int, rule: int, size: int) -> int:
    """How many bytes it has, by its *rule* and *size*."""
    first, last = word >> 52 & 15, word >> 48 & 15
    if rule == Length.BYTES:
        return size
    if rule == Length.L:
        return (word >> 48 & 0xFF) + 1
    if rule == Length.L1:
        return first + 1
    if rule == Length.L2:
        return last + 1
    if rule == Length.WORDS:
        return ((last - first & 15) + 1) << 2
    if rule == Length.DOUBLEWORDS:
        return ((last - first & 15) + 1) << 3
    return (last & 1) + (last >> 1 & 1) + (last >> 2 & 1) + (last >> 3)


class StorageOperand(NamedTuple):
    """An operand of an instruction that is about to be executed."""

    use: Use
    address: int
    length: int


def packed_operands(instruction: bytes) -> int:
    """What the table says of *instruction*."""
    rest = instruction[-1 if instruction[0] in LAST_BYTE_SAYS else 1]
    return int(TABLE[instruction[0] << 8 | rest])


def operands_of(
    instruction: bytes, at: int, gr: Sequence[int], limit: int, *, fetches: bool
) -> list[StorageOperand] | None:
    """The operands of *instruction*, which is *at* this address; None if they are not described.

    :param gr: the general registers before it.
    :param limit: the last address of the addressing mode.
    :param fetches: whether that must be so of those that are only fetched, too.
    """
    packed = packed_operands(instruction)
    if packed & (UNDESCRIBED_BIT | (PARTLY_DESCRIBED_BIT if fetches else 0)):
        return None
    word = int.from_bytes(instruction.ljust(8, b"\0"), "big")
    found = []
    for each in (packed & OPERAND_MASK, packed >> OPERAND_BITS & OPERAND_MASK):
        if each:
            use, place, rule = Use(each & 7), each >> PLACE_SHIFT & 7, each >> RULE_SHIFT & 7
            address = displacement_of(word, place)
            if place == OperandPlace.RELATIVE:
                address += at
            else:
                for register in (base_of(word, place), index_of(word, place)):
                    address += gr[register] if register else 0
            length = length_of(word, rule, each >> SIZE_SHIFT)
            if length:
                found.append(StorageOperand(use, address & limit, length))
    return found
