# SPDX-License-Identifier: GPL-2.0-or-later
"""The trace table, to which CR12 points (PoP chapter 4, "Tracing"): where an entry goes, and making it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu import access
from emu.addresses import PAGE_SIZE
from emu.bits import bit, bits
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode
from emu.psw import AddressSpaceControl
from emu.teid import Access, Protection

if TYPE_CHECKING:
    from emu.cpu import Cpu

ASN_TRACE: Final = bit(62)
"""CR12: ASN-trace control."""
EXPLICIT_TRACE: Final = bit(63)
"""CR12: explicit-trace control."""
_ENTRY_ADDRESS: Final = bits(2, 61)
"""CR12: trace-entry address."""


def require_entry(cpu: Cpu, length: int) -> None:
    """Recognise the trace exceptions of an entry of *length* bytes (PoP 6, "Trace Exceptions").

    :raises ProgramInterruption: low-address protection; addressing; trace table, where the entry would reach or cross
        the end of its 4 KiB block.
    """
    address = cpu.cr[12] & _ENTRY_ADDRESS
    if access.low_address_protected(cpu, address, None):
        raise access.protection(address, Access.STORE, AddressSpaceControl.PRIMARY, Protection.LOW_ADDRESS)
    cpu.configuration.storage.require(cpu.real_to_absolute(address))
    if address % PAGE_SIZE + length >= PAGE_SIZE:
        raise ProgramInterruption(ProgramInterruptionCode.TRACE_TABLE)


def make_entry(cpu: Cpu, entry: bytes) -> None:
    """Store *entry* at the real trace-entry address, to which key-controlled protection does not apply, and move on."""
    address = cpu.cr[12] & _ENTRY_ADDRESS
    access.store(cpu, address, entry, key=0, real=True)
    cpu.set_control_register(12, cpu.cr[12] & ~_ENTRY_ADDRESS | address + len(entry))
