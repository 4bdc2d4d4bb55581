# SPDX-License-Identifier: GPL-2.0-or-later
"""ASN-second-table entries, which describe address spaces, and the ways to them (PoP chapters 3 and 5).

They are reached from an address-space number (ASN translation), from an access-list-entry token (access-register
translation), or from the dispatchable-unit control table, which is here as well.  All of that lies in real storage, and
neither low-address nor key-controlled protection applies when it is fetched.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from emu.bits import bit, bits, field
from emu.dat import SPACE_SWITCH_EVENT
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode

if TYPE_CHECKING:
    from emu.cpu import Cpu

_Code = ProgramInterruptionCode

ASN_TRANSLATION: Final = bit(44)
"""CR14: ASN-translation control."""
ASN_REUSE: Final = bit(44)
"""CR0: ASN-and-LX-reuse control."""
PRIMARY_AUTHORITY: Final = 0x80
SECONDARY_AUTHORITY: Final = 0x40
"""The two bits of an authority-table entry, for the first entry of a byte."""

_FIRST_TABLE_INVALID: Final = bit(0, 32)
_SECOND_TABLE_ORIGIN: Final = bits(1, 25, 32)
_AUTHORITY_TABLE_ORIGIN: Final = bits(1, 29, 32)
ENTRY_ORIGIN: Final = bits(1, 25, 32)
"""Of a second-table entry, in control register 5, in the dispatchable-unit control table and in access-list entries."""

_SUBSPACE_GROUP: Final = bit(54)
"""In an address-space-control element: the space belongs to a subspace group."""
STORAGE_ALTERATION_EVENT: Final = bit(56)
"""In an address-space-control element."""
KEPT_IN_SUBSPACE: Final = SPACE_SWITCH_EVENT | STORAGE_ALTERATION_EVENT
"""Bits of an address-space-control element that do not become those of a subspace."""

# The dispatchable-unit control table.
_TABLE_ORIGIN: Final = bits(33, 57)
"""CR2: dispatchable-unit-control-table origin."""
SUBSPACE_WORD: Final = 4
SUBSPACE_SEQUENCE_WORD: Final = 12
SUBSPACE_ACTIVE: Final = bit(0, 32)

# The access list.
_ALET_ZEROS: Final = bits(0, 6, 32)
_ALET_PRIMARY_LIST: Final = bit(7, 32)
_LIST_DESIGNATION: Final = 16
"""Offset in the dispatchable-unit control table and in a second-table entry."""
_LIST_ORIGIN: Final = bits(1, 24, 32)
_LIST_UNIT: Final = 8
"""Entries for each unit of an access-list length."""
_ACCESS_ENTRY_BYTES: Final = 16
_ACCESS_ENTRY_INVALID: Final = bit(0, 32)
_ACCESS_ENTRY_PRIVATE: Final = bit(7, 32)


def fetch_word(cpu: Cpu, address: int) -> int:
    """The word at real *address*.

    :raises ProgramInterruption: addressing.
    """
    return cpu.configuration.storage.read_integer(cpu.real_to_absolute(address), 4)


@dataclass(frozen=True, slots=True)
class SpaceEntry:
    """The ASN-second-table entry at real address *origin*."""

    origin: int
    words: tuple[int, ...]

    @classmethod
    def at(cls, cpu: Cpu, origin: int) -> SpaceEntry:
        """Fetch it.

        :raises ProgramInterruption: addressing.
        """
        data = cpu.configuration.storage.read(cpu.real_to_absolute(origin), 48)
        return cls(origin, tuple(int.from_bytes(data[at : at + 4], "big") for at in range(0, 48, 4)))

    @property
    def is_invalid(self) -> bool:
        return bool(self.words[0] & bit(0, 32))

    @property
    def is_base_space(self) -> bool:
        """It is the base space of its subspace group."""
        return bool(self.words[0] & bit(31, 32))

    @property
    def authorization_index(self) -> int:
        return field(self.words[1], 0, 15, 32)

    @property
    def is_controlled(self) -> bool:
        """Only the supervisor state may use the ASN with its instance."""
        return bool(self.words[1] & bit(30, 32))

    @property
    def is_reusable(self) -> bool:
        """The ASN must be used with its instance."""
        return bool(self.words[1] & bit(31, 32))

    @property
    def designation(self) -> int:
        """The address-space-control element."""
        return self.words[2] << 32 | self.words[3]

    @property
    def is_in_subspace_group(self) -> bool:
        return bool(self.designation & _SUBSPACE_GROUP)

    @property
    def sequence_number(self) -> int:
        return self.words[5]

    @property
    def instance(self) -> int:
        """The ASTE instance number."""
        return self.words[11]

    def is_authorized(self, cpu: Cpu, index: int, authority: int) -> bool:
        """Whether the authority table gives the authorization *index* that *authority* (PoP 3, "ASN Authorization").

        :raises ProgramInterruption: addressing, for an entry outside the configuration.
        """
        if index >> 4 > field(self.words[1], 16, 27, 32):
            return False
        table = self.words[0] & _AUTHORITY_TABLE_ORIGIN
        byte = cpu.configuration.storage.read_integer(cpu.real_to_absolute(table + (index >> 2)), 1)
        return bool(byte << (2 * (index & 3)) & authority)


def translate_asn(cpu: Cpu, asn: int) -> SpaceEntry:
    """ASN translation (PoP 3).

    :raises ProgramInterruption: addressing; AFX translation; ASX translation.
    """
    first = fetch_word(cpu, (field(cpu.cr[14], 45, 63) << 12) + 4 * (asn >> 6))
    if first & _FIRST_TABLE_INVALID:
        raise ProgramInterruption(_Code.AFX_TRANSLATION, translation_exception=asn)
    entry = SpaceEntry.at(cpu, (first & _SECOND_TABLE_ORIGIN) + 64 * (asn & 0x3F))
    if entry.is_invalid:
        raise ProgramInterruption(_Code.ASX_TRANSLATION, translation_exception=asn)
    return entry


def dispatchable_unit(cpu: Cpu) -> int:
    """The real address of the dispatchable-unit control table."""
    return cpu.cr[2] & _TABLE_ORIGIN


def subspace(cpu: Cpu, register: int = 0) -> SpaceEntry:
    """The entry of the subspace that was last used.

    :param register: the exception access identification.
    :raises ProgramInterruption: special operation if there is none; addressing; ASTE validity; ASTE sequence.
    """
    table = dispatchable_unit(cpu)
    origin = fetch_word(cpu, table + SUBSPACE_WORD) & ENTRY_ORIGIN
    if not origin:
        raise ProgramInterruption(_Code.SPECIAL_OPERATION)
    return _valid(cpu, origin, fetch_word(cpu, table + SUBSPACE_SEQUENCE_WORD), register)


def _valid(cpu: Cpu, origin: int, sequence_number: int, register: int) -> SpaceEntry:
    entry = SpaceEntry.at(cpu, origin)
    if entry.is_invalid:
        raise ProgramInterruption(_Code.ASTE_VALIDITY, exception_access=register)
    if entry.sequence_number != sequence_number:
        raise ProgramInterruption(_Code.ASTE_SEQUENCE, exception_access=register)
    return entry


def with_subspace(cpu: Cpu, entry: SpaceEntry) -> int:
    """The address-space-control element of *entry*, or of the subspace in its place (PoP 5, "Subspace Replacement").

    :raises ProgramInterruption: addressing; ASTE validity; ASTE sequence.
    """
    designation = entry.designation
    if not entry.is_in_subspace_group:
        return designation
    table = dispatchable_unit(cpu)
    is_active = fetch_word(cpu, table + SUBSPACE_WORD) & SUBSPACE_ACTIVE
    if not is_active or fetch_word(cpu, table) & ENTRY_ORIGIN != entry.origin:
        return designation
    return designation & KEPT_IN_SUBSPACE | subspace(cpu).designation & ~KEPT_IN_SUBSPACE


def translate_alet(
    cpu: Cpu, alet: int, register: int, *, extended_index: int = 0, is_for_subspace: bool = False
) -> SpaceEntry:
    """Access-register translation of an access-list-entry token other than 0 and 1 (PoP 5).

    :param register: the access register, which is the exception access identification.
    :param extended_index: the extended authorization index.
    :param is_for_subspace: the special form that BRANCH IN SUBSPACE GROUP uses: neither the sequence number of the
        access-list entry nor the authority is tested.
    :raises ProgramInterruption: ALET specification; addressing; ALEN translation; ALE sequence; ASTE validity;
        ASTE sequence; extended authority.
    """

    def refused(code: ProgramInterruptionCode) -> ProgramInterruption:
        return ProgramInterruption(code, exception_access=register)

    if alet & _ALET_ZEROS:
        raise refused(_Code.ALET_SPECIFICATION)
    holder = cpu.cr[5] & ENTRY_ORIGIN if alet & _ALET_PRIMARY_LIST else dispatchable_unit(cpu)
    list_designation = fetch_word(cpu, holder + _LIST_DESIGNATION)
    number = field(alet, 16, 31, 32)
    if number // _LIST_UNIT > field(list_designation, 25, 31, 32):
        raise refused(_Code.ALEN_TRANSLATION)
    place = (list_designation & _LIST_ORIGIN) + _ACCESS_ENTRY_BYTES * number
    head, origin, wanted = fetch_word(cpu, place), fetch_word(cpu, place + 8), fetch_word(cpu, place + 12)
    if head & _ACCESS_ENTRY_INVALID:
        raise refused(_Code.ALEN_TRANSLATION)
    if not is_for_subspace and field(head, 8, 15, 32) != field(alet, 8, 15, 32):
        raise refused(_Code.ALE_SEQUENCE)
    entry = _valid(cpu, origin & ENTRY_ORIGIN, wanted, register)
    is_private = head & _ACCESS_ENTRY_PRIVATE and field(head, 16, 31, 32) != extended_index
    if not is_for_subspace and is_private and not entry.is_authorized(cpu, extended_index, SECONDARY_AUTHORITY):
        raise refused(_Code.EXTENDED_AUTHORITY)
    return entry


def uses_primary_list(alet: int) -> bool:
    """Whether *alet* designates an entry of the primary-space access list."""
    return bool(alet & _ALET_PRIMARY_LIST)
