# SPDX-License-Identifier: GPL-2.0-or-later
"""The compiled instructions, and the callback for exceptions that executes them inside Unicorn.

A kernel executes a few instructions of the model hundreds of thousands of times, and to leave Unicorn for Python and
come back costs more than ten microseconds each time.  Here they are executed in their plain form: in the 64-bit
addressing mode, with operands in one page that a remembered fill leads to, with no exception, no interruption that
becomes possible and nothing asked of the host.  Each function returns whether it has executed its instruction; if not,
it has changed nothing, and the model in :mod:`emu.isa` executes the instruction.

Python meets this file only through :mod:`emu.engine.compiled`.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import carray, cfunc, njit, types  # type: ignore[attr-defined]

import emu.isa.catalogue  # noqa: F401 - fills the instruction set
from emu.addresses import PAGE_SIZE
from emu.engine.blocks import INVISIBLE, NO_FILL, NO_REAL_ADDRESS
from emu.engine.compiled_parts import call, code_byte, find_fill, pointer
from emu.engine.record import RECORD_TYPE, HotInstruction, StopReason
from emu.isa.clock import CLOCK_SET, STORE_CLOCK_WORK
from emu.isa.declaration import INSTRUCTIONS
from emu.isa.page_hinting import NOT_PLAIN
from emu.page_states import USAGE_MASK, OperationRequest, Usage
from emu.program_interruption import ProgramInterruptionCode
from emu.psw import EXTENDED_ADDRESSING, EXTERNAL_MASK, IO_MASK
from emu.storage_keys import CHANGE
from emu.timing import CONTROL_INSTRUCTION_WORK, STEPS_PER_UNIT

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
STPT_OPCODE: Final = OPCODES[HotInstruction.STPT]
STPT: Final = int(HotInstruction.STPT)
CLC: Final = int(HotInstruction.CLC)
CLC_OPCODE: Final = OPCODES[HotInstruction.CLC]
STCK_OPCODE: Final = OPCODES[HotInstruction.STCK]
STCKF_OPCODE: Final = OPCODES[HotInstruction.STCKF]
STCKE_OPCODE: Final = OPCODES[HotInstruction.STCKE]
STCK: Final = int(HotInstruction.STCK)
STCKF: Final = int(HotInstruction.STCKF)
STCKE: Final = int(HotInstruction.STCKE)
NONE: Final = len(HotInstruction)
"""Not a compiled instruction, or not in its plain form."""
INTERRUPTION_MASKS: Final = (IO_MASK | EXTERNAL_MASK) >> 56
"""In PSW bits 0-7: those from which nothing follows when they become zero."""
EXTERNAL: Final = EXTERNAL_MASK >> 56
PAGE: Final = PAGE_SIZE
UNUSED: Final = int(Usage.UNUSED)
REQUESTS: Final = len(OperationRequest)
STATE_VALUES: Final = 64
"""A state fits in the lowest six bits of the index into the table of transitions."""
READ: Final = 0
WRITE: Final = 1
"""Kinds of fill, as they are remembered."""
DAT: Final = 4
"""In the number of a context: DAT is on."""
LONG: Final = 0xC0
"""Instructions of six bytes begin with this byte or a higher one."""
REAL_CONTEXT: Final = ~7 & 0xFFFF_FFFF_FFFF_FFFF
"""What is left of the number of a context for an access by real address."""


@njit
def _operand_place(record: Any, address: Any, length: Any, kind: Any, context: Any) -> Any:
    """Where in this process the *length* bytes at *address* are; zero if it is not known, or they are in two pages."""
    index = find_fill(record, address, kind, context)
    if index == np.uint64(NO_FILL) or (address & np.uint64(PAGE - 1)) + np.uint64(length) > np.uint64(PAGE):
        return np.uint64(0)
    place = record.fill_answers[index] & ~np.uint64(PAGE - 1)
    return (place | (address & np.uint64(PAGE - 1))) + record.frame_distance


@njit
def _storage_operand(record: Any, instruction: Any) -> Any:
    """The address that the last halfword of *instruction* designates: a base register and a displacement."""
    registers = carray(pointer(record.registers_address), (16,), dtype=np.uint64)
    base = (instruction >> np.uint64(12)) & np.uint64(15)
    displacement = instruction & np.uint64(0xFFF)
    return displacement + registers[base] if base else displacement


@njit
def _store(place: Any, value: Any, length: Any) -> None:
    """Store *value* as *length* bytes, big-endian."""
    operand = carray(pointer(place), (16,), dtype=np.uint8)
    for number in range(length):
        operand[number] = (value >> np.uint64(8 * (length - 1 - number))) & np.uint64(0xFF)


@njit
def _work_done(record: Any) -> Any:
    """Units of work since BOUND was set, when the model would execute this instruction."""
    return record.bound - record.left + np.uint64(CONTROL_INSTRUCTION_WORK)


@njit
def _may_enable(record: Any, new: Any, mask: Any) -> Any:
    """Whether nothing but a nearer goal follows from making PSW bits 0-7 *new* instead of *mask*; set that goal."""
    if (new & ~mask) & ~np.uint64(INTERRUPTION_MASKS) or _work_done(record) + np.uint64(1) >= record.quiet:
        return False
    if (new & ~mask) & np.uint64(EXTERNAL) and record.quiet < record.bound:
        record.left -= record.bound - record.quiet
        record.bound = record.quiet
        record.goal = min(record.goal, record.quiet)
    return True


@njit
def _store_then_change(record: Any, instruction: Any, is_or: Any) -> Any:
    """STNSM and STOSM: PSW bits 0-7 are stored, and those of them that the immediate says are changed."""
    immediate = (instruction >> np.uint64(16)) & np.uint64(0xFF)
    mask = record.system_mask >> np.uint64(56)
    new = mask | immediate if is_or else mask & immediate
    if (mask & ~new) & ~np.uint64(INTERRUPTION_MASKS):
        return False
    place = _operand_place(record, _storage_operand(record, instruction), 1, WRITE, record.context)
    if place == 0 or (new & ~mask and not _may_enable(record, new, mask)):
        return False
    _store(place, mask, 1)
    record.system_mask = (record.system_mask & np.uint64((1 << 56) - 1)) | new << np.uint64(56)
    return True


@njit
def _load_real_address(record: Any, instruction: Any) -> Any:
    """LRA with DAT on, of an address that was fetched from, so that its translation is known."""
    context = record.context
    if not context & np.uint64(DAT):
        return False
    registers = carray(pointer(record.registers_address), (16,), dtype=np.uint64)
    index = (instruction >> np.uint64(16)) & np.uint64(15)
    address = _storage_operand(record, instruction)
    if index:
        address += registers[index]
    found = find_fill(record, address, READ, context)
    if found == np.uint64(NO_FILL) or record.fill_reals[found] == np.uint64(NO_REAL_ADDRESS):
        return False
    real_address = record.fill_reals[found] | address & np.uint64(PAGE - 1)
    registers[(instruction >> np.uint64(20)) & np.uint64(15)] = real_address
    carray(pointer(record.cc_operation_address), (1,), dtype=np.uint32)[0] = np.uint32(0)
    return True


@njit
def _store_using_real_address(record: Any, instruction: Any) -> Any:
    """STURG on a doubleword boundary, into a page that holds no code."""
    registers = carray(pointer(record.registers_address), (16,), dtype=np.uint64)
    address = registers[instruction & np.uint64(15)]
    if address & np.uint64(7):
        return False
    place = _operand_place(record, address, 8, WRITE, record.context & np.uint64(REAL_CONTEXT))
    if place == 0:
        return False
    _store(place, registers[(instruction >> np.uint64(4)) & np.uint64(15)], 8)
    return True


@njit
def _store_clock(record: Any, instruction: Any, is_extended: Any) -> Any:
    """STCK, STCKF and STCKE, and the work that they are reckoned at beyond that of others."""
    length = 16 if is_extended else 8
    place = _operand_place(record, _storage_operand(record, instruction), length, WRITE, record.context)
    if place == 0:
        return False
    now = record.work + _work_done(record)
    clock = record.epoch + now * np.uint64(STEPS_PER_UNIT)
    if is_extended:
        # A byte of zeros, 64 bits of the clock, bits 64-103 not all zeros, and the programmable field.
        _store(place, clock >> np.uint64(8), 8)
        _store(place + np.uint64(8), clock << np.uint64(56) | np.uint64(1 << 16) | record.programmable_field, 8)
    else:
        _store(place, clock, 8)
    carray(pointer(record.cc_operation_address), (1,), dtype=np.uint32)[0] = np.uint32(CLOCK_SET)
    record.left -= np.uint64(STORE_CLOCK_WORK)
    record.hot_work += np.uint64(STORE_CLOCK_WORK)
    return True


@njit
def _store_cpu_timer(record: Any, instruction: Any) -> Any:
    """STPT on a doubleword boundary."""
    address = _storage_operand(record, instruction)
    if address & np.uint64(7):
        return False
    place = _operand_place(record, address, 8, WRITE, record.context)
    if place == 0:
        return False
    now = record.work + _work_done(record)
    _store(place, record.timer_origin - now * np.uint64(STEPS_PER_UNIT), 8)
    return True


@njit
def _compare_logical(record: Any, instruction: Any, last: Any) -> Any:
    """CLC; *last* is its last two bytes, which designate the second operand."""
    length = ((instruction >> np.uint64(16)) & np.uint64(0xFF)) + np.uint64(1)
    address = _storage_operand(record, instruction)
    first_place = _operand_place(record, address, length, READ, record.context)
    second_place = _operand_place(record, _storage_operand(record, last), length, READ, record.context)
    if first_place == 0 or second_place == 0:
        return False
    first = carray(pointer(first_place), (256,), dtype=np.uint8)
    second = carray(pointer(second_place), (256,), dtype=np.uint8)
    code = np.uint32(0)
    for number in range(length):
        if first[number] != second[number]:
            code = np.uint32(1) if first[number] < second[number] else np.uint32(2)
            break
    carray(pointer(record.cc_operation_address), (1,), dtype=np.uint32)[0] = code
    return True


@njit
def _extract_and_set_storage_attributes(record: Any, instruction: Any) -> Any:
    """ESSA, unless the host is asked for something or a page that can be reached becomes unused."""
    registers = carray(pointer(record.registers_address), (16,), dtype=np.uint64)
    request = (instruction >> np.uint64(12)) & np.uint64(15)
    page = registers[instruction & np.uint64(15)] >> np.uint64(12)
    if not record.does_essa or request >= np.uint64(REQUESTS) or page >= record.storage_pages:
        return False
    states = carray(pointer(record.states_address + page), (1,), dtype=np.uint8)
    before = np.uint64(states[0])
    if before >= np.uint64(STATE_VALUES):
        return False
    changed = np.uint64((carray(pointer(record.keys_address + page), (1,), dtype=np.uint8)[0] & CHANGE) != 0)
    index = request << np.uint64(7) | changed << np.uint64(6) | before
    after = np.uint64(carray(pointer(record.transitions_address + index), (1,), dtype=np.uint8)[0])
    if after == np.uint64(NOT_PLAIN):
        return False
    becomes_unused = (before ^ after) & np.uint64(USAGE_MASK) and after & np.uint64(USAGE_MASK) == np.uint64(UNUSED)
    if becomes_unused and carray(pointer(record.reached_address + page), (1,), dtype=np.uint8)[0]:
        return False
    states[0] = np.uint8(after)
    registers[(instruction >> np.uint64(4)) & np.uint64(15)] = before
    record.request_counts[request] += np.uint64(1)
    return True


@njit
def _execute_long(record: Any, address: Any, instruction: Any) -> Any:
    """The same of an instruction of six bytes, of which *instruction* is the first four."""
    last = code_byte(record, address + np.uint64(4)) << np.uint64(8) | code_byte(record, address + np.uint64(5))
    is_clc = instruction >> np.uint64(24) == CLC_OPCODE
    length_code = (instruction >> np.uint64(16)) & np.uint64(0xFF)
    # The other lengths are the engine's own.
    is_inline = length_code <= np.uint64(7) and (length_code + np.uint64(1)) & length_code == np.uint64(0)
    if last > np.uint64(0xFFFF) or not is_clc or not is_inline:
        return NONE
    return CLC if _compare_logical(record, instruction, last) else NONE


@njit
def _execute_clock(record: Any, instruction: Any) -> Any:
    """The same of the instructions that store the TOD clock."""
    both = instruction >> np.uint64(16)
    if both == STCKE_OPCODE:
        return STCKE if _store_clock(record, instruction, True) else NONE
    if both == STCKF_OPCODE and record.does_stckf:
        return STCKF if _store_clock(record, instruction, False) else NONE
    if both == STCK_OPCODE:
        return STCK if _store_clock(record, instruction, False) else NONE
    return NONE


@njit
def _execute_privileged(record: Any, instruction: Any) -> Any:
    """The same of those of the supervisor state."""
    first = instruction >> np.uint64(24)
    both = instruction >> np.uint64(16)
    if both == ESSA_OPCODE:
        return ESSA if _extract_and_set_storage_attributes(record, instruction) else NONE
    if both == STURG_OPCODE:
        return STURG if _store_using_real_address(record, instruction) else NONE
    if first == LRA_OPCODE:
        return LRA if _load_real_address(record, instruction) else NONE
    if first == STNSM_OPCODE:
        return STNSM if _store_then_change(record, instruction, False) else NONE
    if first == STOSM_OPCODE:
        return STOSM if _store_then_change(record, instruction, True) else NONE
    if both == STPT_OPCODE:
        return STPT if _store_cpu_timer(record, instruction) else NONE
    return NONE


@njit
def _execute(record: Any, address: Any, instruction: Any) -> Any:
    """Execute the *instruction* at *address* if it is a compiled one, and say which; NONE if it was not."""
    first = instruction >> np.uint64(24)
    if first >= np.uint64(LONG):
        return _execute_long(record, address, instruction)
    executed = _execute_clock(record, instruction)
    if executed == NONE and record.is_supervisor:
        executed = _execute_privileged(record, instruction)
    return executed


@njit
def _fetch(record: Any, address: Any) -> Any:
    """The first four bytes of the instruction at *address*; zero, which is none, if they are not visible."""
    instruction = np.uint64(0)
    for number in range(4):
        byte = code_byte(record, address + np.uint64(number))
        if byte == np.uint64(INVISIBLE):
            return np.uint64(0)
        instruction = instruction << np.uint64(8) | byte
    return instruction


@cfunc(types.void(types.uint64, types.uint32, types.voidptr))
def exception_callback(engine: Any, number: Any, data: Any) -> None:  # noqa: ARG001
    record = carray(data, (1,), dtype=RECORD_TYPE)[0]
    reported = carray(pointer(record.interruption_address), (4,), dtype=np.uint32)
    psw = carray(pointer(record.psw_address), (2,), dtype=np.uint64)
    has_trapped = reported[0] == TRAPPED_PRIVILEGED or reported[0] == TRAPPED_OPERATION
    executed = NONE
    if has_trapped and psw[0] & np.uint64(EXTENDED_ADDRESSING):
        instruction = _fetch(record, psw[1])
        length = np.uint64(6 if instruction >> np.uint64(24) >= np.uint64(LONG) else 4)
        # Unicorn takes an instruction that traps for no part of the block, so it is not counted yet.
        if psw[1] == record.block_address + record.block_size:
            executed = _execute(record, psw[1], instruction)
    if executed == NONE:
        record.reason = EXCEPTION_REASON
        call(record.stop_function, engine)
        return
    psw[1] += length
    reported[0] = reported[1] = reported[3] = np.uint32(0)
    record.left -= np.uint64(CONTROL_INSTRUCTION_WORK + 1)
    record.hot_work += np.uint64(CONTROL_INSTRUCTION_WORK)
    record.hot_counts[executed] += np.uint64(1)
