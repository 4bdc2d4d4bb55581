"""Which instructions must not run natively, and what the engine sees in their place.

Privileged and missing instructions trap by themselves.  Those declared as sensitive or as corrections do not; where
one is found in code about to run for the first time, the copy of the page that the engine executes from gets a trap:
an unassigned opcode of the same length.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

import emu.isa.catalogue  # noqa: F401 - fills the instruction set
from emu.engine.blocks import CANDIDATE, SPLIT, SPLIT_TABLE, TABLE_BYTES, TARGET
from emu.isa.corrections.execute_relative import needs_correction
from emu.isa.declaration import INSTRUCTIONS, Reason, decode

_TRAPS: Final = {2: b"\x00\x00", 4: b"\xb0\x00\x00\x00", 6: b"\xcf\x00\x00\x00\x00\x00"}
"""Unassigned opcodes, by length.  They stay unassigned whatever EXECUTE ORs into the second byte."""


def trap(length: int) -> bytes:
    """The bytes that stand for an intercepted instruction of *length* bytes."""
    return _TRAPS[length]


def is_intercepted(instruction: bytes) -> bool:
    """Whether *instruction* must be executed in Python although the engine would execute it."""
    decoded = decode(int.from_bytes(instruction, "big"), len(instruction))
    if decoded is None or decoded[0].reason is Reason.CONTROL:
        return False
    declared, operands = decoded
    return declared.only is None or declared.only(operands)


def is_intercepted_target(instruction: bytes) -> bool:
    """Whether *instruction*, as the target of an EXECUTE, must be executed in Python."""
    return is_intercepted(instruction) or needs_correction(instruction)


@cache
def candidates() -> npt.NDArray[np.uint8]:
    """The table by which the block callback recognises instructions that may have to be intercepted.

    The first 65536 bytes are indexed by an instruction's first halfword, the second by its first and sixth byte.
    """
    table = np.zeros(TABLE_BYTES, dtype=np.uint8)
    for declared in INSTRUCTIONS:
        if declared.reason is not Reason.CONTROL:
            _enter(table, declared.opcode, declared.format.opcode)
    for first in range(1 << 16):
        head = first.to_bytes(2, "big")
        if needs_correction(head + bytes((0, 4, 4, 6)[head[0] >> 6])[2:]):
            table[first] |= TARGET
    return table


def _enter(table: npt.NDArray[np.uint8], opcode: int, pieces: tuple[tuple[int, int], ...]) -> None:
    if pieces == ((0, 8),):
        table[opcode << 8 : (opcode + 1) << 8] |= CANDIDATE
    elif pieces == ((0, 16),):
        table[opcode] |= CANDIDATE
    elif pieces == ((0, 8), (12, 4)):
        for register in range(16):
            table[(opcode >> 4) << 8 | register << 4 | opcode & 0x0F] |= CANDIDATE
    elif pieces == ((0, 8), (40, 8)):
        first, last = opcode >> 8, opcode & 0xFF
        table[first << 8 : (first + 1) << 8] |= SPLIT
        table[SPLIT_TABLE + (first << 8 | last)] |= CANDIDATE
    else:
        raise ValueError(f"no rule for an opcode in the bits {pieces}")
