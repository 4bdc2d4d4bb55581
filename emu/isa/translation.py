# SPDX-License-Identifier: GPL-2.0-or-later
"""Control instructions on address translation and real storage (PoP chapter 10): CSP, CSPG, IDTE, IPTE, LRA, LRAG,
LRAY, LURA, LURAG, MVPG, PTLB, STRAG, STURA and STURG.

The engine's translation-lookaside buffer forgets everything at once or nothing, so a clearing operation clears more
than it has to, which the manual allows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu import access, dat
from emu.addresses import PAGE_SIZE
from emu.bits import MASK_64, bit, bits, field
from emu.facilities import Facility
from emu.isa.authority import require_boundary, require_psw_key
from emu.isa.declaration import Operands, Reason, instruction
from emu.isa.formats import RRE, RRF_A, RRF_B, RX_A, RXY_A, SSE, S
from emu.prefixing import absolute_to_real
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode
from emu.teid import Access

if TYPE_CHECKING:
    from emu.cpu import Cpu

_Code = ProgramInterruptionCode

_WORD: Final = 4
_DOUBLEWORD: Final = 8

LOCAL_CLEARING: Final = bit(3, 4)
"""M4 of IPTE and IDTE: local-clearing control."""
PAGE_TABLE_ENTRIES: Final = 256
REGION_TABLE_ENTRIES: Final = 2048
"""Entries of a region or segment table of full length."""
CLEARING_BY_ASCE: Final = bit(52)
"""R2 of IDTE: clear the TLB only, invalidate nothing."""
PURGE_TLB: Final = bit(63)
"""R2 of CSP and CSPG; bit 62 asks for the ALB, which this machine has not."""

MOVE_PAGE_RESERVED: Final = bits(48, 51)
MOVE_PAGE_FIRST_KEY: Final = bit(52)
MOVE_PAGE_SECOND_KEY: Final = bit(53)
MOVE_PAGE_CONDITION_CODE: Final = bit(55)


# Loading and storing by real address


def _aligned_real_address(cpu: Cpu, register: int, length: int) -> int:
    """The real address in *register*, which must be on a boundary of *length* bytes.

    :raises ProgramInterruption: specification.
    """
    address = cpu.address_in(register)
    require_boundary(address, length)
    return address


@instruction(0xB24B, "LURA", RRE, "LOAD USING REAL ADDRESS", privileged=True)
def lura(cpu: Cpu, operands: Operands) -> None:
    """Load the word at real address R2 in bits 32-63 of R1.

    :raises ProgramInterruption: specification; addressing; protection (key-controlled).
    """
    address = _aligned_real_address(cpu, operands.r2, _WORD)
    cpu.set_gr32(operands.r1, access.load_integer(cpu, address, _WORD, real=True))


@instruction(0xB905, "LURAG", RRE, "LOAD USING REAL ADDRESS (64)", privileged=True)
def lurag(cpu: Cpu, operands: Operands) -> None:
    """Load the doubleword at real address R2 in R1.

    :raises ProgramInterruption: specification; addressing; protection (key-controlled).
    """
    address = _aligned_real_address(cpu, operands.r2, _DOUBLEWORD)
    cpu.gr[operands.r1] = access.load_integer(cpu, address, _DOUBLEWORD, real=True)


@instruction(0xB246, "STURA", RRE, "STORE USING REAL ADDRESS", privileged=True)
def stura(cpu: Cpu, operands: Operands) -> None:
    """Store bits 32-63 of R1 at real address R2.

    :raises ProgramInterruption: specification; addressing; protection (low-address, key-controlled).
    """
    address = _aligned_real_address(cpu, operands.r2, _WORD)
    access.store_integer(cpu, address, _WORD, cpu.gr32(operands.r1), real=True)
    _note_real_store(cpu)


@instruction(0xB925, "STURG", RRE, "STORE USING REAL ADDRESS (64)", privileged=True)
def sturg(cpu: Cpu, operands: Operands) -> None:
    """Store R1 at real address R2.

    :raises ProgramInterruption: specification; addressing; protection (low-address, key-controlled).
    """
    address = _aligned_real_address(cpu, operands.r2, _DOUBLEWORD)
    access.store_integer(cpu, address, _DOUBLEWORD, cpu.gr[operands.r1], real=True)
    _note_real_store(cpu)


def _note_real_store(cpu: Cpu) -> None:
    if cpu.recording is not None:
        cpu.recording.stored_by_real_address()


# Loading real addresses


def _load_real_address(cpu: Cpu, operands: Operands, *, is_64_bit: bool) -> None:
    """Translate the second-operand address, with DAT on or off, and put in R1 what came of it.

    Condition code 0: the real (or, in a 1 MB frame, absolute) address.  1 and 2: the address of the segment-table or
    page-table entry that is invalid.  3: the interruption code in bits 48-63, bit 32 one, bits 33-47 zero.

    :param is_64_bit: the result is 64 bits; otherwise bits 0-31 of R1 stay, and only addresses below 2 GB fit.
    :raises ProgramInterruption: special operation for an address that does not fit; translation specification;
        addressing, for a table outside the configuration.
    """
    address = cpu.effective_address(operands.b2, operands.d2, operands.x2)
    found = access.walk(cpu, address, access.operand_space(cpu, Access.FETCH))
    if isinstance(found, dat.Translation):
        result, condition_code = found.address, 0
        if not is_64_bit and result >> 31:
            raise ProgramInterruption(_Code.SPECIAL_OPERATION)
    else:
        if found.code is _Code.TRANSLATION_SPECIFICATION:
            raise ProgramInterruption(found.code)
        condition_code = {_Code.SEGMENT_TRANSLATION: 1, _Code.PAGE_TRANSLATION: 2}.get(found.code, 3)
        # Without an entry it was the table length: no address to give.
        if condition_code == 3 or found.entry_address is None or (not is_64_bit and found.entry_address >> 31):
            cpu.set_gr32(operands.r1, bit(0, 32) | found.code)
            cpu.cc = 3
            return
        result = found.entry_address
    if is_64_bit:
        cpu.gr[operands.r1] = result
    else:
        cpu.set_gr32(operands.r1, result)
    cpu.cc = condition_code


@instruction(0xB1, "LRA", RX_A, "LOAD REAL ADDRESS", privileged=True)
def lra(cpu: Cpu, operands: Operands) -> None:
    """See :func:`_load_real_address`; the result is 64 bits in the 64-bit mode and 32 bits otherwise."""
    _load_real_address(cpu, operands, is_64_bit=cpu.is_64_bit)


@instruction(0xE313, "LRAY", RXY_A, "LOAD REAL ADDRESS", privileged=True)
def lray(cpu: Cpu, operands: Operands) -> None:
    """LRA with a long displacement."""
    _load_real_address(cpu, operands, is_64_bit=cpu.is_64_bit)


@instruction(0xE303, "LRAG", RXY_A, "LOAD REAL ADDRESS (64)", privileged=True)
def lrag(cpu: Cpu, operands: Operands) -> None:
    """See :func:`_load_real_address`; the result is 64 bits in every mode."""
    _load_real_address(cpu, operands, is_64_bit=True)


@instruction(0xE502, "STRAG", SSE, "STORE REAL ADDRESS", privileged=True)
def strag(cpu: Cpu, operands: Operands) -> None:
    """Store the real address that the second-operand address is translated to, with DAT on or off.

    :raises ProgramInterruption: specification off a doubleword boundary; the translation exceptions and addressing for
        the second operand; access exceptions (store) for the first.
    """
    first = cpu.effective_address(operands.b1, operands.d1)
    require_boundary(first, _DOUBLEWORD)
    second = cpu.effective_address(operands.b2, operands.d2)
    space = access.operand_space(cpu, Access.FETCH)
    found = access.walk(cpu, second, space)
    if not isinstance(found, dat.Translation):
        raise access.translation_failed(found, second, Access.FETCH, space)
    access.store_integer(cpu, first, _DOUBLEWORD, found.address)


# Invalidating and purging


def _clear_tlb(cpu: Cpu, *, locally: bool) -> None:
    """Clear the TLB of this CPU, or of all CPUs."""
    if locally:
        cpu.tlb.flush()
    else:
        cpu.configuration.translations.flush_all()


def _is_local(cpu: Cpu, operands: Operands) -> bool:
    """Whether M4 asks for local clearing, and the facility for that is there."""
    return bool(operands.m4 & LOCAL_CLEARING) and Facility.LOCAL_TLB_CLEARING in cpu.configuration.facilities


def _invalidate(cpu: Cpu, table: int, indexes: list[int], invalid: int) -> None:
    """Set the bit *invalid* in the entries *indexes* of the table at absolute address *table*.

    The addresses are 64 bits in every mode.  Nothing is changed unless every entry can be.

    :raises ProgramInterruption: addressing; protection (low-address, key-controlled).
    """
    storage = cpu.configuration.storage
    addresses = [absolute_to_real((table + _DOUBLEWORD * index) & MASK_64, cpu.prefix) for index in indexes]
    entries = [access.resolve(cpu, address, Access.STORE, real=True) for address in addresses]
    for number, entry in enumerate(entries):
        access.announce_store(cpu, addresses[number], _DOUBLEWORD, real=True)
        storage.write_integer(entry, _DOUBLEWORD, storage.read_integer(entry, _DOUBLEWORD) | invalid)


@instruction(0xB20D, "PTLB", S, "PURGE TLB", privileged=True)
def ptlb(cpu: Cpu, operands: Operands) -> None:
    """Clear the translation-lookaside buffer of this CPU."""
    _clear_tlb(cpu, locally=True)


@instruction(0xB221, "IPTE", RRF_A, "INVALIDATE PAGE TABLE ENTRY", privileged=True)
def ipte(cpu: Cpu, operands: Operands) -> None:
    """Invalidate the entry, or the range of entries, of the page table R1 that translates address R2.

    Bits 56-63 of R3, if the R3 field is not zero and the IPTE-range facility is installed, say how many more entries
    after the first.

    :raises ProgramInterruption: specification if the range leaves the table; addressing; protection.
    """
    first = field(cpu.gr[operands.r2], 44, 51)
    additional = 0
    if operands.r3 and Facility.IPTE_RANGE in cpu.configuration.facilities:
        additional = field(cpu.gr[operands.r3], 56, 63)
        if first + additional >= PAGE_TABLE_ENTRIES:
            raise ProgramInterruption(_Code.SPECIFICATION)
    table = cpu.gr[operands.r1] & dat.PAGE_TABLE_ORIGIN
    _invalidate(cpu, table, [first + number for number in range(additional + 1)], dat.PAGE_INVALID)
    _clear_tlb(cpu, locally=_is_local(cpu, operands))


@instruction(0xB98E, "IDTE", RRF_B, "INVALIDATE DAT TABLE ENTRY", privileged=True)
def idte(cpu: Cpu, operands: Operands) -> None:
    """Invalidate region-table or segment-table entries and clear the TLB, or clear it by ASCE.

    R1 is the table's origin and designation type; R2 holds the index in the bits of an address that the table
    serves, and in bits 53-63 how many more entries; the index wraps around in the table.  The ASCE in R3 could narrow
    the clearing and is not looked at.

    :raises ProgramInterruption: specification if bits 44-51 of R2 are not zero; addressing; protection.
    """
    designation, selection = cpu.gr[operands.r1], cpu.gr[operands.r2]
    if selection & bits(44, 51):
        raise ProgramInterruption(_Code.SPECIFICATION)
    if not selection & CLEARING_BY_ASCE:
        level = field(designation, 60, 61)
        first = (selection >> (20 + 11 * level)) % REGION_TABLE_ENTRIES
        additional = field(selection, 53, 63)
        indexes = [(first + number) % REGION_TABLE_ENTRIES for number in range(additional + 1)]
        _invalidate(cpu, designation & dat.TABLE_ORIGIN, indexes, dat.REGION_INVALID)
    _clear_tlb(cpu, locally=_is_local(cpu, operands))


def _compare_and_swap_and_purge(cpu: Cpu, operands: Operands, length: int) -> None:
    """Compare R1 with *length* bytes at logical address R2; if equal, store R1 + 1 there and purge as R2 asks.

    The low bits of R2 are no part of the address: it is on a boundary by definition.

    :raises ProgramInterruption: specification for an odd R1; access exceptions (fetch and store).
    """
    if operands.r1 & 1:
        raise ProgramInterruption(_Code.SPECIFICATION)
    storage = cpu.configuration.storage
    address = cpu.address_in(operands.r2) & -length
    # Whatever permits the store permits the fetch.
    absolute = access.resolve(cpu, address, Access.STORE)
    found = storage.read_integer(absolute, length)
    mask = (1 << 8 * length) - 1
    if found == cpu.gr[operands.r1] & mask:
        access.announce_store(cpu, address, length)
        storage.write_integer(absolute, length, cpu.gr[operands.r1 + 1] & mask)
        if cpu.gr[operands.r2] & PURGE_TLB:
            _clear_tlb(cpu, locally=False)
        cpu.cc = 0
    else:
        cpu.gr[operands.r1] = cpu.gr[operands.r1] & ~mask | found
        cpu.cc = 1


@instruction(0xB250, "CSP", RRE, "COMPARE AND SWAP AND PURGE", privileged=True)
def csp(cpu: Cpu, operands: Operands) -> None:
    """The word form; see :func:`_compare_and_swap_and_purge`."""
    _compare_and_swap_and_purge(cpu, operands, _WORD)


@instruction(0xB98A, "CSPG", RRE, "COMPARE AND SWAP AND PURGE (64)", privileged=True)
def cspg(cpu: Cpu, operands: Operands) -> None:
    """The doubleword form; see :func:`_compare_and_swap_and_purge`."""
    _compare_and_swap_and_purge(cpu, operands, _DOUBLEWORD)


# Moving a page


@instruction(0xB254, "MVPG", RRE, "MOVE PAGE", reason=Reason.CORRECTION)
def mvpg(cpu: Cpu, operands: Operands) -> None:
    """Move the 4 KiB at logical address R2 to logical address R1, as general register 0 controls.

    Bit 52 or 53 of register 0 puts the key in its bits 56-59 in place of the PSW key for the first or the second
    operand.  With bit 55, an invalid page-table entry gives condition code 1 (first operand) or 2 (second, or both)
    and no exception.  Of the exceptions, only page translation stores the operand-access identification.

    :raises ProgramInterruption: specification for reserved bits or both key bits; privileged operation in the problem
        state for a key that the PSW-key mask does not allow; access exceptions.
    """
    controls = cpu.gr[0]
    uses_key = controls & (MOVE_PAGE_FIRST_KEY | MOVE_PAGE_SECOND_KEY)
    if controls & MOVE_PAGE_RESERVED or uses_key == MOVE_PAGE_FIRST_KEY | MOVE_PAGE_SECOND_KEY:
        raise ProgramInterruption(_Code.SPECIFICATION)
    key = field(controls, 56, 59)
    if uses_key:
        require_psw_key(cpu, key)
    # By a key, even its own, an operand is always translated anew, in one way: so it is compiled (emu.engine.rules).
    first_key = key if controls & MOVE_PAGE_FIRST_KEY else cpu.key
    second_key = key if controls & MOVE_PAGE_SECOND_KEY else cpu.key
    operand = 2
    try:
        data = access.load(cpu, cpu.address_in(operands.r2) & -PAGE_SIZE, PAGE_SIZE, key=second_key)
        operand = 1
        access.store(cpu, cpu.address_in(operands.r1) & -PAGE_SIZE, data, key=first_key)
    except ProgramInterruption as condition:
        if condition.code is not _Code.PAGE_TRANSLATION:
            raise
        if controls & MOVE_PAGE_CONDITION_CODE:
            cpu.cc = operand
            return
        condition.operand_access = operands.r1 << 4 | operands.r2
        raise
    cpu.cc = 0
