# SPDX-License-Identifier: GPL-2.0-or-later
"""What a run is counted by, beyond the counters that the machine keeps."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from emu.events import Observer

if TYPE_CHECKING:
    from emu.cpu import Cpu
    from emu.program_interruption import ProgramInterruption
    from emu.psw import Psw


class Statistics(Observer):
    """Counts interruptions."""

    def __init__(self) -> None:
        self.interruptions: Counter[tuple[str, int]] = Counter()
        """By class and code."""

    def interrupted(self, cpu: Cpu, kind: str, code: int, old: Psw, condition: ProgramInterruption | None) -> None:
        """See :meth:`Observer.interrupted`."""
        self.interruptions[kind, code] += 1
