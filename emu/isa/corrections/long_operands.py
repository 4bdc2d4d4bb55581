# SPDX-License-Identifier: GPL-2.0-or-later
"""MOVE LONG EXTENDED, COMPARE LOGICAL LONG EXTENDED and COMPARE LOGICAL LONG UNICODE (PoP chapter 7).

In the 24- and 31-bit addressing modes the lengths are 32-bit unsigned numbers; Unicorn 2.1.4 takes 31 of the bits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu import access
from emu.addresses import PAGE_SIZE
from emu.isa.condition_codes import of_comparison
from emu.isa.declaration import Operands, Reason, instruction
from emu.isa.formats import RS_A, RSY_A, Format
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode

if TYPE_CHECKING:
    from emu.cpu import Cpu

_COMPARISONS: Final = (
    (0xA9, "CLCLE", RS_A, "COMPARE LOGICAL LONG EXTENDED", 1),
    (0xEB8F, "CLCLU", RSY_A, "COMPARE LOGICAL LONG UNICODE", 2),
)
"""Opcode, mnemonic, format, title, and the bytes of a character."""
_MOST: Final = {1: 0x2000, 2: 0x1000}
"""The CPU-determined number of bytes after which a comparison ends with condition code 3; it is the engine's."""


def _require_even(*numbers: int) -> None:
    if any(number & 1 for number in numbers):
        raise ProgramInterruption(ProgramInterruptionCode.SPECIFICATION)


def _never(_: Operands, __: int) -> bool:
    return False


def _in_page(address: int) -> int:
    """The bytes from *address* to the end of its page."""
    return PAGE_SIZE - address % PAGE_SIZE


@instruction(
    0xA8,
    "MVCLE",
    RS_A,
    "MOVE LONG EXTENDED",
    reason=Reason.CORRECTION,
    only=_never,
    only_in_64_bit_mode=True,
)
def mvcle(cpu: Cpu, operands: Operands) -> None:
    """Move what the pair R3 designates to where the pair R1 designates, padded with bits 56-63 of the second-operand
    address; it is moved, or padded, and in one page each at a time, as the engine does.

    Condition code 0, 1 or 2: the first operand is as long as, shorter or longer than the third; 3: the program goes on.

    :raises ProgramInterruption: specification for an odd R1 or R3; access exceptions.
    """
    r1, r3 = operands.r1, operands.r3
    _require_even(r1, r3)
    target, source = cpu.address_in(r1), cpu.address_in(r3)
    room, left = cpu.length_in(r1 + 1), cpu.length_in(r3 + 1)
    relation = of_comparison(room, left)
    part = min(room, _in_page(target))
    moved = 0
    if part:
        if left:
            part = moved = min(part, left, _in_page(source))
            data = access.load(cpu, source, part)
        else:
            data = bytes((cpu.effective_address(operands.b2, operands.d2) & 0xFF,)) * part
        access.store(cpu, target, data)
    cpu.set_address_register(r1, cpu.wrap(target + part))
    cpu.set_address_register(r1 + 1, room - part)
    cpu.set_address_register(r3, cpu.wrap(source + moved))
    cpu.set_address_register(r3 + 1, left - moved)
    cpu.cc = 3 if room > part else relation


def _compare(cpu: Cpu, operands: Operands, size: int) -> None:
    """Compare what the pairs R1 and R3 designate, the shorter one padded, up to the first inequality.

    :raises ProgramInterruption: specification for an odd R1 or R3 or a part of a character; access exceptions.
    """
    r1, r3 = operands.r1, operands.r3
    _require_even(r1, r3)
    places = [cpu.address_in(r1), cpu.address_in(r3)]
    lengths = [cpu.length_in(r1 + 1), cpu.length_in(r3 + 1)]
    if size > 1:
        _require_even(*lengths)
    pad = (cpu.effective_address(operands.b2, operands.d2) & (1 << 8 * size) - 1).to_bytes(size, "big")
    remaining = min(max(lengths), _MOST[size])
    code = 3 if max(lengths) > remaining else 0
    while remaining:
        part = min(
            remaining, *(min(length, _in_page(place)) for place, length in zip(places, lengths, strict=True) if length)
        )
        # A character that lies in two pages is fetched as one.
        part = max(part - part % size, size)
        first, third = (
            access.load(cpu, place, part) if length else pad * (part // size)
            for place, length in zip(places, lengths, strict=True)
        )
        if first != third:
            unequal = next(at for at in range(0, part, size) if first[at : at + size] != third[at : at + size])
            code = 1 if first[unequal:] < third[unequal:] else 2
            part = unequal
        for number, length in enumerate(lengths):
            if length:
                places[number], lengths[number] = cpu.wrap(places[number] + part), length - part
        if first != third:
            break
        remaining -= part
    for register, place, length in zip((r1, r3), places, lengths, strict=True):
        cpu.set_address_register(register, place)
        cpu.set_address_register(register + 1, length)
    cpu.cc = code


def _declare(opcode: int, mnemonic: str, form: Format, title: str, size: int) -> None:
    @instruction(opcode, mnemonic, form, title, reason=Reason.CORRECTION, only=_never, only_in_64_bit_mode=True)
    def compare(cpu: Cpu, operands: Operands) -> None:
        _compare(cpu, operands, size)


for _comparison in _COMPARISONS:
    _declare(*_comparison)
