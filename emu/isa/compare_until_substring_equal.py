# SPDX-License-Identifier: GPL-2.0-or-later
"""COMPARE UNTIL SUBSTRING EQUAL (PoP chapter 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu import access
from emu.bits import signed
from emu.isa.declaration import Operands, instruction
from emu.isa.formats import RRE
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode

if TYPE_CHECKING:
    from emu.cpu import Cpu

_LIMIT: Final = 4096
"""After so many bytes, at least, the instruction lets others go on."""


@instruction(0xB257, "CUSE", RRE, "COMPARE UNTIL SUBSTRING EQUAL")
def cuse(cpu: Cpu, operands: Operands) -> None:
    """Compare the strings of the pairs R1 and R2, the shorter padded, until enough bytes in a row are equal.

    How many are enough is in bits 56-63 of register 0, the padding byte in bits 56-63 of register 1.  Lengths are
    signed, and nothing is left if they are negative.  Condition code 0: found, and the registers designate it; 1: the
    longer string has ended, the last bytes were equal, and the registers designate the first of them; 2: it has ended,
    and the last bytes were unequal; 3: the program goes on.

    :raises ProgramInterruption: specification for an odd R1 or R2; access exceptions.
    """
    r1, r2 = operands.r1, operands.r2
    if r1 & 1 or r2 & 1:
        raise ProgramInterruption(ProgramInterruptionCode.SPECIFICATION)
    wanted, pad = cpu.gr[0] & 0xFF, cpu.gr[1] & 0xFF
    strings = _String(cpu, r1), _String(cpu, r2)
    if not wanted:
        cpu.cc = 0
        return
    equal, done, condition_code = 0, 0, 2
    marks = [(string.address, string.left) for string in strings]
    while any(string.left > 0 for string in strings):
        if not equal and done >= _LIMIT:
            condition_code = 3
            break
        first, second = (string.byte(pad) for string in strings)
        if first == second:
            if not equal:
                marks = [(string.address, string.left) for string in strings]
            equal += 1
            condition_code = 1
        else:
            equal, condition_code = 0, 2
        for string in strings:
            string.advance()
        done += 1
        if equal == wanted:
            condition_code = 0
            break
    if condition_code > 1:
        marks = [(string.address, string.left) for string in strings]
    for register, (address, left) in zip((r1, r2), marks, strict=True):
        cpu.set_address_register(register, address)
        cpu.set_address_register(register + 1, left & (1 << 64) - 1)
    cpu.cc = condition_code


_CHUNK: Final = 256
"""Bytes fetched at once: up to a boundary of so many, no byte can be refused where another is not."""


class _String:
    """An operand: where its next byte is, and how many are left."""

    def __init__(self, cpu: Cpu, register: int) -> None:
        self._cpu = cpu
        self.address = cpu.address_in(register)
        self.left = signed(cpu.length_in(register + 1), 64 if cpu.is_64_bit else 32)
        self._fetched = b""

    def byte(self, pad: int) -> int:
        """The next byte, or *pad* if there is none.

        :raises ProgramInterruption: access exceptions.
        """
        if self.left <= 0:
            return pad
        if not self._fetched:
            length = min(self.left, _CHUNK - self.address % _CHUNK)
            self._fetched = access.load(self._cpu, self.address, length)
        return self._fetched[0]

    def advance(self) -> None:
        """Go on to the byte after the next."""
        if self.left > 0:
            self.address = self._cpu.wrap(self.address + 1)
            self.left -= 1
            self._fetched = self._fetched[1:]
