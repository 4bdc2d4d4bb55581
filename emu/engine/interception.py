# SPDX-License-Identifier: GPL-2.0-or-later
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
from emu.engine.blocks import (
    CANDIDATE,
    EXECUTE_OPCODE,
    EXECUTE_RELATIVE_LONG,
    SPLIT,
    SPLIT_TABLE,
    TABLE_BYTES,
    TARGET,
    TRAPPED_B2,
    TRAPPED_CLC,
)
from emu.engine.condition_code import COMPARE_LOGICAL
from emu.isa.declaration import INSTRUCTIONS, Reason, decode
from emu.isa.formats import RIL_B

_TRAPS: Final = {2: b"\x00\x00", 4: b"\xb0\x00\x00\x00", 6: b"\xcf\x00\x00\x00\x00\x00"}
"""Unassigned opcodes, by length.  They stay unassigned whatever EXECUTE ORs into the second byte."""
_TRAPS_WITH_OPERANDS: Final = {COMPARE_LOGICAL: TRAPPED_CLC, 0xB2: TRAPPED_B2}

_INTERCEPTED: Final = (Reason.SENSITIVE, Reason.CORRECTION)


def trap(instruction: bytes) -> bytes:
    """The bytes that stand for an intercepted *instruction*; those that may be compiled keep all but the first."""
    first = _TRAPS_WITH_OPERANDS.get(instruction[0])
    return _TRAPS[len(instruction)] if first is None else bytes((first,)) + instruction[1:]


def is_intercepted(instruction: bytes, address: int) -> bool:
    """Whether *instruction*, at *address*, must be executed in Python although the engine would execute it."""
    decoded = decode(instruction)
    if decoded is None or decoded[0].reason not in _INTERCEPTED:
        return False
    declared, operands = decoded
    return declared.only is None or declared.only(operands, address)


def is_intercepted_target(instruction: bytes, address: int) -> bool:
    """Whether *instruction*, as the target of an EXECUTE at *address*, must be executed in Python.

    The engine counts relative operands from the EXECUTE instead of its target (seen in Unicorn 2.1.4).
    """
    decoded = decode(instruction)
    if decoded is not None and decoded[0].format.is_relative and decoded[0].reason is not Reason.CONTROL:
        return True
    return is_intercepted(instruction, address)


def reads_register_0(target: bytes) -> bool:
    """Whether Unicorn takes general register 0 for a base register when *target* is the target of an EXECUTE.

    It has a short cut for the storage-to-storage instructions there, which forgets that register 0 means none (seen in
    2.1.4).
    """
    return target[0] >> 4 == 0xD and not (target[2] >> 4 and target[4] >> 4)


def is_executed_in_python(instruction: bytes, address: int, target: bytes | None) -> bool:
    """Whether *instruction* at *address*, an EXECUTE of *target* if that is given, is Python's and not the engine's."""
    if target is not None:
        if is_intercepted_target(target, address):
            return True
        instruction = target
    decoded = decode(instruction)
    return decoded is not None and (decoded[0].reason is Reason.CONTROL or is_intercepted(instruction, address))


@cache
def candidates() -> npt.NDArray[np.uint8]:
    """The table by which the block callback recognises instructions that may have to be intercepted.

    The first 65536 bytes are indexed by an instruction's first halfword, the second by its first and sixth byte.
    """
    table = np.zeros(TABLE_BYTES, dtype=np.uint8)
    table[EXECUTE_OPCODE << 8 : (EXECUTE_OPCODE + 1) << 8] = CANDIDATE
    _enter(table, EXECUTE_RELATIVE_LONG, RIL_B.opcode, CANDIDATE)
    for declared in INSTRUCTIONS:
        if declared.reason in _INTERCEPTED:
            _enter(table, declared.opcode, declared.format.opcode, CANDIDATE)
        if declared.reason is not Reason.CONTROL and declared.format.is_relative:
            _enter(table, declared.opcode, declared.format.opcode, TARGET)
    return table


def _enter(table: npt.NDArray[np.uint8], opcode: int, pieces: tuple[tuple[int, int], ...], kind: int) -> None:
    if pieces == ((0, 8),):
        table[opcode << 8 : (opcode + 1) << 8] |= kind
    elif pieces == ((0, 16),):
        table[opcode] |= kind
    elif pieces == ((0, 8), (12, 4)):
        for register in range(16):
            table[(opcode >> 4) << 8 | register << 4 | opcode & 0x0F] |= kind
    elif pieces == ((0, 8), (40, 8)):
        first, last = opcode >> 8, opcode & 0xFF
        table[first << 8 : (first + 1) << 8] |= SPLIT
        table[SPLIT_TABLE + (first << 8 | last)] |= kind
    else:
        raise ValueError(f"no rule for an opcode in the bits {pieces}")
