# SPDX-License-Identifier: GPL-2.0-or-later
"""What instructions are called, those included that only the engine executes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

import emu.isa.catalogue  # noqa: F401 - fills the instruction set
from emu.engine.quirks.translator_table import table_opcode, translator_table
from emu.instruction_length import instruction_length
from emu.isa.declaration import INSTRUCTIONS, decode

Pieces = tuple[tuple[int, int], ...]
"""First bit and width of each piece of an opcode, as in :class:`emu.isa.formats.Format`."""
_FIRST_BYTE: Final[Pieces] = ((0, 8),)
_HALFWORD: Final[Pieces] = ((0, 16),)
_FOUR_BITS: Final[Pieces] = ((0, 8), (12, 4))
_LAST_BYTE: Final[Pieces] = ((0, 8), (40, 8))
_PIECES: Final = (
    dict.fromkeys((0x01, 0xB2, 0xB3, 0xB9, 0xE5), _HALFWORD)
    | dict.fromkeys((0xA5, 0xA7, 0xC0, 0xC2, 0xC4, 0xC6, 0xC8, 0xCC), _FOUR_BITS)
    | dict.fromkeys((0xE3, 0xE7, 0xEB, 0xEC, 0xED), _LAST_BYTE)
)
"""Where the opcode lies, by its first byte, if it is longer (PoP 5, "Instruction Formats")."""


def mnemonic_of(instruction: bytes) -> str:
    """What the manual calls the *instruction*; nothing if there is no such instruction."""
    decoded = decode(instruction)
    if decoded is not None:
        return decoded[0].mnemonic
    if len(instruction) != instruction_length(instruction[0]):
        return ""
    return _undeclared().get(_table_opcode(instruction), "")


@cache
def opcodes_by_mnemonic() -> Mapping[str, tuple[int, Pieces]]:
    """Opcode and its pieces, as the declarations have them, of every instruction that is executed here at all."""
    found = {name: _opcode_and_pieces(opcode) for opcode, name in _undeclared().items()}
    found.update((each.mnemonic, (each.opcode, each.format.opcode)) for each in INSTRUCTIONS)
    return found


@cache
def _undeclared() -> dict[int, str]:
    """The instructions that only the engine knows, by their opcodes in the translator's table.

    :raises EngineError: if the library is not as it is known.
    """
    declared = {table_opcode(each.opcode, each.format.opcode) for each in INSTRUCTIONS}
    return {opcode: name for opcode, name in translator_table().names.items() if opcode not in declared}


def _table_opcode(instruction: bytes) -> int:
    """The opcode of *instruction* as the translator's table has it."""
    first = instruction[0] << 8
    pieces = _PIECES.get(instruction[0], _FIRST_BYTE)
    if pieces == _HALFWORD:
        return first | instruction[1]
    if pieces == _FOUR_BITS:
        return first | instruction[1] & 0x0F
    return first | instruction[5] if pieces == _LAST_BYTE else first


def _opcode_and_pieces(opcode: int) -> tuple[int, Pieces]:
    """An *opcode* of the translator's table as the declarations have it."""
    pieces = _PIECES.get(opcode >> 8, _FIRST_BYTE)
    if pieces == _FIRST_BYTE:
        return opcode >> 8, pieces
    if pieces == _FOUR_BITS:
        return opcode >> 8 << 4 | opcode & 0x0F, pieces
    return opcode, pieces
