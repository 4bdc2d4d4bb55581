# SPDX-License-Identifier: GPL-2.0-or-later
"""TRANSLATE, TRANSLATE EXTENDED, and TRANSLATE ONE or TWO TO ONE or TWO (PoP chapter 7).

Unicorn 2.1.4 has changed part of the first operand when a later character meets an access exception.  Of the first
two, which work in place, it translates that part again when the instruction is executed again after the interruption.
Of the others it takes a length of zero for 2**64, and for TROT only half of the test character.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu import access
from emu.addresses import PAGE_SIZE
from emu.facilities import Facility
from emu.isa.declaration import Operands, Reason, instruction
from emu.isa.formats import RRE, RRF_C, SS_A
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode
from emu.teid import Access

if TYPE_CHECKING:
    from emu.cpu import Cpu

_STRINGS: Final = Facility.EXTENDED_TRANSLATION_2
_TABLE: Final = 256


def _translated(cpu: Cpu, data: bytes, table: int) -> bytes:
    """*data* translated; only the table bytes that are needed are fetched, as the manual says."""
    found: dict[int, int] = {}
    for byte in set(data):
        found[byte] = access.load_integer(cpu, cpu.wrap(table + byte), 1)
    return bytes(found[byte] for byte in data)


@instruction(0xDC, "TR", SS_A, "TRANSLATE", reason=Reason.CORRECTION)
def tr(cpu: Cpu, operands: Operands) -> None:
    """Replace each of L1 + 1 bytes by the table byte that it selects.

    :raises ProgramInterruption: access exceptions.
    """
    address = cpu.effective_address(operands.b1, operands.d1)
    table = cpu.effective_address(operands.b2, operands.d2)
    access.probe(cpu, address, operands.l1 + 1, Access.STORE)
    data = access.load(cpu, address, operands.l1 + 1)
    first, last = table, table + _TABLE - 1
    if first <= address + operands.l1 and address <= last:
        _translate_bytewise(cpu, address, len(data), table)
    else:
        access.store(cpu, address, _translated(cpu, data, table))


def _translate_bytewise(cpu: Cpu, address: int, length: int, table: int) -> None:
    """The operands overlap: a byte translated may change the table for the next one."""
    access.probe(cpu, table, _TABLE, Access.FETCH)
    for place in range(length):
        byte = access.load_integer(cpu, cpu.wrap(address + place), 1)
        access.store_integer(cpu, cpu.wrap(address + place), 1, access.load_integer(cpu, cpu.wrap(table + byte), 1))


@instruction(0xB2A5, "TRE", RRE, "TRANSLATE EXTENDED", reason=Reason.CORRECTION)
def tre(cpu: Cpu, operands: Operands) -> None:
    """Translate the string that the pair R1 designates, up to the test byte in R0, at most to the end of a page.

    Condition code 0: all is translated; 1: the test byte was met; 3: the end of the page, and the program goes on.

    :raises ProgramInterruption: specification for an odd R1; access exceptions.
    """
    r1 = operands.r1
    if r1 & 1:
        raise ProgramInterruption(ProgramInterruptionCode.SPECIFICATION)
    address, table = cpu.address_in(r1), cpu.address_in(operands.r2)
    length = cpu.length_in(r1 + 1)
    part = min(length, PAGE_SIZE - address % PAGE_SIZE)
    data = access.load(cpu, address, part)
    stop = data.find(cpu.gr[0] & 0xFF)
    done = part if stop < 0 else stop
    if done:
        access.probe(cpu, address, done, Access.STORE)
        access.store(cpu, address, _translated(cpu, data[:done], table))
    cpu.set_address_register(r1, cpu.wrap(address + done))
    cpu.set_address_register(r1 + 1, length - done)
    cpu.cc = 1 if stop >= 0 else 0 if done == length else 3


# From one string to another

_CHARACTERS: Final = 256
"""At most so many are translated by one execution."""
_NO_TEST: Final = 1
"""M3 bit 3: no character ends the translation."""


def _translate_string(cpu: Cpu, operands: Operands, source_bytes: int, result_bytes: int) -> None:
    """Translate the string that R2 and, for its length, R1 + 1 designate, to where R1 designates, by the table in GR1.

    Condition code 0: all is translated; 1: the test character in R0 was the result; 3: the program goes on.  An access
    exception after the first character ends the execution with code 3, to be met again by the next.

    :raises ProgramInterruption: specification for an odd R1, or if the length is no multiple of *source_bytes*; access
        exceptions.
    """
    r1, r2 = operands.r1, operands.r2
    left = cpu.length_in(r1 + 1) if not r1 & 1 else 1
    if r1 & 1 or left % source_bytes:
        raise ProgramInterruption(ProgramInterruptionCode.SPECIFICATION)
    is_finer = source_bytes == 1 or Facility.ETF2_ENHANCEMENT in cpu.configuration.facilities
    table = cpu.address_in(1) & (-8 if is_finer else -PAGE_SIZE)
    target, source = cpu.address_in(r1), cpu.address_in(r2)
    tests = not operands.m3 & _NO_TEST or Facility.ETF2_ENHANCEMENT not in cpu.configuration.facilities
    test = cpu.gr[0] & (1 << 8 * result_bytes) - 1
    condition_code = 3
    for translated in range(_CHARACTERS):
        if not left:
            break
        try:
            character = access.load_integer(cpu, source, source_bytes)
            result = access.load_integer(cpu, cpu.wrap(table + character * result_bytes), result_bytes)
            if tests and result == test:
                condition_code = 1
                break
            access.store_integer(cpu, target, result_bytes, result)
        except ProgramInterruption:
            if not translated:
                raise
            break
        target, source, left = cpu.wrap(target + result_bytes), cpu.wrap(source + source_bytes), left - source_bytes
    if not left:
        condition_code = 0
    cpu.set_address_register(r1, target)
    cpu.set_address_register(r2, source)
    cpu.set_address_register(r1 + 1, left)
    cpu.cc = condition_code


@instruction(0xB993, "TROO", RRF_C, "TRANSLATE ONE TO ONE", reason=Reason.CORRECTION)
def troo(cpu: Cpu, operands: Operands) -> None:
    """Translate bytes to bytes.

    :raises ProgramInterruption: specification; access exceptions.
    """
    _translate_string(cpu, operands, 1, 1)


@instruction(0xB992, "TROT", RRF_C, "TRANSLATE ONE TO TWO", reason=Reason.CORRECTION)
def trot(cpu: Cpu, operands: Operands) -> None:
    """Translate bytes to characters of two bytes.

    :raises ProgramInterruption: specification; access exceptions.
    """
    _translate_string(cpu, operands, 1, 2)


@instruction(0xB991, "TRTO", RRF_C, "TRANSLATE TWO TO ONE", reason=Reason.CORRECTION)
def trto(cpu: Cpu, operands: Operands) -> None:
    """Translate characters of two bytes to bytes.

    :raises ProgramInterruption: specification; access exceptions.
    """
    _translate_string(cpu, operands, 2, 1)


@instruction(0xB990, "TRTT", RRF_C, "TRANSLATE TWO TO TWO", reason=Reason.CORRECTION)
def trtt(cpu: Cpu, operands: Operands) -> None:
    """Translate characters of two bytes to such.

    :raises ProgramInterruption: specification; access exceptions.
    """
    _translate_string(cpu, operands, 2, 2)
