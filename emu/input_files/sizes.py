# SPDX-License-Identifier: GPL-2.0-or-later
"""Sizes and addresses as people write them."""

from __future__ import annotations

import re
from typing import Final

_UNITS: Final = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_SIZE: Final = re.compile(r"([0-9]{1,20})([KMGT]?)(?:i?B)?", re.IGNORECASE)
_ADDRESS: Final = re.compile(r"(?:0x)?([0-9a-f]+)", re.IGNORECASE)
ADDRESS_LIMIT: Final = 1 << 64


def parse_size(text: str) -> int:
    """The number of bytes that *text* means: ``256M``, ``1GiB`` or plain bytes; units are powers of 1024.

    :raises ValueError: if it means none.
    """
    matched = _SIZE.fullmatch(text.strip())
    if matched is None:
        raise ValueError(f"expected a size such as 256M, not {text!r}")
    return int(matched[1]) * _UNITS[matched[2].upper()]


def parse_address(text: str) -> int:
    """The address *text*, always hexadecimal, with or without 0x.

    :raises ValueError: if it is none, or longer than 64 bits.
    """
    matched = _ADDRESS.fullmatch(text)
    if matched is None or int(matched[1], 16) >= ADDRESS_LIMIT:
        raise ValueError(f"expected a hexadecimal address, not {text!r}")
    return int(matched[1], 16)


def format_size(size: int) -> str:
    """*size* bytes in the largest unit that divides it."""
    for unit, factor in reversed(_UNITS.items()):
        if size and not size % factor:
            return f"{size // factor}{unit}"
    return str(size)
