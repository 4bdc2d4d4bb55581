# SPDX-License-Identifier: GPL-2.0-or-later
"""A machine is counted where somebody wants that, and is the same."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from emu.saving import restore, save
from tools.coverage.covered import counted, counting, followed

if TYPE_CHECKING:
    from emu.machine import Machine
    from tools.coverage.collector import Counts


def test_it_is_the_same_machine(machine: Machine) -> None:
    before = save(machine)
    machine.run(100)
    plain = save(machine)
    restore(before, machine)
    with counted(machine, Counter()):
        machine.run(100)
    assert save(machine) == plain


def test_only_where_it_is_wanted(machine: Machine) -> None:
    counts: Counts = Counter()
    with followed(machine):
        machine.run(2)
    assert not counts
    with counting(counts):
        with followed(machine):
            machine.run(1)
        with followed(machine, stepped=True):
            machine.run(1)
    with followed(machine):
        machine.run(1)
    assert counts["instructions", ("CGHI", "ended")] == 1
    assert counts["instructions", ("ESSA", "ended")] == 1
    assert counts["instructions", ("SIGP", "ended")] == 0
