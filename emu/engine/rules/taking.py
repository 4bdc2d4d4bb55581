# SPDX-License-Identifier: GPL-2.0-or-later
"""Program interruptions that compiled code takes: of an access that a fill has refused, and of what is no instruction.

Python meets this file only through :mod:`emu.engine.compiled`.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from emu.bits import MASK_64
from emu.engine.blocks import CANDIDATE, EXECUTE_OPCODE, EXECUTE_RELATIVE_OPCODE
from emu.engine.callbacks import kind_of
from emu.engine.compiled_parts import address_limit, code_byte, instruction_length, instructions_from
from emu.engine.library import PROGRAM_INTERRUPTION_FUNCTION
from emu.engine.rules import access_rules, conditions, interrupting
from emu.engine.rules.primitives import note_condition
from emu.engine.rules.words import load_native
from emu.engine.trace_rows import note_interruption
from emu.engine.units import translated_unit
from emu.program_interruption import Ending, ProgramInterruptionCode
from emu.traces.schema import InterruptionClass

_ZERO: Final = np.uint64(0)
_ONE: Final = np.uint64(1)
_ALL: Final = np.uint64(MASK_64)
_PROGRAM: Final = np.uint64(InterruptionClass.PROGRAM)
_OPERATION: Final = np.uint64(ProgramInterruptionCode.OPERATION)
_SUPPRESSION: Final = np.uint64(conditions.ENDINGS.index(Ending.SUPPRESSION))

_interrupt: Any = translated_unit(interrupting.source(), interrupting.NAME, access_rules)


def _generate_leaving(typing_context: Any, environment: Any, code: Any) -> Any:  # noqa: ARG001
    """Leave translated code, and all functions that it has called, for the callback for exceptions."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
        word, half = ir.IntType(64), ir.IntType(32)
        called = ir.FunctionType(ir.VoidType(), [word, half, word])
        leave = cgutils.get_or_insert_function(builder.module, called, PROGRAM_INTERRUPTION_FUNCTION)  # type: ignore[no-untyped-call]
        # Before it asked, Unicorn has put the PSW and the condition code right: there is no place to be given.
        builder.call(leave, [arguments[0], builder.trunc(arguments[1], half), word(0)])
        return context.get_dummy_value()

    return types.none(environment, code), generate


leave_with: Any = intrinsic(_generate_leaving)


@njit
def can_be_taken(record: Any, length: Any) -> Any:
    """Whether the condition that has been noted, of the data access of an instruction of *length* bytes, may be plain.

    The length is zero where Unicorn has not said which instruction it is; nor does it say which one an EXECUTE has.
    """
    is_known = (record.condition_code != _ZERO) & (length != _ZERO)
    if not is_known:
        return False
    if record.interruptions_followed or record.watches_storage:
        return False
    now = load_native(record.psw_address + np.uint64(8))
    if not record.block_address <= now < record.block_address + record.block_size or now > address_limit(record):
        return False
    return load_native(record.execute_value_address) == _ZERO


@njit
def _has_taken(record: Any, address: Any, length: Any, uncounted: Any) -> Any:
    """Take the condition that has been noted; *uncounted* instructions were counted that have not ended."""
    record.left += uncounted
    code = record.condition_code
    if _interrupt(record, address, length):
        record.has_compiled = record.has_interrupted = _ONE
        if record.trace_address:
            note_interruption(record, _PROGRAM, code, length)
        return True
    record.left -= uncounted
    return False


@njit
def take_refused(record: Any, address: Any, length: Any) -> Any:
    """Take the condition of a data access by the instruction of *length* bytes at *address*, and give whether it is."""
    uncounted = instructions_from(record, address)
    is_taken = uncounted != _ZERO and _has_taken(record, address, length, uncounted)
    record.condition_code = _ZERO
    return is_taken


@njit
def take_unknown(record: Any, address: Any, word: Any) -> Any:
    """Take the operation exception of what is at *address*, left-aligned in *word*, and give whether it is taken.

    It is an instruction that nothing implements, and not counted yet; a stop may wait for it by what it is called.
    """
    first = word >> np.uint64(56)
    # A test for membership might raise an exception, as numba sees it.
    is_execute = (first == EXECUTE_OPCODE) | (first == EXECUTE_RELATIVE_OPCODE)
    # The word is zero if the instruction is not visible, or reaches into the next page.
    if is_execute or first != code_byte(record, address):
        return False
    if kind_of(record, word >> np.uint64(48), (word >> np.uint64(16)) & np.uint64(0xFF)) & CANDIDATE:
        return False
    length = instruction_length(first)
    instruction = word & ~(_ALL >> (length << np.uint64(3)))
    if record.unknown_count and record.unknown_instruction != instruction:
        return False
    note_condition(record, _OPERATION, _SUPPRESSION, _ZERO, _ZERO, _ZERO)
    is_taken = _has_taken(record, address, length, _ZERO)
    record.condition_code = _ZERO
    if is_taken:
        record.unknown_instruction = instruction
        record.unknown_count += _ONE
    return is_taken
