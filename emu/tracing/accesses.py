# SPDX-License-Identifier: GPL-2.0-or-later
"""What an instruction that is executed alone accesses in storage, as the rows of a trace have it.

The model says it of its instructions.  Of those that the engine executes it is found as compiled code finds it, by
:mod:`emu.isa.storage_operands`; where that does not describe them, the engine says what they store.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from emu import access
from emu.addresses import PAGE_OFFSET_MASK, PAGE_SHIFT, PAGE_SIZE
from emu.dat import Translation
from emu.hypervisor import HostFailure
from emu.inspection.translation import look_up
from emu.instruction_length import instruction_length
from emu.isa.execute import execute_target_address, modified_target
from emu.isa.storage_operands import Use, operands_of
from emu.psw import AddressSpaceControl
from emu.teid import Access

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from emu.cpu import Cpu


class AccessedPart(NamedTuple):
    """A part of an operand, in one page."""

    use: Use
    logical: int
    absolute: int
    before: bytes
    """What was there before."""

    def of(self, contents: list[tuple[int, bytes]]) -> AccessedPart:
        """The same, where it is known what was there before at some logical addresses; the first of them knows best."""
        before = bytearray(self.before)
        for address, content in reversed(contents):
            first, last = max(self.logical, address), min(self.logical + len(before), address + len(content))
            if first < last:
                before[first - self.logical : last - self.logical] = content[first - address : last - address]
        return self._replace(before=bytes(before))


def parts_of(
    cpu: Cpu, address: int, length: int, use: Use, space: AddressSpaceControl | None, *, is_real: bool
) -> Iterator[AccessedPart]:
    """The parts of an operand of *length* bytes at *address*, looked at without touching them.

    :param space: the space of a virtual address; None means that which the PSW selects, if DAT is on.
    """
    while length:
        size = min(length, PAGE_SIZE - (address & PAGE_OFFSET_MASK))
        absolute = absolute_of(cpu, address, space, is_real=is_real)
        if absolute is not None:
            yield AccessedPart(use, address, absolute, content_at(cpu, absolute, size))
        address = cpu.wrap(address + size)
        length -= size


def absolute_of(cpu: Cpu, address: int, space: AddressSpaceControl | None, *, is_real: bool) -> int | None:
    """The absolute address of logical *address*, looked at; None if there is none."""
    if is_real or (space is None and not cpu.dat):
        return cpu.real_to_absolute(address)
    if space is None:
        space = cpu.space
    if space is AddressSpaceControl.ACCESS_REGISTER:
        # The access itself says that it is not modelled.
        return None
    outcome = look_up(cpu, address, space).outcome
    if not isinstance(outcome, Translation):
        return None
    return outcome.address if outcome.is_absolute else cpu.real_to_absolute(outcome.address)


def content_at(cpu: Cpu, absolute: int, length: int) -> bytes:
    """The *length* bytes at *absolute*, in one page, wherever they are."""
    if absolute >= cpu.configuration.memory:
        return bytes(length)
    try:
        content = cpu.configuration.hypervisor.content(absolute >> PAGE_SHIFT) or bytes(PAGE_SIZE)
    except HostFailure:
        # Who needs the page finds out; nothing is known of it here.
        return bytes(length)
    start = absolute & PAGE_OFFSET_MASK
    return content[start : start + length]


def target_of(cpu: Cpu, instruction: bytes, address: int) -> tuple[int, bytes]:
    """Where the target lies of the EXECUTE *instruction*, at *address*, and what is executed, if that can be seen."""
    place = execute_target_address(cpu, instruction, address)
    target = b"" if place & 1 else _code_at(cpu, place)
    r1 = instruction[1] >> 4
    return place, modified_target(target, cpu.gr[r1] if r1 else 0) if target else b""


def described_parts(cpu: Cpu, instruction: bytes, address: int, *, fetches: bool) -> list[AccessedPart] | None:
    """What *instruction*, at *address* and no EXECUTE, is about to access if the engine executes it.

    None if that is not described; *fetches* says whether those must be, and not only stores.
    """
    operands = operands_of(instruction, address, cpu.gr.tolist(), cpu.address_limit, fetches=fetches)
    if operands is None:
        return None
    return [
        part for each in operands for part in parts_of(cpu, each.address, each.length, each.use, None, is_real=False)
    ]


def _code_at(cpu: Cpu, address: int) -> bytes:
    """The instruction at logical *address*, looked at; nothing if it is not there."""
    space = access.operand_space(cpu, Access.INSTRUCTION_FETCH) if cpu.dat else None
    code = b""
    while len(code) < (instruction_length(code[0]) if code else 2):
        absolute = absolute_of(cpu, cpu.wrap(address + len(code)), space, is_real=False)
        if absolute is None:
            return b""
        code += content_at(cpu, absolute, 2)
    return code


def merged(parts: Iterable[AccessedPart]) -> list[AccessedPart]:
    """The same, where those that follow each other in one page, or overlap, are one."""
    found: list[AccessedPart] = []
    for part in parts:
        for place, other in enumerate(found):
            distance = part.absolute - other.absolute
            is_near = not (part.absolute ^ other.absolute) >> PAGE_SHIFT and part.logical - other.logical == distance
            if not is_near or part.use is not other.use:
                continue
            if distance == -len(part.before):
                # From right to left, as decimal instructions store.
                found[place] = part._replace(before=part.before + other.before)
                break
            if 0 <= distance <= len(other.before):
                found[place] = other._replace(before=other.before + part.before[len(other.before) - distance :])
                break
        else:
            found.append(part)
    return found
