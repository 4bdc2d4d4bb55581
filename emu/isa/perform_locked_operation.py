# SPDX-License-Identifier: GPL-2.0-or-later
"""PERFORM LOCKED OPERATION (PoP chapter 7).

CPUs execute one after the other here, so that every instruction is locked against every other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from emu import access
from emu.bits import bit, bits, field
from emu.isa.authority import require_boundary
from emu.isa.declaration import Operands, instruction
from emu.isa.formats import SS_E_PLO
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode
from emu.teid import Access

if TYPE_CHECKING:
    from emu.cpu import Cpu

_RESERVED: Final = bits(32, 54)
_TEST: Final = bit(55)
_FUNCTIONS: Final = 24

_COMPARE_AND_LOAD: Final = 0
_COMPARE_AND_SWAP: Final = 1
_DOUBLE_COMPARE_AND_SWAP: Final = 2
_COMPARE_AND_SWAP_AND_STORE: Final = 3
_COMPARE_AND_SWAP_AND_DOUBLE_STORE: Final = 4
_COMPARE_AND_SWAP_AND_TRIPLE_STORE: Final = 5

# Offsets in the parameter list: each value is at the right of sixteen bytes, each address fills eight.
_FIRST_COMPARISON: Final = 0
_FIRST_REPLACEMENT: Final = 16
_THIRD_COMPARISON: Final = 32
_THIRD_REPLACEMENT: Final = 48
_STORED: Final = (48, 80, 112)
"""The third, fifth and seventh operands, which are stored."""
_ADDRESSES: Final = (72, 104, 136)
"""Of the fourth, sixth and eighth operands."""
_SLOT: Final = 16


@dataclass(frozen=True, slots=True)
class _Operation:
    """A function code taken apart, with the operand addresses of one execution."""

    cpu: Cpu
    operands: Operands
    function: int
    width: int
    in_registers: bool
    """The first and third operands are in registers."""
    second: int
    """The address of the second operand."""
    fourth: int
    """The address of the fourth operand, or of the parameter list."""

    @property
    def has_list(self) -> bool:
        """Whether the fourth-operand address is that of a parameter list."""
        return not self.in_registers or self.function >= _COMPARE_AND_SWAP_AND_DOUBLE_STORE

    def fetch(self, address: int) -> int:
        return access.load_integer(self.cpu, address, self.width)

    def value_place(self, offset: int) -> int:
        """Where in the parameter list the value of the sixteen bytes at *offset* is."""
        return self.cpu.wrap(self.fourth + offset + _SLOT - self.width)

    def address_of(self, offset: int) -> int:
        """The operand address at *offset* in the parameter list, on the boundary of an operand.

        :raises ProgramInterruption: specification; access exceptions.
        """
        address = self.cpu.wrap(access.load_integer(self.cpu, self.cpu.wrap(self.fourth + offset), 8))
        require_boundary(address, self.width)
        return address

    def fourth_operand(self) -> int:
        """The address of the fourth operand."""
        return self.address_of(_ADDRESSES[0]) if self.has_list else self.fourth

    def value(self, register: int, offset: int) -> int:
        """What is in *register* or, if not in registers, at *offset* in the parameter list."""
        if not self.in_registers:
            return self.fetch(self.value_place(offset))
        return self.cpu.gr[register] & (1 << 8 * self.width) - 1

    def load(self, register: int, offset: int, value: int) -> None:
        """Put *value* where :meth:`value` finds it."""
        if not self.in_registers:
            access.store_integer(self.cpu, self.value_place(offset), self.width, value)
        elif self.width == 4:
            self.cpu.set_gr32(register, value)
        else:
            self.cpu.gr[register] = value

    def store(self, *values: tuple[int, int]) -> None:
        """Store *values*, each an address and what goes there, after all of them have been found to be accessible."""
        for address, _ in values:
            access.probe(self.cpu, address, self.width, Access.STORE)
        for address, value in values:
            access.store_integer(self.cpu, address, self.width, value)


@instruction(0xEE, "PLO", SS_E_PLO, "PERFORM LOCKED OPERATION")
def plo(cpu: Cpu, operands: Operands) -> None:
    """Compare, swap and store as the function code in bits 56-63 of general register 0 says.

    With bit 55 one, condition code 0 or 3 says whether the function code is installed.  Otherwise 0: what was compared
    was equal, and the operation is done; 1 and 2: the first or the third operand was unequal and has been replaced.

    :raises ProgramInterruption: specification for reserved bits, a function code that is not installed, an odd register
        where a pair is needed, an operand or a parameter list off its boundary; access exceptions.
    """
    controls = cpu.gr[0]
    code = field(controls, 56, 63)
    if controls & _RESERVED:
        raise ProgramInterruption(ProgramInterruptionCode.SPECIFICATION)
    if controls & _TEST:
        cpu.cc = 0 if code < _FUNCTIONS else 3
        return
    if code >= _FUNCTIONS:
        raise ProgramInterruption(ProgramInterruptionCode.SPECIFICATION)
    form = code % 4
    operation = _Operation(
        cpu=cpu,
        operands=operands,
        function=code // 4,
        width=(4, 8, 8, 16)[form],
        in_registers=form in (0, 2),
        second=cpu.effective_address(operands.b2, operands.d2),
        fourth=cpu.effective_address(operands.b4, operands.d4),
    )
    _require_designations(operation)
    cpu.cc = _perform(operation)


def _require_designations(operation: _Operation) -> None:
    """Recognise specification for odd registers and for addresses off their boundaries."""
    function, operands = operation.function, operation.operands
    pairs: tuple[int, ...] = ()
    if operation.in_registers and function != _COMPARE_AND_LOAD:
        pairs = (operands.r1, operands.r3) if function == _DOUBLE_COMPARE_AND_SWAP else (operands.r1,)
    if any(register & 1 for register in pairs):
        raise ProgramInterruption(ProgramInterruptionCode.SPECIFICATION)
    require_boundary(operation.second, operation.width)
    if function != _COMPARE_AND_SWAP or not operation.in_registers:
        # The parameter list with words as values is on a word boundary (inferred), the others on a doubleword boundary.
        require_boundary(operation.fourth, min(operation.width, 8))


def _perform(operation: _Operation) -> int:
    """Do it, and give the condition code."""
    function, r1, r3 = operation.function, operation.operands.r1, operation.operands.r3
    found = operation.fetch(operation.second)
    if found != operation.value(r1, _FIRST_COMPARISON):
        operation.load(r1, _FIRST_COMPARISON, found)
        return 1
    if function == _COMPARE_AND_LOAD:
        operation.load(r3, _THIRD_COMPARISON, operation.fetch(operation.fourth_operand()))
        return 0
    stores = []
    if function == _DOUBLE_COMPARE_AND_SWAP:
        place = operation.fourth_operand()
        found = operation.fetch(place)
        if found != operation.value(r3, _THIRD_COMPARISON):
            operation.load(r3, _THIRD_COMPARISON, found)
            return 2
        stores.append((place, operation.value(r3 + 1, _THIRD_REPLACEMENT)))
    elif function == _COMPARE_AND_SWAP_AND_STORE:
        stores.append((operation.fourth_operand(), operation.value(r3, _STORED[0])))
    elif function > _COMPARE_AND_SWAP_AND_STORE:
        for value, address in list(zip(_STORED, _ADDRESSES, strict=True))[: function - 2]:
            stores.append((operation.address_of(address), operation.fetch(operation.value_place(value))))
    operation.store(*stores, (operation.second, operation.value(r1 + 1, _FIRST_REPLACEMENT)))
    return 0
