# SPDX-License-Identifier: GPL-2.0-or-later
"""Instructions for sorting by a tree of codewords: COMPARE AND FORM CODEWORD and UPDATE TREE (PoP chapter 7).

Both are interruptible.  An exception ends them between two units of operation: the registers then say how far they are,
and the instruction goes on when it is executed again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu import access
from emu.isa.declaration import Operands, instruction
from emu.isa.formats import E, S
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode

if TYPE_CHECKING:
    from emu.cpu import Cpu

_INDEX: Final = 0xFFFF
_LAST_INDEX: Final = 0x7FFE
"""In the second-operand address of CFC."""
_DESCENDING: Final = 1
"""The same: the order of the sort."""


def _width(cpu: Cpu) -> int:
    """The bits of a register that an instruction uses in the current mode."""
    return 64 if cpu.is_64_bit else 32


@instruction(0xB21A, "CFC", S, "COMPARE AND FORM CODEWORD")
def cfc(cpu: Cpu, operands: Operands) -> None:
    """Compare the strings that registers 1 and 3 designate, from the index in bits 48-63 of register 2 on.

    A unit is two bytes, and six in the 64-bit mode.  The first unit that differs, with the index after it, makes the
    codeword in register 2: in an ascending sort the complement of the higher string's, in a descending sort the lower
    string's, which bit 63 of the second-operand address asks for.  Bits 49-62 of that are the last index.

    Condition code 0: equal, and register 2 is register 3 with its leftmost bit one.  1: they are in order.  2: they are
    not, and registers 1 and 3 have been exchanged.

    :raises ProgramInterruption: specification for an odd register 1, 2 or 3; access exceptions.
    """
    if (cpu.gr[1] | cpu.gr[2] | cpu.gr[3]) & 1:
        raise ProgramInterruption(ProgramInterruptionCode.SPECIFICATION)
    controls = cpu.effective_address(operands.b2, operands.d2)
    unit = 6 if cpu.is_64_bit else 2
    while True:
        index = cpu.gr[2] & _INDEX
        if index > controls & _LAST_INDEX:
            cpu.set_address_register(2, cpu.length_in(3) | 1 << _width(cpu) - 1)
            cpu.cc = 0
            return
        first = access.load_integer(cpu, cpu.wrap(cpu.gr[1] + index), unit)
        third = access.load_integer(cpu, cpu.wrap(cpu.gr[3] + index), unit)
        _set(cpu, 2, cpu.length_in(2) + unit)
        if first != third:
            break
    is_descending = bool(controls & _DESCENDING)
    in_order = (first > third) if is_descending else (first < third)
    part = min(first, third) if is_descending else ~max(first, third) & (1 << 8 * unit) - 1
    _set(cpu, 2, cpu.length_in(2) << 8 * unit | part)
    if not in_order:
        low, high = cpu.length_in(1), cpu.length_in(3)
        cpu.set_address_register(1, high)
        cpu.set_address_register(3, low)
    cpu.cc = 1 if in_order else 2


def _set(cpu: Cpu, register: int, value: int) -> None:
    """Put *value* in a register, cut to the bits that the current mode uses."""
    cpu.set_address_register(register, value & (1 << _width(cpu)) - 1)


@instruction(0x0102, "UPT", E, "UPDATE TREE")
def upt(cpu: Cpu, operands: Operands) -> None:
    """Go from the node with the index in register 5 towards the root of the tree whose origin is in register 4.

    A node is a codeword and a word that belongs to it, or two doublewords in the 64-bit mode, and so are registers 0
    and 1.  Where a node's codeword is higher, node and registers are exchanged.

    Condition code 0: a node has the codeword of register 0; it has been put in registers 2 and 3.  1: the root has been
    passed.  3: register 0 has become negative.

    :raises ProgramInterruption: specification if the origin or the index is not on the boundary of a node; access
        exceptions.
    """
    size = 16 if cpu.is_64_bit else 8
    if (cpu.gr[4] | cpu.gr[5]) % size:
        raise ProgramInterruption(ProgramInterruptionCode.SPECIFICATION)
    while True:
        index = cpu.length_in(5) >> 1 & -size
        if not index or cpu.length_in(0) >> _width(cpu) - 1:
            cpu.set_address_register(5, index)
            cpu.cc = 3 if index else 1
            return
        address = cpu.wrap(cpu.gr[4] + index)
        codeword, other = divmod(access.load_integer(cpu, address, size), 1 << 4 * size)
        if codeword > cpu.length_in(0):
            node = cpu.length_in(0) << 4 * size | cpu.length_in(1)
            access.store_integer(cpu, address, size, node)
        cpu.set_address_register(5, index)
        if codeword == cpu.length_in(0):
            cpu.set_address_register(2, codeword)
            cpu.set_address_register(3, other)
            cpu.cc = 0
            return
        if codeword > cpu.length_in(0):
            cpu.set_address_register(0, codeword)
            cpu.set_address_register(1, other)
