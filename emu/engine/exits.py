# SPDX-License-Identifier: GPL-2.0-or-later
"""Why the engine came back: what :meth:`Engine.run` and :meth:`Engine.step` return, with what is to be known of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from emu.program_interruption import ProgramInterruption


@dataclass(frozen=True, slots=True)
class BudgetUsed:
    """A run has reached its goal, or the next block does not fit under its limit."""


@dataclass(frozen=True, slots=True)
class Stepped:
    """The single instruction was executed."""

    overflowed: bool
    """It is completed with a fixed-point overflow that the program mask asks for."""


STEPPED: Final = Stepped(overflowed=False)


@dataclass(frozen=True, slots=True)
class Declared:
    """The instruction at the PSW address is one that the model executes; nothing of it is done."""

    instruction: bytes


@dataclass(frozen=True, slots=True)
class SupervisorCall:
    """The instruction at the PSW address, of *length* bytes, is SUPERVISOR CALL, or EXECUTE of it."""

    number: int
    length: int


@dataclass(frozen=True, slots=True)
class Condition:
    """The instruction at the PSW address, of *length* bytes, ended in a program-interruption condition."""

    condition: ProgramInterruption
    length: int


@dataclass(frozen=True, slots=True)
class ExecutedAlone:
    """The instruction at the PSW address must be executed alone; nothing of it is done."""


@dataclass(frozen=True, slots=True)
class Shortage:
    """The host must make room before the instruction at the PSW address is executed; nothing of it is done."""


RunExit: TypeAlias = BudgetUsed | Declared | SupervisorCall | Condition | ExecutedAlone | Shortage
StepExit: TypeAlias = Stepped | Declared | SupervisorCall | Condition | Shortage

BUDGET_USED: Final = BudgetUsed()
EXECUTED_ALONE: Final = ExecutedAlone()
SHORTAGE: Final = Shortage()
