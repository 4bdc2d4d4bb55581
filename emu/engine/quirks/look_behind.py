# SPDX-License-Identifier: GPL-2.0-or-later
"""Unicorn looks up the pages around a block of no bytes at the start of a page (seen in 2.1.4).

An instruction that traps is no part of its block.  So when one begins a page and a block, the block has no bytes, and
the page in which its last byte lies is taken to be the one before.  Such a block counts as one of two pages, so when it
is looked for again, the page behind is asked for; no other block that begins a page reaches so far.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu.addresses import PAGE_SIZE
from emu.bits import MASK_64
from emu.instruction_fetch import fetch_instruction
from emu.isa.execute import execute_target_address, is_execute
from emu.program_interruption import ProgramInterruption

if TYPE_CHECKING:
    from emu.cpu import Cpu

_LONGEST: Final = 6
"""Bytes of an instruction."""


def is_look_behind(cpu: Cpu, address: int) -> bool:
    """Whether the engine asks for the page at *address* although the guest does not fetch from it.

    The one genuine fetch from there is that of an EXECUTE's target.
    """
    pc = cpu.instruction_address
    if pc & (PAGE_SIZE - 1) or address not in ((pc - PAGE_SIZE) & MASK_64, (pc + PAGE_SIZE) & MASK_64):
        return False
    try:
        instruction = fetch_instruction(cpu, pc)
        if not is_execute(instruction):
            return True
        target = execute_target_address(cpu, instruction, pc)
    except ProgramInterruption:
        return False
    return address not in (target & -PAGE_SIZE, target + _LONGEST - 1 & MASK_64 & -PAGE_SIZE)
