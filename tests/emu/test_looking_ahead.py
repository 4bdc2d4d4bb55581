# SPDX-License-Identifier: GPL-2.0-or-later
"""A fetch leaves no trace where the reference bit is one and the host has all that it needs."""

from __future__ import annotations

from emu.cpu import Cpu
from emu.dat import PAGE_INVALID
from emu.looking_ahead import leaves_no_trace
from emu.machine import Machine
from emu.page_states import Content
from emu.psw import ADDRESSING_MODE, DAT, Psw
from emu.storage_keys import REFERENCE

CODE, TABLE = 0x30000, 0x60000


def settle(machine: Machine, address: int) -> None:
    machine.storage.write(address, b"\0")
    machine.keys.bytes[address >> 12] = REFERENCE


def test_real_address(machine: Machine, cpu: Cpu) -> None:
    assert not leaves_no_trace(cpu, CODE)
    settle(machine, CODE)
    assert leaves_no_trace(cpu, CODE)
    machine.keys.bytes[CODE >> 12] = 0
    assert not leaves_no_trace(cpu, CODE)


def test_outside_of_the_configuration(cpu: Cpu) -> None:
    assert not leaves_no_trace(cpu, 1 << 40)


def test_virtual_address(machine: Machine, cpu: Cpu) -> None:
    settle(machine, CODE)
    machine.storage.write_integer(TABLE, 8, TABLE + 0x4000)
    machine.storage.write_integer(TABLE + 0x4000 + 8 * 0x70, 8, CODE)
    cpu.set_control_register(1, TABLE)
    cpu.load_psw(Psw(ADDRESSING_MODE | DAT, 0x70000))
    assert leaves_no_trace(cpu, 0x70000)
    # A table that the host would have to bring in.
    machine.states.bytes[(TABLE >> 12) + 4] = Content.ZERO
    cpu.tlb.flush()
    assert not leaves_no_trace(cpu, 0x70000)
    machine.states.bytes[(TABLE >> 12) + 4] = Content.RESIDENT
    machine.storage.write_integer(TABLE + 0x4000 + 8 * 0x70, 8, CODE | PAGE_INVALID)
    assert not leaves_no_trace(cpu, 0x70000)
