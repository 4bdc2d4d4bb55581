# SPDX-License-Identifier: GPL-2.0-or-later
"""Packed decimal data, and areas of storage with operands at any place (PoP 8, "Decimal-Number Formats")."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tools.conform.architecture.source import Value

PLUS, MINUS = "C", "D"
"""The preferred sign codes."""
_LEAST: Final = 64
"""Bytes of an area; it is longer if its operands are."""
_BETWEEN: Final = 0xA7
"""What stands between operands: neither a digit nor a sign of one that is too long."""


def packed(value: int, length: int, sign: str = "") -> bytes:
    """The rightmost digits of *value* in *length* bytes, with the *sign* code given or the preferred one."""
    digits = f"{abs(value):0{2 * length - 1}d}"[-(2 * length - 1) :]
    return bytes.fromhex(digits + (sign or (MINUS if value < 0 else PLUS)))


def area(operands: Mapping[int, bytes]) -> dict[Value, int]:
    """The doublewords of page1 that hold *operands*, by their distances from its beginning."""
    end = max((place + len(operand) for place, operand in operands.items()), default=0)
    content = bytearray([_BETWEEN] * max(_LEAST, (end + 15) // 8 * 8))
    for place, operand in operands.items():
        content[place : place + len(operand)] = operand
    return {f"page1+{at}": int.from_bytes(content[at : at + 8], "big") for at in range(0, len(content), 8)}
