"""Control registers, the address-space numbers in them, and the prefix (PoP chapter 10)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu import access
from emu.addresses import PAGE_SIZE
from emu.bits import MASK_32, bit, bits, field, insert
from emu.isa.authority import require_boundary, require_dat, require_extraction_authority
from emu.isa.declaration import Operands, instruction
from emu.isa.formats import RRE, RS_A, RSY_A, S
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode

if TYPE_CHECKING:
    from emu.cpu import Cpu

_Code = ProgramInterruptionCode

_PREFIX: Final = bits(1, 18, 32)
_ASN_TRANSLATION: Final = bit(44)
"""CR14: ASN-translation control."""
_FIRST_TABLE_INVALID: Final = bit(0, 32)
_SECOND_TABLE_ORIGIN: Final = bits(1, 25, 32)
_SECOND_ENTRY_INVALID: Final = bit(0, 32)
_AUTHORITY_TABLE_ORIGIN: Final = bits(1, 29, 32)


def _registers(operands: Operands) -> list[int]:
    """R1 to R3, going on with 0 after 15."""
    return [(operands.r1 + number) % 16 for number in range((operands.r3 - operands.r1) % 16 + 1)]


def _load(cpu: Cpu, operands: Operands, size: int) -> list[tuple[int, int]]:
    """Register numbers and the operand values for them."""
    address = cpu.effective_address(operands.b2, operands.d2)
    require_boundary(address, size)
    registers = _registers(operands)
    data = access.load(cpu, address, size * len(registers))
    values = (data[at : at + size] for at in range(0, len(data), size))
    return [(register, int.from_bytes(value, "big")) for register, value in zip(registers, values, strict=True)]


@instruction(0xB7, "LCTL", RS_A, "LOAD CONTROL", privileged=True)
def lctl(cpu: Cpu, operands: Operands) -> None:
    """Load bits 32-63 of control registers R1 to R3; specification off a word boundary."""
    for register, value in _load(cpu, operands, 4):
        cpu.set_control_register(register, cpu.cr[register] & ~MASK_32 | value)


@instruction(0xEB2F, "LCTLG", RSY_A, "LOAD CONTROL", privileged=True)
def lctlg(cpu: Cpu, operands: Operands) -> None:
    """Load control registers R1 to R3; specification off a doubleword boundary."""
    for register, value in _load(cpu, operands, 8):
        cpu.set_control_register(register, value)


@instruction(0xB6, "STCTL", RS_A, "STORE CONTROL", privileged=True)
def stctl(cpu: Cpu, operands: Operands) -> None:
    """Store bits 32-63 of control registers R1 to R3; specification off a word boundary."""
    address = cpu.effective_address(operands.b2, operands.d2)
    require_boundary(address, 4)
    values = (cpu.cr[register] & MASK_32 for register in _registers(operands))
    access.store(cpu, address, b"".join(value.to_bytes(4, "big") for value in values))


@instruction(0xEB25, "STCTG", RSY_A, "STORE CONTROL", privileged=True)
def stctg(cpu: Cpu, operands: Operands) -> None:
    """Store control registers R1 to R3; specification off a doubleword boundary."""
    address = cpu.effective_address(operands.b2, operands.d2)
    require_boundary(address, 8)
    access.store(cpu, address, b"".join(cpu.cr[register].to_bytes(8, "big") for register in _registers(operands)))


@instruction(0xB210, "SPX", S, "SET PREFIX", privileged=True)
def spx(cpu: Cpu, operands: Operands) -> None:
    """Load the prefix; specification off a word boundary, addressing if the new prefix area is not in storage."""
    address = cpu.effective_address(operands.b2, operands.d2)
    require_boundary(address, 4)
    prefix = access.load_integer(cpu, address, 4) & _PREFIX
    cpu.machine.storage.require(prefix + PAGE_SIZE)
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


@instruction(0xB225, "SSAR", RRE, "SET SECONDARY ASN")
def ssar(cpu: Cpu, operands: Operands) -> None:
    """Make bits 48-63 of R1 the secondary ASN, and its space the secondary space.

    :raises ProgramInterruption: special operation with DAT off, or for an ASN that is not the primary without ASN
        translation (CR14 bit 44); addressing, AFX translation, ASX translation, secondary authority.
    """
    _set_secondary(cpu, field(cpu.gr[operands.r1], 48, 63), None)


@instruction(0xB99F, "SSAIR", RRE, "SET SECONDARY ASN WITH INSTANCE")
def ssair(cpu: Cpu, operands: Operands) -> None:
    """As :func:`ssar`, if bits 0-31 of R1 are the instance number of the ASN's second-table entry (see :func:`epair`).

    :raises ProgramInterruption: also ASTE instance.
    """
    _set_secondary(cpu, field(cpu.gr[operands.r1], 48, 63), field(cpu.gr[operands.r1], 0, 31))


def _set_secondary(cpu: Cpu, asn: int, instance: int | None) -> None:
    require_dat(cpu)
    if asn == field(cpu.cr[4], 48, 63):
        if instance is not None and instance != field(cpu.cr[4], 0, 31):
            raise ProgramInterruption(_Code.ASTE_INSTANCE)
        designation = cpu.cr[1]
    else:
        designation = _authorised_space(cpu, asn, instance)
    secondary = insert(cpu.cr[3], 48, 63, asn)
    if instance is not None:
        secondary = insert(secondary, 0, 31, instance)
    cpu.set_control_register(3, secondary)
    cpu.set_control_register(7, designation)


def _authorised_space(cpu: Cpu, asn: int, instance: int | None) -> int:
    """The address-space-control element of *asn*, by ASN translation and authorisation (PoP chapter 3)."""
    if not cpu.cr[14] & _ASN_TRANSLATION:
        raise ProgramInterruption(_Code.SPECIAL_OPERATION)

    def fetch(address: int, length: int) -> int:
        return cpu.machine.storage.read_integer(cpu.real_to_absolute(address), length)

    first = fetch((field(cpu.cr[14], 45, 63) << 12) + 4 * (asn >> 6), 4)
    if first & _FIRST_TABLE_INVALID:
        raise ProgramInterruption(_Code.AFX_TRANSLATION, translation_exception=asn)
    entry = (first & _SECOND_TABLE_ORIGIN) + 64 * (asn & 0x3F)
    head = fetch(entry, 4)
    if head & _SECOND_ENTRY_INVALID:
        raise ProgramInterruption(_Code.ASX_TRANSLATION, translation_exception=asn)
    if instance is not None and fetch(entry + 44, 4) != instance:
        raise ProgramInterruption(_Code.ASTE_INSTANCE)
    index = field(cpu.cr[4], 32, 47)
    length = field(fetch(entry + 4, 4), 16, 27, 32)
    if index >> 4 > length:
        raise ProgramInterruption(_Code.SECONDARY_AUTHORITY, translation_exception=asn)
    authority = fetch((head & _AUTHORITY_TABLE_ORIGIN) + (index >> 2), 1)
    if not authority << (2 * (index & 3)) & 0x40:
        raise ProgramInterruption(_Code.SECONDARY_AUTHORITY, translation_exception=asn)
    return fetch(entry + 8, 8)
