# SPDX-License-Identifier: GPL-2.0-or-later
"""Finding the instruction that raised a data exception when Unicorn has lost it.

Unicorn finds the instruction by the return address of the helper that raises the exception.  If the helper's call is
the very last of a block's code, that address lies behind the block and nothing is found (seen in 2.1.4; it depends
on where the system maps the code).  Then the PSW address is stale and the instruction length is left at zero.
Two things end a block like that: an instruction that the control registers forbid, of which the block does not even
count the bytes; and a compare-and-trap instruction that Unicorn knows to trap.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from emu.bits import MASK_32, MASK_64, signed
from emu.instruction_length import instruction_length
from emu.isa.execute import is_execute

if TYPE_CHECKING:
    from emu.engine.quirks.register_file import EngineRegisters

_COMPARE_AND_TRAP_DXC: Final = 0xFF

# Opcode (for RIE-a: first and last byte) to (operands of 64 bits, compared as signed).
_REGISTERS: Final = {0xB960: (True, True), 0xB961: (True, False), 0xB972: (False, True), 0xB973: (False, False)}
_IMMEDIATE: Final = {0xEC70: (True, True), 0xEC71: (True, False), 0xEC72: (False, True), 0xEC73: (False, False)}


def lost_address(
    registers: EngineRegisters, data_exception_code: int, start: int, size: int, fetch: Callable[[int, int], bytes]
) -> int:
    """The address of the instruction in the block of *size* bytes at *start* that raised the data exception.

    :param fetch: gives the code at an address, with a length.
    """
    at = start
    while at < start + size:
        instruction = fetch(at, instruction_length(fetch(at, 1)[0]))
        # An EXECUTE ends its block, and what raised the exception is its target, which has a block at the same address.
        if is_execute(instruction) or (data_exception_code == _COMPARE_AND_TRAP_DXC and _traps(registers, instruction)):
            return at
        at += len(instruction)
    return start + size


def _traps(registers: EngineRegisters, instruction: bytes) -> bool:
    """Whether *instruction* compares and traps with the register values that there are now."""
    gr = registers.gr
    head = int.from_bytes(instruction[:2], "big")
    if head in _REGISTERS:
        wide, is_signed = _REGISTERS[head]
        second, mask = gr[instruction[3] & 0x0F], instruction[2] >> 4
        first = gr[instruction[3] >> 4]
    elif len(instruction) == 6 and instruction[0] << 8 | instruction[5] in _IMMEDIATE:
        wide, is_signed = _IMMEDIATE[instruction[0] << 8 | instruction[5]]
        second = int.from_bytes(instruction[2:4], "big", signed=is_signed) & MASK_64
        first, mask = gr[instruction[1] >> 4], instruction[4] >> 4
    else:
        return False
    width = 64 if wide else 32
    kept = MASK_64 if wide else MASK_32
    first, second = first & kept, second & kept
    if is_signed:
        first, second = signed(first, width), signed(second, width)
    outcome = 8 if first == second else 4 if first < second else 2
    return bool(mask & outcome)
