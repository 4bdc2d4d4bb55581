# SPDX-License-Identifier: GPL-2.0-or-later
"""The control blocks of address spaces in a machine's storage (PoP chapters 3 and 5)."""

from __future__ import annotations

from emu.cpu import Cpu

UNIT = 0x6000
"""The dispatchable-unit control table."""
FIRST_TABLE = 0x7000
SECOND_TABLE = 0x8000
ACCESS_LIST = 0x9000
PRIMARY_LIST = 0xA000
AUTHORITY_TABLE = 0xB000
INVALID = 1 << 31
BASE_SPACE = 1
SUBSPACE_GROUP = 1 << 9
"""In an address-space-control element: bit 54."""
ASN_TRANSLATION = 1 << 19
"""CR14."""
TOKEN = 0x0005_0002
"""Selects entry 2 of the dispatchable-unit access list; the sequence number of the entry is 5."""
PRIMARY_TOKEN = 0x0105_0002


class ControlBlocks:
    """A dispatchable unit, an ASN first table with one second table, two access lists and an authority table."""

    def __init__(self, cpu: Cpu) -> None:
        self.cpu = cpu
        cpu.set_control_register(2, UNIT)
        cpu.set_control_register(14, ASN_TRANSLATION | FIRST_TABLE >> 12)
        self.word(FIRST_TABLE, SECOND_TABLE)
        self.word(UNIT + 16, ACCESS_LIST | 0)

    def word(self, address: int, value: int) -> None:
        self.cpu.configuration.storage.write_integer(address, 4, value)

    def read(self, address: int, length: int = 4) -> int:
        return self.cpu.configuration.storage.read_integer(address, length)

    @staticmethod
    def entry(asn: int) -> int:
        """The address of the second-table entry of *asn*, which must be below 64."""
        return SECOND_TABLE + 64 * asn

    def space(
        self,
        asn: int,
        designation: int,
        *,
        flags: int = 0,
        index: int = 0,
        sequence: int = 0,
        instance: int = 0,
        access_list: int = 0,
    ) -> int:
        """Store the second-table entry of *asn*; give its address."""
        entry = self.entry(asn)
        words = (AUTHORITY_TABLE | flags, index << 16 | 0xF0, designation >> 32, designation & 0xFFFF_FFFF, access_list)
        for place, value in enumerate((*words, sequence)):
            self.word(entry + 4 * place, value)
        self.word(entry + 44, instance)
        return entry

    def access_entry(
        self, asn: int, *, table: int = ACCESS_LIST, number: int = 2, head: int = 0x0005_0000, sequence: int = 0
    ) -> int:
        """Store an access-list entry for the space of *asn*; give its address."""
        place = table + 16 * number
        for offset, value in enumerate((head, 0, self.entry(asn), sequence)):
            self.word(place + 4 * offset, value)
        return place

    def authorize(self, index: int, bits: int) -> None:
        """Give the authorization *index* the two *bits* (primary, secondary)."""
        place = AUTHORITY_TABLE + (index >> 2)
        shift = 6 - 2 * (index & 3)
        byte = self.read(place, 1) & ~(3 << shift) | bits << shift
        self.cpu.configuration.storage.write_integer(place, 1, byte)
