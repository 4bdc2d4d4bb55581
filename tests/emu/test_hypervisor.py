# SPDX-License-Identifier: GPL-2.0-or-later
"""The host that stands in until there is one: every page has a frame of its own from its first touch."""

from __future__ import annotations

from emu.machine import MEGABYTE, Machine
from emu.page_states import Content, Usage


def test_a_page_is_zero_before_it_is_touched(machine: Machine) -> None:
    assert machine.states.bytes[5] == Usage.STABLE | Content.ZERO
    assert machine.storage.read(0x5000, 4096) == bytes(4096)
    assert machine.states.bytes[5] == Usage.STABLE | Content.RESIDENT


def test_a_page_whose_content_is_dropped_reads_as_zeros(machine: Machine) -> None:
    machine.storage.write(0x5000, b"\xaa" * 4096)
    machine.states.bytes[5] = Usage.STABLE | Content.ZERO
    machine.hypervisor.drop(5)
    assert machine.storage.read(0x5000, 4096) == bytes(4096)


def test_clearing_returns_all_of_storage_to_zeros(machine: Machine) -> None:
    machine.storage.write(0x5000, b"\xaa" * 4096)
    machine.hypervisor.clear()
    assert machine.storage.read(0x5000, 4096) == bytes(4096)


def test_much_storage_costs_nothing_before_it_is_touched() -> None:
    machine = Machine(64 * 1024 * MEGABYTE)
    machine.storage.write((64 << 30) - 8, b"\xaa" * 8)
    assert machine.storage.read((64 << 30) - 8, 8) == b"\xaa" * 8
