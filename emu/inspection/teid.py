# SPDX-License-Identifier: GPL-2.0-or-later
"""The translation-exception identification decoded by name (PoP 3, "Assigned Storage Locations", location 168)."""

from __future__ import annotations

from typing import Final

from emu.program_interruption import ProgramInterruptionCode as Code
from emu.teid import FETCH_INDICATION, PAGE_MASK, STORE_INDICATION, Protection

_SPACES: Final = ("primary", "access-register specified", "secondary", "home")
_PROTECTION_BITS: Final = Protection.LOW_ADDRESS.value | Protection.KEY_CONTROLLED.value | Protection.DAT.value
"""TEID bits 56, 60 and 61."""
_TRANSLATIONS: Final = frozenset(
    {
        Code.SEGMENT_TRANSLATION,
        Code.PAGE_TRANSLATION,
        Code.ASCE_TYPE,
        Code.REGION_FIRST_TRANSLATION,
        Code.REGION_SECOND_TRANSLATION,
        Code.REGION_THIRD_TRANSLATION,
    }
)


def in_words(teid: int, code: int) -> list[str]:
    """What the doubleword at real location 168 says of a program interruption with *code*.

    Empty if such an interruption stores none: what is there is of an older one.
    """
    if code == Code.DISCARD_FAULT:
        return [f"absolute page {teid & PAGE_MASK:x}"]
    if code not in _TRANSLATIONS and code != Code.PROTECTION:
        return []
    said = [f"page {teid & PAGE_MASK:x}", f"{_SPACES[teid & 3]} space"]
    if teid & STORE_INDICATION:
        said.append("store")
    elif teid & FETCH_INDICATION:
        said.append("fetch")
    if code == Code.PROTECTION:
        said.append(protection_name(teid))
    return said


def protection_name(teid: int) -> str:
    """The kind of protection that bits 56, 60 and 61 tell (enhanced suppression on protection facility 2)."""
    try:
        kind = Protection(teid & _PROTECTION_BITS)
    except ValueError:
        return "kind of protection not told"
    return {
        Protection.LOW_ADDRESS: "low-address protection",
        Protection.KEY_CONTROLLED: "key-controlled protection",
        Protection.DAT: "DAT protection",
        Protection.INSTRUCTION_EXECUTION: "instruction-execution protection",
    }[kind]
