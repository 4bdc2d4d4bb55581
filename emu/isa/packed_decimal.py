# SPDX-License-Identifier: GPL-2.0-or-later
"""Packed decimal numbers: digits of four bits, the sign in the rightmost (PoP chapter 8, "Decimal-Number Formats")."""

from __future__ import annotations

from typing import Final

from emu.program_interruption import DXC_OPERAND, data_exception

PLUS: Final = 0xC
MINUS: Final = 0xD
_NEGATIVE: Final = (0xB, 0xD)


def condition_code_of_sign(sign: int) -> int:
    """The condition code of UNPKA and UNPKU for a sign code: 0 plus, 1 minus, 3 if it is none."""
    if sign < 0xA:
        return 3
    return 1 if sign in _NEGATIVE else 0


def unpack(data: bytes) -> tuple[int, bool]:
    """The magnitude of a packed number, and whether its sign is minus.

    :raises ProgramInterruption: data.
    """
    digits = data.hex()
    sign = int(digits[-1], 16)
    if sign < 0xA or not (digits[:-1] or "0").isdecimal():
        raise data_exception(DXC_OPERAND)
    return int(digits[:-1] or "0"), sign in _NEGATIVE


def value(data: bytes) -> int:
    """The value of a packed number.

    :raises ProgramInterruption: data.
    """
    magnitude, negative = unpack(data)
    return -magnitude if negative else magnitude


def pack(magnitude: int, negative: bool, length: int) -> bytes:
    """The rightmost digits of *magnitude* as a packed number of *length* bytes, with the preferred sign codes."""
    digits = 2 * length - 1
    text = f"{magnitude % 10**digits:0{digits}d}{MINUS if negative else PLUS:X}"
    return bytes.fromhex(text)
