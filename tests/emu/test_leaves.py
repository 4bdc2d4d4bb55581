# SPDX-License-Identifier: GPL-2.0-or-later
"""Leaves of a state are those of the state, and are put back."""

from __future__ import annotations

import pytest

from emu.leaves import leaves, put_back, values
from emu.machine import MEGABYTE, Machine
from emu.state import state_of


@pytest.fixture
def machine() -> Machine:
    return Machine(MEGABYTE, cpus=2)


def test_each_leaf_is_in_the_state(machine: Machine) -> None:
    saved = state_of(machine.configuration)
    for path, _, _ in leaves(machine.configuration):
        found = saved
        for part in path:
            found = found[part]


def test_what_is_left_out(machine: Machine) -> None:
    found = values(machine.configuration, {("hypervisor",), ("cpus", 0, "registers")})
    assert not any(path[0] == "hypervisor" or path[:3] == ("cpus", 0, "registers") for path in found)
    assert ("cpus", 1, "registers", "fpc") in found


def test_what_has_changed_is_put_back(machine: Machine) -> None:
    saved, before = state_of(machine.configuration), values(machine.configuration)
    cpu = machine.cpus[1]
    cpu.gr[3], cpu.registers.fpc, cpu.executed, cpu.stop_pending = 5, 7, 9, True
    cpu.set_control_register(1, 0x1000)
    cpu.pending.malfunction_alert.add(0)
    machine.keys.bytes[3], machine.states.bytes[4] = 6, 0
    machine.storage.write(0x5000, b"content")
    machine.counts.instructions["ESSA"] += 1
    machine.configuration.timing.work = 17
    assert values(machine.configuration) != before
    put_back(machine.configuration, before, saved)
    assert values(machine.configuration) == before
    assert state_of(machine.configuration) == saved
