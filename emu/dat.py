# SPDX-License-Identifier: GPL-2.0-or-later
"""Dynamic address translation (PoP chapter 3, "Dynamic Address Translation"): the table walk as a pure function.

Nothing here knows a CPU: the walk takes plain integers and a function that fetches eight bytes of absolute storage.
Table addresses may be treated as real or absolute; this machine treats them as absolute.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from emu.bits import bit, bits
from emu.program_interruption import ProgramInterruptionCode

TABLE_ORIGIN: Final = bits(0, 51)
REAL_SPACE: Final = bit(58)
"""ASCE: real-space control."""
DESIGNATION_TYPE: Final = bits(60, 61)
TABLE_LENGTH: Final = bits(62, 63)
PRIVATE_SPACE: Final = bit(55)
"""ASCE: private-space control."""
SPACE_SWITCH_EVENT: Final = bit(57)
"""ASCE: space-switch-event control."""

REGION_OFFSET_SHIFT: Final = 6
REGION_INVALID: Final = bit(58)
ENTRY_TYPE: Final = bits(60, 61)
ENTRY_PROTECTED: Final = bit(54)
"""DAT protection in region-table and segment-table entries; in the former it needs EDAT-1."""
PAGE_TABLE_ORIGIN: Final = bits(0, 52)
SEGMENT_FRAME: Final = bits(0, 43)
SEGMENT_FORMAT: Final = bit(53)
"""Format control: one in the entry of a 1 MB frame (EDAT-1)."""
SEGMENT_ACC_VALID: Final = bit(47)
SEGMENT_ACC: Final = bits(48, 51)
SEGMENT_FETCH_PROTECTION: Final = bit(52)
SEGMENT_NO_EXECUTE: Final = bit(55)
SEGMENT_INVALID: Final = bit(58)
SEGMENT_COMMON: Final = bit(59)
PAGE_FRAME: Final = bits(0, 51)
PAGE_INVALID: Final = bit(53)
PAGE_PROTECTED: Final = bit(54)
PAGE_NO_EXECUTE: Final = bit(55)
PAGE_ZERO: Final = bit(52)
"""Must be zero in a page-table entry."""

_Code = ProgramInterruptionCode

_REGION_EXCEPTION: Final = {
    3: _Code.REGION_FIRST_TRANSLATION,
    2: _Code.REGION_SECOND_TRANSLATION,
    1: _Code.REGION_THIRD_TRANSLATION,
}
REGION_LEVELS: Final = (3, 2, 1)
"""Designation types of region-first, region-second and region-third tables; that of segment tables is 0."""


@dataclass(frozen=True, slots=True)
class Translation:
    """The outcome of a walk that found a frame.

    *address* is a real address, or an absolute one when *is_absolute* (a 1 MB frame).  *no_execute* is set only if the
    instruction-execution-protection bit counts.  *access_key* is the ACC and F of a segment-table entry with
    ACC-validity, in the position of a storage key, else None.  *entry* is the last table entry, at *entry_address*.
    """

    address: int
    is_absolute: bool
    is_protected: bool
    no_execute: bool
    access_key: int | None
    entry: int
    entry_address: int
    is_large: bool


@dataclass(frozen=True, slots=True)
class TranslationFailure:
    """The outcome of a walk that ended in a translation exception.

    *entry_address* is that of the table entry which caused it, or None if a table length or the ASCE did; *entry* is
    the entry.
    """

    code: ProgramInterruptionCode
    entry_address: int | None = None
    entry: int = 0


FetchEntry = Callable[[int], int]


def walk(
    asce: int, address: int, fetch: FetchEntry, *, edat1: bool, execution_protection: bool
) -> Translation | TranslationFailure:
    """Translate the virtual *address* by the tables that *asce* designates.

    :param fetch: gives the doubleword at an absolute address; it raises the addressing exception itself.
    :param edat1: enhanced DAT facility 1 applies (CR0 bit 40).
    :param execution_protection: instruction-execution protection applies (CR0 bit 43).
    """
    if asce & REAL_SPACE:
        return Translation(address, False, False, False, None, 0, 0, False)
    top = (asce & DESIGNATION_TYPE) >> 2
    # An address above what the top table spans has ones in an index that no table serves (ASCE-type exception).
    if top < 3 and address >> (31 + 11 * top):
        return TranslationFailure(_Code.ASCE_TYPE)
    origin = asce & TABLE_ORIGIN
    first, last = 0, asce & TABLE_LENGTH
    is_protected = False
    for level in REGION_LEVELS:
        if level <= top:
            index = (address >> (20 + 11 * level)) & 0x7FF
            if not first <= index >> 9 <= last:
                return TranslationFailure(_REGION_EXCEPTION[level])
            entry_address = origin + 8 * index
            entry = fetch(entry_address)
            if entry & REGION_INVALID:
                return TranslationFailure(_REGION_EXCEPTION[level], entry_address, entry)
            if (entry & ENTRY_TYPE) >> 2 != level:
                return TranslationFailure(_Code.TRANSLATION_SPECIFICATION, entry_address, entry)
            if edat1 and entry & ENTRY_PROTECTED:
                is_protected = True
            origin = entry & TABLE_ORIGIN
            first, last = (entry >> REGION_OFFSET_SHIFT) & 3, entry & TABLE_LENGTH
    index = (address >> 20) & 0x7FF
    if not first <= index >> 9 <= last:
        return TranslationFailure(_Code.SEGMENT_TRANSLATION)
    entry_address = origin + 8 * index
    entry = fetch(entry_address)
    if entry & SEGMENT_COMMON and asce & PRIVATE_SPACE and not entry & SEGMENT_INVALID:
        return TranslationFailure(_Code.TRANSLATION_SPECIFICATION, entry_address, entry)
    return _segment(address, entry, entry_address, fetch, is_protected, edat1, execution_protection)


def _segment(
    address: int,
    entry: int,
    entry_address: int,
    fetch: FetchEntry,
    is_protected: bool,
    edat1: bool,
    execution_protection: bool,
) -> Translation | TranslationFailure:
    if entry & SEGMENT_INVALID:
        return TranslationFailure(_Code.SEGMENT_TRANSLATION, entry_address, entry)
    if entry & ENTRY_TYPE:
        return TranslationFailure(_Code.TRANSLATION_SPECIFICATION, entry_address, entry)
    is_protected |= bool(entry & ENTRY_PROTECTED)
    if edat1 and entry & SEGMENT_FORMAT:
        key = (entry & (SEGMENT_ACC | SEGMENT_FETCH_PROTECTION)) >> 8 if entry & SEGMENT_ACC_VALID else None
        no_execute = execution_protection and bool(entry & SEGMENT_NO_EXECUTE)
        frame = entry & SEGMENT_FRAME | address & 0xF_FFFF
        return Translation(frame, True, is_protected, no_execute, key, entry, entry_address, True)
    entry_address = (entry & PAGE_TABLE_ORIGIN) + 8 * ((address >> 12) & 0xFF)
    entry = fetch(entry_address)
    if entry & PAGE_INVALID:
        return TranslationFailure(_Code.PAGE_TRANSLATION, entry_address, entry)
    if entry & PAGE_ZERO:
        return TranslationFailure(_Code.TRANSLATION_SPECIFICATION, entry_address, entry)
    is_protected |= bool(entry & PAGE_PROTECTED)
    no_execute = execution_protection and bool(entry & PAGE_NO_EXECUTE)
    frame = entry & PAGE_FRAME | address & 0xFFF
    return Translation(frame, False, is_protected, no_execute, None, entry, entry_address, False)
