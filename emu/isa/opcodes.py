# SPDX-License-Identifier: GPL-2.0-or-later
"""Every opcode that an instruction can have (PoP chapter 5, "Instruction Formats")."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from emu.instruction_length import instruction_length

_TWO_BYTES: Final = frozenset((0x01, 0xB2, 0xB3, 0xB9, 0xE5))
"""First bytes of opcodes that go on in the second byte."""
_FOUR_BITS_MORE: Final = frozenset((0xA5, 0xA7, 0xC0, 0xC2, 0xC4, 0xC6, 0xC8, 0xCC))
"""The same: in bits 12-15."""
_LAST_BYTE: Final = frozenset((0xE3, 0xE6, 0xE7, 0xEB, 0xEC, 0xED))
"""The same: in bits 40-47."""


@dataclass(frozen=True, slots=True, order=True)
class Opcode:
    """An opcode: its first byte, and how it goes on; *more* is zero for the others."""

    first: int
    more: int = 0

    @classmethod
    def parse(cls, digits: str) -> Opcode:
        """The opcode that the manual prints as *digits*: EE, C60, B2FF, E33B.

        :raises ValueError: if opcodes with that first byte have more or fewer digits.
        """
        first = int(digits[:2], 16)
        if len(digits) != 2 + _digits_behind(first):
            raise ValueError(f"{digits!r} is not an opcode")
        return cls(first, int(digits[2:] or "0", 16))

    @classmethod
    def of(cls, instruction: bytes) -> Opcode:
        """The opcode of *instruction*."""
        first = instruction[0]
        if first in _TWO_BYTES:
            return cls(first, instruction[1])
        if first in _FOUR_BITS_MORE:
            return cls(first, instruction[1] & 0x0F)
        return cls(first, instruction[5] if first in _LAST_BYTE else 0)

    def __str__(self) -> str:
        width = _digits_behind(self.first)
        return f"{self.first:02X}" + (f"{self.more:0{width}X}" if width else "")

    @property
    def length(self) -> int:
        """Bytes of the instruction."""
        return instruction_length(self.first)

    @property
    def pieces(self) -> tuple[tuple[int, int], ...]:
        """The first bit and the width of each piece of the opcode in the instruction."""
        if self.first in _TWO_BYTES:
            return ((0, 16),)
        if self.first in _FOUR_BITS_MORE:
            return (0, 8), (12, 4)
        return ((0, 8), (40, 8)) if self.first in _LAST_BYTE else ((0, 8),)

    def instruction(self, operands: bytes) -> bytes:
        """An instruction with this opcode; what is no opcode comes from the same place of *operands*, six bytes."""
        code = bytearray((self.first, *operands[1 : self.length]))
        if self.first in _TWO_BYTES:
            code[1] = self.more
        elif self.first in _FOUR_BITS_MORE:
            code[1] = code[1] & 0xF0 | self.more
        elif self.first in _LAST_BYTE:
            code[5] = self.more
        return bytes(code)


def _digits_behind(first: int) -> int:
    if first in _FOUR_BITS_MORE:
        return 1
    return 2 if first in _TWO_BYTES or first in _LAST_BYTE else 0


def opcodes() -> Iterator[Opcode]:
    """All opcodes, assigned or not, in ascending order."""
    for first in range(256):
        for more in range(16 ** _digits_behind(first)):
            yield Opcode(first, more)


def parse_list(text: str) -> frozenset[Opcode]:
    """The opcodes in *text*, which are separated by blanks; two with a hyphen mean all from one to the other.

    :raises ValueError: for anything else, and for an opcode that is there twice.
    """
    found: list[Opcode] = []
    for item in text.split():
        low, _, high = item.partition("-")
        first, last = Opcode.parse(low), Opcode.parse(high or low)
        if first.first == last.first:
            found += (Opcode(first.first, more) for more in range(first.more, last.more + 1))
        else:
            found += (Opcode(byte) for byte in range(first.first, last.first + 1))
    if len(found) != len(set(found)):
        raise ValueError(f"an opcode is twice in {text!r}")
    return frozenset(found)
