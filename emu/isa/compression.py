# SPDX-License-Identifier: GPL-2.0-or-later
"""COMPRESSION CALL (PoP chapter 7; *Data Compression*, SA22-7208).

The registers are brought up to date after each index symbol, so that an exception finds the instruction between two
units of operation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu import access
from emu.bits import bit, field, insert
from emu.isa.compression_dictionary import MOST_CHARACTERS, CharacterEntry, Dictionary
from emu.isa.declaration import Operands, instruction
from emu.isa.formats import RRE
from emu.program_interruption import DXC_OPERAND, ProgramInterruption, ProgramInterruptionCode, data_exception
from emu.teid import Access

if TYPE_CHECKING:
    from emu.cpu import Cpu

_SYMBOL_TRANSLATION: Final = bit(47)
"""Register 0: what is stored is not the index symbol, but the halfword that a table has for it."""
_FORMAT_1: Final = bit(54)
"""Register 0: format of the sibling descriptors."""
_EXPANSION: Final = bit(55)
"""Register 0: expand, do not compress."""
_LEAST_BITS: Final = 8
"""To be added to the symbol size in register 0."""
_MOST_SIZE: Final = 5
_DICTIONARY_BOUNDARY: Final = 4096
_TABLE_UNIT: Final = 128
_LIMIT: Final = 512
"""Index symbols after which others go on."""


class _Call:
    """One execution: the fields of registers 0 and 1, and the operands."""

    def __init__(self, cpu: Cpu, operands: Operands) -> None:
        self.cpu = cpu
        self.r1, self.r2 = operands.r1, operands.r2
        self.bits = field(cpu.gr[0], 48, 51) + _LEAST_BITS
        origin = cpu.address_in(1) & -_DICTIONARY_BOUNDARY
        self.dictionary = Dictionary(cpu, origin, self.bits)
        self.table = cpu.wrap(origin + _TABLE_UNIT * field(cpu.gr[1], 52, 60))
        self.is_format_1 = bool(cpu.gr[0] & _FORMAT_1)
        self.translates = bool(cpu.gr[0] & _SYMBOL_TRANSLATION)

    @property
    def bit_number(self) -> int:
        """The bit, of the first byte of the compressed operand, at which the next index symbol begins."""
        return field(self.cpu.gr[1], 61, 63)

    def has_symbol(self, register: int) -> bool:
        """Whether there is an index symbol more, or room for one, in the operand of the pair *register*."""
        return 8 * self.cpu.length_in(register + 1) - self.bit_number >= self.bits

    def symbol_bytes(self) -> int:
        """Bytes in which the next index symbol has bits."""
        return (self.bit_number + self.bits + 7) // 8

    def pass_symbol(self, register: int) -> None:
        """Go on behind an index symbol."""
        count, number = divmod(self.bit_number + self.bits, 8)
        self.advance(register, count)
        self.cpu.gr[1] = insert(self.cpu.gr[1], 61, 63, number)

    def advance(self, register: int, count: int) -> None:
        """Go on *count* bytes in the operand of the pair *register*."""
        cpu = self.cpu
        cpu.set_address_register(register, cpu.wrap(cpu.address_in(register) + count))
        cpu.set_address_register(register + 1, cpu.length_in(register + 1) - count)


@instruction(0xB263, "CMPSC", RRE, "COMPRESSION CALL")
def cmpsc(cpu: Cpu, operands: Operands) -> None:
    """Compress the string that the pair R2 designates to index symbols, or expand them to it; the result is for R1.

    Bits 48-51 of register 0 say how long an index symbol is.  Register 1 has the origin of the dictionary, that of the
    symbol-translation table, and the bit at which the compressed operand begins.  Condition code 0: all is done; 1: no
    room for the rest; 3: the program goes on.

    :raises ProgramInterruption: specification for an odd R1 or R2, or a symbol size other than 1 to 5; data; access
        exceptions.
    """
    size = field(cpu.gr[0], 48, 51)
    if operands.r1 & 1 or operands.r2 & 1 or not 1 <= size <= _MOST_SIZE:
        raise ProgramInterruption(ProgramInterruptionCode.SPECIFICATION)
    call = _Call(cpu, operands)
    do_one = _expand_one if cpu.gr[0] & _EXPANSION else _compress_one
    for _ in range(_LIMIT):
        condition_code = do_one(call)
        if condition_code is not None:
            cpu.cc = condition_code
            return
    cpu.cc = 3


# Expansion


def _expand_one(call: _Call) -> int | None:
    """Expand an index symbol; give the condition code if there is no more or no room."""
    cpu = call.cpu
    if not call.has_symbol(call.r2):
        return 0
    room = cpu.length_in(call.r1 + 1)
    if not room:
        return 1
    length = call.symbol_bytes()
    data = access.load_integer(cpu, cpu.address_in(call.r2), length)
    index = data >> 8 * length - call.bit_number - call.bits & (1 << call.bits) - 1
    characters = call.dictionary.expand(index)
    if len(characters) > room:
        return 1
    access.store(cpu, cpu.address_in(call.r1), characters)
    call.advance(call.r1, len(characters))
    call.pass_symbol(call.r2)
    return None


# Compression


def _compress_one(call: _Call) -> int | None:
    """Store the index symbol of the longest string found; give the condition code if there is no string or no room."""
    cpu = call.cpu
    if not cpu.length_in(call.r2 + 1):
        return 0
    if not call.has_symbol(call.r1):
        return 1
    index, count = _longest(call)
    if count > MOST_CHARACTERS:
        raise data_exception(DXC_OPERAND)
    if call.translates:
        index = access.load_integer(cpu, cpu.wrap(call.table + 2 * index), 2) & (1 << call.bits) - 1
    address, length = cpu.address_in(call.r1), call.symbol_bytes()
    access.probe(cpu, address, length, Access.STORE)
    # The bits on the left belong to the symbol before; those on the right become zeros.
    kept = access.load_integer(cpu, address, 1) >> 8 - call.bit_number << 8 - call.bit_number
    shift = 8 * length - call.bit_number - call.bits
    access.store_integer(cpu, address, length, kept << 8 * (length - 1) | index << shift)
    call.pass_symbol(call.r1)
    call.advance(call.r2, count)
    return None


def _longest(call: _Call) -> tuple[int, int]:
    """The index symbol of the longest string in the dictionary that the source begins with, and its length."""
    source = _Source(call)
    index, count = source.characters(0, 1)[0], 1
    if not source.has(2):
        # Nothing is looked for among its children.
        return index, count
    parent = call.dictionary.character_entry(index)
    while (parent.children or parent.has_siblings) and source.has(count + 1):
        found = _child(call, parent, source, count)
        if found is None:
            break
        index, child = found
        count += 1
        if child is None:
            break
        count += len(child.extension)
        parent = child
        if count > MOST_CHARACTERS:
            break
    return index, count


class _Source:
    """The second operand of a compression, from where it is now."""

    def __init__(self, call: _Call) -> None:
        self._cpu = call.cpu
        self._address = call.cpu.address_in(call.r2)
        self._left = call.cpu.length_in(call.r2 + 1)

    def has(self, count: int) -> bool:
        """Whether there are *count* characters."""
        return self._left >= count

    def characters(self, place: int, count: int) -> bytes:
        """*count* characters from *place* on.

        :raises ProgramInterruption: access exceptions.
        """
        return access.load(self._cpu, self._cpu.wrap(self._address + place), count)


def _child(
    call: _Call, parent: CharacterEntry, source: _Source, place: int
) -> tuple[int, CharacterEntry | None] | None:
    """The child of *parent* that goes on as *source* does at *place*: its index, and its entry if that is examined."""
    character = source.characters(place, 1)[0]
    only_equal = True
    """Children so far had the same character, and other extension characters."""
    for number, child_character in enumerate(parent.children):
        if child_character != character:
            only_equal = False
            continue
        found = _examined(call, parent.first_child + number, bool(parent.examined << number & 0x10), source, place)
        if found is not None or not only_equal or number == len(parent.children) - 1:
            return found
    if not parent.has_siblings:
        return None
    index, first_of = parent.first_child + len(parent.children), parent
    return _sibling(call, index, first_of, character, source, place)


def _sibling(
    call: _Call, index: int, parent: CharacterEntry, character: int, source: _Source, place: int
) -> tuple[int, CharacterEntry | None] | None:
    """The same among the children that sibling descriptors name, of which *index* is the first."""
    first_of: CharacterEntry | None = parent
    while True:
        descriptor = call.dictionary.sibling_descriptor(index, first_of, call.is_format_1)
        number = descriptor.children.find(character)
        if number >= 0:
            is_examined = bool(descriptor.examined << number & 1 << 13)
            return _examined(call, index + number + 1, is_examined, source, place)
        if not descriptor.has_more:
            return None
        index += len(descriptor.children) + 1
        first_of = None


def _examined(
    call: _Call, index: int, is_examined: bool, source: _Source, place: int
) -> tuple[int, CharacterEntry | None] | None:
    """The child of *index*, unless its extension characters are not those of *source* behind *place*."""
    if not is_examined:
        return index, None
    child = call.dictionary.character_entry(index)
    count = len(child.extension)
    if count and not (source.has(place + 1 + count) and source.characters(place + 1, count) == child.extension):
        return None
    return index, child
