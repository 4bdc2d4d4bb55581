# SPDX-License-Identifier: GPL-2.0-or-later
"""The log of interruptions."""

from __future__ import annotations

from emu import interruption
from emu.debugging.interruption_log import InterruptionLog
from emu.machine import Machine
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode
from emu.psw import Psw


def test_interruptions_are_kept_in_their_order(machine: Machine) -> None:
    log = InterruptionLog(machine)
    cpu = machine.cpus[0]
    old = cpu.psw
    condition = ProgramInterruption(ProgramInterruptionCode.SPECIFICATION)
    interruption.program(cpu, condition, 0x10000, 4)
    interruption.supervisor_call(cpu, 3, 2)
    first, second = log.taken()
    assert (first.kind, first.code, first.condition) == ("program", 6, condition)
    assert (first.old, first.new) == (Psw(old.mask, 0x10004), Psw(0, 0))
    assert (second.kind, second.code, second.old, second.cpu) == ("svc", 3, Psw(0, 0), 0)


def test_what_has_not_happened_yet_is_forgotten(machine: Machine) -> None:
    log = InterruptionLog(machine)
    cpu = machine.cpus[0]
    for number in range(3):
        interruption.supervisor_call(cpu, number, 2)
    machine.timing.work = log.taken()[1].work
    assert [each.code for each in log.taken()] == [0, 1]
    machine.timing.work = 0
    assert log.taken() == []
