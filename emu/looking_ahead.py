# SPDX-License-Identifier: GPL-2.0-or-later
"""Fetches that are made before it is known that an instruction is executed: they must not be seen."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from emu import access, dat
from emu import control_registers as control
from emu.addresses import PAGE_SHIFT
from emu.program_interruption import ProgramInterruption
from emu.storage_keys import REFERENCE
from emu.teid import Access

if TYPE_CHECKING:
    from emu.cpu import Cpu


class _Unsettled(Exception):  # noqa: N818 - it is an answer
    """Reading a table entry would be seen."""


def leaves_no_trace(cpu: Cpu, address: int) -> bool:
    """Whether a fetch of an instruction at logical *address* would be seen nowhere.

    That is, the reference bit of the page is one already, and to the host neither the page nor a table that leads to
    it is new.  False if translation or addressing gives an exception; nothing else is checked.
    """
    configuration = cpu.configuration
    try:
        absolute = _absolute(cpu, address)
        configuration.storage.require(absolute)
    except (_Unsettled, ProgramInterruption):
        return False
    page = absolute >> PAGE_SHIFT
    return bool(configuration.keys.bytes[page] & REFERENCE) and configuration.hypervisor.is_settled(page)


def _absolute(cpu: Cpu, address: int) -> int:
    if not cpu.dat:
        return cpu.real_to_absolute(address)
    asce = access.space_designation(cpu, access.operand_space(cpu, Access.INSTRUCTION_FETCH))
    # Execution protection does not matter here.
    edat1 = bool(cpu.cr[0] & control.CR0_EDAT)
    found = dat.walk(asce, address, partial(_settled_entry, cpu), edat1=edat1, execution_protection=False)
    if isinstance(found, dat.TranslationFailure):
        raise _Unsettled
    return found.address if found.is_absolute else cpu.real_to_absolute(found.address)


def _settled_entry(cpu: Cpu, address: int) -> int:
    """The table entry at absolute *address*.

    :raises ProgramInterruption: addressing, if that is outside the configuration.
    """
    cpu.configuration.storage.require(address)
    if not cpu.configuration.hypervisor.is_settled(address >> PAGE_SHIFT):
        raise _Unsettled
    return access.table_entry(cpu, address)
