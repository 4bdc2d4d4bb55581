# SPDX-License-Identifier: GPL-2.0-or-later
"""COMPARE AND SWAP AND STORE (PoP chapter 7).

Unicorn 2.1.4 puts the word that function code 0 found unequal in bits 0-31 of R3 instead of bits 32-63.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu import access
from emu.bits import field
from emu.facilities import Facility
from emu.isa.declaration import Operands, Reason, instruction
from emu.isa.formats import SSF
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode
from emu.teid import Access

if TYPE_CHECKING:
    from emu.cpu import Cpu

_STORE_VALUE: Final = 16
"""Offset of the store value in the parameter list; the replacement value comes first."""
_QUADWORD: Final = 16


@instruction(
    0xC82,
    "CSST",
    SSF,
    "COMPARE AND SWAP AND STORE",
    reason=Reason.CORRECTION,
)
def csst(cpu: Cpu, operands: Operands) -> None:
    """If the first operand equals R3, replace it and store a value in the second operand; else load it in R3.

    General register 0 says how long the operands are, general register 1 where the values lie.

    :raises ProgramInterruption: specification; access exceptions.
    """
    function, characteristic = field(cpu.gr[0], 56, 63), field(cpu.gr[0], 48, 55)
    longer = Facility.COMPARE_AND_SWAP_AND_STORE_2 in cpu.configuration.facilities
    first_address = cpu.effective_address(operands.b1, operands.d1)
    second_address = cpu.effective_address(operands.b2, operands.d2)
    length, stored_length = 4 << function, 1 << characteristic
    if (
        function > 1 + longer
        or characteristic > 3 + longer
        or (length == _QUADWORD and operands.r3 & 1)
        or first_address % length
        or second_address % stored_length
    ):
        raise ProgramInterruption(ProgramInterruptionCode.SPECIFICATION)
    parameters = cpu.wrap(cpu.gr[1] & -_QUADWORD)
    replacement = access.load(cpu, parameters, length)
    stored = access.load(cpu, cpu.wrap(parameters + _STORE_VALUE), stored_length)
    access.probe(cpu, first_address, length, Access.STORE)
    found = access.load(cpu, first_address, length)
    access.probe(cpu, second_address, stored_length, Access.STORE)
    if found == _comparand(cpu, operands.r3, length):
        access.store(cpu, first_address, replacement)
        access.store(cpu, second_address, stored)
        cpu.cc = 0
    else:
        _load_comparand(cpu, operands.r3, found)
        cpu.cc = 1


def _comparand(cpu: Cpu, register: int, length: int) -> bytes:
    if length == _QUADWORD:
        return (cpu.gr[register] << 64 | cpu.gr[register + 1]).to_bytes(length, "big")
    return (cpu.gr[register] & (1 << 8 * length) - 1).to_bytes(length, "big")


def _load_comparand(cpu: Cpu, register: int, found: bytes) -> None:
    value = int.from_bytes(found, "big")
    if len(found) == _QUADWORD:
        cpu.gr[register], cpu.gr[register + 1] = value >> 64, value & (1 << 64) - 1
    elif len(found) == 8:
        cpu.gr[register] = value
    else:
        cpu.set_gr32(register, value)
