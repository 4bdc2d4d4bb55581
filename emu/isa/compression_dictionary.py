# SPDX-License-Identifier: GPL-2.0-or-later
"""The dictionaries of COMPRESSION CALL (*Enterprise Systems Architecture/390 Data Compression*, SA22-7208).

Entries are eight bytes, and an index symbol is the number of one; those of the 256 alphabet entries are the characters.
The expansion dictionary follows the compression dictionary where format-1 sibling descriptors go on in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from emu import access
from emu.bits import field
from emu.program_interruption import DXC_OPERAND, data_exception

if TYPE_CHECKING:
    from emu.cpu import Cpu

ALPHABET: Final = 256
MOST_CHARACTERS: Final = 260
"""Of a symbol."""
_MOST_ENTRIES: Final = 127
"""That make up a symbol."""
_ENTRY: Final = 8
_MOST_CHILDREN: Final = 5
"""In a character entry, one less with an additional extension character."""


@dataclass(frozen=True, slots=True)
class CharacterEntry:
    """A compression character entry."""

    extension: bytes
    """Additional extension characters."""
    children: bytes
    """The characters of the children that the entry names."""
    first_child: int
    """The index of the first; the others follow."""
    examined: int
    """From the left, a bit for each of these children: it has an entry to be looked at."""
    examined_siblings: int
    """Two bits for children that the first sibling descriptor has no bits for."""
    has_siblings: bool
    """There are more children, in sibling descriptors."""


@dataclass(frozen=True, slots=True)
class SiblingDescriptor:
    """A sibling descriptor."""

    children: bytes
    examined: int
    """From the left of 14 bits, a bit for each child."""
    has_more: bool


class Dictionary:
    """The dictionary at logical *origin*, whose indexes have *bits* bits."""

    def __init__(self, cpu: Cpu, origin: int, bits: int) -> None:
        self._cpu = cpu
        self._origin = origin
        self._limit = 1 << bits
        self._entries: dict[int, int] = {}

    def _fetch(self, index: int) -> int:
        """The entry of *index*; beyond the limit, of the dictionary that follows.

        :raises ProgramInterruption: access exceptions.
        """
        if index not in self._entries:
            address = self._cpu.wrap(self._origin + _ENTRY * index)
            self._entries[index] = access.load_integer(self._cpu, address, _ENTRY)
        return self._entries[index]

    def _checked(self, index: int) -> int:
        if index >= self._limit:
            raise data_exception(DXC_OPERAND)
        return index

    # Expansion

    def expand(self, index: int) -> bytes:
        """The characters of an index symbol.

        :raises ProgramInterruption: data; access exceptions.
        """
        if index < ALPHABET:
            return bytes((index,))
        symbol = bytearray()
        for _ in range(_MOST_ENTRIES):
            entry = self._fetch(self._checked(index))
            data = entry.to_bytes(_ENTRY, "big")
            length = field(entry, 0, 2)
            offset = data[7]
            if not length:
                length, offset = field(entry, 5, 7), 0
                if not length:
                    raise data_exception(DXC_OPERAND)
                characters = data[1 : 1 + length]
            elif length > _MOST_CHILDREN:
                raise data_exception(DXC_OPERAND)
            else:
                characters = data[2 : 2 + length]
            if not symbol:
                symbol = bytearray(offset + length)
            symbol[offset : offset + length] = characters
            if not field(entry, 0, 2):
                return bytes(symbol)
            index = field(entry, 3, 15)
        raise data_exception(DXC_OPERAND)

    # Compression

    def character_entry(self, index: int) -> CharacterEntry:
        """The compression character entry of *index*.

        :raises ProgramInterruption: data; access exceptions.
        """
        entry = self._fetch(self._checked(index))
        data = entry.to_bytes(_ENTRY, "big")
        children = field(entry, 0, 2)
        more = False
        if children < 2:
            extension = field(entry, 8, 10)
            if extension + children > _MOST_CHILDREN:
                raise data_exception(DXC_OPERAND)
        else:
            extension = field(entry, 10, 10)
            most = _MOST_CHILDREN - extension
            if children > most + 1:
                raise data_exception(DXC_OPERAND)
            more = children > most
            children = min(children, most)
        pointer = field(entry, 11, 23)
        if children and pointer >= self._limit:
            raise data_exception(DXC_OPERAND)
        return CharacterEntry(
            extension=data[3 : 3 + extension],
            children=data[3 + extension : 3 + extension + children],
            first_child=pointer,
            examined=field(entry, 3, 7),
            examined_siblings=field(entry, 8, 9),
            has_siblings=more,
        )

    def sibling_descriptor(self, index: int, first_of: CharacterEntry | None, is_format_1: bool) -> SiblingDescriptor:
        """The sibling descriptor of *index*.

        :param first_of: the parent, if it is its first descriptor; its last two children are examined as that says.
        :raises ProgramInterruption: data; access exceptions.
        """
        entry = self._fetch(self._checked(index))
        most, width = (14, 4) if is_format_1 else (7, 3)
        count = field(entry, 0, width - 1)
        has_more = count in (0, (1 << width) - 1)
        count = most if has_more else count
        named = most - 2
        examined = field(entry, width, width + named - 1) << 2
        examined |= 3 if first_of is None else first_of.examined_siblings
        data = entry.to_bytes(_ENTRY, "big")[2 if is_format_1 else 1 :]
        if count > len(data):
            data += self._fetch(self._limit + index).to_bytes(_ENTRY, "big")
        return SiblingDescriptor(data[:count], examined << 14 - most, has_more)
