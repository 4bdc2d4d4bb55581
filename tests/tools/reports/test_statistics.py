# SPDX-License-Identifier: GPL-2.0-or-later
"""Interruptions are counted by class and code."""

from __future__ import annotations

from emu import interruption
from emu.machine import MEGABYTE, Machine
from emu.psw import Psw
from tools.reports.statistics import Statistics


def test_interruptions() -> None:
    machine = Machine(MEGABYTE)
    cpu = machine.cpus[0]
    interruption.supervisor_call(cpu, 9, 2)
    statistics = Statistics(machine)
    machine.observers.append(statistics)
    interruption.supervisor_call(cpu, 1, 2)
    interruption.restart(cpu)
    for _ in range(2):
        statistics.interrupted(cpu, "program", 1, Psw(0, 0), None)
    assert not statistics.wants_interruptions
    assert statistics.interruptions == {("program", 1): 2, ("svc", 1): 1, ("restart", 0): 1}
