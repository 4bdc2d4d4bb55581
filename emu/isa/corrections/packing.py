# SPDX-License-Identifier: GPL-2.0-or-later
"""PACK, UNPACK, and the same of ASCII and Unicode digits (PoP chapters 7 and 8).

Unicorn 2.1.4 loses the leftmost byte of UNPK's second operand, and the leftmost digit of PKA's and PKU's.  Its PACK has
stored a part of the result when a byte further left meets an access exception, and if the operands overlap it packs
that part again when the instruction is executed again.  So have its UNPKA and UNPKU, of two pages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu import access
from emu.bits import bits
from emu.isa import packed_decimal
from emu.isa.declaration import Operands, Reason, instruction
from emu.isa.formats import SS_A, SS_B, SS_F
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode
from emu.teid import Access

if TYPE_CHECKING:
    from emu.cpu import Cpu

_PACKED_LENGTH = 16
_DIGIT = bits(4, 7, 8)
_ZONE = 0xF0
_ASCII_ZONE = 0x30


def _probed(cpu: Cpu, operands: Operands) -> tuple[int, int, int, int]:
    """Address and length of the first and of the second operand, which may both be accessed as a whole."""
    length, source_length = operands.l1 + 1, operands.l2 + 1
    target = cpu.effective_address(operands.b1, operands.d1)
    source = cpu.effective_address(operands.b2, operands.d2)
    access.probe(cpu, source, source_length, Access.FETCH)
    access.probe(cpu, target, length, Access.STORE)
    return target, length, source, source_length


@instruction(0xF2, "PACK", SS_B, "PACK", reason=Reason.CORRECTION)
def pack(cpu: Cpu, operands: Operands) -> None:
    """Change a zoned number to packed form, without looking at its digits and sign.

    The operands are processed byte by byte from the right, so that a result byte may be a later source byte; a result
    byte is stored before the two source bytes of the next one are fetched.

    :raises ProgramInterruption: access exceptions.
    """
    target, length, source, source_length = _probed(cpu, operands)

    def digit(position: int) -> int:
        if position >= source_length:
            return 0
        return access.load_integer(cpu, cpu.wrap(source + source_length - 1 - position), 1)

    last = digit(0)
    access.store_integer(cpu, cpu.wrap(target + length - 1), 1, (last << 4 | last >> 4) & 0xFF)
    for position in range(1, length):
        low, high = digit(2 * position - 1), digit(2 * position)
        packed = low & 0x0F | (high & 0x0F) << 4
        access.store_integer(cpu, cpu.wrap(target + length - 1 - position), 1, packed)


@instruction(0xF3, "UNPK", SS_B, "UNPACK", reason=Reason.CORRECTION)
def unpk(cpu: Cpu, operands: Operands) -> None:
    """Change a packed number to zoned form, without looking at its digits and sign.

    The operands are processed byte by byte from the right, so that a result byte may be a later source byte.

    :raises ProgramInterruption: access exceptions.
    """
    target, length, source, source_length = _probed(cpu, operands)
    last = access.load_integer(cpu, cpu.wrap(source + source_length - 1), 1)
    access.store_integer(cpu, cpu.wrap(target + length - 1), 1, (last << 4 | last >> 4) & 0xFF)
    byte = 0
    for position in range(1, length):
        taken = 1 + (position + 1) // 2
        if position % 2:
            more = taken <= source_length
            byte = access.load_integer(cpu, cpu.wrap(source + source_length - taken), 1) if more else 0
        digit = byte & 0x0F if position % 2 else byte >> 4
        access.store_integer(cpu, cpu.wrap(target + length - 1 - position), 1, _ZONE | digit)


def _pack(cpu: Cpu, operands: Operands, width: int) -> None:
    """Pack the digits of characters of *width* bytes, with a plus sign, in 16 bytes."""
    source = access.load(cpu, cpu.effective_address(operands.b2, operands.d2), operands.l2 + 1)
    digits = [byte & _DIGIT for byte in source[width - 1 :: width]][-(2 * _PACKED_LENGTH - 1) :]
    number = packed_decimal.PLUS
    for place, digit in enumerate(reversed(digits), 1):
        number |= digit << 4 * place
    access.store_integer(cpu, cpu.effective_address(operands.b1, operands.d1), _PACKED_LENGTH, number)


@instruction(0xE9, "PKA", SS_F, "PACK ASCII", reason=Reason.CORRECTION)
def pka(cpu: Cpu, operands: Operands) -> None:
    """Pack ASCII digits.

    :raises ProgramInterruption: specification for more than 32 bytes; access exceptions.
    """
    if operands.l2 > 31:
        raise ProgramInterruption(ProgramInterruptionCode.SPECIFICATION)
    _pack(cpu, operands, 1)


@instruction(0xE1, "PKU", SS_F, "PACK UNICODE", reason=Reason.CORRECTION)
def pku(cpu: Cpu, operands: Operands) -> None:
    """Pack digits of two bytes each.

    :raises ProgramInterruption: specification for more than 64 bytes or an odd number; access exceptions.
    """
    if operands.l2 > 63 or not operands.l2 & 1:
        raise ProgramInterruption(ProgramInterruptionCode.SPECIFICATION)
    _pack(cpu, operands, 2)


def _unpack(cpu: Cpu, operands: Operands, width: int) -> None:
    """Unpack the digits of 16 bytes to characters of *width* bytes; the condition code tells the sign."""
    source = access.load_integer(cpu, cpu.effective_address(operands.b2, operands.d2), _PACKED_LENGTH)
    characters = (_ASCII_ZONE | source >> 4 * place & _DIGIT for place in range((operands.l1 + 1) // width, 0, -1))
    text = b"".join(each.to_bytes(width, "big") for each in characters)
    access.store(cpu, cpu.effective_address(operands.b1, operands.d1), text)
    cpu.cc = packed_decimal.condition_code_of_sign(source & _DIGIT)


@instruction(0xEA, "UNPKA", SS_A, "UNPACK ASCII", reason=Reason.CORRECTION)
def unpka(cpu: Cpu, operands: Operands) -> None:
    """Unpack to ASCII digits.

    :raises ProgramInterruption: specification for more than 32 bytes; access exceptions.
    """
    if operands.l1 > 31:
        raise ProgramInterruption(ProgramInterruptionCode.SPECIFICATION)
    _unpack(cpu, operands, 1)


@instruction(0xE2, "UNPKU", SS_A, "UNPACK UNICODE", reason=Reason.CORRECTION)
def unpku(cpu: Cpu, operands: Operands) -> None:
    """Unpack to digits of two bytes each.

    :raises ProgramInterruption: specification for more than 64 bytes or an odd number; access exceptions.
    """
    if operands.l1 > 63 or not operands.l1 & 1:
        raise ProgramInterruption(ProgramInterruptionCode.SPECIFICATION)
    _unpack(cpu, operands, 2)
