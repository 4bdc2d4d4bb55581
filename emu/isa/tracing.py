# SPDX-License-Identifier: GPL-2.0-or-later
"""The trace table, to which CR12 points (PoP chapter 4, "Tracing"): where an entry goes, and making it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu import access
from emu.addresses import PAGE_SIZE
from emu.bits import bit, bits
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode
from emu.psw import ADDRESS_31, BASIC_ADDRESSING, EXTENDED_ADDRESSING, AddressSpaceControl
from emu.teid import Access, Protection

if TYPE_CHECKING:
    from emu.cpu import Cpu

BRANCH_TRACE: Final = bit(0)
"""CR12: branch-trace control."""
MODE_TRACE: Final = bit(1)
"""CR12: mode-trace control."""
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


def trace_branch(cpu: Cpu, mode: int, target: int, *, has_branch_entry: bool = True) -> None:
    """Make the entry for a branch to *target* in the addressing mode *mode*, if CR12 asks for one (PoP 4, "Tracing").

    It must be the last check of an instruction.

    :param has_branch_entry: branch tracing applies to the instruction; otherwise only mode tracing does.
    :raises ProgramInterruption: the trace exceptions.
    """
    branches = has_branch_entry and cpu.cr[12] & BRANCH_TRACE
    switches = cpu.cr[12] & MODE_TRACE and cpu.is_64_bit != bool(mode & EXTENDED_ADDRESSING)
    if not branches and not switches:
        return
    if not switches:
        entry = _branch_entry(mode, target)
    elif branches:
        entry = _mode_entry(target, target, leaves=(0xA0, 0xA0), enters=(0xB0, 0xF0), to_64_bit=not cpu.is_64_bit)
    else:
        mode_bit = 1 << 31 if cpu.psw.mask & BASIC_ADDRESSING and not cpu.is_64_bit else 0
        address = cpu.next_address
        entry = _mode_entry(
            address, address | mode_bit, leaves=(0x20, 0x60), enters=(0x30, 0x30), to_64_bit=not cpu.is_64_bit
        )
    require_entry(cpu, len(entry))
    make_entry(cpu, entry)


def _branch_entry(mode: int, target: int) -> bytes:
    if not mode & BASIC_ADDRESSING:
        return target.to_bytes(4, "big")
    if target <= ADDRESS_31:
        return (1 << 31 | target).to_bytes(4, "big")
    return bytes.fromhex("52c00000") + target.to_bytes(8, "big")


def _mode_entry(address: int, word: int, *, leaves: tuple[int, int], enters: tuple[int, int], to_64_bit: bool) -> bytes:
    """The entry of a switch to or from the 64-bit mode.

    :param word: what an entry of eight bytes has in place of the *address*.
    :param leaves: the second byte of the entry of a switch from the 64-bit mode, for a short and a long address.
    :param enters: the same of a switch to it.
    """
    is_long = address > ADDRESS_31
    kind = (enters if to_64_bit else leaves)[is_long]
    if is_long:
        return bytes((0x52, kind, 0, 0)) + address.to_bytes(8, "big")
    return bytes((0x51, kind, 0, 0)) + word.to_bytes(4, "big")
