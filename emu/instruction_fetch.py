# SPDX-License-Identifier: GPL-2.0-or-later
"""Fetching an instruction (PoP 5, "Instruction Fetching"): its bytes, and the exceptions that their addresses give."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu.access import FETCH_OVERRIDE_END, probe, resolve
from emu.addresses import PAGE_SIZE
from emu.instruction_length import instruction_length
from emu.program_interruption import ProgramInterruption
from emu.teid import Access

if TYPE_CHECKING:
    from emu.cpu import Cpu


_LONGEST: Final = 6
"""Bytes of the longest instruction."""
_FETCH: Final = Access.INSTRUCTION_FETCH


def fetch_instruction(cpu: Cpu, address: int) -> bytes:
    """The two, four or six bytes of the instruction at logical *address*.

    :raises ProgramInterruption: an access exception with *instruction_fetch* set.
    """
    try:
        if (
            address & PAGE_SIZE - 1 <= PAGE_SIZE - _LONGEST
            and not FETCH_OVERRIDE_END - _LONGEST < address < FETCH_OVERRIDE_END
        ):
            # The longest instruction would lie in one page, with one rule for all of it.
            storage = cpu.configuration.storage
            frame = cpu.tlb.find(address, _LONGEST, _FETCH, is_real=False)
            data = _fetch_whole(cpu, address) if frame is None else storage.read_frame(frame, _LONGEST)
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
    """The six bytes of code at logical *address*, which lie in one page that the buffer does not know."""
    absolute = resolve(cpu, address, _FETCH)
    data = cpu.configuration.storage.read(absolute, _LONGEST)
    cpu.tlb.note(address, absolute, _FETCH, is_real=False)
    return data


def _fetch(cpu: Cpu, address: int, length: int) -> bytes:
    read = cpu.configuration.storage.read
    parts = probe(cpu, address, length, _FETCH)
    return b"".join(read(absolute, size) for absolute, size in parts)
