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
    """Counts interruptions; the machine itself counts those that compiled code may take."""

    wants_interruptions = False

    def __init__(self, machine: Machine) -> None:
        """Count those of *machine* from now on."""
        self._others: Counter[tuple[str, int]] = Counter()
        counts = machine.counts
        self._counts = {
            "svc": counts.supervisor_calls,
            "program": counts.program_interruptions,
            "external": counts.external_interruptions,
        }
        self._before = {kind: Counter(counts) for kind, counts in self._counts.items()}

    @property
    def interruptions(self) -> Counter[tuple[str, int]]:
        """By class and code; a program interruption without the PER event that came with it."""
        found = Counter(self._others)
        for kind, counts in self._counts.items():
            found.update({(kind, int(code)): count for code, count in (counts - self._before[kind]).items()})
        return found

    def interrupted(self, cpu: Cpu, kind: str, code: int, old: Psw, condition: ProgramInterruption | None) -> None:
        """See :meth:`Observer.interrupted`."""
        if kind not in self._counts:
            self._others[kind, code] += 1
