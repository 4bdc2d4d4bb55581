# SPDX-License-Identifier: GPL-2.0-or-later
"""Every operation code that the declarations or the public disassembler know, and instructions with random operands."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

import emu.isa.catalogue  # noqa: F401 - fills the instruction set
from emu.instruction_length import instruction_length
from emu.isa.declaration import INSTRUCTIONS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

_SECOND_BYTE: Final = frozenset({0x01, 0xA4, 0xA6, 0xAE, 0xB2, 0xB3, 0xB9, 0xE4, 0xE5})
_NIBBLE: Final = frozenset({0xA5, 0xA7, 0xC0, 0xC2, 0xC4, 0xC6, 0xC8, 0xCC})
_LAST_BYTE: Final = frozenset({0xE3, 0xE6, 0xE7, 0xEB, 0xEC, 0xED})
_RELATIVE: Final = frozenset({(0xA7, 4), (0xA7, 5), (0xA7, 6), (0xA7, 7), (0xC0, 4), (0xC0, 5), (0x84, -1), (0x85, -1)})
_RELATIVE_LAST: Final = frozenset({0x44, 0x45, 0x64, 0x65, 0x76, 0x77, 0x7C, 0x7D, 0x7E, 0x7F})
"""Last bytes of those with the first byte EC that branch."""
_REGISTERS_ONLY: Final = frozenset({0xA5, 0xA7, 0xC0, 0xC2, 0xCC, 0xEC})
"""First bytes of instructions whose operands are registers and immediates."""
_ENDS: Final = frozenset({0x0A, 0x82, 0x83})
"""SVC, LPSW, DIAGNOSE: most of them end the program, so they are rarer than others."""
_ONE_LENGTH: Final = frozenset(
    {0xD1, 0xD2, 0xD3, 0xD4, 0xD5, 0xD6, 0xD7, 0xD9, 0xDA, 0xDB, 0xDC, 0xDD, 0xDE, 0xDF, 0xE8}
)
"""First bytes of those whose second is one length."""
_LENGTHS: Final = (0, 1, 2, 3, 7, 15)
_SEVERAL_DOUBLEWORDS: Final = (9, 15, 23, 31)
_LOGICAL: Final = frozenset({0xD4, 0xD6, 0xD7})
"""First bytes of those whose operands are often the same field: a program clears it, or tests it for zeros."""
_TEST_RESULTS: Final = 0x80
_COMPARISONS: Final = tuple(
    bytes.fromhex(each)
    for each in ("1900", "1500", "b9200000", "b9210000", "b9300000", "a70e0000", "a70f0000", "c20f00000000", "55000000")
)
"""COMPARE and COMPARE LOGICAL: the condition code is not computed before somebody looks at it, from both operands."""
_DELICATE: Final = (
    # An operand is accessed in parts.
    *("90", "eb..90", "eb..24", "eb..26", "9b", "eb..9b", "be", "eb..2d", "eb..2c"),
    *(
        "9a",
        "eb..9a",
        "98",
        "eb..98",
        "eb..04",
        "eb..96",
        "c804",
        "c805",
        "d2",
        "d4",
        "d5",
        "d5",
        "d5",
        "d6",
        "d7",
        "dc",
        "bd",
    ),
    # What is computed is not an operand of the next instruction, or only now and then.
    *("ec..54", "ec..56", "ec..57", "ec..57", "ec..55"),
    # A condition, or a trap.
    *("ec..72", "ec..70", "ec..73", "ec..71", "b972", "b960", "b973", "b961", "eb..23", "eb..2b"),
    # Flags of IEEE exceptions, beside the condition code.
    *2 * ("b309", "b319", "b349", "ed..09", "ed..19"),
    *("b308", "b318"),
    # Branches, taken or not, and links.
    *("07", "47", "a704", "c004", "06", "46", "a706", "86", "87", "05", "0d", "ec..76", "ec..7e", "ec..f6"),
    # Addresses and sums.
    *("41", "e3..71", "c000", "1a", "1b", "b908", "b909", "1e", "1f"),
)
"""Instructions that engines get wrong most easily, by the bytes of the operation."""


@cache
def opcodes() -> tuple[bytes, ...]:
    """The instructions with all operands zero, in order."""
    import capstone

    known = {
        each.format.compose(each.opcode, {field.name: 0 for field in each.format.fields}).to_bytes(
            each.format.length, "big"
        )
        for each in INSTRUCTIONS
    }
    decoder = capstone.Cs(capstone.CS_ARCH_SYSZ, capstone.CS_MODE_BIG_ENDIAN)
    for template in _templates():
        forms = (
            bytes(one | other for one, other in zip(template, filler, strict=False)) for filler in _fillers(template)
        )
        if any(list(decoder.disasm_lite(form, 0, 1)) for form in forms):
            known.add(template)
    return tuple(sorted(known))


def _fillers(template: bytes) -> list[bytes]:
    """Operands of which one or another is valid where a register must be even or an index non-zero."""
    first = template[0]
    if first in _SECOND_BYTE:
        return [bytes.fromhex(each) for each in ("000000000000", "000000240000", "000020240000", "000000400000")]
    if first in _LAST_BYTE or first in _NIBBLE:
        return [bytes.fromhex(each) for each in ("000000000000", "002000000000", "002012340000", "000000001000")]
    return [bytes.fromhex(each) for each in ("000000000000", "002400000000")]


def _templates() -> list[bytes]:
    made = []
    for first in range(256):
        length = instruction_length(first)
        if first in _SECOND_BYTE:
            made += [bytes((first, second)) + bytes(length - 2) for second in range(256)]
        elif first in _NIBBLE:
            made += [bytes((first, nibble)) + bytes(length - 2) for nibble in range(16)]
        elif first in _LAST_BYTE:
            made += [bytes((first,)) + bytes(4) + bytes((last,)) for last in range(256)]
        else:
            made.append(bytes((first,)) + bytes(length - 1))
    return made


@cache
def delicate() -> tuple[bytes, ...]:
    """Those of them that engines get wrong most easily: some come more often than others."""
    found = []
    for each in _DELICATE:
        first, _, last = each.partition("..")
        template = bytearray(instruction_length(int(first[:2], 16)))
        template[: len(first) // 2] = bytes.fromhex(first)
        if last:
            template[-1] = int(last, 16)
        found.append(bytes(template))
    return tuple(found)


def random_instruction(random: Random, often: Sequence[bytes] = ()) -> bytes:
    """An instruction with random operands; most are known, and some are any bytes.

    :param often: if there are any, most are one of these, or a comparison.
    """
    if often and random.random() < 0.85:
        return with_operands(random.choice(often if random.random() < 0.6 else _COMPARISONS), random)
    if random.random() < 0.04:
        first = random.randrange(256)
        return bytes((first,)) + random.randbytes(instruction_length(first) - 1)
    known = opcodes()
    template = random.choice(known)
    if template[0] in _ENDS and random.random() < 0.9:
        template = random.choice(known)
    return with_operands(template, random)


def with_operands(template: bytes, random: Random) -> bytes:
    """The operation of *template* with random operands, most of which lead somewhere."""
    first, length = template[0], len(template)
    mask = bytearray(b"\x00" + b"\xff" * (length - 1))
    if first in _SECOND_BYTE:
        mask[1] = 0
    elif first in _NIBBLE:
        mask[1] = 0xF0
    elif first in _LAST_BYTE:
        mask[5] = 0
    filler = bytearray(random.randbytes(length))
    if length > 2 and first not in _REGISTERS_ONLY:
        _shorten_displacements(filler, first, length, random)
    if _branches(template):
        offset = random.choice((-6, -4, -3, -2, 2, 2, 3, 3, 4, 5, 6, 8, 12))
        if first == 0xC0:
            filler[2:6] = offset.to_bytes(4, "big", signed=True)
        else:
            filler[2:4] = offset.to_bytes(2, "big", signed=True)
    elif first in (0xC4, 0xC6) or (first == 0xC0 and template[1] & 0xF == 0):
        target = random.choice(
            (0x1000, -0x1000, 0x7FF, 0x800, 0x8000, 0x8800, 0x9000, -0x8000, -0x7800)
        ) + random.randrange(-4, 12)
        filler[2:6] = target.to_bytes(4, "big", signed=True)
    if first in _ONE_LENGTH and random.random() < 0.75:
        filler[1] = random.choice(_LENGTHS)
    if first in _LOGICAL and random.random() < 0.5:
        filler[4:6] = filler[2:4]
        filler[1] = random.choice((*_LENGTHS, *_SEVERAL_DOUBLEWORDS))
    if first == 0xEC and random.random() < 0.3:
        filler[2] |= _TEST_RESULTS
    if first in (0xE3, 0xEB) and random.random() < 0.8:
        filler[4] = 0
    if first == 0xE7 and random.random() < 0.8:
        # The element size is a small number, and the fifth bits of the registers.
        filler[4] = random.randrange(6) << 4 | random.choice((0, 0, random.randrange(16)))
    return bytes(base | byte & bits for base, byte, bits in zip(template, filler, mask, strict=True))


def _branches(template: bytes) -> bool:
    first, second = template[0], template[1] & 0xF
    if first == 0xEC:
        return template[5] in _RELATIVE_LAST
    return (first, second) in _RELATIVE or first in (0x84, 0x85)


def _shorten_displacements(filler: bytearray, first: int, length: int, random: Random) -> None:
    """Let most displacements be so small that the page is that of the base register."""
    for at in (
        (2, 4) if length == 6 and (0xD0 <= first <= 0xE2 or 0xE8 <= first <= 0xFF or first in (0xE5, 0xC8)) else (2,)
    ):
        if first in (0xB2, 0xB3, 0xB9) and random.random() < 0.5:
            # Registers, or a mask and two registers.
            filler[2] = random.choice((0, 0, filler[2], filler[2] & 0xF0))
            continue
        if random.random() < 0.7 and at + 1 < length:
            filler[at] &= 0xF0
            filler[at + 1] = random.choice((0, 0, 0, 1, 2, 4, 8, 0x10, 0x80, 0xFF))
    if random.random() < 0.6 and first not in (0xB2, 0xB3, 0xB9, 0xE5):
        # No index, or lengths of few bytes.
        filler[1] = filler[1] & (0xF0 if random.random() < 0.7 else 0x1F)
