# SPDX-License-Identifier: GPL-2.0-or-later
"""Interruptions are counted by class and code."""

from __future__ import annotations

from emu.machine import MEGABYTE, Machine
from emu.psw import Psw
from tools.reports.statistics import Statistics


def test_interruptions() -> None:
    statistics = Statistics()
    cpu = Machine(MEGABYTE).cpus[0]
    for kind, code in (("program", 1), ("svc", 1), ("program", 1)):
        statistics.interrupted(cpu, kind, code, Psw(0, 0), None)
    assert statistics.interruptions == {("program", 1): 2, ("svc", 1): 1}
