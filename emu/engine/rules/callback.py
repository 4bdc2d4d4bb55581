# SPDX-License-Identifier: GPL-2.0-or-later
"""The callback for exceptions: executes what traps inside Unicorn, and SUPERVISOR CALL, if it is compiled and plain.

A kernel executes a few instructions of the model hundreds of thousands of times, and to leave Unicorn for Python and
come back costs more than ten microseconds each time.  Whatever is not plain is left to the model, with nothing changed.

Python meets this file only through :mod:`emu.engine.compiled`.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import carray, njit, types  # type: ignore[attr-defined]

from emu.control_registers import CR0_SERVICE_SIGNAL
from emu.engine.blocks import INVISIBLE
from emu.engine.compiled_parts import call, callback, code_byte, may_be_stop_place, pointer, settle_block
from emu.engine.record import RECORD_TYPE
from emu.engine.record_limits import MOST_INSTRUCTIONS, StopReason
from emu.engine.rules import access_rules, service_signals, swapping
from emu.engine.rules.executing import executing
from emu.engine.rules.instructions import numbered
from emu.engine.rules.opcodes import NONE, hidden_instruction, instruction_number
from emu.engine.rules.primitives import code_instruction
from emu.engine.rules.taking import take_refused, take_unknown
from emu.engine.rules.words import load_native
from emu.engine.trace_emission import is_trace_full, mark, take_back
from emu.engine.trace_rows import note_alone, note_interruption
from emu.engine.units import translated_unit
from emu.program_interruption import ProgramInterruptionCode
from emu.psw import EXTERNAL_MASK
from emu.traces.schema import InterruptionClass

# numba takes plain integers for the callback's constants.
EXCEPTION_REASON: Final = int(StopReason.EXCEPTION)
SVC: Final = np.uint64(InterruptionClass.SVC)
LIMIT_REASON: Final = int(StopReason.LIMIT)
REFUSED_REASON: Final = int(StopReason.REFUSED_ACCESS)
TRAPPED_OPERATION: Final = int(ProgramInterruptionCode.OPERATION)
TRAPPED_PRIVILEGED: Final = int(ProgramInterruptionCode.PRIVILEGED_OPERATION)

_INSTRUCTIONS: Final = numbered()
_WORK: Final = np.zeros(MOST_INSTRUCTIONS, dtype=np.uint64)
for _number, _each in _INSTRUCTIONS:
    _WORK[_number] = _each.declared.work
_SERVC: Final = np.uint64(next(number for number, each in _INSTRUCTIONS if each.declared.mnemonic == "SERVC"))
_EXTERNAL: Final = np.uint64(EXTERNAL_MASK)
_SERVICE_SIGNAL: Final = np.uint64(CR0_SERVICE_SIGNAL)
_LENGTH_OF_SVC: Final = np.uint64(swapping.LENGTH)


_take_service_signal: Any = translated_unit(service_signals.source(), service_signals.NAME, access_rules, words=1)
_execute_svc: Any = translated_unit(swapping.source(), swapping.NAME, access_rules)
_execute_number: Any = executing(_INSTRUCTIONS)


@njit
def _is_called(record: Any, reported: Any, address: Any) -> Any:
    """Whether what is *reported* is a SUPERVISOR CALL at *address*, and is executed here; of an EXECUTE it never is.

    It is the last instruction of its block, and has been counted with that.
    """
    if reported[0] or np.uint64(reported[3]) != _LENGTH_OF_SVC or may_be_stop_place(record, address):
        return False
    if address + _LENGTH_OF_SVC != record.block_address + record.block_size:
        return False
    record.left += np.uint64(1)
    if _execute_svc(record, address, np.uint64(reported[2])):
        if record.trace_address:
            note_interruption(record, SVC, np.uint64(reported[2]), _LENGTH_OF_SVC)
        return True
    record.left -= np.uint64(1)
    return False


@njit
def _leaves_signal(record: Any, address: Any) -> Any:
    """Whether the service signal of a SERVICE CALL is due before the instruction at *address*, and was not taken."""
    if load_native(record.completed_call_address) == np.uint64(0):
        return False
    subclasses = load_native(record.control_registers_address)
    if record.system_mask & _EXTERNAL == np.uint64(0) or subclasses & _SERVICE_SIGNAL == np.uint64(0):
        return False
    return _is_budget_used(record) or not _take_service_signal(record, address)


@njit
def _is_budget_used(record: Any) -> Any:
    """Whether no other instruction may begin."""
    work = record.bound - record.left
    return work >= record.goal or work - record.extra_work >= record.limit


@njit
def _execute_traced(record: Any, address: Any, number: Any, word: Any) -> Any:
    """Execute the instruction of this *number*, and note it, if the machine is traced; give whether it was executed."""
    if not record.trace_address:
        return _execute_number(record, address, number, word)
    rows = mark(record)
    note_alone(record, address, word)
    record.begun_work = _WORK[number]
    is_executed = _execute_number(record, address, number, word)
    record.begun_work = np.uint64(0)
    if not is_executed:
        take_back(record, rows)
    return is_executed


@njit
def _take_unknown_traced(record: Any, address: Any, word: Any) -> Any:
    """Take the operation exception of what is at *address*, and note that it was begun, if the machine is traced."""
    if not record.trace_address:
        return take_unknown(record, address, word)
    rows = mark(record)
    note_alone(record, address, word)
    if take_unknown(record, address, word):
        return True
    take_back(record, rows)
    return False


@callback(types.void, types.uint64, types.uint32, types.voidptr)
def exception_callback(engine: Any, number: Any, data: Any) -> None:  # noqa: ARG001
    record = carray(data, (1,), dtype=RECORD_TYPE)[0]
    reported = carray(pointer(record.interruption_address), (4,), dtype=np.uint32)
    psw = carray(pointer(record.psw_address), (2,), dtype=np.uint64)
    settle_block(record)
    has_trapped = reported[0] == TRAPPED_PRIVILEGED or reported[0] == TRAPPED_OPERATION
    address = psw[1]
    reason = EXCEPTION_REASON
    if record.reason != np.uint64(0):
        # A store was refused: the engine stops before its instruction.
        call(record.stop_function, engine)
        return
    if is_trace_full(record):
        is_refused = record.condition_code != np.uint64(0) and reported[0] == record.condition_code
        record.condition_code = np.uint64(0)
        record.reason = REFUSED_REASON if is_refused else EXCEPTION_REASON
        call(record.stop_function, engine)
        return
    # Unicorn takes an instruction that traps for no part of the block, so it is not counted yet.
    if has_trapped and address == record.block_address + record.block_size:
        if _is_budget_used(record):
            # It is behind the last instruction of the budget; or its block is only translated, which has none.
            reason = LIMIT_REASON
        else:
            word = code_instruction(record, address)
            if word == np.uint64(0) and code_byte(record, address) == INVISIBLE:
                word = hidden_instruction(record, address)
            found = instruction_number(word)
            is_unknown = found == NONE and reported[0] == TRAPPED_OPERATION and not may_be_stop_place(record, address)
            if is_unknown and _take_unknown_traced(record, address, word):
                reported[0] = reported[1] = reported[3] = np.uint32(0)
                return
            is_left = found == NONE or record.instruction_counts[found] >= record.instruction_limits[found]
            if not (is_left or may_be_stop_place(record, address)) and _execute_traced(record, address, found, word):
                reported[0] = reported[1] = reported[3] = np.uint32(0)
                record.instruction_counts[found] += np.uint64(1)
                record.has_compiled = np.uint64(1)
                if found == _SERVC and _leaves_signal(record, psw[1]):
                    record.reason = LIMIT_REASON
                    call(record.stop_function, engine)
                return
    elif record.condition_code and reported[0] == record.condition_code:
        if take_refused(record, address, np.uint64(reported[1])):
            reported[0] = reported[1] = reported[3] = np.uint32(0)
            return
        reason = REFUSED_REASON
    elif _is_called(record, reported, address):
        reported[3] = np.uint32(0)
        record.has_compiled = record.has_called = np.uint64(1)
        return
    record.reason = reason
    call(record.stop_function, engine)
