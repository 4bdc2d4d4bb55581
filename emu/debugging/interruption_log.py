# SPDX-License-Identifier: GPL-2.0-or-later
"""The interruptions that a machine took, as long as somebody looks: for ``why`` and for lists of them."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from emu.events import Observer

if TYPE_CHECKING:
    from emu.cpu import Cpu
    from emu.machine import Machine
    from emu.program_interruption import ProgramInterruption
    from emu.psw import Psw

_KEPT: Final = 4096


@dataclass(frozen=True, slots=True)
class TakenInterruption:
    """An interruption that was taken."""

    executed: int
    """Instructions that the whole machine had ended before."""
    work: int
    """Virtual time behind it."""
    cpu: int
    kind: str
    """program, svc, external, io, machine-check or restart."""
    code: int
    old: Psw
    new: Psw
    condition: ProgramInterruption | None
    """What a program interruption was raised with."""


class InterruptionLog(Observer):
    """The last interruptions of one machine, oldest first."""

    def __init__(self, machine: Machine) -> None:
        """Listen from now on."""
        self._machine = machine
        self._taken: deque[TakenInterruption] = deque(maxlen=_KEPT)
        machine.observers.append(self)

    def interrupted(self, cpu: Cpu, kind: str, code: int, old: Psw, condition: ProgramInterruption | None) -> None:
        """See :meth:`emu.observing.ObserverOf.interrupted`."""
        machine = self._machine
        self._taken.append(
            TakenInterruption(machine.executed, machine.timing.work, cpu.address, kind, code, old, cpu.psw, condition)
        )

    def taken(self) -> list[TakenInterruption]:
        """Those up to now; after going back, what has not happened yet is forgotten."""
        work = self._machine.timing.work
        while self._taken and self._taken[-1].work > work:
            self._taken.pop()
        return list(self._taken)
