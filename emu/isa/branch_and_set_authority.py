# SPDX-License-Identifier: GPL-2.0-or-later
"""BRANCH AND SET AUTHORITY and BRANCH IN SUBSPACE GROUP (PoP chapter 10).

Both keep their state in the dispatchable-unit control table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu import access
from emu import psw as psw_bits
from emu.bits import bit, field, insert
from emu.isa.access_registers import PRIMARY_TOKEN, SECONDARY_TOKEN
from emu.isa.authority import require_dat, require_psw_key
from emu.isa.declaration import Operands, instruction
from emu.isa.formats import RRE
from emu.isa.mode_switching import IS_31_BIT, branch_in_mode
from emu.isa.second_table import (
    ASN_REUSE,
    ENTRY_ORIGIN,
    KEPT_IN_SUBSPACE,
    SUBSPACE_ACTIVE,
    SUBSPACE_SEQUENCE_WORD,
    SUBSPACE_WORD,
    SpaceEntry,
    dispatchable_unit,
    fetch_word,
    subspace,
    translate_alet,
)
from emu.isa.tracing import ASN_TRACE, make_entry, require_entry, trace_branch
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode
from emu.psw import Psw
from emu.teid import Access

if TYPE_CHECKING:
    from emu.cpu import Cpu

_Code = ProgramInterruptionCode

_AUTHORITY_WORD: Final = 20
"""Offset in the dispatchable-unit control table: what BSA has put aside."""
_RETURN_ADDRESS: Final = 32
_REDUCED: Final = bit(28, 32)
"""In the authority word: reduced authority, which only a second BSA ends."""
_PROBLEM_STATE: Final = bit(31, 32)


def _link(cpu: Cpu) -> int:
    """The address of the next instruction, with bit 32 telling the 31-bit from the 24-bit mode."""
    if cpu.is_64_bit or not cpu.psw.mask & psw_bits.BASIC_ADDRESSING:
        return cpu.next_address
    return cpu.next_address | IS_31_BIT


def _designated(cpu: Cpu, value: int) -> tuple[int, int]:
    """The addressing mode and the address that *value* means: out of the 64-bit mode nothing leads."""
    if cpu.is_64_bit:
        return psw_bits.ADDRESSING_MODE, value
    mode = psw_bits.BASIC_ADDRESSING if value & IS_31_BIT else 0
    return mode, value & psw_bits.address_limit(mode)


def _table_to_store(cpu: Cpu) -> int:
    """The real address of the dispatchable-unit control table, into which the instruction may store.

    :raises ProgramInterruption: low-address protection; addressing.
    """
    table = dispatchable_unit(cpu)
    access.resolve(cpu, table, Access.STORE, key=0, real=True)
    return table


@instruction(0xB25A, "BSA", RRE, "BRANCH AND SET AUTHORITY")
def bsa(cpu: Cpu, operands: Operands) -> None:
    """From base authority, branch with less authority; from reduced authority, go back.

    From base authority R2 designates the branch, and R1 holds a PSW-key mask, which is ANDed to that in CR3, and the
    new key; the CPU is put in the problem state.  From reduced authority, all that comes back, and R1, unless it is
    register 0, receives the address of the next instruction.

    :raises ProgramInterruption: low-address protection; addressing; special operation if R2 is register 0 with base
        authority, and is not with reduced authority; the trace exceptions; privileged operation for a key that the
        PSW-key mask does not allow.
    """
    table = _table_to_store(cpu)
    if fetch_word(cpu, table + _AUTHORITY_WORD) & _REDUCED:
        _return_to_base_authority(cpu, operands, table)
    else:
        _reduce_authority(cpu, operands, table)


def _reduce_authority(cpu: Cpu, operands: Operands, table: int) -> None:
    if not operands.r2:
        raise ProgramInterruption(_Code.SPECIAL_OPERATION)
    key = field(cpu.gr[operands.r1], 56, 59)
    require_psw_key(cpu, key)
    mode, target = _designated(cpu, cpu.gr[operands.r2])
    trace_branch(cpu, mode, target)
    before = cpu.psw
    mask = field(cpu.cr[3], 32, 47)
    word = mask << 16 | before.key << 4 | _REDUCED | (_PROBLEM_STATE if cpu.problem_state else 0)
    access.store_integer(cpu, table + _AUTHORITY_WORD, 4, word, key=0, real=True)
    access.store_integer(cpu, table + _RETURN_ADDRESS, 8, _link(cpu), key=0, real=True)
    cpu.set_control_register(3, insert(cpu.cr[3], 32, 47, mask & field(cpu.gr[operands.r1], 32, 47)))
    new = insert(before.mask, 8, 11, key) | psw_bits.PROBLEM_STATE
    cpu.note_breaking_event()
    cpu.load_psw(Psw(new & ~psw_bits.ADDRESSING_MODE | mode, target))


def _return_to_base_authority(cpu: Cpu, operands: Operands, table: int) -> None:
    if operands.r2:
        raise ProgramInterruption(_Code.SPECIAL_OPERATION)
    word = fetch_word(cpu, table + _AUTHORITY_WORD)
    value = access.load_integer(cpu, table + _RETURN_ADDRESS, 8, key=0, real=True)
    mode, target = _designated(cpu, value)
    trace_branch(cpu, mode, target)
    if operands.r1:
        cpu.set_address_register(operands.r1, _link(cpu))
    access.store_integer(cpu, table + _AUTHORITY_WORD, 4, word & ~_REDUCED, key=0, real=True)
    cpu.set_control_register(3, insert(cpu.cr[3], 32, 47, word >> 16))
    mask = insert(cpu.psw.mask, 8, 11, field(word, 24, 27, 32)) & ~psw_bits.PROBLEM_STATE
    mask |= psw_bits.PROBLEM_STATE if word & _PROBLEM_STATE else 0
    # What was stored by somebody else may be no address of the mode: that is found after the PSW is loaded.
    target = value if cpu.is_64_bit else value & psw_bits.ADDRESS_31
    cpu.note_breaking_event()
    cpu.load_psw(Psw(mask & ~psw_bits.ADDRESSING_MODE | mode, target))


@instruction(0xB258, "BSG", RRE, "BRANCH IN SUBSPACE GROUP")
def bsg(cpu: Cpu, operands: Operands) -> None:
    """Branch as R2 designates, with the space that access register R2 designates as primary and secondary space.

    The token 0, or register 0, means the base space, 1 the subspace that was last used.  R1, unless it is register 0,
    receives the address of the next instruction.

    :raises ProgramInterruption: special operation with DAT off, if the primary space is not of the dispatchable unit,
        or if the new one is not of its subspace group; the trace exceptions; low-address protection; addressing; the
        exceptions of access-register translation.
    """
    require_dat(cpu)
    alet = cpu.ar[operands.r2] if operands.r2 else PRIMARY_TOKEN
    mode, target = _designated(cpu, cpu.gr[operands.r2])
    table = _table_to_store(cpu)
    base = fetch_word(cpu, table) & ENTRY_ORIGIN
    if cpu.cr[5] & ENTRY_ORIGIN != base:
        raise ProgramInterruption(_Code.SPECIAL_OPERATION)
    entry = _destination(cpu, alet, operands.r2, base)
    _trace(cpu, alet, mode, target)
    is_base = entry.origin == base and alet != SECONDARY_TOKEN
    designation = entry.designation
    if not is_base:
        designation = designation & ~KEPT_IN_SUBSPACE | cpu.cr[1] & KEPT_IN_SUBSPACE
    link = _link(cpu)
    word = fetch_word(cpu, table + SUBSPACE_WORD)
    if is_base:
        word &= ~SUBSPACE_ACTIVE
    elif alet == SECONDARY_TOKEN:
        word |= SUBSPACE_ACTIVE
    else:
        word = SUBSPACE_ACTIVE | entry.origin
        access.store_integer(cpu, table + SUBSPACE_SEQUENCE_WORD, 4, entry.sequence_number, key=0, real=True)
    access.store_integer(cpu, table + SUBSPACE_WORD, 4, word, key=0, real=True)
    secondary = insert(cpu.cr[3], 48, 63, field(cpu.cr[4], 48, 63))
    if cpu.cr[0] & ASN_REUSE:
        secondary = insert(secondary, 0, 31, field(cpu.cr[4], 0, 31))
    cpu.set_control_register(3, secondary)
    cpu.set_control_register(1, designation)
    cpu.set_control_register(7, designation)
    if operands.r1:
        cpu.set_address_register(operands.r1, link)
    branch_in_mode(cpu, mode, target)


def _destination(cpu: Cpu, alet: int, register: int, base: int) -> SpaceEntry:
    """The entry of the space that *alet* designates, which must be of the subspace group of *base*."""
    if alet == PRIMARY_TOKEN:
        return SpaceEntry.at(cpu, base)
    if alet == SECONDARY_TOKEN:
        return subspace(cpu, register)
    entry = translate_alet(cpu, alet, register, is_for_subspace=True)
    if entry.origin != base and (not entry.is_in_subspace_group or entry.is_base_space):
        raise ProgramInterruption(_Code.SPECIAL_OPERATION)
    return entry


def _trace(cpu: Cpu, alet: int, mode: int, target: int) -> None:
    """Make the entry of BSG if ASN tracing is on, or else that of a branch (PoP 4, "Tracing")."""
    if not cpu.cr[12] & ASN_TRACE:
        trace_branch(cpu, mode, target)
        return
    # Bit 7 of the token and bits 9-31 of it.
    token = (field(alet, 7, 7, 32) << 23 | field(alet, 9, 31, 32)).to_bytes(3, "big")
    if cpu.is_64_bit:
        entry = b"\x42" + token + target.to_bytes(8, "big")
    else:
        is_31_bit = IS_31_BIT if mode & psw_bits.BASIC_ADDRESSING else 0
        entry = b"\x41" + token + (is_31_bit | target).to_bytes(4, "big")
    require_entry(cpu, len(entry))
    make_entry(cpu, entry)
