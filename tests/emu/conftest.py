# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixtures for tests of the architecture: DAT tables in a machine's storage."""

from __future__ import annotations

import pytest

from emu.cpu import Cpu
from emu.machine import Machine
from emu.psw import ADDRESSING_MODE, DAT, PROBLEM_STATE, AddressSpaceControl, Psw


class AddressSpace:
    """A segment table of full length at *origin*, and behind it a page table for each segment mapped."""

    SEGMENT_TABLE = 0x200000

    def __init__(self, machine: Machine, origin: int = SEGMENT_TABLE) -> None:
        self._storage = machine.storage
        self._origin = origin
        for index in range(2048):
            self.set_segment(index << 20, 0x20)
        self._page_tables: dict[int, int] = {}
        self.asce = origin | 3

    def set_segment(self, virtual: int, entry: int) -> int:
        """Store a segment-table entry; give its address."""
        address = self._origin + 8 * (virtual >> 20)
        self._storage.write_integer(address, 8, entry)
        return address

    def map(self, virtual: int, frame: int, flags: int = 0) -> int:
        """Store the page-table entry that maps *virtual* to *frame*; give its address."""
        segment = virtual >> 20
        if segment not in self._page_tables:
            table = self._origin + 0x8000 + 2048 * len(self._page_tables)
            self._page_tables[segment] = table
            self.set_segment(virtual, table)
            for index in range(256):
                self._storage.write_integer(table + 8 * index, 8, 0x400)
        address = self._page_tables[segment] + 8 * (virtual >> 12 & 0xFF)
        self._storage.write_integer(address, 8, frame | flags)
        return address

    def enter(
        self,
        cpu: Cpu,
        *,
        key: int = 0,
        problem_state: bool = False,
        space: AddressSpaceControl = AddressSpaceControl.PRIMARY,
        mode: int = ADDRESSING_MODE,
    ) -> None:
        """Turn DAT on with this space as the primary, secondary and home space."""
        for register in (1, 7, 13):
            cpu.set_control_register(register, self.asce)
        mask = mode | DAT | key << 52 | space << 46 | (PROBLEM_STATE if problem_state else 0)
        cpu.load_psw(Psw(mask, cpu.instruction_address))
        cpu.psw_loaded = False


@pytest.fixture
def address_space(machine: Machine) -> AddressSpace:
    """An address space in which nothing is mapped yet."""
    return AddressSpace(machine)
