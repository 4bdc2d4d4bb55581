# SPDX-License-Identifier: GPL-2.0-or-later
"""CONVERT UTF-8, UTF-16 and UTF-32 to one another, and MOVE LONG UNICODE (PoP chapter 7).

Unicorn 2.1.4 takes U+0800 to U+0FFF for ill-formed when it checks, leaves what it has converted in storage, but not the
registers changed, when a later character meets an access exception, and does not see that the lengths of MVCLU must be
even.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from emu import access
from emu.addresses import PAGE_SIZE
from emu.facilities import Facility
from emu.isa.condition_codes import of_comparison
from emu.isa.declaration import Operands, Reason, instruction
from emu.isa.formats import RRE, RRF_C, RSY_A
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode

if TYPE_CHECKING:
    from emu.cpu import Cpu

_UTF_32: Final = Facility.EXTENDED_TRANSLATION_3
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


_HIGH_SURROGATES: Final = range(0xD800, 0xDC00)
_LOW_SURROGATES: Final = range(0xDC00, 0xE000)
_LAST_POINT: Final = 0x10FFFF


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


Found = tuple[int, int] | None
"""A code point and its length in bytes; None if it is invalid."""


def _from_utf_8(cpu: Cpu, address: int, available: int, checked: bool) -> Found:
    """What is at *address*.

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


def _from_utf_16(cpu: Cpu, address: int, available: int, checked: bool) -> Found:
    """What is at *address*; a second half that is no low surrogate is invalid only if it is *checked*.

    :raises _Incomplete: if it needs more than *available* bytes.
    """
    if available < 2:
        raise _Incomplete
    first = access.load_integer(cpu, address, 2)
    if first not in _HIGH_SURROGATES:
        return first, 2
    if available < 4:
        raise _Incomplete
    second = access.load_integer(cpu, cpu.wrap(address + 2), 2)
    if checked and second not in _LOW_SURROGATES:
        return None
    return ((first >> 6 & 0x0F) + 1) << 16 | (first & 0x3F) << 10 | second & 0x3FF, 4


def _from_utf_32(cpu: Cpu, address: int, available: int, _: bool) -> Found:
    """What is at *address*.

    :raises _Incomplete: if there are fewer than four bytes.
    """
    if available < 4:
        raise _Incomplete
    point = access.load_integer(cpu, address, 4)
    return None if point in _HIGH_SURROGATES or point > _LAST_POINT else (point, 4)


def _utf_8(point: int) -> bytes:
    if point < 0x80:
        return bytes((point,))
    rest = 1 if point < 0x800 else 2 if point < 0x10000 else 3
    first = (0x80 | 0x100 - (0x80 >> rest)) & 0xFF | point >> 6 * rest
    return bytes((first, *(0x80 | point >> 6 * (rest - 1 - number) & 0x3F for number in range(rest))))


def _utf_16(point: int) -> bytes:
    if point < 0x10000:
        return point.to_bytes(2, "big")
    high = 0xD800 | (point >> 16) - 1 << 6 & 0x3C0 | point >> 10 & 0x3F
    return (high << 16 | 0xDC00 | point & 0x3FF).to_bytes(4, "big")


def _utf_32(point: int) -> bytes:
    return point.to_bytes(4, "big")


def _convert(
    cpu: Cpu, operands: Operands, decode: Callable[[Cpu, int, int, bool], Found], encode: Callable[[int], bytes]
) -> None:
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
            found = decode(cpu, source, left, checked)
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


@instruction(0xB2A7, "CU12", RRF_C, "CONVERT UTF-8 TO UTF-16", reason=Reason.CORRECTION)
def cu12(cpu: Cpu, operands: Operands) -> None:
    """Convert UTF-8 to UTF-16.

    :raises ProgramInterruption: specification; access exceptions.
    """
    _convert(cpu, operands, _from_utf_8, _utf_16)


@instruction(0xB2A6, "CU21", RRF_C, "CONVERT UTF-16 TO UTF-8", reason=Reason.CORRECTION)
def cu21(cpu: Cpu, operands: Operands) -> None:
    """Convert UTF-16 to UTF-8.

    :raises ProgramInterruption: specification; access exceptions.
    """
    _convert(cpu, operands, _from_utf_16, _utf_8)


@instruction(0xB9B0, "CU14", RRF_C, "CONVERT UTF-8 TO UTF-32", reason=Reason.CORRECTION)
def cu14(cpu: Cpu, operands: Operands) -> None:
    """Convert UTF-8 to UTF-32.

    :raises ProgramInterruption: specification; access exceptions.
    """
    _convert(cpu, operands, _from_utf_8, _utf_32)


@instruction(0xB9B1, "CU24", RRF_C, "CONVERT UTF-16 TO UTF-32", reason=Reason.CORRECTION)
def cu24(cpu: Cpu, operands: Operands) -> None:
    """Convert UTF-16 to UTF-32.

    :raises ProgramInterruption: specification; access exceptions.
    """
    _convert(cpu, operands, _from_utf_16, _utf_32)


@instruction(0xB9B2, "CU41", RRE, "CONVERT UTF-32 TO UTF-8", reason=Reason.CORRECTION)
def cu41(cpu: Cpu, operands: Operands) -> None:
    """Convert UTF-32 to UTF-8.

    :raises ProgramInterruption: specification; access exceptions.
    """
    _convert(cpu, operands, _from_utf_32, _utf_8)


@instruction(0xB9B3, "CU42", RRE, "CONVERT UTF-32 TO UTF-16", reason=Reason.CORRECTION)
def cu42(cpu: Cpu, operands: Operands) -> None:
    """Convert UTF-32 to UTF-16.

    :raises ProgramInterruption: specification; access exceptions.
    """
    _convert(cpu, operands, _from_utf_32, _utf_16)


# Moving


@instruction(
    0xEB8E,
    "MVCLU",
    RSY_A,
    "MOVE LONG UNICODE",
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
    relation = of_comparison(room, left)
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
