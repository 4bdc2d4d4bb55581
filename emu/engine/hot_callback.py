# SPDX-License-Identifier: GPL-2.0-or-later
"""The compiled control instructions, and the callback for exceptions that executes them inside Unicorn.

A kernel executes a few control instructions hundreds of thousands of times, and to leave Unicorn for Python and come
back costs more than ten microseconds each time.  Here they are executed in their plain form: in the supervisor state
and the 64-bit addressing mode, with operands that a remembered fill leads to, with no exception, no enabling for
interruptions and nothing asked of the host.  Each function returns whether it has executed its instruction; if not, it
has changed nothing, and the model in :mod:`emu.isa` executes the instruction.

Python meets this file only through :mod:`emu.engine.compiled`.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import carray, cfunc, njit, types  # type: ignore[attr-defined]

import emu.isa.catalogue  # noqa: F401 - fills the instruction set
from emu.engine.blocks import (
    BLOCK_ADDRESS,
    BLOCK_SIZE,
    CC_OPERATION,
    CONTEXT,
    DOES_ESSA,
    FILL_ANSWERS,
    FILL_CONTEXTS,
    FILL_KEYS,
    FILL_REALS,
    FRAME_DISTANCE,
    GENERAL_REGISTERS,
    HOT_COUNTS,
    HOT_WORK,
    INTERRUPTION,
    IS_HOT,
    KEYS,
    LEFT,
    NO_REAL_ADDRESS,
    PSW,
    REACHED,
    REASON,
    REQUEST_COUNTS,
    STATE_WORDS,
    STATES,
    STOP,
    STORAGE_PAGES,
    SYSTEM_MASK,
    TRANSITIONS,
    HotInstruction,
    StopReason,
)
from emu.engine.compiled_parts import call, code_byte, fill_index, pointer
from emu.isa.declaration import INSTRUCTIONS
from emu.isa.page_hinting import NOT_PLAIN
from emu.page_states import USAGE_MASK, OperationRequest, Usage
from emu.program_interruption import ProgramInterruptionCode
from emu.psw import EXTENDED_ADDRESSING, EXTERNAL_MASK, IO_MASK
from emu.storage_keys import CHANGE
from emu.timing import CONTROL_INSTRUCTION_WORK

# numba takes plain integers for the callback's constants.
EXCEPTION_REASON: Final = int(StopReason.EXCEPTION)
TRAPPED_OPERATION: Final = int(ProgramInterruptionCode.OPERATION)
TRAPPED_PRIVILEGED: Final = int(ProgramInterruptionCode.PRIVILEGED_OPERATION)
OPCODES: Final = {hot: INSTRUCTIONS.by_mnemonic(hot.name).opcode for hot in HotInstruction}
STNSM_OPCODE: Final = OPCODES[HotInstruction.STNSM]
STOSM_OPCODE: Final = OPCODES[HotInstruction.STOSM]
LRA_OPCODE: Final = OPCODES[HotInstruction.LRA]
ESSA_OPCODE: Final = OPCODES[HotInstruction.ESSA]
STURG_OPCODE: Final = OPCODES[HotInstruction.STURG]
STNSM: Final = int(HotInstruction.STNSM)
STOSM: Final = int(HotInstruction.STOSM)
LRA: Final = int(HotInstruction.LRA)
ESSA: Final = int(HotInstruction.ESSA)
STURG: Final = int(HotInstruction.STURG)
LENGTH: Final = 4
"""Bytes of each of them."""
NONE: Final = len(HotInstruction)
"""Not a compiled instruction, or not in its plain form."""
INTERRUPTION_MASKS: Final = (IO_MASK | EXTERNAL_MASK) >> 56
"""In PSW bits 0-7: those from which nothing follows when they become zero."""
UNUSED: Final = int(Usage.UNUSED)
REQUESTS: Final = len(OperationRequest)
STATE_VALUES: Final = 64
"""States and change bits share a byte of the index into the table of transitions."""
READ: Final = 0
WRITE: Final = 1
"""Kinds of fill, as they are remembered."""
DAT: Final = 4
"""In the number of a context: DAT is on."""
REAL_CONTEXT: Final = ~7 & 0xFFFF_FFFF_FFFF_FFFF
"""What is left of the number of a context for an access by real address."""


@njit
def _find(state: Any, address: Any, kind: Any, context: Any) -> Any:
    """The index of the remembered fill for *address*; FILL_ANSWERS holds zero at an index where there is none."""
    key = (address >> np.uint64(12)) << np.uint64(2) | np.uint64(kind)
    index = fill_index(key, context)
    if state[FILL_KEYS + index] == key and state[FILL_CONTEXTS + index] == context:
        return index
    return np.uint64(NO_REAL_ADDRESS)


@njit
def _store_place(state: Any, address: Any, context: Any) -> Any:
    """Where in this process a store at *address* goes; zero if it is not known."""
    index = _find(state, address, WRITE, context)
    if index == np.uint64(NO_REAL_ADDRESS):
        return np.uint64(0)
    place = state[FILL_ANSWERS + index] & ~np.uint64(4095)
    return (place | (address & np.uint64(4095))) + state[FRAME_DISTANCE]


@njit
def _effective_address(state: Any, base: Any, displacement: Any) -> Any:
    registers = carray(pointer(state[GENERAL_REGISTERS]), (16,), dtype=np.uint64)
    return displacement + registers[base] if base else displacement


@njit
def _store_then_change(state: Any, instruction: Any, is_or: Any) -> Any:
    """STNSM and STOSM: PSW bits 0-7 are stored, and those of them that the immediate says are changed."""
    immediate = (instruction >> np.uint64(16)) & np.uint64(0xFF)
    base = (instruction >> np.uint64(12)) & np.uint64(15)
    mask = state[SYSTEM_MASK] >> np.uint64(56)
    new = mask | immediate if is_or else mask & immediate
    if new & ~mask or (mask & ~new) & ~np.uint64(INTERRUPTION_MASKS):
        return False
    place = _store_place(state, _effective_address(state, base, instruction & np.uint64(0xFFF)), state[CONTEXT])
    if place == 0:
        return False
    carray(pointer(place), (1,), dtype=np.uint8)[0] = mask
    state[SYSTEM_MASK] = (state[SYSTEM_MASK] & np.uint64((1 << 56) - 1)) | new << np.uint64(56)
    return True


@njit
def _load_real_address(state: Any, instruction: Any) -> Any:
    """LRA with DAT on, of an address that was fetched from, so that its translation is known."""
    context = state[CONTEXT]
    if not context & np.uint64(DAT):
        return False
    registers = carray(pointer(state[GENERAL_REGISTERS]), (16,), dtype=np.uint64)
    index = (instruction >> np.uint64(16)) & np.uint64(15)
    base = (instruction >> np.uint64(12)) & np.uint64(15)
    address = _effective_address(state, base, instruction & np.uint64(0xFFF))
    if index:
        address += registers[index]
    found = _find(state, address, READ, context)
    if found == np.uint64(NO_REAL_ADDRESS) or state[FILL_REALS + found] == np.uint64(NO_REAL_ADDRESS):
        return False
    registers[(instruction >> np.uint64(20)) & np.uint64(15)] = state[FILL_REALS + found] | address & np.uint64(4095)
    carray(pointer(state[CC_OPERATION]), (1,), dtype=np.uint32)[0] = np.uint32(0)
    return True


@njit
def _store_using_real_address(state: Any, instruction: Any) -> Any:
    """STURG on a doubleword boundary, into a page that holds no code."""
    registers = carray(pointer(state[GENERAL_REGISTERS]), (16,), dtype=np.uint64)
    address = registers[instruction & np.uint64(15)]
    if address & np.uint64(7):
        return False
    place = _store_place(state, address, state[CONTEXT] & np.uint64(REAL_CONTEXT))
    if place == 0:
        return False
    value = registers[(instruction >> np.uint64(4)) & np.uint64(15)]
    operand = carray(pointer(place), (8,), dtype=np.uint8)
    for number in range(8):
        operand[number] = (value >> np.uint64(56 - 8 * number)) & np.uint64(0xFF)
    return True


@njit
def _extract_and_set_storage_attributes(state: Any, instruction: Any) -> Any:
    """ESSA, unless the host is asked for something or a page that can be reached becomes unused."""
    registers = carray(pointer(state[GENERAL_REGISTERS]), (16,), dtype=np.uint64)
    request = (instruction >> np.uint64(12)) & np.uint64(15)
    page = registers[instruction & np.uint64(15)] >> np.uint64(12)
    if not state[DOES_ESSA] or request >= np.uint64(REQUESTS) or page >= state[STORAGE_PAGES]:
        return False
    states = carray(pointer(state[STATES] + page), (1,), dtype=np.uint8)
    before = np.uint64(states[0])
    if before >= np.uint64(STATE_VALUES):
        return False
    changed = np.uint64((carray(pointer(state[KEYS] + page), (1,), dtype=np.uint8)[0] & CHANGE) != 0)
    index = request << np.uint64(7) | changed << np.uint64(6) | before
    after = np.uint64(carray(pointer(state[TRANSITIONS] + index), (1,), dtype=np.uint8)[0])
    if after == np.uint64(NOT_PLAIN):
        return False
    becomes_unused = (before ^ after) & np.uint64(USAGE_MASK) and after & np.uint64(USAGE_MASK) == np.uint64(UNUSED)
    if becomes_unused and carray(pointer(state[REACHED] + page), (1,), dtype=np.uint8)[0]:
        return False
    states[0] = np.uint8(after)
    registers[(instruction >> np.uint64(4)) & np.uint64(15)] = before
    state[REQUEST_COUNTS + request] += np.uint64(1)
    return True


@njit
def _execute(state: Any, address: Any) -> Any:
    """Execute the four-byte instruction at *address* if it is a compiled one, and say which; NONE if it was not."""
    instruction = np.uint64(0)
    for number in range(LENGTH):
        byte = code_byte(state, address + np.uint64(number))
        if byte > np.uint64(0xFF):
            return NONE
        instruction = instruction << np.uint64(8) | byte
    first = instruction >> np.uint64(24)
    both = instruction >> np.uint64(16)
    if both == ESSA_OPCODE:
        return ESSA if _extract_and_set_storage_attributes(state, instruction) else NONE
    if both == STURG_OPCODE:
        return STURG if _store_using_real_address(state, instruction) else NONE
    if first == LRA_OPCODE:
        return LRA if _load_real_address(state, instruction) else NONE
    if first == STNSM_OPCODE:
        return STNSM if _store_then_change(state, instruction, False) else NONE
    if first == STOSM_OPCODE:
        return STOSM if _store_then_change(state, instruction, True) else NONE
    return NONE


@cfunc(types.void(types.uint64, types.uint32, types.voidptr))
def exception_callback(engine: Any, number: Any, data: Any) -> None:  # noqa: ARG001
    state = carray(data, (STATE_WORDS,), dtype=np.uint64)
    reported = carray(pointer(state[INTERRUPTION]), (4,), dtype=np.uint32)
    psw = carray(pointer(state[PSW]), (2,), dtype=np.uint64)
    is_trap = reported[0] == TRAPPED_PRIVILEGED or reported[0] == TRAPPED_OPERATION
    end = state[BLOCK_ADDRESS] + state[BLOCK_SIZE]
    # Unicorn takes an instruction that it does not know for no part of the block, and it is not counted yet.
    is_counted = psw[1] + np.uint64(LENGTH) == end
    executed = NONE
    if is_trap and state[IS_HOT] and psw[0] & np.uint64(EXTENDED_ADDRESSING) and (is_counted or psw[1] == end):
        executed = _execute(state, psw[1])
    if executed == NONE:
        state[REASON] = EXCEPTION_REASON
        call(state[STOP], engine)
        return
    psw[1] += np.uint64(LENGTH)
    reported[0] = reported[1] = reported[3] = np.uint32(0)
    state[LEFT] -= np.uint64(CONTROL_INSTRUCTION_WORK if is_counted else CONTROL_INSTRUCTION_WORK + 1)
    state[HOT_WORK] += np.uint64(CONTROL_INSTRUCTION_WORK)
    state[HOT_COUNTS + executed] += np.uint64(1)
