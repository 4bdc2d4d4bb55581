# SPDX-License-Identifier: GPL-2.0-or-later
"""What an instruction would find, looked at without touching a page, a key or a translation."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from emu import access, dat
from emu import control_registers as control
from emu.addresses import PAGE_OFFSET_MASK, PAGE_SHIFT, PAGE_SIZE
from emu.instruction_length import instruction_length
from emu.isa.execute import execute_target_address, is_execute, modified_target
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode
from emu.psw import AddressSpaceControl
from emu.teid import Access

if TYPE_CHECKING:
    from emu.configuration import Configuration
    from emu.cpu import Cpu

_ENTRY_BYTES: Final = 8
_LONGEST: Final = 6
"""Bytes of an instruction."""


def storage(configuration: Configuration[Cpu], address: int, length: int) -> bytes:
    """The *length* bytes at absolute *address*; those of a page that is nowhere are zeros.

    :raises IndexError: if a byte of them lies outside the configuration.
    """
    if address < 0 or address + length > configuration.memory:
        raise IndexError(f"{address:#x} to {address + length - 1:#x} lies outside {configuration.memory:#x} bytes")
    found = b""
    while len(found) < length:
        at = address + len(found)
        offset = at & PAGE_OFFSET_MASK
        part = min(length - len(found), PAGE_SIZE - offset)
        content = configuration.hypervisor.content(at >> PAGE_SHIFT)
        found += bytes(part) if content is None else content[offset : offset + part]
    return found


def space_of(cpu: Cpu, kind: Access) -> AddressSpaceControl | None:
    """The space that a logical address of *cpu* belongs to; None without DAT, and in access-register mode."""
    if not cpu.dat:
        return None
    try:
        return access.operand_space(cpu, kind)
    except access.NotModelled:
        return None


def asce_of(cpu: Cpu, kind: Access) -> int | None:
    """The address-space-control element that translates a logical address of *cpu*; None if nothing does."""
    space = space_of(cpu, kind)
    return None if space is None else access.space_designation(cpu, space)


def absolute(cpu: Cpu, address: int, asce: int | None) -> int | None:
    """The absolute address that *address* leads to by *asce*, or as a real one; None if it leads nowhere."""
    if asce is None:
        found: int = cpu.real_to_absolute(address)
    else:
        try:
            outcome = dat.walk(
                asce,
                address,
                partial(_entry, cpu.configuration),
                edat1=bool(cpu.cr[0] & control.CR0_EDAT),
                execution_protection=False,
            )
        except ProgramInterruption:
            return None
        if isinstance(outcome, dat.TranslationFailure):
            return None
        found = outcome.address if outcome.is_absolute else cpu.real_to_absolute(outcome.address)
    return found if found < cpu.configuration.memory else None


def _entry(configuration: Configuration[Cpu], address: int) -> int:
    """The table entry at absolute *address*.

    :raises ProgramInterruption: addressing, if that is outside the configuration.
    """
    try:
        return int.from_bytes(storage(configuration, address, _ENTRY_BYTES), "big")
    except IndexError:
        raise ProgramInterruption(ProgramInterruptionCode.ADDRESSING) from None


def code(cpu: Cpu, address: int) -> bytes:
    """The instruction at logical *address*; nothing if it cannot be fetched."""
    return code_by(cpu, address, asce_of(cpu, Access.INSTRUCTION_FETCH))


def code_by(cpu: Cpu, address: int, asce: int | None) -> bytes:
    """The instruction at *address*, translated by *asce*, or real; nothing if it cannot be fetched."""
    found = b""
    length = 2
    while len(found) < length:
        where = absolute(cpu, cpu.wrap(address + len(found)), asce)
        if where is None:
            return b""
        # As much of it as may lie in this page.
        found += storage(cpu.configuration, where, min(_LONGEST - len(found), PAGE_SIZE - where % PAGE_SIZE))
        length = instruction_length(found[0])
    return found[:length]


def executed_instruction(cpu: Cpu) -> bytes:
    """The instruction that *cpu* executes next, which is the target if it is an EXECUTE; nothing if there is none."""
    address = cpu.instruction_address
    instruction = code(cpu, address) if not address & 1 else b""
    if not instruction or not is_execute(instruction):
        return instruction
    target_address = execute_target_address(cpu, instruction, address)
    target = code(cpu, target_address) if not target_address & 1 else b""
    if not target or is_execute(target):
        return b""
    r1 = instruction[1] >> 4
    return modified_target(target, cpu.gr[r1] if r1 else 0)
