# SPDX-License-Identifier: GPL-2.0-or-later
"""TRANSLATE AND TEST EXTENDED and TRANSLATE AND TEST REVERSE EXTENDED (PoP chapter 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu import access
from emu.isa.declaration import Operands, instruction
from emu.isa.formats import RRF_C
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode

if TYPE_CHECKING:
    from emu.cpu import Cpu

_TWO_BYTE_ARGUMENTS: Final = 8
"""M3: argument-character control."""
_TWO_BYTE_FUNCTIONS: Final = 4
"""M3: function-code control."""
_LIMITED: Final = 2
"""M3: argument-character limit."""
_HIGHEST: Final = 255
"""With that limit, the last argument that selects a function code."""
_LIMIT: Final = 4096
"""Characters that one execution looks at, at most."""


@instruction(0xB9BF, "TRTE", RRF_C, "TRANSLATE AND TEST EXTENDED")
def trte(cpu: Cpu, operands: Operands) -> None:
    """Look from left to right for a character with a function code that is not zero (see :func:`_translate_and_test`).

    :raises ProgramInterruption: specification; access exceptions.
    """
    _translate_and_test(cpu, operands, 1)


@instruction(0xB9BD, "TRTRE", RRF_C, "TRANSLATE AND TEST REVERSE EXTENDED")
def trtre(cpu: Cpu, operands: Operands) -> None:
    """The same from right to left: R1 designates the rightmost character.

    :raises ProgramInterruption: specification; access exceptions.
    """
    _translate_and_test(cpu, operands, -1)


def _translate_and_test(cpu: Cpu, operands: Operands, direction: int) -> None:
    """Look through the string that the pair R1 designates, by the table that general register 1 designates.

    All bits of that address are used, although a doubleword boundary is asked of the program (inferred).

    Condition code 0: every function code is zero, and so becomes R2.  1: R1 designates the character, and R2 holds its
    function code.  3: the program goes on.  R2 stays if it is one of the pair.

    :raises ProgramInterruption: specification for an odd R1, or an odd length with characters of two bytes; access
        exceptions.
    """
    r1, r2, controls = operands.r1, operands.r2, operands.m3
    size = 2 if controls & _TWO_BYTE_ARGUMENTS else 1
    width = 2 if controls & _TWO_BYTE_FUNCTIONS else 1
    address, left = cpu.address_in(r1), cpu.length_in((r1 + 1) % 16)
    if r1 & 1 or left % size:
        raise ProgramInterruption(ProgramInterruptionCode.SPECIFICATION)
    if not left:
        # No function code has been selected, and R2 stays (inferred).
        cpu.cc = 0
        return
    table = cpu.address_in(1)
    function = 0
    for _ in range(min(left // size, _LIMIT)):
        character = access.load_integer(cpu, address, size)
        if not controls & _LIMITED or character <= _HIGHEST:
            function = access.load_integer(cpu, cpu.wrap(table + width * character), width)
        if function:
            break
        address = cpu.wrap(address + direction * size)
        left -= size
    cpu.set_address_register(r1, address)
    cpu.set_address_register(r1 + 1, left)
    cpu.cc = 1 if function else 3 if left else 0
    if cpu.cc != 3 and r2 not in (r1, r1 + 1):
        cpu.set_address_register(r2, function)
