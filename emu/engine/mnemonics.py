# SPDX-License-Identifier: GPL-2.0-or-later
"""What instructions are called, those included that only the engine executes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache

import emu.isa.catalogue  # noqa: F401 - fills the instruction set
from emu.engine.quirks.translator_table import translator_table
from emu.instruction_length import instruction_length
from emu.isa.declaration import INSTRUCTIONS, decode
from emu.isa.opcodes import Opcode


def mnemonic_of(instruction: bytes) -> str:
    """What the manual calls the *instruction*; nothing if there is no such instruction, or no bytes."""
    if not instruction:
        return ""
    decoded = decode(instruction)
    if decoded is not None:
        return decoded[0].mnemonic
    if len(instruction) != instruction_length(instruction[0]):
        return ""
    return _undeclared().get(Opcode.of(instruction), "")


@cache
def opcodes_by_mnemonic() -> Mapping[str, Opcode]:
    """The opcode of every instruction that is executed here at all."""
    return {name: opcode for opcode, name in _undeclared().items()} | {
        each.mnemonic: Opcode.parse(each.opcode_text) for each in INSTRUCTIONS
    }


def first_bytes(mnemonics: Collection[str]) -> frozenset[int]:
    """The first bytes that instructions with these *mnemonics* have; each must be in :func:`opcodes_by_mnemonic`."""
    return frozenset(opcodes_by_mnemonic()[name].first for name in mnemonics)


@cache
def _undeclared() -> dict[Opcode, str]:
    """The instructions that only the engine knows.

    :raises EngineError: if the library is not as it is known.
    """
    declared = {Opcode.parse(each.opcode_text) for each in INSTRUCTIONS}
    named = {Opcode(opcode >> 8, opcode & 0xFF): name for opcode, name in translator_table().names.items()}
    return {opcode: name for opcode, name in named.items() if opcode not in declared}
