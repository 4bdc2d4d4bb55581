# SPDX-License-Identifier: GPL-2.0-or-later
"""Where an operand is fetched from.

One that is stored as well is resolved for the store first (:mod:`emu.engine.quirks.fetched_first`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu import access
from emu.addresses import PAGE_SIZE, AbsoluteAddress
from emu.engine.quirks.fetched_first import EXTENDED, FIRST_WITH_LENGTH, LONGEST, MOVE_WITH_OFFSET, UPDATES
from emu.instruction_fetch import fetch_instruction
from emu.isa.execute import execute_target, is_execute
from emu.teid import Access

if TYPE_CHECKING:
    from emu.cpu import Cpu


def resolve_fetch(cpu: Cpu, address: int, instruction: bytes | None = None) -> AbsoluteAddress:
    """The absolute address that the current instruction is about to fetch from: :func:`emu.access.resolve` of a fetch.

    If it fetches and stores an operand in that page, the store is resolved instead: what permits it permits the fetch.
    Before it comes the store into the page in which the operand begins, as where all of a store is tried out.

    :param instruction: the current instruction, if that is known.
    :raises ProgramInterruption: any access exception.
    :raises FrameShortage: if the page needs a frame and none is free.
    """
    page = address & -PAGE_SIZE
    parts = _stored_parts(cpu, instruction or fetch_instruction(cpu, cpu.instruction_address))
    if page not in [part & -PAGE_SIZE for part in parts]:
        return access.resolve(cpu, address, Access.FETCH)
    for part in parts:
        absolute = access.resolve(cpu, part, Access.STORE)
        if part & -PAGE_SIZE == page:
            break
    return AbsoluteAddress(absolute & -PAGE_SIZE | address & PAGE_SIZE - 1)


def _stored_parts(cpu: Cpu, instruction: bytes) -> tuple[int, ...]:
    """The first byte in each page, of which there are two at most, of an operand that *instruction* fetches and stores,
    or may; none if it has no such operand."""
    if is_execute(instruction):
        instruction = execute_target(cpu, instruction, cpu.instruction_address)
    first = instruction[0]
    if not UPDATES[256 + instruction[-1] if first == EXTENDED else first]:
        return ()
    displacement = int.from_bytes(instruction[2:4], "big") & 0xFFF
    if first == EXTENDED:
        displacement += (instruction[4] ^ 0x80) - 0x80 << 12
    operand = cpu.effective_address(instruction[2] >> 4, displacement)
    length = LONGEST
    if first >= FIRST_WITH_LENGTH and first != EXTENDED:
        length = 1 + (instruction[1] >> 4 if first == MOVE_WITH_OFFSET else instruction[1])
    last = cpu.wrap(operand + length - 1) & -PAGE_SIZE
    return (operand,) if operand & -PAGE_SIZE == last else (operand, last)
