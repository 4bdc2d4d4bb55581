# SPDX-License-Identifier: GPL-2.0-or-later
"""Fetching an instruction (PoP 5, "Instruction Fetching"): its bytes, and the exceptions that their addresses give."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.access import FETCH_OVERRIDE_END, probe, resolve
from emu.addresses import PAGE_SIZE
from emu.instruction_length import instruction_length
from emu.program_interruption import ProgramInterruption
from emu.teid import Access

if TYPE_CHECKING:
    from emu.cpu import Cpu


def fetch_instruction(cpu: Cpu, address: int) -> bytes:
    """The two, four or six bytes of the instruction at logical *address*.

    :raises ProgramInterruption: an access exception with *instruction_fetch* set.
    """
    try:
        if address & PAGE_SIZE - 1 <= PAGE_SIZE - 6 and not FETCH_OVERRIDE_END - 6 < address < FETCH_OVERRIDE_END:
            # The longest instruction would lie in one page, with one rule for all of it.
            data = _fetch_whole(cpu, address)
            return data[: instruction_length(data[0])]
        first = _fetch(cpu, address, 2)
        top = first[0] >> 6
        if not top:
            return first
        rest = 4 if top == 3 else 2
        return first + _fetch(cpu, cpu.wrap(address + 2), rest)
    except ProgramInterruption as condition:
        condition.instruction_fetch = True
        raise


def _fetch_whole(cpu: Cpu, address: int) -> bytes:
    """The six bytes of code at logical *address*, which lie in one page."""
    storage = cpu.configuration.storage
    frame = cpu.tlb.find(address, 6, Access.INSTRUCTION_FETCH, is_real=False)
    if frame is not None:
        return storage.read_frame(frame, 6)
    absolute = resolve(cpu, address, Access.INSTRUCTION_FETCH)
    data = storage.read(absolute, 6)
    cpu.tlb.note(address, absolute, Access.INSTRUCTION_FETCH, is_real=False)
    return data


def _fetch(cpu: Cpu, address: int, length: int) -> bytes:
    read = cpu.configuration.storage.read
    parts = probe(cpu, address, length, Access.INSTRUCTION_FETCH)
    return b"".join(read(absolute, size) for absolute, size in parts)
