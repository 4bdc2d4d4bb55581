# SPDX-License-Identifier: GPL-2.0-or-later
"""COMPARE LOGICAL STRING and SEARCH STRING (PoP chapter 7) in the 24- and 31-bit addressing modes.

In these modes CLST of Unicorn 2.1.4 does not keep bits 0-31 of the registers.  SRST and SRSTU do not find the end of an
operand that goes on at address zero; running freely, the engine then comes to an address that the mode does not have,
and refuses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu import access
from emu.bits import field
from emu.isa.declaration import Operands, Reason, instruction
from emu.isa.formats import RRE
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode
from emu.psw import ADDRESS_24

if TYPE_CHECKING:
    from emu.cpu import Cpu

_MOST_BYTES: Final = 0x2000
"""The CPU-determined number of bytes after which these instructions end with condition code 3; it is the engine's."""


def _no_form(_: Operands, __: int) -> bool:
    return False


def _character(cpu: Cpu, size: int) -> int:
    """The character in general register 0, of *size* bytes.

    :raises ProgramInterruption: specification, unless the bits from 32 on before it are zeros.
    """
    if field(cpu.gr[0], 32, 63 - 8 * size):
        raise ProgramInterruption(ProgramInterruptionCode.SPECIFICATION)
    return field(cpu.gr[0], 64 - 8 * size, 63)


@instruction(
    0xB25D,
    "CLST",
    RRE,
    "COMPARE LOGICAL STRING",
    reason=Reason.CORRECTION,
    only=_no_form,
    only_in_64_bit_mode=True,
)
def clst(cpu: Cpu, operands: Operands) -> None:
    """Compare two strings up to a character that differs, or is the ending character in general register 0.

    :raises ProgramInterruption: specification; access exceptions.
    """
    end = _character(cpu, 1)
    first, second = cpu.address_in(operands.r1), cpu.address_in(operands.r2)
    count = 0
    while True:
        if count == _MOST_BYTES:
            cpu.cc = 3
            break
        characters = access.load_integer(cpu, first, 1), access.load_integer(cpu, second, 1)
        if characters == (end, end):
            cpu.cc = 0
            return
        if characters[0] != characters[1]:
            is_low = characters[0] == end or (characters[1] != end and characters[0] < characters[1])
            cpu.cc = 1 if is_low else 2
            break
        first, second = cpu.wrap(first + 1), cpu.wrap(second + 1)
        count += 1
    cpu.set_address_register(operands.r1, first)
    cpu.set_address_register(operands.r2, second)


def _goes_on_at_zero(cpu: Cpu, operands: Operands) -> bool:
    return not cpu.is_64_bit and cpu.address_in(operands.r1) < cpu.address_in(operands.r2)


def _search(cpu: Cpu, operands: Operands, size: int) -> None:
    """Search the second operand, which ends before the address in R1, for a character of *size* bytes."""
    character = _character(cpu, size)
    end, address = cpu.address_in(operands.r1), cpu.address_in(operands.r2)
    if (end ^ address) & size - 1:
        end = cpu.wrap(end + 1)
    count = 0
    while count < _MOST_BYTES:
        if address == end:
            cpu.cc = 2
            return
        if access.load_integer(cpu, address, size) == character:
            cpu.cc = 1
            _update_address(cpu, operands.r1, address)
            return
        address = cpu.wrap(address + size)
        count += size
    cpu.cc = 3
    _update_address(cpu, operands.r2, address)


def _update_address(cpu: Cpu, register: int, address: int) -> None:
    """Put an address in a general register, as the engine does.

    Of the bits that are no part of it, bits 32-39 stay in the 24-bit mode, and bit 32 becomes zero in the 31-bit mode.
    """
    if cpu.address_limit == ADDRESS_24:
        address |= cpu.length_in(register) & ~ADDRESS_24
    cpu.set_address_register(register, address)


@instruction(
    0xB25E, "SRST", RRE, "SEARCH STRING", reason=Reason.CORRECTION, only=_no_form, with_registers=_goes_on_at_zero
)
def srst(cpu: Cpu, operands: Operands) -> None:
    """Search for a character of one byte.

    :raises ProgramInterruption: specification; access exceptions.
    """
    _search(cpu, operands, 1)


@instruction(
    0xB9BE,
    "SRSTU",
    RRE,
    "SEARCH STRING UNICODE",
    reason=Reason.CORRECTION,
    only=_no_form,
    with_registers=_goes_on_at_zero,
)
def srstu(cpu: Cpu, operands: Operands) -> None:
    """Search for a character of two bytes.

    :raises ProgramInterruption: specification; access exceptions.
    """
    _search(cpu, operands, 2)
