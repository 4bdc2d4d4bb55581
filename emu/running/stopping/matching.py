# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether a stop waits for the instruction that a CPU is about to execute."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.addresses import PAGE_OFFSET_MASK
from emu.engine.mnemonics import mnemonic_of
from emu.running.stopping import looking
from emu.running.stopping.kinds import AtAddress, AtMnemonic, StopOn, StopSpace, When
from emu.teid import Access

if TYPE_CHECKING:
    from emu.cpu import Cpu
    from emu.running.stopping.view import View


def is_at(on: StopOn, cpu: Cpu, view: View) -> bool:
    """Whether *on* waits for the instruction that *cpu*, which *view* shows, is about to execute."""
    match on:
        case AtAddress():
            return _is_at_address(on, cpu)
        case AtMnemonic(mnemonics=mnemonics):
            instruction = looking.executed_instruction(cpu)
            return bool(instruction) and mnemonic_of(instruction) in mnemonics
        case When(predicate=predicate):
            return predicate(view)
    return False


def _is_at_address(on: AtAddress, cpu: Cpu) -> bool:
    address = cpu.instruction_address
    if on.problem_state is not None and on.problem_state is not cpu.problem_state:
        return False
    if on.asce is not None and looking.asce_of(cpu, Access.INSTRUCTION_FETCH) != on.asce:
        return False
    if on.space is StopSpace.LOGICAL:
        return address == on.address
    if (address ^ on.address) & PAGE_OFFSET_MASK:
        return False
    wanted = cpu.real_to_absolute(on.address) if on.space is StopSpace.REAL else on.address
    return looking.absolute(cpu, address, looking.asce_of(cpu, Access.INSTRUCTION_FETCH)) == wanted
