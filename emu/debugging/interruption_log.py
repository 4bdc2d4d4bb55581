# SPDX-License-Identifier: GPL-2.0-or-later
"""The interruptions that a machine took, as long as somebody looks: for ``why`` and for lists of them."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from emu import lowcore
from emu.events import Observer
from emu.inspection.low_core import ASSIGNED_END
from emu.program_interruption import Ending, ProgramInterruptionCode
from emu.psw import DAT, AddressSpaceControl
from emu.running.stopping import looking

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
    low_core: bytes
    """The assigned locations behind it."""
    asce: int | None
    """What translated the addresses of instructions before it; None if they were real."""

    @property
    def is_early(self) -> bool:
        """Whether it is for a PSW that was not valid when it was loaded (PoP 6, "Early Exception Recognition").

        The old PSW is the one that was loaded.
        """
        is_specification = self.kind == "program" and self.code == ProgramInterruptionCode.SPECIFICATION
        return is_specification and self.old.has_early_exception()

    @property
    def length(self) -> int:
        """The length of the instruction that a program or supervisor-call interruption belongs to, else zero."""
        at = {"program": lowcore.PROGRAM_ILC, "svc": lowcore.SVC_ILC}.get(self.kind)
        return 0 if at is None else self.low_core[at + 1]

    @property
    def address(self) -> int:
        """Where that instruction is, or else the one before which the interruption was taken.

        One that has completed is taken to be the one before the old PSW, which a branch need not be.
        """
        if self.condition is not None and self.condition.ending is Ending.NULLIFICATION:
            return self.old.address
        return (self.old.address - self.length) & self.old.address_limit

    def instruction(self, cpu: Cpu) -> bytes:
        """That instruction, as it is there now; *cpu* is the CPU that has taken the interruption.  May be empty."""
        return looking.code_by(cpu, self.address, self.asce)


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
            TakenInterruption(
                machine.executed,
                machine.timing.work,
                cpu.address,
                kind,
                code,
                old,
                cpu.psw,
                condition,
                looking.storage(machine.configuration, cpu.prefix, ASSIGNED_END),
                _designation(cpu, old),
            )
        )

    def taken(self) -> list[TakenInterruption]:
        """Those up to now; after going back, what has not happened yet is forgotten."""
        work = self._machine.timing.work
        while self._taken and self._taken[-1].work > work:
            self._taken.pop()
        return list(self._taken)


def _designation(cpu: Cpu, psw: Psw) -> int | None:
    """What translates the addresses of instructions while *psw* is the current one; None if they are real."""
    if not psw.mask & DAT:
        return None
    return cpu.cr[13 if psw.address_space_control is AddressSpaceControl.HOME else 1]
