# SPDX-License-Identifier: GPL-2.0-or-later
"""CONVERT UTF-8 TO UTF-16 and TO UTF-32 with well-formedness checking, and MOVE LONG UNICODE (PoP chapter 7).

Unicorn 2.1.4 takes U+0800 to U+0FFF for ill-formed when it checks, and does not see that the lengths of MVCLU must be
even.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from emu import access
from emu.addresses import PAGE_SIZE
from emu.facilities import Facility
from emu.isa.declaration import Operands, Reason, instruction
from emu.isa.formats import RRF_C, RSY_A
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode

if TYPE_CHECKING:
    from emu.cpu import Cpu

_WELL_FORMEDNESS: Final = 1
"""M3 bit 3."""
_CHARACTERS: Final = 256
"""At most so many are converted by one execution."""


def _require_even(*registers: int) -> None:
    if any(register & 1 for register in registers):
        raise ProgramInterruption(ProgramInterruptionCode.SPECIFICATION)


# Converting

_CONTINUATION: Final = range(0x80, 0xC0)
_SECOND_BYTE: Final = {
    0xE0: range(0xA0, 0xC0),
    0xED: range(0x80, 0xA0),
    0xF0: range(0x90, 0xC0),
    0xF4: range(0x80, 0x90),
}
"""Second bytes that are not simply continuations (PoP, CONVERT UTF-8 TO UTF-16, the tables of valid sequences)."""


class _Incomplete(Exception):  # noqa: N818 - not an error
    """The source ends inside a character."""


def _character_length(first: int, checked: bool) -> int:
    """Bytes of the character that begins with *first*; zero if none can."""
    if first < 0x80:
        return 1
    if first < (0xC2 if checked else 0xC0):
        return 0
    if first < 0xE0:
        return 2
    if first < 0xF0:
        return 3
    return 4 if first < (0xF5 if checked else 0xF8) else 0


def _decode(cpu: Cpu, address: int, available: int, checked: bool) -> tuple[int, int] | None:
    """The code point at *address* and its length in bytes; None if it is invalid.

    :raises _Incomplete: if it needs more than *available* bytes.
    """
    if not available:
        raise _Incomplete
    first = access.load_integer(cpu, address, 1)
    length = _character_length(first, checked)
    if not length:
        return None
    if length > available:
        raise _Incomplete
    if length == 1:
        return first, 1
    rest = access.load(cpu, cpu.wrap(address + 1), length - 1)
    if checked and not (
        rest[0] in _SECOND_BYTE.get(first, _CONTINUATION) and all(byte in _CONTINUATION for byte in rest[1:])
    ):
        return None
    point = first & 0x7F >> length
    for byte in rest:
        point = point << 6 | byte & 0x3F
    return point, length


def _utf_16(point: int) -> bytes:
    if point < 0x10000:
        return point.to_bytes(2, "big")
    high = 0xD800 | (point >> 16) - 1 << 6 & 0x3C0 | point >> 10 & 0x3F
    return (high << 16 | 0xDC00 | point & 0x3FF).to_bytes(4, "big")


def _utf_32(point: int) -> bytes:
    return point.to_bytes(4, "big")


def _convert(cpu: Cpu, operands: Operands, encode: Callable[[int], bytes]) -> None:
    """Convert the string that the pair R2 designates; the result goes where the pair R1 designates.

    Condition code 0: all is converted; 1: no room; 2: an invalid character; 3: the program goes on.  An access
    exception after the first character ends the execution with code 3, to be met again by the next.

    :raises ProgramInterruption: specification; access exceptions.
    """
    r1, r2 = operands.r1, operands.r2
    _require_even(r1, r2)
    checked = bool(operands.m3 & _WELL_FORMEDNESS)
    target, source = cpu.address_in(r1), cpu.address_in(r2)
    room, left = cpu.length_in(r1 + 1), cpu.length_in(r2 + 1)
    condition_code = 3
    for converted in range(_CHARACTERS):
        try:
            found = _decode(cpu, source, left, checked)
            if found is None:
                condition_code = 2
                break
            result = encode(found[0])
            if len(result) > room:
                condition_code = 1
                break
            access.store(cpu, target, result)
        except _Incomplete:
            condition_code = 0
            break
        except ProgramInterruption:
            if not converted:
                raise
            break
        target, source = cpu.wrap(target + len(result)), cpu.wrap(source + found[1])
        room, left = room - len(result), left - found[1]
    cpu.set_address_register(r1, target)
    cpu.set_address_register(r2, source)
    cpu.set_address_register(r1 + 1, room)
    cpu.set_address_register(r2 + 1, left)
    cpu.cc = condition_code


def _is_checked(operands: Operands, _: int) -> bool:
    return bool(operands.m3 & _WELL_FORMEDNESS)


@instruction(0xB2A7, "CU12", RRF_C, "CONVERT UTF-8 TO UTF-16", reason=Reason.CORRECTION, only=_is_checked)
def cu12(cpu: Cpu, operands: Operands) -> None:
    """Convert UTF-8 to UTF-16.

    :raises ProgramInterruption: specification; access exceptions.
    """
    _convert(cpu, operands, _utf_16)


@instruction(
    0xB9B0,
    "CU14",
    RRF_C,
    "CONVERT UTF-8 TO UTF-32",
    facility=Facility.EXTENDED_TRANSLATION_3,
    reason=Reason.CORRECTION,
    only=_is_checked,
)
def cu14(cpu: Cpu, operands: Operands) -> None:
    """Convert UTF-8 to UTF-32.

    :raises ProgramInterruption: specification; access exceptions.
    """
    _convert(cpu, operands, _utf_32)


# Moving


@instruction(
    0xEB8E,
    "MVCLU",
    RSY_A,
    "MOVE LONG UNICODE",
    facility=Facility.EXTENDED_TRANSLATION_2,
    reason=Reason.CORRECTION,
)
def mvclu(cpu: Cpu, operands: Operands) -> None:
    """Move what the pair R3 designates to where the pair R1 designates, padded with the character that bits 48-63 of
    the second-operand address are; at most a page at a time.

    Condition code 0, 1 or 2: the first operand is as long as, shorter or longer than the third; 3: the program goes on.

    :raises ProgramInterruption: specification for an odd R1, R3 or length; access exceptions.
    """
    r1, r3 = operands.r1, operands.r3
    _require_even(r1, r3)
    room, left = cpu.length_in(r1 + 1), cpu.length_in(r3 + 1)
    _require_even(room, left)
    target, source = cpu.address_in(r1), cpu.address_in(r3)
    relation = 0 if room == left else 1 if room < left else 2
    part = min(room, PAGE_SIZE)
    if left:
        part = min(part, left)
        data = access.load(cpu, source, part)
    else:
        pad = cpu.effective_address(operands.b2, operands.d2) & 0xFFFF
        data = pad.to_bytes(2, "big") * (part // 2)
    access.store(cpu, target, data)
    moved = part if left else 0
    cpu.set_address_register(r1, cpu.wrap(target + part))
    cpu.set_address_register(r3, cpu.wrap(source + moved))
    cpu.set_address_register(r1 + 1, room - part)
    cpu.set_address_register(r3 + 1, left - moved)
    cpu.cc = 3 if room > part else relation
