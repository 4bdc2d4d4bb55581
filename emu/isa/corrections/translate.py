# SPDX-License-Identifier: GPL-2.0-or-later
"""TRANSLATE and TRANSLATE EXTENDED (PoP chapter 7), which change their first operand in place.

Unicorn 2.1.4 has changed part of it when a later byte meets an access exception, and translates that part again when
the instruction is executed again after the interruption.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu import access
from emu.addresses import PAGE_SIZE
from emu.isa.declaration import Operands, Reason, instruction
from emu.isa.formats import RRE, SS_A
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode
from emu.teid import Access

if TYPE_CHECKING:
    from emu.cpu import Cpu

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
    data = access.load(cpu, address, operands.l1 + 1)
    access.probe(cpu, address, operands.l1 + 1, Access.STORE)
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
