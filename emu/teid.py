# SPDX-License-Identifier: GPL-2.0-or-later
"""The translation-exception identification, stored at real location 168 (PoP chapter 3, "Assigned Storage Locations").

Bits 0-51 hold the page of the failing address, 52-53 the access, 56, 60 and 61 the kind of protection (enhanced
suppression on protection facility 2), and 62-63 the address space.
"""

from __future__ import annotations

from enum import Enum, IntEnum
from typing import Final

from emu.bits import bit


class Access(IntEnum):
    """Why storage is accessed."""

    FETCH = 0
    STORE = 1
    INSTRUCTION_FETCH = 2


class Protection(Enum):
    """The kinds of protection, each with its pattern in TEID bits 56, 60 and 61."""

    LOW_ADDRESS = bit(56)
    KEY_CONTROLLED = bit(60)
    DAT = bit(61)
    INSTRUCTION_EXECUTION = bit(56) | bit(61)


STORE_INDICATION: Final = bit(53)
FETCH_INDICATION: Final = bit(52)
PAGE_MASK: Final = ~0xFFF & (1 << 64) - 1


def translation_exception(address: int, access: Access, space: int) -> int:
    """The identification for a translation exception at *address* in the space with ASC *space*."""
    indication = STORE_INDICATION if access is Access.STORE else FETCH_INDICATION
    return address & PAGE_MASK | indication | space


def protection_exception(address: int, access: Access, space: int, protection: Protection) -> int:
    """The identification for a protection exception."""
    return translation_exception(address, access, space) | protection.value
