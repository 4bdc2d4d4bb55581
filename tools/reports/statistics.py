# SPDX-License-Identifier: GPL-2.0-or-later
"""What a run is counted by, beyond the counters that the machine keeps."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from emu.events import Observer

if TYPE_CHECKING:
    from emu.cpu import Cpu
    from emu.machine import Machine
    from emu.program_interruption import ProgramInterruption
    from emu.psw import Psw


class Statistics(Observer):
    """Counts interruptions; supervisor calls are counted by the machine."""

    wants_interruptions = False

    def __init__(self, machine: Machine) -> None:
        """Count those of *machine* from now on."""
        self._others: Counter[tuple[str, int]] = Counter()
        self._calls = machine.counts.supervisor_calls
        self._calls_before = Counter(self._calls)

    @property
    def interruptions(self) -> Counter[tuple[str, int]]:
        """By class and code."""
        calls = self._calls - self._calls_before
        return self._others + Counter({("svc", number): count for number, count in calls.items()})

    def interrupted(self, cpu: Cpu, kind: str, code: int, old: Psw, condition: ProgramInterruption | None) -> None:
        """See :meth:`Observer.interrupted`."""
        if kind != "svc":
            self._others[kind, code] += 1
