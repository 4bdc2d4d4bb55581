# SPDX-License-Identifier: GPL-2.0-or-later
"""What the translation-lookaside buffer holds."""

from __future__ import annotations

from emu.cpu import Cpu
from emu.inspection.lookaside import lookaside_entries
from emu.machine import Machine
from tests.emu.conftest import AddressSpace

CODE, DATA, FRAME = 0x10000, 0x150000, 0x180000


def test_real_addresses(machine: Machine, cpu: Cpu) -> None:
    """ST 2,0(1) and a branch back to it: a page of code, and one that is stored into."""
    machine.load_storage(CODE, bytes.fromhex("50201000a7f4fffe"))
    cpu.gr[1] = DATA
    machine.run(1000)
    assert [str(each) for each in lookaside_entries(cpu)] == [
        f"{CODE:016x} real key 0: instruction fetch -> frame {CODE >> 12:x}",
        f"{DATA:016x} real key 0: store -> frame {DATA >> 12:x}, stores",
    ]


def test_virtual_addresses_in_their_space(machine: Machine, cpu: Cpu, address_space: AddressSpace) -> None:
    address_space.map(CODE, CODE)
    address_space.map(DATA, FRAME)
    address_space.enter(cpu, key=2)
    machine.keys.bytes[FRAME >> 12] = 0x20
    machine.load_storage(CODE, bytes.fromhex("58201000a7f4fffe"))
    cpu.gr[1] = DATA
    machine.run(1000)
    (entry,) = [each for each in lookaside_entries(cpu) if each.address == DATA]
    assert (entry.access, entry.space, entry.asce, entry.key) == ("fetch", "primary", address_space.asce, 2)
    assert (entry.frame, entry.is_writable) == (FRAME >> 12, False)


def test_what_must_go_is_gone(machine: Machine, cpu: Cpu) -> None:
    test_real_addresses(machine, cpu)
    machine.configuration.page_changed(DATA >> 12)
    assert not [each for each in lookaside_entries(cpu) if each.address == DATA]
    machine.run(1000)
    machine.configuration.translations.flush_all()
    assert lookaside_entries(cpu) == []
