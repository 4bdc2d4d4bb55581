# SPDX-License-Identifier: GPL-2.0-or-later
"""The host that stands in until there is one: every page has a frame of its own from its first touch."""

from __future__ import annotations

from emu.machine import MEGABYTE, Machine
from emu.page_states import Content, Usage
from emu.state import restore_state, state_of
from emu.undeclared import undeclared


def test_a_page_is_zero_before_it_is_touched(machine: Machine) -> None:
    assert machine.states.bytes[5] == Usage.STABLE | Content.ZERO
    assert machine.storage.read(0x5000, 4096) == bytes(4096)
    assert machine.states.bytes[5] == Usage.STABLE | Content.RESIDENT


def test_a_page_whose_content_is_dropped_reads_as_zeros(machine: Machine) -> None:
    machine.storage.write(0x5000, b"\xaa" * 4096)
    machine.states.bytes[5] = Usage.STABLE | Content.ZERO
    machine.hypervisor.drop(5)
    assert machine.storage.read(0x5000, 4096) == bytes(4096)


def test_much_storage_costs_nothing_before_it_is_touched() -> None:
    machine = Machine(64 * 1024 * MEGABYTE)
    machine.storage.write((64 << 30) - 8, b"\xaa" * 8)
    assert machine.storage.read((64 << 30) - 8, 8) == b"\xaa" * 8


def test_a_potentially_volatile_page_without_content_is_a_discarded_one(machine: Machine) -> None:
    # Reference 1.4: Pz does not exist, Vz takes its place.
    for usage, after in ((0x00, 0x03), (0x04, 0x07), (0x08, 0x0F), (0x0C, 0x0F)):
        machine.states.bytes[5] = usage | 0x20
        machine.hypervisor.drop(5)
        assert machine.states.bytes[5] == after | 0x20


def test_its_state_is_the_content_of_all_pages(machine: Machine) -> None:
    machine.storage.write(0x5000, b"\xaa" * 4096)
    machine.storage.write(0x7000, bytes(8))
    machine.storage.write(0x8000, b"\xbb")
    machine.hypervisor.drop(8)
    state = state_of(machine.hypervisor)
    assert state == {"contents": {5: b"\xaa" * 4096}}
    other = Machine(machine.memory)
    other.storage.write(0x7000, b"\xcc" * 8)
    restore_state(other.hypervisor, state)
    assert other.storage.read(0x5000, 4096) == bytes(4096), "the page states are the machine's"
    other.states.array[:] = machine.states.array
    restore_state(other.hypervisor, state)
    assert other.storage.read(0x5000, 4096) == b"\xaa" * 4096
    assert other.storage.read(0x7000, 8) == other.storage.read(0x8000, 8) == bytes(8)
    assert undeclared(machine.hypervisor) == []


def test_a_page_with_content_is_settled(machine: Machine) -> None:
    assert not machine.hypervisor.is_settled(5)
    machine.storage.write(0x5000, b"\xaa")
    assert machine.hypervisor.is_settled(5)
