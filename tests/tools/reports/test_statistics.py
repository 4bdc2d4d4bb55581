# SPDX-License-Identifier: GPL-2.0-or-later
"""Interruptions are counted by class and code."""

from __future__ import annotations

from emu import interruption
from emu.machine import MEGABYTE, Machine
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode
from tools.reports.statistics import Statistics


def test_interruptions() -> None:
    machine = Machine(MEGABYTE)
    cpu = machine.cpus[0]
    interruption.supervisor_call(cpu, 9, 2)
    interruption.count_program(cpu, ProgramInterruption(ProgramInterruptionCode.ADDRESSING))
    statistics = Statistics(machine)
    machine.observers.append(statistics)
    interruption.supervisor_call(cpu, 1, 2)
    interruption.restart(cpu)
    for _ in range(2):
        # As the model counts it and compiled code does, of which observers need not be told.
        interruption.count_program(cpu, ProgramInterruption(ProgramInterruptionCode.OPERATION))
    assert not statistics.wants_interruptions
    assert statistics.interruptions == {("program", 1): 2, ("svc", 1): 1, ("restart", 0): 1}
