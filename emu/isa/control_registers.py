# SPDX-License-Identifier: GPL-2.0-or-later
"""Control registers, the address-space numbers in them, and the prefix (PoP chapter 10)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu import access
from emu.addresses import PAGE_SIZE
from emu.bits import MASK_32, bit, bits, field, insert
from emu.isa.authority import require_boundary, require_dat, require_extraction_authority
from emu.isa.declaration import Operands, instruction
from emu.isa.formats import RRE, RS_A, RSY_A, S
from emu.isa.second_table import (
    ASN_REUSE,
    ASN_TRANSLATION,
    SECONDARY_AUTHORITY,
    translate_asn,
    with_subspace,
)
from emu.isa.tracing import ASN_TRACE, make_entry, require_entry
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode

if TYPE_CHECKING:
    from emu.cpu import Cpu

_Code = ProgramInterruptionCode

_PREFIX: Final = bits(1, 18, 32)
_SECONDARY_TRANSLATION: Final = bit(3, 8)
"""Exception access identification of ASTE instance: it was met while SSAIR translated an ASN."""


def _load(cpu: Cpu, operands: Operands, size: int) -> bytes:
    """The storage operand: *size* bytes for each register."""
    address = cpu.effective_address(operands.b2, operands.d2)
    require_boundary(address, size)
    return access.load(cpu, address, size * len(operands.register_range))


@instruction(0xB7, "LCTL", RS_A, "LOAD CONTROL", privileged=True)
def lctl(cpu: Cpu, operands: Operands) -> None:
    """Load bits 32-63 of control registers R1 to R3; specification off a word boundary."""
    data = _load(cpu, operands, 4)
    for place, register in enumerate(operands.register_range):
        value = int.from_bytes(data[4 * place : 4 * place + 4], "big")
        cpu.set_control_register(register, cpu.cr[register] & ~MASK_32 | value)


@instruction(0xEB2F, "LCTLG", RSY_A, "LOAD CONTROL", privileged=True)
def lctlg(cpu: Cpu, operands: Operands) -> None:
    """Load control registers R1 to R3; specification off a doubleword boundary."""
    data = _load(cpu, operands, 8)
    for place, register in enumerate(operands.register_range):
        cpu.set_control_register(register, int.from_bytes(data[8 * place : 8 * place + 8], "big"))


@instruction(0xB6, "STCTL", RS_A, "STORE CONTROL", privileged=True)
def stctl(cpu: Cpu, operands: Operands) -> None:
    """Store bits 32-63 of control registers R1 to R3; specification off a word boundary."""
    address = cpu.effective_address(operands.b2, operands.d2)
    require_boundary(address, 4)
    values = (cpu.cr[register] & MASK_32 for register in operands.register_range)
    access.store(cpu, address, b"".join(value.to_bytes(4, "big") for value in values))


@instruction(0xEB25, "STCTG", RSY_A, "STORE CONTROL", privileged=True)
def stctg(cpu: Cpu, operands: Operands) -> None:
    """Store control registers R1 to R3; specification off a doubleword boundary."""
    address = cpu.effective_address(operands.b2, operands.d2)
    require_boundary(address, 8)
    access.store(cpu, address, b"".join(cpu.cr[register].to_bytes(8, "big") for register in operands.register_range))


@instruction(0xB210, "SPX", S, "SET PREFIX", privileged=True)
def spx(cpu: Cpu, operands: Operands) -> None:
    """Load the prefix; specification off a word boundary, addressing if the new prefix area is not in storage."""
    address = cpu.effective_address(operands.b2, operands.d2)
    require_boundary(address, 4)
    prefix = access.load_integer(cpu, address, 4) & _PREFIX
    cpu.configuration.storage.require(prefix + PAGE_SIZE)
    cpu.set_prefix(prefix)


@instruction(0xB211, "STPX", S, "STORE PREFIX", privileged=True)
def stpx(cpu: Cpu, operands: Operands) -> None:
    """Store the prefix; specification off a word boundary."""
    address = cpu.effective_address(operands.b2, operands.d2)
    require_boundary(address, 4)
    access.store_integer(cpu, address, 4, cpu.prefix)


@instruction(0xB212, "STAP", S, "STORE CPU ADDRESS", privileged=True)
def stap(cpu: Cpu, operands: Operands) -> None:
    """Store the CPU address; specification off a halfword boundary."""
    address = cpu.effective_address(operands.b2, operands.d2)
    require_boundary(address, 2)
    access.store_integer(cpu, address, 2, cpu.address)


# Address-space numbers: the primary in CR4 bits 48-63, the secondary in CR3 bits 48-63; the ASTE instance numbers that
# the forms with I take and give are bits 0-31 of the same registers.


def _require_extraction(cpu: Cpu) -> None:
    require_dat(cpu)
    require_extraction_authority(cpu)


@instruction(0xB226, "EPAR", RRE, "EXTRACT PRIMARY ASN")
def epar(cpu: Cpu, operands: Operands) -> None:
    """Put the primary ASN in bits 48-63 of R1 and zeros in bits 32-47."""
    _require_extraction(cpu)
    cpu.set_gr32(operands.r1, field(cpu.cr[4], 48, 63))


@instruction(0xB227, "ESAR", RRE, "EXTRACT SECONDARY ASN")
def esar(cpu: Cpu, operands: Operands) -> None:
    """Put the secondary ASN in bits 48-63 of R1 and zeros in bits 32-47."""
    _require_extraction(cpu)
    cpu.set_gr32(operands.r1, field(cpu.cr[3], 48, 63))


@instruction(0xB99A, "EPAIR", RRE, "EXTRACT PRIMARY ASN AND INSTANCE")
def epair(cpu: Cpu, operands: Operands) -> None:
    """As :func:`epar`, with the ASTE instance number in bits 0-31.

    It works although facility 6 is not shown, to which instructions belong that this machine lacks.
    """
    _require_extraction(cpu)
    cpu.gr[operands.r1] = cpu.cr[4] & (bits(0, 31) | bits(48, 63))


@instruction(0xB99B, "ESAIR", RRE, "EXTRACT SECONDARY ASN AND INSTANCE")
def esair(cpu: Cpu, operands: Operands) -> None:
    """As :func:`esar`, with the ASTE instance number in bits 0-31 (see :func:`epair`)."""
    _require_extraction(cpu)
    cpu.gr[operands.r1] = cpu.cr[3] & (bits(0, 31) | bits(48, 63))


@instruction(0xB99D, "ESEA", RRE, "EXTRACT AND SET EXTENDED AUTHORITY", privileged=True)
def esea(cpu: Cpu, operands: Operands) -> None:
    """Put the extended authorization index (CR8 bits 32-47) in bits 32-47 of R1, whose bits 48-63 become the index."""
    before, new = field(cpu.cr[8], 32, 47), field(cpu.gr[operands.r1], 48, 63)
    cpu.set_control_register(8, insert(cpu.cr[8], 32, 47, new))
    cpu.gr[operands.r1] = insert(cpu.gr[operands.r1], 32, 47, before)


@instruction(0xB225, "SSAR", RRE, "SET SECONDARY ASN")
def ssar(cpu: Cpu, operands: Operands) -> None:
    """Make bits 48-63 of R1 the secondary ASN, and its space the secondary space.

    :raises ProgramInterruption: special operation with DAT off, without ASN translation (CR14 bit 44), or for a
        reusable ASN while ASN-and-LX reuse is on (CR0 bit 44); the trace exceptions; and, unless the ASN is the
        primary, addressing, AFX translation, ASX translation, secondary authority.
    """
    _set_secondary(cpu, field(cpu.gr[operands.r1], 48, 63), None)


@instruction(0xB99F, "SSAIR", RRE, "SET SECONDARY ASN WITH INSTANCE")
def ssair(cpu: Cpu, operands: Operands) -> None:
    """As :func:`ssar`, if bits 0-31 of R1 are the instance number of the ASN's second-table entry (see :func:`epair`).

    They are not compared if the ASN is the primary.

    :raises ProgramInterruption: also ASTE instance, and special operation for a controlled ASN in the problem state.
    """
    _set_secondary(cpu, field(cpu.gr[operands.r1], 48, 63), field(cpu.gr[operands.r1], 0, 31))


def _set_secondary(cpu: Cpu, asn: int, instance: int | None) -> None:
    require_dat(cpu)
    if not cpu.cr[14] & ASN_TRANSLATION:
        raise ProgramInterruption(_Code.SPECIAL_OPERATION)
    entry = bytes((0x10, instance is not None)) + asn.to_bytes(2, "big")
    is_traced = cpu.cr[12] & ASN_TRACE
    if is_traced:
        require_entry(cpu, len(entry))
    if asn == field(cpu.cr[4], 48, 63):
        designation, new_instance = cpu.cr[1], field(cpu.cr[4], 0, 31)
    else:
        designation, new_instance = _authorised_space(cpu, asn, instance)
    if is_traced:
        make_entry(cpu, entry)
    secondary = insert(cpu.cr[3], 48, 63, asn)
    if instance is not None or cpu.cr[0] & ASN_REUSE:
        secondary = insert(secondary, 0, 31, new_instance)
    cpu.set_control_register(3, secondary)
    cpu.set_control_register(7, designation)


def _authorised_space(cpu: Cpu, asn: int, instance: int | None) -> tuple[int, int]:
    """The address-space-control element and instance of *asn*, by ASN translation and authorisation (PoP chapter 3)."""
    entry = translate_asn(cpu, asn)
    if instance is None:
        if cpu.cr[0] & ASN_REUSE and entry.is_reusable:
            raise ProgramInterruption(_Code.SPECIAL_OPERATION)
    else:
        if entry.is_controlled and cpu.problem_state:
            raise ProgramInterruption(_Code.SPECIAL_OPERATION)
        if instance != entry.instance:
            raise ProgramInterruption(_Code.ASTE_INSTANCE, exception_access=_SECONDARY_TRANSLATION)
    if not entry.is_authorized(cpu, field(cpu.cr[4], 32, 47), SECONDARY_AUTHORITY):
        raise ProgramInterruption(_Code.SECONDARY_AUTHORITY, translation_exception=asn)
    return with_subspace(cpu, entry), entry.instance
