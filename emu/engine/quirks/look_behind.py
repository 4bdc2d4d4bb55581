# SPDX-License-Identifier: GPL-2.0-or-later
"""Unicorn looks up the page before a block of no bytes at the start of a page (seen in 2.1.4).

An instruction that traps is no part of its block.  So when one begins a page and a block, the block has no bytes, and
the page in which its last byte lies is taken to be the one before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.access import resolve
from emu.addresses import PAGE_SIZE
from emu.bits import MASK_64
from emu.isa.execute import is_execute
from emu.program_interruption import ProgramInterruption
from emu.teid import Access

if TYPE_CHECKING:
    from emu.cpu import Cpu


def is_look_behind(cpu: Cpu, address: int) -> bool:
    """Whether the engine asks for the page at *address* although the guest does not fetch from it.

    The one genuine fetch from there is that of an EXECUTE's target.
    """
    pc = cpu.instruction_address
    if pc & (PAGE_SIZE - 1) or address != (pc - PAGE_SIZE) & MASK_64:
        return False
    try:
        return not is_execute(cpu.configuration.storage.read(resolve(cpu, pc, Access.INSTRUCTION_FETCH), 2))
    except ProgramInterruption:
        return False
